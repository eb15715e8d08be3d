"""Time `leakwatch analyze` on a case of 1024 x 1024 in JPEG-LS, and its parts.

Decoding alone, the fold alone over frames in memory, and the whole without and with the overlay
video, in one run: machines differ, and so does what else they do. With a core for each, a frame of
the whole without the video takes as long as the slower of decoding and fold. What precedes the
first frame is a line of its own: matplotlib is imported once, however long the sequence, and that
takes as long as 15 frames, or 60 where Python must not keep its compiled form. Twelve bits, quantum
noise: 0.7 MB a frame, simulated in a minute; or any case given as the argument.

A decoder that holds the interpreter lock would let the fold wait. So the share of its time without
the lock is printed, too: that of its processor time which passes while another thread holds it.

Before that, what one core needs for each part of a frame: decoding, fold and video take turns, and
only the time of this process counts. So their ratios hold on a machine that is busy, too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from leakwatch.benchmark.latency import time_floor
from leakwatch.case_files.settings_file import load_settings
from leakwatch.config import Settings
from leakwatch.core.frame import Frame
from leakwatch.runner.analysis import analyse
from leakwatch.runner.stored_run import AnalysisRun, open_run
from leakwatch.sinks.overlay.overlay_video import OverlayVideo
from leakwatch.vision.image_processing.opencv_threads import opencv_on_one_thread

# As the scenario `large`, but for the bits and the length.
SCENARIO = """\
name = "analyzed"
title = "L3: 1024 x 1024, 15 frames/s, 12 bits"
seed = 42
anatomy.level = "L3"
carm = { rows = 1024, columns = 1024, pitch_mm = 0.154 }
sequence = { fps = 15.0, duration_s = 8.0 }
pixels.bits = 12
[[leaks]]
path = "basivertebral"
opens_ml = 1.0
"""
WANTED_HZ = 60.0
# Of the time that the fold takes: the video is drawn and encoded beside it.
WANTED_SHARE = 1.0
# Numbers that are summed while the lock is held: about a millisecond.
HELD_FOR = 50_000
Part = Callable[[AnalysisRun, Callable[[], None]], object]


def main() -> int:
    """Print a line for each part; exit code 0 whatever they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path, nargs="?", help="NAME.case.json")
    given = parser.parse_args().case
    with tempfile.TemporaryDirectory() as folder:
        print_parts(given or made_case(Path(folder)), Path(folder))
    return 0


def made_case(folder: Path) -> Path:
    """Simulate the case; its frames are stored as JPEG-LS."""
    scenario = folder / "analyzed.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    program = [sys.executable, "-c", "from leakwatch.cli import main; main()"]
    subprocess.run([*program, "simulate", str(scenario), "--out", str(folder)], check=True)
    return folder / "analyzed.case.json"


def print_parts(case: Path, folder: Path) -> None:
    """Time each part and print it, in ms a frame, frames/s and units of the reference operation."""
    settings = load_settings(None)
    print_turns(case, settings, folder)
    frames = list(open_run(case, settings).frames)
    floor_ms = sorted(time_floor(frames[0].pixels))[25]
    parts: dict[str, Part] = {
        "decoding alone": lambda run, each: [each() for _ in run.frames],
        "fold alone": lambda run, each: [
            each() for _ in replace(run, frames=iter(frames)).iter_snapshots()
        ],
        "analyze --no-video": lambda run, each: analyse(run, folder / "out", False, each),
        "analyze": lambda run, each: analyse(run, folder / "out", True, each),
    }
    print(f"{len(frames)} frames of {frames[0].pixels.shape}; {os.cpu_count()} cores; ", end="")
    print(f"load {os.getloadavg()[0]:.1f}; floor {floor_ms:.2f} ms")
    taken = {}
    for name, part in parts.items():
        took = timed(part, case, settings)
        taken[name] = took.frame_s
        print(
            f"{name:20} {1e3 * took.frame_s:6.1f} ms a frame, {1 / took.frame_s:5.0f} frames/s, "
            f"{1e3 * took.frame_s / floor_ms:5.1f} floors; {1e3 * took.of_cores_s:5.1f} ms of all "
            f"cores; before the first {took.before_s:.1f} s, after the last {took.after_s:.1f} s"
        )
    slower = max(taken["decoding alone"], taken["fold alone"])
    after_each_other = taken["decoding alone"] + taken["fold alone"]
    print(f"without the video {taken['analyze --no-video'] / slower:.2f} of the slower of both; ")
    print(f"one after the other they would take {after_each_other / slower:.2f} of it.")
    print(f"wanted: {WANTED_HZ:g} frames/s on 2 cores with nothing beside it.")
    print(f"The video adds {taken['analyze'] / taken['analyze --no-video'] - 1:.0%}.")
    free = share_without_lock(lambda: [None for _ in open_run(case, settings).frames])
    print(f"Decoding runs without the interpreter lock for {free:.0%} of its time, or more.")


def share_without_lock(work: Callable[[], object]) -> float:
    """Return the least share of the processor time of `work` that needs no interpreter lock."""
    used_s, clocks, began = [0.0], [0], threading.Event()

    def measured() -> None:
        clocks[0] = time.pthread_getcpuclockid(threading.get_ident())
        began.set()
        began_s = time.thread_time()
        work()
        used_s[0] = time.thread_time() - began_s

    thread = threading.Thread(target=measured)
    thread.start()
    began.wait()
    without_s = 0.0
    while thread.is_alive():
        with suppress(OSError):  # the thread has ended
            before_s = time.clock_gettime(clocks[0])
            sum(range(HELD_FOR))  # one call: nobody else gets the lock before its end
            without_s += time.clock_gettime(clocks[0]) - before_s
        time.sleep(0)
    thread.join()
    return without_s / used_s[0]


def print_turns(case: Path, settings: Settings, folder: Path) -> None:
    """Print what one core needs for decoding, fold and video of a frame."""
    with opencv_on_one_thread():
        decoding, fold, video, closing = turns(case, settings, folder)
    print(
        f"one core: decoding {decoding:.1f} ms a frame, fold {fold:.1f}, drawing and encoding "
        f"{video:.1f} (and {closing:.0f} ms to finish): {video / fold:.2f} of the fold; wanted: "
        f"{WANTED_SHARE:g} at most"
    )


def turns(case: Path, settings: Settings, folder: Path) -> tuple[float, float, float, float]:
    """Milliseconds of one core a frame for decoding, fold and video, and to finish the video."""
    run = open_run(case, settings)
    decoding_s = 0.0

    def decoded() -> Iterator[Frame]:
        nonlocal decoding_s
        frames = iter(run.frames)
        while True:
            began = time.process_time()
            frame = next(frames, None)
            decoding_s += time.process_time() - began
            if frame is None:
                return
            yield frame

    video = OverlayVideo(folder, run.marks, run.settings)
    together_s = video_s = 0.0
    count, began = 0, time.process_time()
    for snapshot in replace(run, frames=decoded()).iter_snapshots():
        together_s += time.process_time() - began
        began = time.process_time()
        video.append(snapshot)
        video_s += time.process_time() - began
        count, began = count + 1, time.process_time()
    began = time.process_time()
    video.close()
    closing_s = time.process_time() - began
    run.source.close()
    of_frames = [1e3 * s / count for s in (decoding_s, together_s - decoding_s, video_s)]
    return of_frames[0], of_frames[1], of_frames[2], 1e3 * closing_s


@dataclass(frozen=True, slots=True)
class Taken:
    """What a part took.

    Parameters
    ----------
    frame_s, of_cores_s : float
        From the first frame to the last: seconds a frame, and those of all cores together.
    before_s, after_s : float
        Up to the first frame, with imports; after the last: a trend is drawn, a video finished.
    """

    frame_s: float
    of_cores_s: float
    before_s: float
    after_s: float


def timed(part: Part, case: Path, settings: Settings) -> Taken:
    """Time `part` on a newly opened run of two frames or more."""
    moments: list[tuple[float, float]] = []
    run = open_run(case, settings)
    try:
        began = time.perf_counter()
        part(run, lambda: moments.append((time.perf_counter(), time.process_time())))
        ended = time.perf_counter()
    finally:
        run.source.close()
    (first, used_first), (last, used_last) = moments[0], moments[-1]
    steps = len(moments) - 1
    return Taken(
        (last - first) / steps, (used_last - used_first) / steps, first - began, ended - last
    )


if __name__ == "__main__":
    raise SystemExit(main())

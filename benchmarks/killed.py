"""Kill recorded live sessions on a busy machine, and count what was not written to the disk.

`python benchmarks/killed.py --load 19 --kills 15` starts sessions with analysis, a window
(offscreen without a display) and a recording, in parallel to processes that only compute, and ends
each by SIGKILL at another time. Frames are 1024 x 1024. The session records when each frame was
decided on; frames missing in the recorded files were lost, and their age at the kill is the delay
of the recording. The delay that the window reported last is printed beside it.
"""

from __future__ import annotations

import argparse
import math
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from live import FRAMES_HELD, PacedFrames, default_case

from leakwatch.sinks.recording.recovery import complete_frames

MOST_FRAMES = 100_000
_TIME = struct.Struct("<d")
# How far behind, and how many lost, as the window says; then when each frame was decided on.
_TOLD = struct.Struct("<dq")
BYTES = _TOLD.size + MOST_FRAMES * _TIME.size


def main() -> int:
    """Print a line for each kill, and the worst of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--load", type=int, default=19, help="processes that compute beside it")
    parser.add_argument("--rate", type=float, default=15.0, help="frames/s")
    parser.add_argument("--seconds", type=float, default=8.0, help="latest kill, after frame 0")
    parser.add_argument("--watched", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.watched is not None:
        watch(*given.watched, given.rate)
        return 0
    moments = random.Random(0)
    behind_s = [
        one_kill(given.load, given.rate, moments.uniform(1.0, given.seconds))
        for _ in range(given.kills)
    ]
    print(f"behind at most {max(behind_s):.2f} s, median {np.median(behind_s):.2f} s")
    return 0


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Run processes that only compute."""
    loads = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for load in loads:
            load.kill()
            load.wait()


def one_kill(load: int, rate: float, seconds: float) -> float:
    """Kill a session a time after its first decided frame; return the seconds not on the disk."""
    place = Path(tempfile.mkdtemp(prefix="killed-"))
    notes, out = place / "notes", place / "out"
    notes.write_bytes(_TOLD.pack(math.nan, 0) + bytes(BYTES - _TOLD.size))
    command = [sys.executable, __file__, "--rate", str(rate), "--watched", notes, out]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes) as process, notes.open("r+b") as file:
        seen = mmap.mmap(file.fileno(), BYTES)
        process.stdout.readline()  # its frames are made, which is not the session's work
        with busy(load):
            process.stdin.close()
            while not decided(seen):
                if process.poll() is not None:
                    raise SystemExit("the session ended before its first frame")
                time.sleep(0.02)
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed_s = time.monotonic()
        times = decided(seen)
        said_s, lost = _TOLD.unpack_from(seen)
    kept = (
        {frame.frame for frame in complete_frames(out)}
        if (out / "recording.jsonl").exists()
        else set()
    )
    missing = [index for index in times if index not in kept]
    late_s = max((killed_s - times[index] for index in missing), default=0.0)
    since_s = killed_s - min(times.values())
    said = "nothing shown yet" if math.isnan(said_s) else f"said {said_s:.2f} s, {lost} lost"
    print(
        f"killed {since_s:.1f} s after frame 0: {len(times)} decided, {len(kept)} on the disk, "
        f"{late_s:.2f} s behind; {said}",
        flush=True,
    )
    shutil.rmtree(place)
    return late_s


def decided(seen: mmap.mmap) -> dict[int, float]:
    """Return when each frame was decided on."""
    times = np.frombuffer(seen[_TOLD.size :], dtype="<f8")
    return {int(index): float(times[index]) for index in np.flatnonzero(times)}


def watch(notes: Path, out: Path, rate: float) -> None:
    """Run the session that is killed."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from leakwatch.benchmark.latency import enlarge_case
    from leakwatch.cli.recording import SessionRecording
    from leakwatch.config import Settings
    from leakwatch.core.marks import CaseFile
    from leakwatch.core.results import Snapshot
    from leakwatch.gui.live.live_window import LiveWindow
    from leakwatch.live.case_setup import Setup
    from leakwatch.live.live_session import LiveSession

    settings = Settings()
    frames, marks, scale = enlarge_case(default_case(), settings, FRAMES_HELD)
    print("ready", flush=True)
    sys.stdin.read()
    recording = SessionRecording(out, "benchmark", marks, settings, False)
    with notes.open("r+b") as file:
        seen = mmap.mmap(file.fileno(), BYTES)

    class Noting(LiveSession):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            emit = self._fold._emit

            def emit_and_note(snapshot: Snapshot) -> None:
                if snapshot.fault is None:
                    place = _TOLD.size + snapshot.frame.index * _TIME.size
                    _TIME.pack_into(seen, place, time.monotonic())
                emit(snapshot)

            self._fold._emit = emit_and_note

    source = PacedFrames(frames, rate, 3600.0)
    case = CaseFile("", marks, scale.mm_per_px, scale.mm_per_px_sigma)
    session = Noting(source, Setup(settings, case), recording.sinks)
    application = QApplication(["leakwatch"])
    session.start()
    window = LiveWindow(session, "benchmark")
    window.show()
    window.start()

    def note() -> None:
        told = session.status.recordings
        said = max(one.behind_s for one in told)
        _TOLD.pack_into(seen, 0, said, sum(one.lost for one in told))

    timer = QTimer()
    timer.timeout.connect(note)
    timer.start(50)
    application.exec()


if __name__ == "__main__":
    sys.exit(main())

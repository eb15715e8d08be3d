"""Measure a live session at 1024 x 1024: latency from receipt to decision, drops, memory.

`python benchmarks/live.py --minutes 10` checks the target: 30 frames/s for ten minutes without a
drop, p50 <= 12 ms, p99 <= 20 ms, constant memory. Frames are those of a case of LEAKWATCH_SHARED
(default: ../shared), or of sample_dicom/, enlarged; after the end, their last mean is shown with
new noise. With `--window` a window is drawn in alternating periods of five seconds (offscreen
without a display), so that its effect on the analysis is a ratio within one run: at most 1.10. The
processor time of the window's thread is stated, too, which does not depend on what else runs. With
`--record DIR` everything is written as by a recorded session.

Times are in milliseconds and in units of the reference operation (one blur, warp, subtraction and
threshold), which is timed in the same run, so that figures of two machines can be compared.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from leakwatch.benchmark.endless_frames import EndlessFrames
from leakwatch.benchmark.latency import SIDE_PX, enlarge_case, time_floor
from leakwatch.config import Settings
from leakwatch.core.frame import Frame
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.protocols import Link, LinkStatus, Sink
from leakwatch.core.results import Snapshot
from leakwatch.live.case_setup import Setup
from leakwatch.live.latency_ledger import Percentiles
from leakwatch.live.live_session import LiveSession

REPOSITORY = Path(__file__).resolve().parent.parent
# Held in memory: 2 MB each.
FRAMES_HELD = 60
# The window is shown and hidden for so long, s; frames after a change, and at first, do not count.
TURN_S, SETTLE_S, LEARNING_S = 5.0, 0.5, 3.0


class PacedFrames:
    """Live source that provides frames of a list, and what follows it, at a fixed rate and time."""

    def __init__(self, frames: Sequence[Frame], frames_per_s: float, seconds: float) -> None:
        self._frames, self._rate = EndlessFrames(frames), frames_per_s
        self._last = frames[-1]
        self._count = round(seconds * frames_per_s)
        self._closed = threading.Event()
        self.status = LinkStatus(Link.OPEN, "frames from memory", fluoroscopy_on=True)
        self.number_of_frames = None

    def frames(self) -> Iterator[Frame]:
        """Yield each frame when it is due."""
        start_s = time.monotonic()
        for index, pixels in enumerate(islice(self._frames.pixels(), self._count)):
            due_s = index / self._rate
            if self._closed.wait(max(start_s + due_s - time.monotonic(), 0.0)):
                return
            frame = replace(self._last, pixels=pixels, index=index, time_s=due_s)
            yield replace(frame, received_s=time.monotonic())

    def close(self) -> None:
        """End `frames`."""
        self._closed.set()


class FoldTimes:
    """Sink that records the analysis time of each frame, with and without a window."""

    def __init__(self) -> None:
        self.window: bool | None = None
        self.times_ms: dict[bool, list[float]] = {True: [], False: []}

    def append(self, snapshot: Snapshot) -> None:
        """Add one snapshot; None: the window was just shown or hidden."""
        if self.window is not None and snapshot.fault is None:
            self.times_ms[self.window].append(snapshot.latency_ms)

    def close(self) -> None:
        """Do nothing."""

    def line(self) -> str | None:
        """Return the cost of the window; None if it was not shown."""
        shown, hidden = (np.array(self.times_ms[window]) for window in (True, False))
        if not (len(shown) and len(hidden)):
            return None
        with_it, without = (np.percentile(one, (50, 95)) for one in (shown, hidden))
        ratios = " / ".join(f"{ratio:.2f}" for ratio in with_it / without)
        return (
            f"fold with the window against without, p50 / p95: {ratios} "
            f"({with_it[0]:.1f} against {without[0]:.1f} ms, {len(shown)} and {len(hidden)} frames)"
        )


class ResidentMemory(threading.Thread):
    """Resident memory of this process, once a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._stop_it = threading.Event()
        self.samples_mb: list[float] = []

    def run(self) -> None:
        while not self._stop_it.wait(1.0):
            pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
            self.samples_mb.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)

    def stop(self) -> None:
        self._stop_it.set()
        self.join()

    def slope_mb_per_minute(self) -> float:
        """Return the slope of the second half, after warm-up."""
        late = self.samples_mb[len(self.samples_mb) // 2 :]
        if len(late) < 3:
            return float("nan")
        return 60.0 * float(np.polyfit(np.arange(len(late)), late, 1)[0])


def main() -> int:
    """Print the figures; return 1 without a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="?", type=Path, help="NAME.case.json of a square sequence")
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--rate", type=float, default=30.0, help="frames/s")
    parser.add_argument("--window", action="store_true", help="draw a window beside it")
    parser.add_argument("--record", type=Path, help="write frames and events into this folder")
    given = parser.parse_args()
    case_path = given.case or default_case()
    if case_path is None:
        print("there is no case to measure with: name one", file=sys.stderr)
        return 1
    settings = Settings()
    frames, marks, scale = enlarge_case(case_path, settings, FRAMES_HELD)
    floors_ms = time_floor(frames[0].pixels)
    source = PacedFrames(frames, given.rate, 60.0 * given.minutes)
    case = CaseFile("", marks, scale.mm_per_px, scale.mm_per_px_sigma)
    times = FoldTimes()
    kept = sinks(given.record, marks, settings)
    session = LiveSession(source, Setup(settings, case), kept | {"times": times})
    memory = ResidentMemory()
    memory.start()
    session.start()
    window_ms = follow(session, times if given.window else None)
    memory.stop()
    session.close()
    floors_ms += time_floor(frames[0].pixels)
    report(session, memory, float(np.median(floors_ms)), len(frames))
    cost = times.line()
    if cost is not None:
        print(cost)
        print(f"processor time of the window: {window_ms:.0f} ms for each second that it is shown")
    return 0


def default_case() -> Path | None:
    """Return a case with real anatomy if available."""
    shared = Path(os.environ.get("LEAKWATCH_SHARED", REPOSITORY.parent / "shared")) / "cases"
    for folder in (shared, REPOSITORY / "sample_dicom"):
        found = sorted(folder.glob("*.case.json"))
        if found:
            return found[-1]
    return None


def sinks(folder: Path | None, marks: Marks, settings: Settings) -> dict[str, Sink]:
    """Return sinks for frames, lines and events, as in `leakwatch run --out`."""
    if folder is None:
        return {}
    from leakwatch.cli.recording import SessionRecording

    return dict(SessionRecording(folder, "benchmark", marks, settings, False).sinks)


def follow(session: LiveSession, times: FoldTimes | None) -> float:
    """Wait for the end; with `times`, show and hide a window, and return what it takes, ms/s."""
    if times is None:
        while not session.wait(1.0):
            pass
        return 0.0
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from leakwatch.gui.live.live_window import LiveWindow

    application = QApplication(["leakwatch"])
    shown = LiveWindow(session, "benchmark")
    begun_s = turned_s = time.monotonic()
    looked_s, spent_s, shown_s = time.thread_time(), 0.0, 1e-9

    def turn() -> None:
        nonlocal turned_s, looked_s, spent_s, shown_s
        cpu_s, now_s = time.thread_time(), time.monotonic()
        if times.window:
            spent_s, shown_s = spent_s + cpu_s - looked_s, shown_s + now_s - turned_s
        looked_s, turned_s = cpu_s, now_s
        since_s = now_s - begun_s
        visible = since_s // TURN_S % 2 == 0
        if visible is not shown.isVisible():
            times.window = None
            shown.setVisible(visible)
            (shown.start if visible else shown.pause)()
        elif since_s % TURN_S > SETTLE_S and since_s > LEARNING_S:
            times.window = visible

    turns = QTimer()
    turns.timeout.connect(turn)
    turns.start(50)
    ends = QTimer()
    ends.timeout.connect(lambda: session.wait(0.0) and application.quit())
    ends.start(200)
    application.exec()
    shown.end()
    return 1e3 * spent_s / shown_s


def report(session: LiveSession, memory: ResidentMemory, floor_ms: float, frames_held: int) -> None:
    """Print the table."""
    status = session.status
    own_mb = frames_held * SIDE_PX**2 * 2 / 2**20
    print(f"{status.frames} frames of {SIDE_PX} x {SIDE_PX}, {status.dropped} dropped")
    print(f"floor {floor_ms:.2f} ms")
    latency = session.latency()
    for name, ages in (("decided", latency.decided), ("drawn", latency.drawn)):
        if ages is not None:
            print(line(name, ages, floor_ms))
    if memory.samples_mb:
        held = max(memory.samples_mb) - own_mb
        slope = memory.slope_mb_per_minute()
        print(
            f"memory: {held:.0f} MB at most (beside {own_mb:.0f} MB of frames that the benchmark "
            f"holds), {slope:+.1f} MB/min in the second half"
        )
    for one in status.recordings:
        print(f"{one.name}: {one.lost} frames lost {one.failure}")


def line(name: str, ages: Percentiles, floor_ms: float) -> str:
    """Return milliseconds and units of the reference operation."""
    values = (ages.p50_ms, ages.p95_ms, ages.p99_ms)
    ms = " / ".join(f"{one:.1f}" for one in values)
    floors = " / ".join(f"{one / floor_ms:.1f}" for one in values)
    return f"received to {name}, p50 / p95 / p99: {ms} ms, {floors} floors"


if __name__ == "__main__":
    sys.exit(main())

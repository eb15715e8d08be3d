"""Times two live planes at once, with and without a window, as multiples of one plane alone.

    python benchmarks/two_planes.py [NAME.case.json] [--seconds 40] [--rate 15]

Both planes show the same sequence, enlarged to 1024 x 1024, at 15 frames/s each, the second half a
frame later. The window of both is shown and hidden in turn, so that both are timed in the same
minute. One plane alone is timed before and after. Times are from the arrival of a frame to its
decision, and in units of the floor, as in `live.py`. Ratios hold on other computers, milliseconds
do not, and neither hold on one that is busy with other work.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from live import FRAMES_HELD, LEARNING_S, SETTLE_S, TURN_S, PacedFrames, default_case

from leakwatch.benchmark.latency import SIDE_PX, enlarge_case, time_floor
from leakwatch.config import Settings
from leakwatch.core.marks import CaseFile
from leakwatch.live.case_setup import Setup
from leakwatch.live.inbox import Arrival
from leakwatch.live.live_session import LiveSession
from leakwatch.live.two_planes import TwoPlanes


class TimedSession(LiveSession):
    """Session that keeps the time from the arrival of each frame to its decision."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.window: bool | None = None
        self.ages_ms: dict[bool, list[float]] = {True: [], False: []}
        self.cpu_ms: dict[bool, list[float]] = {True: [], False: []}

    def _take(self, arrival: Arrival) -> None:
        window, begun_s = self.window, time.thread_time()
        super()._take(arrival)
        decision = self._fold.decision
        if window is not None and window is self.window and decision is not None:
            self.cpu_ms[window].append(1e3 * (time.thread_time() - begun_s))
            self.ages_ms[window].append(1e3 * (decision.decided_s - arrival.received_s))


def main() -> int:
    """Print the figures; return 1 without a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="?", type=Path, help="NAME.case.json of a square sequence")
    parser.add_argument("--seconds", type=float, default=40.0, help="of both planes")
    parser.add_argument("--rate", type=float, default=15.0, help="frames/s of each plane")
    given = parser.parse_args()
    case_path = given.case or default_case()
    if case_path is None:
        print("there is no case to measure with: name one", file=sys.stderr)
        return 1
    settings = Settings()
    frames, marks, scale = enlarge_case(case_path, settings, FRAMES_HELD)
    setup = Setup(settings, CaseFile("", marks, scale.mm_per_px, scale.mm_per_px_sigma))

    def opened(seconds: float) -> TimedSession:
        return TimedSession(PacedFrames(frames, given.rate, seconds), setup)

    floors_ms = time_floor(frames[0].pixels)
    alone = time_one(opened, given.seconds / 2.0)
    first, second, drawn, window_ms = time_both(opened, given.seconds, given.rate)
    alone += time_one(opened, given.seconds / 2.0)
    floors_ms += time_floor(frames[0].pixels)
    floor_ms = float(np.median(floors_ms))
    print(f"{SIDE_PX} x {SIDE_PX}, {given.rate:g} frames/s in each plane, floor {floor_ms:.2f} ms")
    print(row("one plane alone", alone, alone, floor_ms))
    for window, name in ((False, "two planes"), (True, "two planes with their window")):
        ages = first.ages_ms[window] + second.ages_ms[window]
        print(row(name, ages, alone, floor_ms))
    hidden, shown = (first.ages_ms[one] + second.ages_ms[one] for one in (False, True))
    print(f"the window costs p50 / p99: {ratios(shown, hidden)} of two planes without it")
    # Processor time is that of the work itself, whatever else the computer does.
    fold_ms = float(np.median(first.cpu_ms[True] + second.cpu_ms[True]))
    share = window_ms / (fold_ms * 2.0 * given.rate)
    print(
        f"processor time: analysis {fold_ms:.1f} ms for each frame; window {window_ms:.0f} ms for "
        f"each second, {share:.2f} of the analysis of both planes"
    )
    dropped = [one.status.dropped for one in (first, second)]
    print(f"dropped: {dropped[0]} and {dropped[1]}; drawn p50 / p99: {drawn}")
    return 0


def time_one(opened: Callable[[float], TimedSession], seconds: float) -> list[float]:
    """Return the times of one plane without a window."""
    session = opened(seconds)
    session.start()
    time.sleep(LEARNING_S)
    session.window = False
    while not session.wait(1.0):
        pass
    session.close()
    return session.ages_ms[False]


def time_both(
    opened: Callable[[float], TimedSession], seconds: float, rate: float
) -> tuple[TimedSession, TimedSession, str, float]:
    """Time two planes, whose window is shown and hidden in turn.

    The last figure is the processor time of the window's thread in a second, ms.
    """
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QTimer

    from leakwatch.gui.app import application
    from leakwatch.gui.live.two_plane_window import TwoPlaneWindow

    running = application()
    sessions = (opened(seconds), opened(seconds))
    planes = TwoPlanes(*sessions)
    sessions[0].start()
    time.sleep(0.5 / rate)
    sessions[1].start()
    shown = TwoPlaneWindow(planes, "benchmark")
    shown.resize(1920, 1080)
    begun_s = time.monotonic()
    spent_s = visible_s = 0.0
    looked_s, turned_s = time.thread_time(), begun_s

    def turn() -> None:
        nonlocal spent_s, visible_s, looked_s, turned_s
        cpu_s, now_s = time.thread_time(), time.monotonic()
        if sessions[0].window:
            spent_s += cpu_s - looked_s
            visible_s += now_s - turned_s
        looked_s, turned_s = cpu_s, now_s
        since_s = now_s - begun_s
        visible = since_s // TURN_S % 2 == 0
        ready = since_s % TURN_S > SETTLE_S and since_s > LEARNING_S
        if visible is not shown.isVisible():
            ready = False
            shown.setVisible(visible)
            (shown.start if visible else shown.pause)()
        for session in sessions:
            session.window = visible if ready else None

    turns, ends = QTimer(), QTimer()
    turns.timeout.connect(turn)
    turns.start(50)
    ends.timeout.connect(lambda: planes.ended and running.quit())
    ends.start(200)
    running.exec()
    shown.end()
    planes.close()
    ages = [session.latency().drawn for session in sessions]
    drawn = ", ".join(f"{one.p50_ms:.0f} / {one.p99_ms:.0f} ms" for one in ages if one is not None)
    return *sessions, drawn, 1e3 * spent_s / max(visible_s, 1e-9)


def row(name: str, ages_ms: list[float], alone_ms: list[float], floor_ms: float) -> str:
    """Return p50 and p99 in milliseconds, in floors, and as multiples of one plane."""
    p50, p99 = np.percentile(ages_ms, (50, 99))
    return (
        f"{name}: p50 / p99 {p50:.1f} / {p99:.1f} ms, {p50 / floor_ms:.1f} / {p99 / floor_ms:.1f} "
        f"floors, {ratios(ages_ms, alone_ms)} of one plane ({len(ages_ms)} frames)"
    )


def ratios(ages_ms: list[float], others_ms: list[float]) -> str:
    """Return the ratios of p50 and p99."""
    pairs = zip(np.percentile(ages_ms, (50, 99)), np.percentile(others_ms, (50, 99)), strict=True)
    return " / ".join(f"{one / other:.2f}" for one, other in pairs)


if __name__ == "__main__":
    sys.exit(main())

"""Draw the pictures of the windows in docs/images/, from our own simulated case (`make picture`).

The real windows are driven through a whole injection by a clock that the script moves, offscreen:
nothing is touched up. The anatomy is analytic, nobody's.

`python scripts/draw_windows.py --out DIR --size 1920x1080 --all` draws every scene, for a look.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue

REPOSITORY = Path(__file__).resolve().parent.parent
CASE = REPOSITORY / "sample_dicom" / "epidural.case.json"
# Those that the documentation shows.
DOCUMENTED = ("live-stop", "live-paused", "live-keys")
# Longest wait for the fold, s: only how long the script hangs before it says so.
PATIENCE_S = 60.0


class FedFrames:
    """A live source that gives what it is fed."""

    def __init__(self) -> None:
        from leakwatch.core.frame import Frame
        from leakwatch.core.protocols import Link, LinkStatus

        self._fed: Queue[Frame | None] = Queue()
        self.status = LinkStatus(Link.OPEN, "scp://127.0.0.1:11112: CARM1 sends", True)
        self.number_of_frames = None

    def feed(self, frame: object) -> None:
        """Let a frame arrive."""
        self._fed.put(frame)

    def frames(self) -> Iterator[object]:
        """What is fed, until `close`."""
        while (frame := self._fed.get()) is not None:
            yield frame

    def close(self) -> None:
        """End `frames`."""
        self._fed.put(None)


class Quiet:
    """A speaker as of a machine where all is well; nothing sounds while pictures are drawn."""

    problem = ""

    def play(self, alarm: object) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


class Stage:
    """A session, its window and its clock, frame by frame.

    Parameters
    ----------
    folder : Path
        Where pictures go.
    size : (int, int)
    wanted : callable
        Tells which scenes are drawn.
    """

    def __init__(self, folder: Path, size: tuple[int, int], wanted: Callable[[str], bool]) -> None:
        from leakwatch.case_files.case_file import dicom_path, load_case
        from leakwatch.config import Settings
        from leakwatch.gui.live.live_window import LiveWindow
        from leakwatch.gui.marking.picture_tools import live_tools
        from leakwatch.live.case_setup import Setup
        from leakwatch.live.live_session import LiveSession
        from leakwatch.sources.stored.opening import open_source

        case = load_case(CASE)
        self.frames = list(open_source(dicom_path(CASE, case)).frames())
        self.now_s, self.fed = 1000.0, 0
        self._folder, self._wanted = folder, wanted
        self.source = FedFrames()
        self.session = LiveSession(self.source, Setup(Settings(), case), clock=lambda: self.now_s)
        self.session.start()
        tools = live_tools(self.session)
        self.window = LiveWindow(self.session, "L1", tools, speaker=Quiet())
        self.window.resize(*size)
        self.window.show()
        self._settle()

    def feed(self, until: Callable[[], bool]) -> None:
        """Let frames arrive until something holds."""
        while not until() and self.fed < len(self.frames):
            frame = self.frames[self.fed]
            step_s = frame.time_s - self.frames[max(self.fed - 1, 0)].time_s
            self.now_s += step_s
            self.source.feed(replace(frame, received_s=self.now_s))
            self.fed += 1
            self.wait(lambda: self.session.status.frames == self.fed)
            self.window.tick()

    def let_pass(self, seconds: float) -> None:
        """Let time pass without a frame, the window drawn ten times a second.

        The session notices silence in a thread of its own: the clock waits for it, so that a busy
        machine draws the same pictures.
        """
        from leakwatch.core.results import Reason

        stale_after_s = self.session.settings.live.stale_after_s
        for tick in range(1, round(10 * seconds) + 1):
            self.now_s += 0.1
            if tick / 10 > stale_after_s + 0.1:
                self.wait(lambda: Reason.STALE in self._newest_reasons())
            self.window.tick()

    def _newest_reasons(self) -> object:
        """Return why measurements are missing in what the session published last."""
        return self.session.status.decision.snapshot.observation.unavailable

    def wait(self, holds: Callable[[], bool]) -> None:
        """Until the other thread has come so far."""
        end_s = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > end_s:
                raise SystemExit("the session does not follow")
            time.sleep(0.001)

    def _settle(self) -> None:
        """Let Qt lay the window out."""
        from PySide6.QtWidgets import QApplication

        QApplication.processEvents()

    def draw(self, name: str) -> None:
        """Draw the window as it is now."""
        if self._wanted(name):
            self.window.tick()
            self._settle()
            # Which half of a flash a moment hits is chance: pictures show the bright one.
            self.window.banner.stop_flashing()
            path = self._folder / f"{name}.png"
            self.window.grab().save(str(path), "PNG")
            sys.stdout.write(f"{path}\n")


def live_scenes(stage: Stage) -> None:
    """A whole injection, and what a person does in it."""
    from leakwatch.core.results import Level
    from leakwatch.display.procedure_clocks import CementClock

    window = stage.window

    def level() -> Level:
        return window.banner.banner.level

    stage.draw("live-waiting")
    stage.feed(lambda: stage.fed == 3)
    stage.draw("live-learning")
    # Mixed five and a half minutes ago, at a time that is the same in every drawing.
    window.cement = CementClock(stage.now_s - 330.0, "14:32")
    stage.feed(lambda: level() is Level.CLEAR)
    stage.draw("live-clear")
    stage.feed(lambda: stage.session.status.decision.snapshot.alert.time_to_margin_s is not None)
    stage.draw("live-predicted")
    stage.feed(lambda: level() is Level.WATCH)
    stage.draw("live-watch")
    stage.feed(lambda: level() is Level.STOP)
    stage.draw("live-stop")
    window.press("P")
    stage.wait(lambda: stage.session.status.audio_paused_until_s is not None)
    stage.let_pass(17.0)
    stage.draw("live-paused")
    window.press("A")
    stage.wait(lambda: not stage.session.status.decision.snapshot.alert.latched)
    stage.draw("live-acknowledged")
    stage.feed(lambda: False)
    stage.draw("live-end")
    for text in ("2", "I", "F", "Z"):
        window.press(text)
    stage.draw("live-look")
    window.press("0")
    window.press("?")
    stage.draw("live-keys")


def main() -> int:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "images")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--all", action="store_true", help="draw every scene")
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from leakwatch.gui.widgets.fonts import font, register_fonts

    application = QApplication(["leakwatch"])
    register_fonts()
    application.setFont(font(13))
    width, height = given.size.split("x")
    given.out.mkdir(parents=True, exist_ok=True)
    stage = Stage(
        given.out, (int(width), int(height)), lambda name: given.all or name in DOCUMENTED
    )
    try:
        live_scenes(stage)
    finally:
        stage.session.close()
        stage.window.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The program itself, as a process on a display, with a room and a library of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from x_display import NothingHappened, Rgb, XDisplay, until

REPOSITORY = Path(__file__).resolve().parent.parent.parent

# Half a side of the part of a frame that is looked for on the screen, pixels of the frame; the
# height of the screen in that search; screen pixels per pixel of the frame there, and its steps.
HALF_PX, SEARCHED_ROWS = 60, 400
SCALES = np.geomspace(0.5, 3.2, 60)
# Where the part is found, they correlate better than this; elsewhere on a spine they do not.
ALIKE = 0.75


class Program:
    """`python -m leakwatch ...` on a display.

    Parameters
    ----------
    screen : XDisplay
    folder : Path
        Home, room, library and logs go here.
    factor : float
        Of the sizes of Qt, as set on a screen with fine pixels.
    command : str
        What follows `leakwatch`.
    """

    def __init__(self, screen: XDisplay, folder: Path, factor: float, *command: str) -> None:
        self.screen, self._log = screen, folder / "program.log"
        named = {
            "HOME": folder,
            "XDG_CONFIG_HOME": folder,
            "XDG_DATA_HOME": folder,
            "LEAKWATCH_LIBRARY": folder / "library",
            "LEAKWATCH_ROOM": folder / "room.toml",
            "LEAKWATCH_LANGUAGE": "en",
            "PYTHONPATH": REPOSITORY,
            "QT_QPA_PLATFORM": "xcb",
            "QT_SCALE_FACTOR": f"{factor:g}",
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "leakwatch", *command],
                cwd=folder,
                env=screen.environment | {name: str(value) for name, value in named.items()},
                stdout=log,
                stderr=log,
            )

    def check_alive(self) -> None:
        """Raise if the program ended, with the end of what it said."""
        if self.process.poll() is not None:
            raise NothingHappened(f"leakwatch ended with {self.process.returncode}: {self.said()}")

    def said(self) -> str:
        """Return the end of what programs of this day wrote to the terminal."""
        return self._log.read_text(errors="replace")[-2000:]

    def window(self, title: str) -> str:
        """Wait for a window by a regular expression of its title; return its number."""
        return self.screen.wait_for(title, self.check_alive)

    def wait_for_end(self) -> int:
        """Wait until the program ends by itself; return its exit code."""
        until("the end of leakwatch", lambda: self.process.poll() is not None)
        return int(self.process.returncode)

    def end(self) -> None:
        """End it, however far it is."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def on_screen(
    screen: Rgb, frame: Rgb, around_px: tuple[float, float], at_px: tuple[float, float]
) -> tuple[float, float] | None:
    """Return where a pixel of a frame is shown on the screen; None: the frame is not shown.

    The part around one of its points is looked for at every usual scale, as an eye does.

    Parameters
    ----------
    screen : Rgb
    frame : array of grey values
    around_px : (float, float)
        Column and row in the middle of the part that is looked for.
    at_px : (float, float)
        The pixel.
    """
    shrink = SEARCHED_ROWS / screen.shape[0]
    searched = cv2.resize(
        cv2.cvtColor(screen, cv2.COLOR_RGB2GRAY), None, fx=shrink, fy=shrink,
        interpolation=cv2.INTER_AREA,
    ).astype(np.float32)  # fmt: skip
    column, row = (round(one) for one in around_px)
    top, left = max(row - HALF_PX, 0), max(column - HALF_PX, 0)
    part = frame[top : row + HALF_PX, left : column + HALF_PX].astype(np.float32)
    best, answer = ALIKE, None
    for scale in SCALES:
        shown = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if any(a >= b for a, b in zip(shown.shape, searched.shape, strict=True)):
            break
        alike = cv2.matchTemplate(searched, shown, cv2.TM_CCOEFF_NORMED)
        _, most, _, (x, y) = cv2.minMaxLoc(alike)
        if most > best:
            best = most
            answer = (
                (x + scale * (at_px[0] + 0.5 - left)) / shrink,
                (y + scale * (at_px[1] + 0.5 - top)) / shrink,
            )
    return answer

"""A real X display of a given size, with a window manager; mouse, keys, windows, and pictures.

Nothing here sleeps for a result: `until` asks again until something holds, or says what did not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from ctypes.util import find_library
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import ImageGrab

Rgb = npt.NDArray[np.uint8]
T = TypeVar("T")

# Longest wait, s: only how long the script hangs before it says so. A busy machine is slow.
PATIENCE_S = 60.0
# Between two questions, s: a picture of the screen takes a tenth of that.
ASK_AGAIN_S = 0.1
# Group `display` of scripts/system-packages.
PROGRAMS = ("Xvfb", "xdotool", "openbox")
# What Qt wants on a display and does not bring along.
LIBRARIES = ("xcb-cursor", "xcb-icccm", "xcb-keysyms", "xcb-shape", "xkbcommon-x11")


class NothingHappened(RuntimeError):
    """What was waited for did not come."""


def missing_programs() -> tuple[str, ...]:
    """Return the programs and libraries that a display needs and this machine lacks."""
    programs = [name for name in PROGRAMS if shutil.which(name) is None]
    return (*programs, *(f"lib{name}" for name in LIBRARIES if find_library(name) is None))


def until(what: str, found: Callable[[], T | None], patience_s: float = PATIENCE_S) -> T:
    """Return what `found` returns once it is true, or a picture.

    Raises
    ------
    NothingHappened
        It did not within `patience_s`; names `what`.
    """
    end_s = time.monotonic() + patience_s
    while True:
        answer = found()
        if isinstance(answer, np.ndarray) or answer:
            return answer
        if time.monotonic() > end_s:
            raise NothingHappened(f"not within {patience_s:g} s: {what}")
        time.sleep(ASK_AGAIN_S)


class XDisplay:
    """A display of its own, as of a screen that only this program fills.

    Parameters
    ----------
    size : (int, int)
        Width and height, pixels.
    folder : Path
        For the logs of the display and of the window manager.
    """

    def __init__(self, size: tuple[int, int], folder: Path) -> None:
        self.size = size
        self._started: list[subprocess.Popen[bytes]] = []
        reader, writer = os.pipe()
        width, height = size
        log = (folder / "display.log").open("wb")
        # The display chooses its own number, and tells it when it is ready.
        server = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24"]
        self._start([*server, "-nolisten", "tcp", "-noreset"], log, pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as told:
            number = told.readline().strip()
        if not number:
            raise NothingHappened(f"Xvfb did not start: see {folder / 'display.log'}")
        self.name = f":{number}"
        self.environment = os.environ | {"DISPLAY": self.name}
        self._start(["openbox"], log, env=self.environment | {"HOME": str(folder)})
        log.close()
        until("a window manager", lambda: self._ask("get_num_desktops"))

    def __enter__(self) -> XDisplay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End what was started, the display last."""
        for one in reversed(self._started):
            one.terminate()
            one.wait()

    def picture(self) -> Rgb:
        """Return the whole screen."""
        return np.asarray(ImageGrab.grab(xdisplay=self.name).convert("RGB"))

    def windows(self, title: str) -> list[str]:
        """Return the visible windows whose title matches a regular expression."""
        found = self._ask("search", "--onlyvisible", "--name", title)
        return [] if found is None else found.split()

    def active(self) -> str:
        """Return the number of the window that has the keys; empty: none has."""
        return (self._ask("getactivewindow") or "").strip()

    def wait_for(self, title: str, alive: Callable[[], None] = lambda: None) -> str:
        """Wait for a window that has the keys; return its number."""

        def active() -> str | None:
            alive()
            now = self.active()
            return now if now and now in self.windows(title) else None

        return until(f"an active window {title!r}", active)

    def size_of(self, window: str) -> tuple[int, int]:
        """Return width and height of a window, without its frame."""
        told = self._ask("getwindowgeometry", "--shell", window) or ""
        values = dict(line.split("=") for line in told.split() if "=" in line)
        return int(values["WIDTH"]), int(values["HEIGHT"])

    def press(self, *keys: str) -> None:
        """Press keys, by their names in X."""
        self._tell("key", "--delay", "30", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._tell("type", "--delay", "5", text)

    def click(self, at: tuple[float, float]) -> None:
        """Move the mouse there, and click."""
        self._tell("mousemove", str(round(at[0])), str(round(at[1])), "click", "1")

    def _start(self, command: Sequence[str], log: object, **named: object) -> None:
        started = subprocess.Popen(command, stdout=log, stderr=log, **named)  # type: ignore[call-overload]
        self._started.append(started)

    def _ask(self, *words: str) -> str | None:
        """Return what xdotool answers; None where it has no answer."""
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout if done.returncode == 0 and done.stdout.strip() else None

    def _tell(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=PATIENCE_S)

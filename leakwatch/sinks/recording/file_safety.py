"""Files that are written for long: still the one of their name, and put on the disk in time."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from leakwatch.core.errors import SinkError


def check_in_place(file: int, path: Path) -> None:
    """Refuse to go on with a file that nobody will find again; costs some microseconds.

    Parameters
    ----------
    file : int
        Its descriptor.
    path : Path
        Where it was opened.

    Raises
    ------
    SinkError
    """
    why = "" if sys.platform == "win32" else _why_not(file, path)  # there it cannot be removed
    if why:
        raise SinkError(
            f"{path} cannot be written any more: {why}. Nothing is kept in this folder from now "
            "on; record into another one."
        )


def _why_not(file: int, path: Path) -> str:
    try:
        there = path.lstat()
        if not os.path.samestat(there, os.fstat(file)):
            return "another file is in its place"
    except FileNotFoundError:
        return "it was removed, or its disk was"
    except OSError as error:
        return error.strerror or type(error).__name__
    # Its end needs the folder: a file is replaced there, and others begin.
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return "its folder became read-only"
    return ""


# What is lost then, and the time that the disk takes for it; of a process that is killed nothing is
# lost that was written.
SYNC_EVERY_S = 1.0


class PeriodicSync:
    """Does so on a thread of its own: a slow disk would hold up the frames for tenths of a second.

    Parameters
    ----------
    files : int
        Descriptors that stay open until after `close`.
    """

    def __init__(self, *files: int) -> None:
        self._files = files
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sync, name="to disk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; waits for the disk where it works."""
        self._closing.set()
        self._thread.join()

    def _sync(self) -> None:
        while not self._closing.wait(SYNC_EVERY_S):
            for file in self._files:
                with suppress(OSError):  # the next frame will tell
                    os.fsync(file)

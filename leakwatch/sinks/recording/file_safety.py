"""Checks for files that stay open: still in place, and flushed to the disk in time."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text


def check_in_place(file: int, path: Path) -> None:
    """Refuse to continue writing a file that was moved or removed; takes some microseconds.

    Parameters
    ----------
    file : int
        Descriptor.
    path : Path
        Path at which it was opened.

    Raises
    ------
    SinkError
    """
    # Windows does not let an open file be moved or removed.
    why = "" if sys.platform == "win32" else _why_not(file, path)
    if why:
        raise SinkError(
            text(
                "{path} cannot be written any more: {why}. Nothing more is saved in this folder; "
                "record into another one.",
                path=path,
                why=why,
            )
        )


def _why_not(file: int, path: Path) -> str:
    try:
        there = path.lstat()
        if not os.path.samestat(there, os.fstat(file)):
            return text("another file is in its place")
    except FileNotFoundError:
        return text("it or its disk was removed")
    except OSError as error:
        return error.strerror or type(error).__name__
    # Closing a recording replaces a file in the folder and creates others.
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return text("its folder became read-only")
    return ""


# Data loss at a power failure, against the load of the disk; if only the process is killed, nothing
# that was written is lost.
SYNC_EVERY_S = 1.0


class PeriodicSync:
    """Flushes files on a separate thread: a slow disk would delay frames by tenths of a second.

    Parameters
    ----------
    files : int
        Descriptors that stay open until `close` has returned.
    """

    def __init__(self, *files: int) -> None:
        self._files = files
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sync, name="to disk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; waits for the disk if it is flushing."""
        self._closing.set()
        self._thread.join()

    def _sync(self) -> None:
        while not self._closing.wait(SYNC_EVERY_S):
            for file in self._files:
                with suppress(OSError):  # the next frame reports it
                    os.fsync(file)

"""A file of lines that stays readable after a crash."""

from __future__ import annotations

import errno
import os
import sys
from io import FileIO
from pathlib import Path

from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.files.private_files import open_private
from leakwatch.sinks.recording.file_safety import PeriodicSync, check_in_place


class LineFile:
    """A file that contains complete lines only, each handed to the system when `write` returns.

    A killed program loses no line; a power failure loses those since the last `PeriodicSync`.

    Parameters
    ----------
    path : Path
        Emptied if it exists.

    Raises
    ------
    SinkError
        It cannot be opened, is a link, or is being written by another process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole_bytes = 0
        try:
            # Unbuffered: a full disk is reported for the line concerned, not on closing.
            self._file = FileIO(_emptied(path), "w")
        except BlockingIOError as error:
            raise SinkError(
                text(
                    "{path} is being written by another process. Stop that process, or choose "
                    "another --out.",
                    path=path,
                )
            ) from error
        except OSError as error:
            raise SinkError(_cannot_write(path, error)) from error
        self._sync = PeriodicSync(self._file.fileno())

    def check(self) -> None:
        """Check that the file is still in place.

        Raises
        ------
        SinkError
        """
        check_in_place(self._file.fileno(), self._path)

    def write(self, line: bytes) -> None:
        """Write one line.

        Raises
        ------
        SinkError
            The disk is full, or the file was removed; the lines before it are complete.
        """
        self.check()
        data = memoryview(line)
        end = self._whole_bytes + len(data)
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            self._cut_to_whole_lines()
            raise SinkError(_cannot_write(self._path, error)) from error
        self._whole_bytes = end

    def _cut_to_whole_lines(self) -> None:
        try:
            self._file.seek(self._whole_bytes)
            self._file.truncate()
        except OSError:
            # The first error is reported; readers skip an incomplete last line.
            return

    def close(self) -> None:
        """Close the file."""
        self._sync.close()
        self._file.close()


def _emptied(path: Path) -> int:
    """Open a file, locked for this process until it ends in any way."""
    file = open_private(path, os.O_RDWR)
    try:
        # Lock it before it is emptied: another process may be writing it.
        _lock(file)
        os.ftruncate(file, 0)
    except BaseException:
        os.close(file)
        raise
    return file


def _lock(file: int) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return  # network file systems may not support locks


def _cannot_write(path: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = text("Free disk space") if full else text("Check the path and your permissions")
    return text(
        "{path} cannot be written: {reason}. {advice}, or choose another --out.",
        path=path,
        reason=reason,
        advice=advice,
    )


def is_locked(path: Path) -> bool:
    """Return whether a running process writes `path` as a `LineFile`; False if unknown."""
    if sys.platform == "win32":
        return False
    import fcntl

    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

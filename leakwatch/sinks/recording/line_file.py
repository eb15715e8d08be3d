"""A file of lines that is whole whatever happens."""

from __future__ import annotations

import errno
import os
import sys
from io import FileIO
from pathlib import Path

from leakwatch.core.errors import SinkError
from leakwatch.files.private_files import open_private
from leakwatch.sinks.recording.file_safety import PeriodicSync, check_in_place


class LineFile:
    """A file that holds whole lines only, each on its way to the disk when `write` returns.

    A killed program loses none of them; where the power fails, those since the last `PeriodicSync`.

    Parameters
    ----------
    path : Path
        Emptied where it is there.

    Raises
    ------
    SinkError
        It cannot be opened, a link is in its place, or another process writes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole_bytes = 0
        try:
            # Unbuffered: a full disk shows at the line that does not fit, not when closing.
            self._file = FileIO(_emptied(path), "w")
        except BlockingIOError as error:
            raise SinkError(
                f"{path} is being written by another process. Stop that one, or choose another "
                "--out."
            ) from error
        except OSError as error:
            raise SinkError(_cannot_write(path, error)) from error
        self._sync = PeriodicSync(self._file.fileno())

    def check(self) -> None:
        """Look whether what is written can be found again.

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
            It does not fit, or the file was removed; the lines before it are whole.
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
            # The first error is the one to report; readers skip a broken last line.
            return

    def close(self) -> None:
        """Close the file."""
        self._sync.close()
        self._file.close()


def _emptied(path: Path) -> int:
    """Open a file that this process alone writes until it ends, however that comes about."""
    file = open_private(path, os.O_RDWR)
    try:
        # Before it is emptied: another process may be writing it.
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
        return  # a disk of the network may have no locks


def _cannot_write(path: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    do = "Free some space" if full else "Look what is there, and at your rights"
    return f"{path} cannot be written: {reason}. {do}, or choose another --out."


def is_locked(path: Path) -> bool:
    """Whether a living process writes `path` as a `LineFile`; never, where that is not known."""
    if sys.platform == "win32":
        return False
    import fcntl

    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

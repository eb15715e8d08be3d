"""A file of lines that is whole whatever happens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from leakwatch.errors import SinkError
from leakwatch.sinks.periodic_sync import PeriodicSync


class LineFile:
    """A file that holds whole lines only, each on its way to the disk when `write` returns.

    A killed program loses none of them; where the power fails, those since the last `PeriodicSync`.

    Parameters
    ----------
    path : Path
        Replaced where it is there.

    Raises
    ------
    SinkError
        It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole_bytes = 0
        try:
            # Unbuffered: a full disk shows at the line that does not fit, not when closing.
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as error:
            raise SinkError(_cannot_write(path, error)) from error
        self._sync = PeriodicSync(self._file.fileno())

    def lock(self) -> None:
        """Keep the file for this process until it ends, however that comes about."""
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, line: bytes) -> None:
        """Write one line.

        Raises
        ------
        SinkError
            It does not fit; the lines before it are whole.
        """
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


def _cannot_write(path: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{path} cannot be written: {reason}. Free some space or choose another --out."


def is_locked(path: Path) -> bool:
    """Whether a living process keeps `path` by `LineFile.lock`; never, where that is not known."""
    if sys.platform == "win32":
        return False
    import fcntl

    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

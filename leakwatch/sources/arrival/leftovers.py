"""Removal of temporary objects that a killed process left; they may identify the patient.

A process that writes such files holds a lock until it ends in any way. If the lock can be acquired,
the process is dead, and its files are removed. Without support for locks nothing is removed.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from leakwatch.files.private_files import new_private_file

FOLDER_PREFIX = "leakwatch-"
_IN_USE = ".in-use"


class InUse:
    """A mark that files belong to this process, until it ends or `release` is called.

    Parameters
    ----------
    folder : Path
        Folder of the files.
    prefix : str
        Prefix of the file names; empty: all files in the folder.

    Raises
    ------
    OSError
    """

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self._path = folder / (f".{prefix}{_IN_USE}" if prefix else _IN_USE)
        new = self._path.with_suffix(".new")
        self._file = new_private_file(new)
        # Locked before it gets its name: a mark without a lock belongs to a dead process.
        with suppress(OSError):
            _lock(self._file.fileno())
            new.rename(self._path)

    def release(self) -> None:
        """Remove the mark, because the files are kept or removed."""
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".new").unlink(missing_ok=True)
        self._file.close()


def new_folder() -> tuple[Path, InUse]:
    """Make a folder for temporary files that only this user may read.

    Raises
    ------
    OSError
    """
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    try:
        return folder, InUse(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def remove_folder(folder: Path) -> None:
    """Remove a folder made by `new_folder`, its mark last in case the process is killed.

    Raises
    ------
    OSError
    """
    mark = folder / _IN_USE
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != mark:
            path.unlink(missing_ok=True)
    mark.unlink(missing_ok=True)
    folder.rmdir()


def remove_leftovers() -> int:
    """Remove folders left by dead processes of this user, and return their number."""
    try:
        folders = list(Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"))
    except OSError:  # there is no such place; a replay needs none
        return 0
    return sum(map(_is_removed, folders))


def remove_incomplete(folder: Path) -> None:
    """Remove incomplete objects that dead processes left in a folder of kept objects."""
    for mark in folder.glob(f".?*{_IN_USE}"):
        prefix = mark.name.removeprefix(".").removesuffix(_IN_USE)
        with suppress(OSError), _locked(mark):
            for path in folder.iterdir():
                if path.name.startswith(f"{prefix}-") and path.suffix == ".part":
                    path.unlink(missing_ok=True)
            mark.unlink(missing_ok=True)


def _is_removed(folder: Path) -> bool:
    try:
        if not _is_own(folder):
            return False
        with _locked(folder / _IN_USE):
            remove_folder(folder)
    except OSError:  # in use, of another kind, or another process removes it just now
        return False
    return True


def _is_own(folder: Path) -> bool:
    """Return whether it is a folder of this user, and not a link."""
    found = folder.lstat()
    return sys.platform != "win32" and stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


@contextmanager
def _locked(mark: Path) -> Iterator[None]:
    """Lock the mark of a dead process; raises OSError if its process is running."""
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    file = os.open(mark, flags)
    try:
        _lock(file)
        yield
    finally:
        os.close(file)


def _lock(file: int) -> None:
    if sys.platform == "win32":
        raise OSError("no locks of this kind")
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

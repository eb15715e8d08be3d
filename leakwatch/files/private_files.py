"""Files and folders that are accessible to the current user only.

What LeakWatch writes may contain patient data. Modes are set explicitly and do not depend on the
umask; nothing is written through a symbolic link in place of a file. File systems without modes,
such as FAT, cannot be protected.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from leakwatch.core.messages import text

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OTHERS = 0o077  # as a umask

_FLAGS: int = os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# Opening a pipe in place of a file would block.
_FLAGS |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def make_private_folder(folder: Path) -> None:
    """Make `folder` and its parents if absent; an existing folder keeps its mode.

    Raises
    ------
    OSError
    """
    try:
        folder.mkdir(FOLDER_MODE)
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        make_private_folder(folder.parent)
        make_private_folder(folder)
        return
    except OSError:
        if not folder.is_dir():
            raise
        return
    with suppress(OSError):
        folder.chmod(FOLDER_MODE)


def make_private(path: Path) -> None:
    """Set the private mode of a file or folder, if it exists and can be changed."""
    with suppress(OSError):
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def open_private(path: Path, flags: int) -> int:
    """Open or make a file, and return its descriptor.

    Parameters
    ----------
    path : Path
    flags : int
        Of `os.open`, such as ``os.O_RDWR``.

    Raises
    ------
    OSError
        Also if `path` is a link, a pipe or a device.
    """
    try:
        file = os.open(path, flags | _FLAGS, FILE_MODE)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, text("it is a symbolic link"), str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, text("it is not a regular file"), str(path))
    if sys.platform != "win32":
        with suppress(OSError):
            os.fchmod(file, FILE_MODE)
    return file


def new_private_file(path: Path) -> BinaryIO:
    """Open an empty file, replacing any existing one; a link is removed, not followed.

    Raises
    ------
    OSError
    """
    path.unlink(missing_ok=True)
    return os.fdopen(open_private(path, os.O_WRONLY | os.O_EXCL), "wb")


@contextmanager
def replaced_private_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` atomically once it is complete.

    Raises
    ------
    OSError
        The previous file is then left unchanged.
    """
    new = unfinished_private_file(path)
    try:
        with new_private_file(new) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def unfinished_private_file(path: Path) -> Path:
    """Return the name that a file has while `replaced_private_file` writes it."""
    return path.with_name(f".{path.name}.new")


def replace_private_file(path: Path, data: bytes) -> None:
    """Write a file atomically: at any time either the old or the new one exists.

    Raises
    ------
    OSError
    """
    with replaced_private_file(path) as file:
        file.write(data)


def write_private_file(path: Path, data: bytes) -> None:
    """Write to a path given by the user, which may be a link or a device such as ``/dev/stdout``.

    Raises
    ------
    OSError
    """
    if path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir())):
        path.write_bytes(data)
    else:
        replace_private_file(path, data)


def copy_private_tree(folder: Path, target: Path) -> None:
    """Copy the contents of files and folders, without modes and times; links are skipped.

    Raises
    ------
    OSError
    """
    make_private_folder(target)
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            copy_private_tree(path, target / path.name)
        else:
            copy_private_file(path, target / path.name)


def copy_private_file(path: Path, target: Path) -> None:
    """Copy the content of a file, without its mode and times.

    Raises
    ------
    OSError
    """
    with path.open("rb") as source, new_private_file(target) as copy:
        shutil.copyfileobj(source, copy)

"""Whether a file that is written is still the one that its name leads to.

A file that was removed, or whose disk was taken away, takes what is written and keeps nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from leakwatch.errors import SinkError


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

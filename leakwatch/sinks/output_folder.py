"""Folder of results, and the names of files that are not complete yet."""

from __future__ import annotations

from pathlib import Path

from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.files.private_files import make_private_folder


def make_folder(folder: Path) -> None:
    """Make `folder` for this user only if absent; an existing folder is not changed.

    Raises
    ------
    SinkError
        It cannot be created.
    """
    try:
        make_private_folder(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SinkError(
            text(
                "{folder} cannot be made: {reason}. Choose another --out.",
                folder=folder,
                reason=reason,
            )
        ) from error


def unfinished(path: Path) -> Path:
    """Return the name that a video has while it is written."""
    return path.with_name(f".{path.name}.part")

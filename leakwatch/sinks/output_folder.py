"""The folder that outputs go into."""

from __future__ import annotations

from pathlib import Path

from leakwatch.core.errors import SinkError
from leakwatch.files.private_files import make_private_folder


def make_folder(folder: Path) -> None:
    """Make `folder` where absent, for nobody but this user; one that is there is left as it is.

    Raises
    ------
    SinkError
        It cannot be made.
    """
    try:
        make_private_folder(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SinkError(f"{folder} cannot be made: {reason}. Choose another --out.") from error


def unfinished(path: Path) -> Path:
    """Return the name that a video has while it is written."""
    return path.with_name(f".{path.name}.part")

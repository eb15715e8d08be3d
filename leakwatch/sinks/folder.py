"""The folder that outputs go into."""

from __future__ import annotations

from pathlib import Path

from leakwatch.errors import SinkError


def make_folder(folder: Path) -> None:
    """Make `folder` where absent.

    Raises
    ------
    SinkError
        It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SinkError(f"{folder} cannot be made: {reason}. Choose another --out.") from error

"""key-images/index.jsonl: one line for each key image of a record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from leakwatch.case_files.strict_json import Index, decode_lines
from leakwatch.core.results import Level
from leakwatch.files.private_files import open_private

KEY_IMAGE_FOLDER: Final = "key-images"
INDEX_NAME: Final = "index.jsonl"


class KeyImageLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the index.

    Parameters
    ----------
    number : int
        Of the key image, from 1.
    frame : int
        Index of its frame in the record.
    time_s : float
        Of its frame.
    level : Level
        That was shown.
    """

    number: Annotated[int, Meta(ge=1)]
    frame: Index
    time_s: float
    level: Level

    @property
    def stem(self) -> str:
        """Name of its files, without their suffixes."""
        return f"key-image-{self.number:03d}"


def read_key_images(folder: Path) -> tuple[KeyImageLine, ...]:
    """Read the index of a record; none if it has no key image. An incomplete last line is ignored.

    Parameters
    ----------
    folder : Path
        Of the record.

    Raises
    ------
    CaseError
        It cannot be read, or a line violates the schema.
    """
    path = folder / KEY_IMAGE_FOLDER / INDEX_NAME
    return tuple(decode_lines(path, KeyImageLine)) if path.exists() else ()


def add_key_image(folder: Path, line: KeyImageLine) -> None:
    """Add a line to the index of a record; `folder` has its folder of key images.

    Raises
    ------
    OSError
        It cannot be written.
    """
    path = folder / KEY_IMAGE_FOLDER / INDEX_NAME
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_APPEND), "ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")

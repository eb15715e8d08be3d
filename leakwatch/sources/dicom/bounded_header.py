"""Bounded reading of an object's header.

A parser reads what a header announces: a name of a gigabyte, or an inflated stream of any size.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import NoReturn

from leakwatch.config import LiveDicomSettings
from leakwatch.core.messages import text


class HeaderTooLarge(Exception):
    """A header announces more than the limit; the text has both."""


class NoLengthGiven(Exception):
    """A parser asks for data without a length, as it does before it inflates."""


class BoundedHeader(io.BufferedReader):
    """A file whose header is read within bounds; skipped bytes do not count.

    Parameters
    ----------
    path : Path
    most : LiveDicomSettings
        `head_bytes`, `value_bytes` and `object_parts` of it.

    Attributes
    ----------
    too_large : str
        What was refused; empty where nothing was.
    """

    def __init__(self, path: Path, most: LiveDicomSettings) -> None:
        super().__init__(io.FileIO(str(path)))
        self._most, self._bytes, self._parts = most, 0, 0
        self.too_large = ""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes.

        Raises
        ------
        HeaderTooLarge
        NoLengthGiven
        """
        if size is None or size < 0:
            raise NoLengthGiven
        if size > self._most.value_bytes:
            self._refuse(
                text(
                    "a value of {size} bytes, and at most {value_bytes} are read",
                    size=size,
                    value_bytes=self._most.value_bytes,
                )
            )
        self._bytes += size
        if self._bytes > self._most.head_bytes:
            self._refuse(text("more than {maximum} bytes", maximum=self._most.head_bytes))
        self.count(1)
        return super().read(size)

    def count(self, parts: int) -> None:
        """Count the parts of values.

        Raises
        ------
        HeaderTooLarge
        """
        self._parts += parts
        if self._parts > self._most.object_parts:
            self._refuse(
                text(
                    "more than {maximum} items, elements and numbers",
                    maximum=self._most.object_parts,
                )
            )

    def _refuse(self, what: str) -> NoReturn:
        self.too_large = what
        raise HeaderTooLarge(what)

"""The head of an object, read no further than a head can reasonably go.

A parser reads what a head announces: a name of a gigabyte, or an inflated stream of any size.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import NoReturn

from leakwatch.config import LiveDicomSettings


class HeadTooLarge(Exception):
    """More is announced than is read; the text says what, and what the most is."""


class NoLengthGiven(Exception):
    """All that follows is asked for, whatever it is: so a parser begins to inflate."""


class BoundedHead(io.BufferedReader):
    """A file whose head is read within bounds; what is skipped counts nothing.

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
        HeadTooLarge
        NoLengthGiven
        """
        if size is None or size < 0:
            raise NoLengthGiven
        if size > self._most.value_bytes:
            self._refuse(f"a value of {size} bytes, and at most {self._most.value_bytes} are read")
        self._bytes += size
        if self._bytes > self._most.head_bytes:
            self._refuse(f"more than {self._most.head_bytes} bytes")
        self.count(1)
        return super().read(size)

    def count(self, parts: int) -> None:
        """Count parts that values are made of.

        Raises
        ------
        HeadTooLarge
        """
        self._parts += parts
        if self._parts > self._most.object_parts:
            self._refuse(f"more than {self._most.object_parts} items, elements and numbers")

    def _refuse(self, what: str) -> NoReturn:
        self.too_large = what
        raise HeadTooLarge(what)

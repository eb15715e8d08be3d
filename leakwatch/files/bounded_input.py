"""Text that a stranger may have written, read and parsed within bounds.

A parser takes what it is given: three million points become half a gigabyte before a schema sees
them, a key of a hundred thousand parts minutes, and brackets that open without an end its stack.
"""

from __future__ import annotations

import json
import math
import os
import re
import tomllib  # noqa: TID251 - what others use in its place
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

# What a person writes, or a program for one: a case, settings, a suite. The longest that comes with
# the program has 12 KB; a table of distortion some hundreds.
MOST_WRITTEN_BYTES: Final = 1 << 20
# One document that a program writes: the truth of an hour at 15 frames/s has 6 MB.
MOST_DOCUMENT_BYTES: Final = 1 << 23
# A line a frame: 1.5 KB, for two hours at 30 frames/s.
MOST_LINES_BYTES: Final = 1 << 29
MOST_LINE_BYTES: Final = 1 << 20

# Sections in sections: the deepest that the program writes has 8.
_DEEPEST: Final = 32
# Words of TOML, as far as its keys go. Each takes what it takes and never looks twice, so that no
# text takes longer than its length.
_WORDS: Final = re.compile(
    r"""
    (?P<string> \"{3}(?:[^\\]|\\.)*?(?:\"{3}|\Z) | '{3}.*?(?:'{3}|\Z)
              | "(?:[^"\\\n]|\\.)*"? | '[^'\n]*'? | [\w-]+ )
    | (?P<dot> \. ) | (?P<blank> [ \t]+ ) | (?P<comment> \#[^\n]* ) | .
    """,
    re.VERBOSE | re.DOTALL,
)
_NO_MORE: Final = object()
_LARGEST: Final = 2**63  # of a whole number, as the machine counts


class OutOfBounds(ValueError):
    """It is larger, deeper or has larger numbers than anything of its kind."""


def read_at_most(path: Path, most_bytes: int = MOST_WRITTEN_BYTES) -> bytes:
    """Read a file that is not larger than anything of its kind.

    Parameters
    ----------
    path : Path
    most_bytes : int

    Raises
    ------
    OSError
        It cannot be read.
    OutOfBounds
        It is larger; no more than the bound is read of it.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        # A device or a pipe has no size, and may have no end.
        data = b"" if size > most_bytes else file.read(most_bytes + 1)
    if max(size, len(data)) > most_bytes:
        raise _too_large(most_bytes)
    return data


def lines_at_most(path: Path) -> Iterator[bytes]:
    """Read a file of a line a frame, one line at a time.

    Parameters
    ----------
    path : Path

    Yields
    ------
    bytes
        With its newline; the last may have none, where it was cut off.

    Raises
    ------
    OSError
        It cannot be read.
    OutOfBounds
        The file, or a line of it, is longer than any.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > MOST_LINES_BYTES:
            raise _too_large(MOST_LINES_BYTES)
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > MOST_LINE_BYTES:
                raise OutOfBounds(
                    f"has a line {number} of more than {size_text(MOST_LINE_BYTES)}, and one that "
                    "LeakWatch wrote has some hundred bytes"
                )
            yield line


def parse_toml(data: bytes, finite: bool = True) -> dict[str, Any]:
    """Parse TOML, which some editors begin with a byte order mark.

    Parameters
    ----------
    data : bytes
    finite : bool
        False: numbers that are not finite are left, for whoever tells their place.

    Raises
    ------
    ValueError
        It is no TOML. `OutOfBounds` where it is nested, or has a number, beyond all bounds.
    """
    text = data.decode("utf-8-sig")
    _check_keys(text)
    try:
        found = tomllib.loads(text)
    except RecursionError as error:
        raise _too_deep() from error
    _check(found, finite)
    return found


def parse_json(
    data: bytes,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
    numbers: bool = True,
) -> Any:
    """Parse JSON, which some editors begin with a byte order mark.

    Parameters
    ----------
    data : bytes
    pairs : callable or None
        Makes an object of its keys and values.
    numbers : bool
        False: those beyond all bounds are left, for whoever tells their place.

    Raises
    ------
    ValueError
        It is no JSON. `OutOfBounds` where it is nested, or has a number, beyond all bounds.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=pairs)  # noqa: TID251
    except RecursionError as error:
        raise _too_deep() from error
    _check(found, numbers, numbers)
    return found


def is_counted(number: int) -> bool:
    """Whether a whole number has 64 bits at most."""
    return -_LARGEST <= number < _LARGEST


def why_unread(error: ValueError, kind: str) -> str:
    """Say why a text was not read: it is beyond bounds, or not of its kind.

    Parameters
    ----------
    error : ValueError
        Of one of the functions above.
    kind : str
        ``TOML`` or ``JSON``.
    """
    return str(error) if isinstance(error, OutOfBounds) else f"is not {kind}: {error}"


def size_text(size: int) -> str:
    """Bytes as a person reads them, ``1 MiB``."""
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size} bytes"


def shortened(text: str, longest: int = 60) -> str:
    """Return the beginning of a text, for a message: what was found may be endless."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def _too_large(most_bytes: int) -> OutOfBounds:
    return OutOfBounds(f"is larger than {size_text(most_bytes)}, which nothing of its kind is")


def _too_deep() -> OutOfBounds:
    return OutOfBounds(f"is nested more than {_DEEPEST} deep, which nothing of its kind is")


def _check_keys(text: str) -> None:
    """Refuse a key of many parts before it is parsed, which takes the square of their number."""
    parts = 0
    for word in _WORDS.finditer(text):
        if word.lastgroup == "dot":
            parts += 1
            if parts > _DEEPEST:
                raise _too_deep()
        elif word.lastgroup not in ("string", "blank"):
            parts = 0


def _check(found: Any, finite: bool, whole: bool = True) -> None:
    """Go through all values without recursion: nothing that recurs may see what is too deep."""
    open_ones = [iter((found,))]
    while open_ones:
        one = next(open_ones[-1], _NO_MORE)
        if one is _NO_MORE:
            open_ones.pop()
        elif isinstance(one, dict | list):
            if len(open_ones) > _DEEPEST:
                raise _too_deep()
            open_ones.append(iter(one.values() if isinstance(one, dict) else one))
        elif whole and isinstance(one, int) and not is_counted(one):
            raise OutOfBounds("has a whole number of more than 64 bits, which nothing here counts")
        elif finite and isinstance(one, float) and not math.isfinite(one):
            raise OutOfBounds(f"has the number {one}, which nothing here can be")

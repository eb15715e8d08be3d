"""Bounded reading and parsing of text from untrusted files.

A parser has no limits of its own: three million points use half a gigabyte before a schema checks
them, a key of a hundred thousand parts takes minutes, and deeply nested brackets exhaust the stack.
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

from leakwatch.core.messages import text

# Files that a user writes or edits: a case, settings, a suite. The longest that is shipped with the
# program has 12 KB; a distortion table has some hundreds.
MOST_WRITTEN_BYTES: Final = 1 << 20
# One document written by a program: the truth of one hour at 15 frames/s has 6 MB.
MOST_DOCUMENT_BYTES: Final = 1 << 23
# One line per frame: 1.5 KB each, for two hours at 30 frames/s.
MOST_LINES_BYTES: Final = 1 << 29
MOST_LINE_BYTES: Final = 1 << 20

# Nested sections: the program itself writes 8 levels at most.
_DEEPEST: Final = 32
# Tokens of TOML that matter for its keys. No alternative backtracks, so that the time is linear in
# the length of the text.
_WORDS: Final = re.compile(
    r"""
    (?P<string> \"{3}(?:[^\\]|\\.)*?(?:\"{3}|\Z) | '{3}.*?(?:'{3}|\Z)
              | "(?:[^"\\\n]|\\.)*"? | '[^'\n]*'? | [\w-]+ )
    | (?P<dot> \. ) | (?P<blank> [ \t]+ ) | (?P<comment> \#[^\n]* ) | .
    """,
    re.VERBOSE | re.DOTALL,
)
_NO_MORE: Final = object()
_LARGEST: Final = 2**63  # integers have 64 bits


class OutOfBounds(ValueError):
    """A text is larger, nested deeper or has larger numbers than its kind allows."""


def read_at_most(path: Path, most_bytes: int = MOST_WRITTEN_BYTES) -> bytes:
    """Read a file of limited size.

    Parameters
    ----------
    path : Path
    most_bytes : int

    Raises
    ------
    OSError
        The file cannot be read.
    OutOfBounds
        The file is larger; no more than `most_bytes` + 1 bytes were read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        # A device or a pipe has no size, and may have no end.
        data = b"" if size > most_bytes else file.read(most_bytes + 1)
    if max(size, len(data)) > most_bytes:
        raise _too_large(most_bytes)
    return data


def lines_at_most(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file that has one line per frame.

    Parameters
    ----------
    path : Path

    Yields
    ------
    bytes
        With its newline; the last line has none if the file was truncated.

    Raises
    ------
    OSError
        The file cannot be read.
    OutOfBounds
        The file or a line in it is too long.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > MOST_LINES_BYTES:
            raise _too_large(MOST_LINES_BYTES)
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > MOST_LINE_BYTES:
                raise OutOfBounds(
                    text(
                        "has a line {number} of more than {size}; lines written by LeakWatch have "
                        "some hundred bytes",
                        number=number,
                        size=size_text(MOST_LINE_BYTES),
                    )
                )
            yield line


def parse_toml(data: bytes, finite: bool = True) -> dict[str, Any]:
    """Parse TOML, with or without a byte order mark.

    Parameters
    ----------
    data : bytes
    finite : bool
        False: numbers that are not finite are accepted, and the caller reports their key.

    Raises
    ------
    ValueError
        It is not TOML. `OutOfBounds` if it is nested too deep or has a number out of range.
    """
    toml = data.decode("utf-8-sig")
    _check_keys(toml)
    try:
        found = tomllib.loads(toml)
    except RecursionError as error:
        raise _too_deep() from error
    _check(found, finite)
    return found


def parse_json(
    data: bytes,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
    numbers: bool = True,
) -> Any:
    """Parse JSON, with or without a byte order mark.

    Parameters
    ----------
    data : bytes
    pairs : callable or None
        Makes an object from its keys and values.
    numbers : bool
        False: numbers out of range are accepted, and the caller reports their key.

    Raises
    ------
    ValueError
        It is not JSON. `OutOfBounds` if it is nested too deep or has a number out of range.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=pairs)  # noqa: TID251
    except RecursionError as error:
        raise _too_deep() from error
    _check(found, numbers, numbers)
    return found


def is_counted(number: int) -> bool:
    """Return whether an integer fits into 64 bits."""
    return -_LARGEST <= number < _LARGEST


def why_unread(error: ValueError, kind: str) -> str:
    """Return why a text could not be read.

    Parameters
    ----------
    error : ValueError
        Raised by one of the functions above.
    kind : str
        ``TOML`` or ``JSON``.
    """
    if isinstance(error, OutOfBounds):
        return str(error)
    return text("is not {kind}: {error}", kind=kind, error=str(error))


def size_text(size: int) -> str:
    """Return a number of bytes as text, such as ``1 MiB``."""
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size} bytes"


def shorten(long_text: str, longest: int = 60) -> str:
    """Return the beginning of a text, for use in a message."""
    return long_text if len(long_text) <= longest else f"{long_text[:longest]}..."


def _too_large(most_bytes: int) -> OutOfBounds:
    return OutOfBounds(
        text("is larger than {size}, the limit for this kind of file", size=size_text(most_bytes))
    )


def _too_deep() -> OutOfBounds:
    return OutOfBounds(
        text("is nested more than {maximum} levels deep, the limit for any file", maximum=_DEEPEST)
    )


def _check_keys(toml: str) -> None:
    """Refuse a key of many parts before it is parsed, which takes quadratic time."""
    parts = 0
    for word in _WORDS.finditer(toml):
        if word.lastgroup == "dot":
            parts += 1
            if parts > _DEEPEST:
                raise _too_deep()
        elif word.lastgroup not in ("string", "blank"):
            parts = 0


def _check(found: Any, finite: bool, whole: bool = True) -> None:
    """Check all values, without recursion, which too deep a nesting would exhaust."""
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
            raise OutOfBounds(text("has an integer of more than 64 bits, the limit for any number"))
        elif finite and isinstance(one, float) and not math.isfinite(one):
            raise OutOfBounds(
                text("has the number {number}, and only finite ones are valid", number=one)
            )

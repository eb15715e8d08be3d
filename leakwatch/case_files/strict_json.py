"""Reading of JSON files with their schema, and errors that name the key."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from leakwatch.core.arrays import Point
from leakwatch.core.errors import CaseError
from leakwatch.core.messages import join_with, text
from leakwatch.files.bounded_input import (
    MOST_WRITTEN_BYTES,
    OutOfBounds,
    is_counted,
    lines_at_most,
    parse_json,
    read_at_most,
    shorten,
    why_unread,
)
from leakwatch.files.strict_input import explain

Index = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Xy = tuple[float, float]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors write it

_T = TypeVar("_T", bound=msgspec.Struct)
_V = TypeVar("_V")


def read(path: Path, most_bytes: int = MOST_WRITTEN_BYTES) -> bytes:
    """Return all bytes of a file.

    Parameters
    ----------
    path : Path
    most_bytes : int
        Size limit, above that of any valid file.

    Raises
    ------
    CaseError
        It cannot be read, or is larger.
    """
    try:
        return read_at_most(path, most_bytes)
    except OSError as error:
        raise _cannot_read(path, error) from error
    except OutOfBounds as error:
        raise CaseError(text("{path}: {error}. Check the path.", path=path, error=error)) from error


def _cannot_read(path: Path, error: OSError) -> CaseError:
    reason = error.strerror or type(error).__name__
    return CaseError(
        text("{path}: cannot be read: {reason}. Check the path.", path=path, reason=reason)
    )


def decode(
    data: bytes, name: str, document: type[_T], hints: Mapping[str, str] | None = None
) -> _T:
    """Decode one JSON document.

    Parameters
    ----------
    data : bytes
    name : str
        Its name in messages, usually its path.
    document : type of msgspec.Struct
    hints : mapping of str to str or None
        Advice by top-level key.

    Raises
    ------
    CaseError
        It is not JSON, has a duplicate key, or violates the schema.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        # Python's reader first: it accepts NaN and Infinity, and their position can be reported.
        found = parse_json(data, lambda pairs: _each_once(pairs, name), numbers=False)
        _check_numbers(found, name)
        return msgspec.json.decode(data, type=document)
    except msgspec.ValidationError as error:
        raise CaseError(
            join_with(": ", (name, explain(error, found, document, hints or {})))
        ) from error
    except ValueError as error:
        told = why_unread(error, "JSON")
        raise CaseError(
            text("{name}: {fault}. Correct or replace the file.", name=name, fault=told)
        ) from error


def decode_lines(path: Path, document: type[_T]) -> list[_T]:
    """Decode a file with one JSON document per line; an incomplete last line is ignored.

    Raises
    ------
    CaseError
        The file cannot be read, or a line is not JSON or violates the schema.
    """
    found = []
    try:
        for number, line in enumerate(lines_at_most(path), start=1):
            if line.endswith(b"\n") or _is_whole(line):
                found.append(decode(line, f"{path}, line {number}", document))
    except OSError as error:
        raise _cannot_read(path, error) from error
    except OutOfBounds as error:
        raise CaseError(text("{path}: {error}. Check the path.", path=path, error=error)) from error
    return found


def _is_whole(line: bytes) -> bool:
    """Return whether a last line without newline is complete otherwise."""
    try:
        msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return False
    return True


def rounded(value: float | None, digits: int) -> float | None:
    """Return a rounded value; None if it is not finite. Minus zero becomes zero."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits) + 0.0


def rounded_point(point: Point, digits: int) -> Xy:
    """Return a point with rounded coordinates, without minus zero."""
    return (round(float(point[0]), digits) + 0.0, round(float(point[1]), digits) + 0.0)


def known(value: _V | UnsetType) -> _V | None:
    """Return None for an omitted key, else its value."""
    return None if isinstance(value, UnsetType) else value


def unset(value: _V | None) -> _V | UnsetType:
    """Return the value, or `UNSET` for None, which omits the key."""
    return UNSET if value is None else value


def _each_once(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise CaseError(
            text("{name}: key {key} occurs twice. Remove one of them.", name=name, key=twice)
        )
    return found


def _check_numbers(found: Any, name: str) -> None:
    place = _no_number(found, "")
    if place is not None:
        key, value = place
        raise CaseError(
            text(
                "{name}: key {key}: {value} is not a usable number. Give a finite number, or "
                "omit the key if its value is unknown.",
                name=name,
                key=shorten(key),
                value=shorten(str(value)),
            )
        )


def _no_number(found: Any, path: str) -> tuple[str, float] | None:
    """Return path and value of the first number that is not finite or exceeds 64 bits."""
    if _is_no_number(found):
        return path.removeprefix(".") or text("of the file"), found
    if isinstance(found, dict):
        steps = ((f".{key}", value) for key, value in found.items())
    elif isinstance(found, list):
        steps = ((f"[{index}]", value) for index, value in enumerate(found))
    else:
        return None
    places = (
        _no_number(value, path + step)
        for step, value in steps
        if isinstance(value, dict | list) or _is_no_number(value)
    )
    return next((place for place in places if place is not None), None)


def _is_no_number(found: Any) -> bool:
    if isinstance(found, float):
        return not math.isfinite(found)
    return isinstance(found, int) and not is_counted(found)

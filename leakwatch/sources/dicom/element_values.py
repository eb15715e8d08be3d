"""Values of DICOM elements as plain Python, tolerant of invalid files.

An element that is absent, empty or malformed is None; the caller decides what that means.
Enhanced objects keep in functional groups what classic ones keep at the top (PS3.3 C.7.6.16);
the same question finds both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from leakwatch.core.messages import HeaderText


def places(dataset: Dataset, frame: int = 0) -> Iterator[Dataset]:
    """Return datasets that may contain an element: the top, the frame's and the shared groups.

    Parameters
    ----------
    dataset : Dataset
    frame : int
        Whose functional groups are looked into.
    """
    yield dataset
    for keyword, index in (
        ("PerFrameFunctionalGroupsSequence", frame),
        ("SharedFunctionalGroupsSequence", 0),
    ):
        groups = items(dataset, keyword)
        if index < len(groups):
            for macro in groups[index]:
                if macro.VR == "SQ" and macro.value:
                    yield macro.value[0]


def items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """Return the items of a sequence; none if the element is absent, or not written as one."""
    value = dataset.get(keyword)
    return value if isinstance(value, DicomSequence) else ()


def raw(dataset: Dataset, keyword: str, frame: int = 0) -> Any:
    """Return the first value of `keyword` that is not empty, or None."""
    for place in places(dataset, frame):
        try:
            value = place.get(keyword)
        except (ValueError, TypeError, NotImplementedError):
            continue  # pydicom cannot turn these bytes into the element's type
        if value is not None and not (hasattr(value, "__len__") and len(value) == 0):
            return value
    return None


def number(dataset: Dataset, keyword: str, frame: int = 0) -> float | None:
    """Return the first value as a finite number, or None."""
    values = numbers(dataset, keyword, frame)
    return values[0] if values else None


def numbers(dataset: Dataset, keyword: str, frame: int = 0) -> tuple[float, ...] | None:
    """Return all values as finite numbers, or None if one of them is not."""
    value = raw(dataset, keyword, frame)
    if value is None:
        return None
    try:
        values = tuple(float(one) for one in _several(value))
    except (ValueError, TypeError, OverflowError):
        return None
    return values if all(map(math.isfinite, values)) else None


def pair(dataset: Dataset, keyword: str, frame: int = 0) -> tuple[float, float] | None:
    """Return exactly two numbers, or None."""
    values = numbers(dataset, keyword, frame)
    return (values[0], values[1]) if values is not None and len(values) == 2 else None


def text_values(dataset: Dataset, keyword: str, frame: int = 0) -> tuple[str, ...]:
    """Return all values as stripped text, each a `HeaderText`; empty if the element is absent."""
    value = raw(dataset, keyword, frame)
    return () if value is None else tuple(HeaderText(str(one).strip()) for one in _several(value))


def text_value(dataset: Dataset, keyword: str, frame: int = 0) -> str:
    """Return the first value as stripped `HeaderText`, or an empty string."""
    values = text_values(dataset, keyword, frame)
    return values[0] if values else ""


def _several(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        return (value,)
    return tuple(value)

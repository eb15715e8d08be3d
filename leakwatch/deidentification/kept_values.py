"""Values of kept elements, written anew: numbers, the standard's words, names of makers.

An element's value representation is what its sender says. Text sits in a number of another kind, in
a sequence under a kept name, or behind the values that belong there: so nothing is copied as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag
from pydicom.valuerep import DSfloat

from leakwatch.deidentification.kept_elements import (
    DIRECTIONS,
    KEPT,
    MAKERS,
    NUMBERS,
    POINTERS,
    WORDS,
)
from leakwatch.sources.dicom.element_values import texts

# No angle, distance or time of a C-arm is larger, in the units of DICOM. Letters that are read as a
# floating-point number nearly always are.
MOST = 1e9
_MOST_FLOAT = 1e4

_WHOLE = {"IS": (-(2**31), 2**31 - 1), "US": (0, 65535), "SS": (-32768, 32767)}
_DIRECTION = re.compile(r"[ARLPHF]{1,3}")
_MAKER = re.compile(r"[A-Za-z0-9 .,()&/+_-]{1,64}")
_OTHER_KIND = "OTHER"  # so that the next words keep their places
_SHORTEST_NAME = 3


def kept_element(dataset: Dataset, keyword: str, names: frozenset[str]) -> DataElement | None:
    """An element written anew, or None where nothing of it may stay.

    Parameters
    ----------
    dataset : Dataset
        That holds it.
    keyword : str
    names : frozenset of str
        Words that name people, as `named_in` finds them.
    """
    if keyword not in KEPT:
        return None
    value: Any = None
    if keyword in NUMBERS:
        value = _numbers(dataset, keyword)
    elif keyword in POINTERS:
        value = _pointers(dataset, keyword)
    elif keyword in MAKERS:
        value = _maker(dataset, keyword, names)
    elif keyword in DIRECTIONS:
        value = _all_of(texts(dataset, keyword), _DIRECTION)
    elif keyword in WORDS:
        value = _words(texts(dataset, keyword), keyword)
    if value is None:
        return None
    return DataElement(Tag(keyword), _representation(dataset, keyword), value)


def named_in(dataset: Dataset) -> frozenset[str]:
    """Words that name people in an object, at any depth, in capitals."""
    found: set[str] = set()
    for element in _readable(dataset):
        if element.VR == "SQ":
            for item in element.value:
                found |= named_in(item)
        elif element.VR == "PN" or element.tag.group == 0x0010:
            found |= _capital_words(str(element.value))
    return frozenset(found)


def _readable(dataset: Dataset) -> Iterator[DataElement]:
    for tag in sorted(dataset.keys()):
        item: object = dataset.get_item(tag, keep_deferred=True)
        if isinstance(item, RawDataElement) and item.value is None and item.length:
            continue  # large, so left in the file, and no name
        # Bytes of any kind stand there, and what cannot be turned into a value has none.
        with suppress(ValueError, TypeError, NotImplementedError, LookupError):
            yield dataset[tag]


def _capital_words(text: str) -> set[str]:
    words = re.split(r"[\W_]+", text.upper())
    return {word for word in words if len(word) >= _SHORTEST_NAME}


def _representation(dataset: Dataset, keyword: str) -> str:
    said = str(dictionary_VR(keyword))
    if said != "US or SS":
        return said
    return "SS" if dataset.get("PixelRepresentation") == 1 else "US"


def _numbers(dataset: Dataset, keyword: str) -> list[Any] | None:
    element = dataset[keyword]
    values = element.value if isinstance(element.value, list | MultiValue) else [element.value]
    kind = _representation(dataset, keyword)
    if not _fits(len(values), dictionary_VM(keyword)):
        return None
    try:
        numbers = [float(str(value)) for value in values]
    except ValueError:
        return None
    most = _MOST_FLOAT if kind == "FL" else MOST
    if not all(math.isfinite(number) and abs(number) <= most for number in numbers):
        return None
    if kind not in _WHOLE:
        return [DSfloat(number, auto_format=True) if kind == "DS" else number for number in numbers]
    low, high = _WHOLE[kind]
    whole = [int(number) for number in numbers]
    return whole if all(low <= number <= high for number in whole) else None


def _fits(count: int, allowed: str) -> bool:
    """Whether so many values may stand there: allowed are `2`, `1-3`, `1-n` or `2-2n`."""
    least, _, most = allowed.partition("-")
    if count < int(least):
        return False
    if most.endswith("n"):
        return count % int(most[:-1] or 1) == 0
    return count <= int(most or least)


def _words(values: Iterable[str], keyword: str) -> list[str] | None:
    known = WORDS[keyword]
    found = [word if word in known else _OTHER_KIND for word in map(str.upper, values)]
    if keyword in ("ImageType", "FrameType"):
        return found or None
    return found if found and _OTHER_KIND not in found else None


def _all_of(values: Iterable[str], pattern: re.Pattern[str]) -> list[str] | None:
    found = list(values)
    return found if found and all(map(pattern.fullmatch, found)) else None


def _maker(dataset: Dataset, keyword: str, names: frozenset[str]) -> str | None:
    found = texts(dataset, keyword)
    if len(found) != 1 or not _MAKER.fullmatch(found[0]):
        return None
    return None if _capital_words(found[0]) & names else found[0]


def _pointers(dataset: Dataset, keyword: str) -> list[Any] | None:
    value = dataset[keyword].value
    values = list(value) if isinstance(value, list | MultiValue) else [value]
    known = {int(Tag(one)) for one in ("FrameTime", "FrameTimeVector") if one in dataset}
    try:
        found = [Tag(one) for one in values if int(one) in known]
    except (ValueError, TypeError, OverflowError):
        return None
    return found or None

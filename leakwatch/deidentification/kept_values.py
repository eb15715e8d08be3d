"""Values of kept elements, rewritten: numbers, defined terms, manufacturers' names.

The sender chooses the value representation of an element. Text can be in a number with another VR,
in a sequence under a kept keyword, or after the valid values: so no value is copied unchanged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
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
from leakwatch.sources.dicom.element_values import text_values

# No angle, distance or time of a C-arm is larger, in the units of DICOM. Letters decoded as
# a number almost always are.
MOST = 1e9
_MOST_FLOAT = 1e4

_WHOLE = {"IS": (-(2**31), 2**31 - 1), "US": (0, 65535), "SS": (-32768, 32767)}
_DIRECTION = re.compile(r"[ARLPHF]{1,3}")
_MAKER = re.compile(r"[A-Za-z0-9 .,()&/+_-]{1,64}")
_OTHER_KIND = "OTHER"  # so that the next values keep their positions
_SHORTEST_NAME = 3
_PLACES = frozenset({"InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName"})


@dataclass(frozen=True, slots=True)
class NamedWords:
    """Words of a header that name somebody or some place, in capitals.

    Parameters
    ----------
    people : frozenset of str
    places : frozenset of str
        A maker's name may be among them, as in the name of a demonstration site.
    """

    people: frozenset[str]
    places: frozenset[str]


def keep_element(dataset: Dataset, keyword: str, named: NamedWords) -> DataElement | None:
    """Return an element with rewritten values, or None if it must be removed.

    Parameters
    ----------
    dataset : Dataset
        Dataset that contains the element.
    keyword : str
    named : NamedWords
        See `find_named_words`.
    """
    if keyword not in KEPT:
        return None
    value: Any = None
    if keyword in NUMBERS:
        value = _numbers(dataset, keyword)
    elif keyword in POINTERS:
        value = _pointers(dataset, keyword)
    elif keyword in MAKERS:
        value = _maker(dataset, keyword, named)
    elif keyword in DIRECTIONS:
        value = _all_of(text_values(dataset, keyword), _DIRECTION)
    elif keyword in WORDS:
        value = _words(text_values(dataset, keyword), keyword)
    if value is None:
        return None
    return DataElement(Tag(keyword), _representation(dataset, keyword), value)


def find_named_words(dataset: Dataset) -> NamedWords:
    """Return words that name people and places in a dataset, at any depth."""
    people, places = set[str](), set[str]()
    for element in _readable(dataset):
        if element.VR == "SQ":
            for item in element.value:
                below = find_named_words(item)
                people |= below.people
                places |= below.places
        elif element.VR == "PN" or element.tag.group == 0x0010:
            people |= _capital_words(str(element.value))
        elif element.keyword in _PLACES:
            places |= _capital_words(str(element.value))
    return NamedWords(frozenset(people), frozenset(places))


def _readable(dataset: Dataset) -> Iterator[DataElement]:
    for tag in sorted(dataset.keys()):
        item: object = dataset.get_item(tag, keep_deferred=True)
        if isinstance(item, RawDataElement) and item.value is None and item.length:
            continue  # left in the file because it is large, so it is not a name
        # Elements are untrusted; one that cannot be decoded has no value.
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
    """Return whether `count` fits a value multiplicity: `2`, `1-3`, `1-n` or `2-2n`."""
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


def _maker(dataset: Dataset, keyword: str, named: NamedWords) -> str | None:
    found = text_values(dataset, keyword)
    if len(found) != 1 or not _MAKER.fullmatch(found[0]):
        return None
    told = named.people if keyword == "Manufacturer" else named.people | named.places
    return None if _capital_words(found[0]) & told else found[0]


def _pointers(dataset: Dataset, keyword: str) -> list[Any] | None:
    value = dataset[keyword].value
    values = list(value) if isinstance(value, list | MultiValue) else [value]
    known = {int(Tag(one)) for one in ("FrameTime", "FrameTimeVector") if one in dataset}
    try:
        found = [Tag(one) for one in values if int(one) in known]
    except (ValueError, TypeError, OverflowError):
        return None
    return found or None

"""Assignment of label numbers to vertebrae, by the source of the mask or by names in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text

Labels = npt.NDArray[np.int64]

_CERVICAL = [f"C{n}" for n in range(1, 8)]
_THORACIC = [f"T{n}" for n in range(1, 13)]
_LUMBAR = [f"L{n}" for n in range(1, 6)]
_DOWNWARDS = [*_CERVICAL, *_THORACIC, *_LUMBAR]
LEVELS: Final = (*_CERVICAL, *_THORACIC, "T13", *_LUMBAR, "L6", "S1", "SACRUM", "COCCYX")

# VerSe (doi:10.1016/j.media.2021.102166) numbers downwards; TotalSegmentator, task "total"
# (doi:10.1148/ryai.230024), upwards, from another number in each of its versions.
TABLES: Final[dict[str, dict[str, int]]] = {
    "verse": {name: n for n, name in enumerate(_DOWNWARDS, start=1)}
    | {"L6": 25, "SACRUM": 26, "COCCYX": 27, "T13": 28},
    "totalsegmentator": {name: n for n, name in enumerate(reversed([*_DOWNWARDS, "S1"]), start=26)}
    | {"SACRUM": 25},
    "totalsegmentator v1": {name: n for n, name in enumerate(reversed(_DOWNWARDS), start=18)},
}
# What a mask of VerSe has of the sacrum begins with its first vertebra.
_ALSO: Final = {"verse": {"S1": "SACRUM"}}
_WITH_ORGANS: Final = ("totalsegmentator", "totalsegmentator v1")

# Labels of vertebral bodies: SPINEPS (doi:10.1007/s00330-024-11155-y) tells the parts of a
# vertebra apart; where a mask has none of its numbers, all of it is body.
SPINEPS_BODY: Final = (49, 50)
SPINEPS_PARTS: Final = range(41, 51)

# `vertebrae_L1`, `L1 vertebra`, `Th12`; not `L1.0`, which TotalSegmentator calls what has no name.
_NAMED = re.compile(
    r"(?<![A-Za-z0-9])(?P<part>C|TH|T|D|L|S)(?P<number>\d{1,2})(?![A-Za-z0-9]|\.\d)", re.IGNORECASE
)
_NOT_A_VERTEBRA = re.compile(r"dis[ck]|rib|costa|muscle|nerve|foramen|cord", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A vertebra in a label volume.

    Parameters
    ----------
    name : str
        ``L1``, or the number where nothing is known of the table.
    number : int
    vertebrae : frozenset of int
        All numbers that are vertebrae; others are organs.
    """

    name: str
    number: int
    vertebrae: frozenset[int]


def level_in_name(text: str) -> str | None:
    """Return the level in a label's name, ``L1``; None if it names none or several."""
    if _NOT_A_VERTEBRA.search(text):
        return None
    found = {_level(match["part"].upper(), int(match["number"])) for match in _NAMED.finditer(text)}
    found |= {word for word in ("SACRUM", "COCCYX") if word in text.upper()}
    found &= set(LEVELS)
    return found.pop() if len(found) == 1 else None


def _level(part: str, number: int) -> str:
    return f"{'T' if part in ('TH', 'D') else part}{number}"


def find_label(
    level: str, heights_mm: Mapping[int, float], where: str, names: Mapping[int, str] | None = None
) -> Chosen:
    """Find a level among the labels of a mask.

    Parameters
    ----------
    level : str
        ``L1``, or a label's number.
    heights_mm : mapping of int to float
        Mean height of each label's voxels: the order along the spine tells the tables apart.
    where : str
        The file, for messages.
    names : mapping of int to str or None
        What the file itself calls its labels, see `level_in_name`; goes before any table.

    Raises
    ------
    ConfigError
        The level is not there, or the mask fits no table.
    """
    found = ", ".join(str(number) for number in sorted(heights_mm))
    if level.isdecimal():
        if int(level) not in heights_mm:
            raise ConfigError(
                text(
                    "{where}: no label {level}. Labels found: {found}. Choose one of them.",
                    where=where,
                    level=level,
                    found=found,
                )
            )
        return Chosen(level, int(level), _vertebrae(heights_mm, names))
    wanted = _wanted(level)
    numbers = _numbers(heights_mm, where, found, names)
    number = numbers.get(wanted)
    if number is None or number not in heights_mm:
        there = [name for name, n in numbers.items() if n in heights_mm]
        raise ConfigError(
            text(
                "{where}: there is no {level}. Vertebrae found: {names} (labels "
                "{found}). Choose another level, or give a label's number.",
                where=where,
                level=level,
                names=", ".join(there) or "none",
                found=found,
            )
        )
    return Chosen(wanted, number, frozenset(numbers.values()) & frozenset(heights_mm))


def _wanted(level: str) -> str:
    match = _NAMED.fullmatch(level)
    return level.upper() if match is None else _level(match["part"].upper(), int(match["number"]))


def _vertebrae(heights_mm: Mapping[int, float], names: Mapping[int, str] | None) -> frozenset[int]:
    """Return the vertebrae by a matching table or the file's names; otherwise all labels."""
    numbers = set(names or ())
    for table in _matching_tables(heights_mm) if names is None else ():
        numbers |= set(TABLES[table].values())
    return frozenset(numbers or heights_mm) & frozenset(heights_mm)


def _numbers(
    heights_mm: Mapping[int, float], where: str, found: str, names: Mapping[int, str] | None
) -> dict[str, int]:
    """Return numbers by level, from the file's names or the matching table."""
    if names is not None:
        numbers: dict[str, int] = {}
        for number, name in names.items():
            if name in numbers:
                raise ConfigError(
                    text(
                        "{where}: labels {value} and {number} are both called {name}. Give "
                        "the label's number as the level.",
                        where=where,
                        value=numbers[name],
                        number=number,
                        name=name,
                    )
                )
            numbers[name] = number
        return numbers
    if len(heights_mm) < 2:
        raise ConfigError(
            text(
                "{where}: labels found: {found}. A single label does not show which vertebra it "
                "is. Give the label's number as the level.",
                where=where,
                found=found,
            )
        )
    fitting = _matching_tables(heights_mm)
    if len(fitting) != 1:
        why = f"as {' and as '.join(fitting)}" if fitting else "neither downwards as in VerSe nor "
        why += "" if fitting else "upwards as in TotalSegmentator"
        raise ConfigError(
            text(
                "{where}: labels {found} are numbered {why}. Give the label's number as the level.",
                where=where,
                found=found,
                why=why,
            )
        )
    table = TABLES[fitting[0]]
    return table | {name: table[same] for name, same in _ALSO.get(fitting[0], {}).items()}


def _matching_tables(heights_mm: Mapping[int, float]) -> list[str]:
    """Return the tables whose vertebrae are in order along the spine.

    A mask of vertebrae alone that fits both versions of TotalSegmentator is taken for one of the
    second, which has been the current one since 2023; lumbar vertebrae fit only one of them.
    """
    whole = [
        name
        for name, table in TABLES.items()
        if heights_mm.keys() <= set(table.values()) and _in_order(table, heights_mm)
    ]
    if whole:
        return whole[:1]
    return [name for name in _WITH_ORGANS if _in_order(TABLES[name], heights_mm)]


def _in_order(table: Mapping[str, int], heights_mm: Mapping[int, float]) -> bool:
    numbers = [table[name] for name in LEVELS if name in table and table[name] in heights_mm]
    heights = [heights_mm[number] for number in numbers]
    return len(numbers) >= 2 and bool((np.diff(heights) < 0).all())


def body_part(labels: Labels) -> npt.NDArray[np.bool_]:
    """Return the vertebral body in a body mask: its parts by SPINEPS, otherwise all of it."""
    numbers = np.unique(labels[labels != 0])
    if len(numbers) and np.isin(numbers, SPINEPS_PARTS).all():
        body: npt.NDArray[np.bool_] = np.isin(labels, SPINEPS_BODY)
        return body
    whole: npt.NDArray[np.bool_] = labels != 0
    return whole

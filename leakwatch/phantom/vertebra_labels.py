"""Which number means which vertebra, by the program that made the mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from leakwatch.errors import ConfigError

Labels = npt.NDArray[np.int64]

_CERVICAL = [f"C{n}" for n in range(1, 8)]
_THORACIC = [f"T{n}" for n in range(1, 13)]
_LUMBAR = [f"L{n}" for n in range(1, 6)]
_DOWNWARDS = [*_CERVICAL, *_THORACIC, *_LUMBAR, "S1"]

# VerSe (doi:10.1016/j.media.2021.102166) numbers downwards; TotalSegmentator, task "total" of
# version 2 (doi:10.1148/ryai.230024), numbers upwards from the sacrum.
TABLES: Final[dict[str, dict[str, int]]] = {
    "verse": {name: n for n, name in enumerate([*_CERVICAL, *_THORACIC, *_LUMBAR], start=1)}
    | {"L6": 25, "S1": 26, "T13": 28},
    "totalsegmentator": {name: n for n, name in enumerate(reversed(_DOWNWARDS), start=26)}
    | {"sacrum": 25},
}

# Labels of vertebral bodies: SPINEPS (doi:10.1007/s00330-024-11155-y) tells the parts of a
# vertebra apart; where a mask has none of its numbers, all of it is body.
SPINEPS_BODY: Final = (49, 50)
SPINEPS_PARTS: Final = range(41, 51)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A vertebra in a label volume.

    Parameters
    ----------
    name : str
        ``L1``, or the number where nothing is known of the table.
    number : int
    """

    name: str
    number: int


def choose(level: str, heights_mm: Mapping[int, float], where: str) -> Chosen:
    """Find a level among the labels of a mask.

    Parameters
    ----------
    level : str
        ``L1``, or a label's number.
    heights_mm : mapping of int to float
        Mean height of each label's voxels: the order along the spine tells the tables apart.
    where : str
        The file, for messages.

    Raises
    ------
    ConfigError
        The level is not there, or the mask fits no table.
    """
    found = ", ".join(str(number) for number in sorted(heights_mm))
    if level.isdecimal():
        if int(level) not in heights_mm:
            raise ConfigError(f"{where}: there is no label {level}. Labels found: {found}.")
        return Chosen(level, int(level))
    table = TABLES[_table_of(heights_mm, where, found)]
    number = table.get(level.upper())
    if number is None or number not in heights_mm:
        names = [name for name, n in table.items() if n in heights_mm]
        raise ConfigError(
            f"{where}: there is no {level}. Vertebrae found: {', '.join(names) or 'none'} (labels "
            f"{found}). Choose another level, or give a label's number."
        )
    return Chosen(level.upper(), number)


def _table_of(heights_mm: Mapping[int, float], where: str, found: str) -> str:
    numbers = sorted(heights_mm)
    if len(numbers) < 2:
        raise ConfigError(
            f"{where}: labels found: {found}. From one alone it cannot be told which vertebra it "
            "is. Give the label's number as the level."
        )
    steps = np.diff([heights_mm[number] for number in numbers])
    if (steps < 0).all() and numbers[-1] <= max(TABLES["verse"].values()):
        return "verse"
    if (steps > 0).all() and numbers[0] >= min(TABLES["totalsegmentator"].values()):
        return "totalsegmentator"
    raise ConfigError(
        f"{where}: labels {found} are numbered neither downwards as in VerSe nor upwards as in "
        "TotalSegmentator. Give the label's number as the level."
    )


def body_part(labels: Labels) -> npt.NDArray[np.bool_]:
    """Which voxels of a body mask are vertebral body: its parts by SPINEPS, else all of it."""
    numbers = np.unique(labels[labels != 0])
    if len(numbers) and np.isin(numbers, SPINEPS_PARTS).all():
        body: npt.NDArray[np.bool_] = np.isin(labels, SPINEPS_BODY)
        return body
    whole: npt.NDArray[np.bool_] = labels != 0
    return whole

"""Numbers of vertebrae: which program made a mask, and what is told where that is unclear."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.errors import ConfigError
from leakwatch.phantom.vertebra_labels import TABLES, Chosen, body_part, choose

VERSE_MASK = {20: 90.0, 21: 60.0, 22: 30.0}  # label to height: L1 above L2 above L3
TOTALSEGMENTATOR_MASK = {29: 30.0, 30: 60.0, 31: 90.0}  # L3 below L2 below L1


def test_known_numbers_of_both_programs() -> None:
    assert [TABLES["verse"][name] for name in ("C1", "T1", "T12", "L1", "L5")] == [1, 8, 19, 20, 24]
    total = TABLES["totalsegmentator"]
    assert [total[name] for name in ("S1", "L5", "L1", "T12", "T1", "C7", "C1")] == [
        26,
        27,
        31,
        32,
        43,
        44,
        50,
    ]


def test_the_order_along_the_spine_tells_the_programs_apart() -> None:
    assert choose("L2", VERSE_MASK, "mask") == Chosen("L2", 21)
    assert choose("l2", TOTALSEGMENTATOR_MASK, "mask") == Chosen("L2", 30)


def test_a_number_is_taken_as_it_is() -> None:
    assert choose("7", {3: 1.0, 7: 0.0, 9: 5.0}, "mask") == Chosen("7", 7)


@pytest.mark.parametrize(
    ("level", "heights", "said"),
    [
        ("L5", VERSE_MASK, r"there is no L5. Vertebrae found: L1, L2, L3"),
        ("4", VERSE_MASK, r"there is no label 4. Labels found: 20, 21, 22"),
        ("L2", {21: 10.0}, r"From one alone it cannot be told"),
        ("L2", {1: 5.0, 2: 9.0, 3: 1.0}, r"neither downwards as in VerSe nor upwards"),
        ("L2", {}, r"From one alone"),
    ],
)
def test_what_is_unclear_is_told(level: str, heights: dict[int, float], said: str) -> None:
    with pytest.raises(ConfigError, match=f"mask: .*{said}"):
        choose(level, heights, "mask")


def test_bodies_by_part_or_as_a_whole() -> None:
    parts = np.array([0, 41, 49, 50, 47])
    assert body_part(parts).tolist() == [False, False, True, True, False]
    assert body_part(np.array([0, 1, 2])).tolist() == [False, True, True]

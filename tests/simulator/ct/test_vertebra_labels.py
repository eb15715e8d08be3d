"""Numbers of vertebrae: which program made a mask, and what is told where that is unclear."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.ct.vertebra_labels import (
    TABLES,
    Chosen,
    body_part,
    find_label,
    level_in_name,
)

VERSE_MASK = {20: 90.0, 21: 60.0, 22: 30.0}  # label to height: L1 above L2 above L3
TOTALSEGMENTATOR_MASK = {29: 30.0, 30: 60.0, 31: 90.0}  # L3 below L2 below L1
FIRST_VERSION_MASK = {20: 30.0, 21: 60.0, 22: 90.0, 23: 120.0}  # L3, L2, L1, T12


def test_known_numbers_of_both_programs() -> None:
    assert [TABLES["verse"][name] for name in ("C1", "T1", "T12", "L1", "L5")] == [1, 8, 19, 20, 24]
    first = TABLES["totalsegmentator v1"]
    assert [first[name] for name in ("L5", "L1", "T12", "T1", "C7", "C1")] == [
        18,
        22,
        23,
        34,
        35,
        41,
    ]
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
    for level, mask, number in (
        ("L2", VERSE_MASK, 21),
        ("l2", TOTALSEGMENTATOR_MASK, 30),
        ("L2", FIRST_VERSION_MASK, 21),
        ("Th12", FIRST_VERSION_MASK, 23),
    ):
        name = {"l2": "L2", "Th12": "T12"}.get(level, level)
        assert find_label(level, mask, "mask") == Chosen(name, number, frozenset(mask))


def test_a_thirteenth_thoracic_vertebra_has_a_number_out_of_order() -> None:
    mask = {19: 100.0, 28: 75.0, 20: 50.0, 26: 0.0}  # VerSe: T12, T13, L1, sacrum
    assert find_label("T13", mask, "mask").number == 28
    assert find_label("S1", mask, "mask").number == find_label("sacrum", mask, "mask").number == 26


def test_organs_in_the_same_mask_are_no_vertebrae() -> None:
    version_2 = {5: 200.0, 18: 20.0, 21: -50.0, 51: 210.0} | TOTALSEGMENTATOR_MASK
    assert find_label("L1", version_2, "mask") == Chosen("L1", 31, frozenset(TOTALSEGMENTATOR_MASK))
    version_1 = {5: 200.0, 55: 20.0, 58: 30.0} | FIRST_VERSION_MASK
    assert find_label("L1", version_1, "mask") == Chosen("L1", 22, frozenset(FIRST_VERSION_MASK))


def test_names_in_the_file_go_before_any_table() -> None:
    mask = {1: 30.0, 2: 60.0, 9: 0.0}
    assert find_label("L4", mask, "m", {1: "L4", 2: "L3"}) == Chosen("L4", 1, frozenset({1, 2}))
    with pytest.raises(ConfigError, match=r"no L1. Vertebrae found: L4, L3"):
        find_label("L1", mask, "m", {1: "L4", 2: "L3"})
    with pytest.raises(ConfigError, match=r"labels 1 and 2 are both called L4"):
        find_label("L4", mask, "m", {1: "L4", 2: "L4"})


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("vertebrae_L1", "L1"),
        ("Vertebra Th12", "T12"),
        ("T12 vertebra", "T12"),
        ("l3", "L3"),
        ("vertebra D7", "T7"),
        ("vertebrae_S1", "S1"),
        ("Sacrum", "SACRUM"),
        ("L1.0", None),  # TotalSegmentator's word for label 1 without a name
        ("L9", None),
        ("L4/L5", None),
        ("Intervertebral disc L4", None),
        ("rib_left_1", None),
        ("kidney_left", None),
        ("spleen", None),
    ],
)
def test_levels_in_names(text: str, level: str | None) -> None:
    assert level_in_name(text) == level


def test_a_number_is_taken_as_it_is() -> None:
    mask = {3: 1.0, 7: 0.0, 9: 5.0}
    assert find_label("7", mask, "mask") == Chosen("7", 7, frozenset(mask))
    with_organs = {5: 200.0, 51: 210.0} | TOTALSEGMENTATOR_MASK
    assert find_label("30", with_organs, "m") == Chosen("30", 30, frozenset(TOTALSEGMENTATOR_MASK))


@pytest.mark.parametrize(
    ("level", "heights", "said"),
    [
        ("L5", VERSE_MASK, r"there is no L5. Vertebrae found: L1, L2, L3"),
        ("4", VERSE_MASK, r"no label 4. Labels found: 20, 21, 22"),
        ("L2", {21: 10.0}, r"A single label does not show"),
        ("L2", {1: 5.0, 2: 9.0, 3: 1.0}, r"neither downwards as in VerSe nor upwards"),
        ("L2", {}, r"A single label"),
    ],
)
def test_what_is_unclear_is_told(level: str, heights: dict[int, float], said: str) -> None:
    with pytest.raises(ConfigError, match=f"mask: .*{said}"):
        find_label(level, heights, "mask")


def test_bodies_by_part_or_as_a_whole() -> None:
    parts = np.array([0, 41, 49, 50, 47])
    assert body_part(parts).tolist() == [False, False, True, True, False]
    assert body_part(np.array([0, 1, 2])).tolist() == [False, True, True]

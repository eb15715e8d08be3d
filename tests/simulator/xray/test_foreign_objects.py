"""Hands and forceps: where they are, when, and of what."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.scenario.scenario_room import ForeignObjectSection, ObjectKind
from leakwatch.simulator.xray.foreign_objects import ForeignLengths, ForeignObjects

ROWS, COLUMNS, STEP_MM = 120, 160, 0.5
TIMES = np.arange(0.0, 10.0, 0.5)


def objects(**changes: object) -> ForeignObjects:
    plan = {"kind": ObjectKind.FORCEPS, "from_s": 2.0, "along": 0.5, "unrest_mm": 0.0} | changes
    section = ForeignObjectSection(**plan)  # type: ignore[arg-type]
    return ForeignObjects([section], TIMES, ROWS, COLUMNS, STEP_MM, np.random.default_rng(1))


def at(made: ForeignObjects, time_s: float) -> ForeignLengths:
    found = made.at(int(np.searchsorted(TIMES, time_s)))
    assert found is not None
    return found


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_it_comes_in_from_its_side_as_far_as_asked(edge: str) -> None:
    steel = at(objects(edge=edge, reach_mm=20.0), 5.0).steel
    rows, columns = np.nonzero(steel > 0.5)
    depth = {
        "left": columns,
        "right": COLUMNS - 1 - columns,
        "top": rows,
        "bottom": ROWS - 1 - rows,
    }[edge]
    assert depth.min() == 0
    assert depth.max() * STEP_MM == pytest.approx(20.0, abs=1.0)


def test_it_is_there_from_its_time_until_it_leaves() -> None:
    made = objects(to_s=6.0)
    there = [made.at(index) is not None for index in range(len(TIMES))]
    assert not any(there[: int(2.0 / 0.5) + 1])
    assert all(there[int(3.0 / 0.5) : int(6.0 / 0.5)])
    assert not any(there[int(7.0 / 0.5) :])


def test_what_is_there_from_the_beginning_is_in_the_first_frame() -> None:
    assert objects(from_s=0.0).at(0) is not None


def test_forceps_are_steel_and_a_hand_is_flesh_and_bone() -> None:
    forceps, hand = at(objects(), 5.0), at(objects(kind=ObjectKind.HAND, reach_mm=40.0), 5.0)
    assert forceps.steel.max() > 1.5
    assert not forceps.soft.any()
    assert not hand.steel.any()
    assert 10.0 < hand.soft.max() < 17.0
    assert 1.5 < hand.bone.max() < 6.0
    # Bones lie within the flesh, with gaps at the joints.
    assert not hand.bone[hand.soft == 0.0].any()


def test_it_wobbles_as_far_as_asked() -> None:
    times = np.arange(0.0, 300.0, 0.5)
    section = ForeignObjectSection(kind=ObjectKind.FORCEPS, unrest_mm=2.0, reach_mm=30.0)
    made = ForeignObjects([section], times, ROWS, COLUMNS, STEP_MM, np.random.default_rng(2))
    reach = []
    for index in range(0, len(times), 4):
        found = made.at(index)
        assert found is not None
        reach.append(np.nonzero(found.steel > 0.5)[1].max() * STEP_MM)
    assert np.std(reach) == pytest.approx(2.0, rel=0.25)

"""The suite of room cases: what it must hold, whatever its numbers are drawn to be."""

from __future__ import annotations

from collections import Counter

import pytest

from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.suite.suite_file import SuiteCase, expand, load_suite
from leakwatch.simulator.suite.suite_run import number_of_frames

SEEDS = [None, 1, 2]


def cases(seed: int | None = None) -> tuple[SuiteCase, ...]:
    return expand(load_suite("room"), seed)


def events(scenario: Scenario) -> set[str]:
    """What a scenario adds, by its keys."""
    there = {name for name in Scenario.ADDED_LATER if name in scenario.told()}
    cannulas = [scenario.cannula, scenario.second_cannula]
    for cannula in (one for one in cannulas if one is not None):
        there |= {"stylet"} if cannula.stylet_until_s is not None else set()
        there |= {"hand"} if cannula.unrest_mm or cannula.unrest_deg else set()
    there |= {"bump"} if scenario.motion.pushes else set()
    there |= {"low dose"} if scenario.detector.quanta_per_mm2 <= 3000.0 else set()
    return there


@pytest.mark.parametrize("seed", SEEDS)
def test_of_40_cases_16_are_quiet_and_in_24_a_stop_is_due(seed: int | None) -> None:
    kinds = Counter(case.expect for case in cases(seed))
    assert kinds == {"contained": 16, "near": 6, "leak": 18}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("quiet", [True, False])
def test_everything_that_rooms_add_is_in_quiet_cases_and_in_the_others(
    seed: int | None, quiet: bool
) -> None:
    seen = set()
    for case in cases(seed):
        if (case.expect == "contained") is quiet:
            seen |= events(case.scenario)
    wanted = {"kv_steps", "organ_breath", "organ_layer", "patient_turns", "second_cannula"}
    wanted |= {"foreign_objects", "processing", "pedal", "pelvis", "stylet", "hand", "bump"}
    assert wanted | {"low dose"} <= seen


@pytest.mark.parametrize("seed", SEEDS)
def test_sequences_are_short(seed: int | None) -> None:
    for case in cases(seed):
        assert 40 <= number_of_frames(case) <= 96, case.scenario.name


@pytest.mark.parametrize("seed", SEEDS)
def test_no_marks_are_exact_and_no_case_needs_a_ct(seed: int | None) -> None:
    for case in cases(seed):
        marks = case.scenario.marks
        assert marks.wall_error_mm > 0.0
        assert marks.wall_offset_mm > 0.0
        assert 4 <= marks.wall_points <= 8
        assert case.scenario.anatomy.ct is None


@pytest.mark.parametrize("seed", SEEDS)
def test_levels_scales_and_rates_vary(seed: int | None) -> None:
    made = [case.scenario for case in cases(seed)]
    assert len({scenario.anatomy.level for scenario in made}) >= 8
    assert len({scenario.carm.pitch_mm for scenario in made}) == 4
    assert {scenario.sequence.fps for scenario in made} >= {3.75, 7.5, 10.0, 15.0}


@pytest.mark.parametrize("seed", SEEDS)
def test_events_happen_before_the_end(seed: int | None) -> None:
    for scenario in (case.scenario for case in cases(seed)):
        times = [step.at_s for step in scenario.kv_steps]
        times += [turn.at_s for turn in scenario.patient_turns]
        times += [push.at_s for push in scenario.motion.pushes]
        times += [thing.from_s for thing in scenario.foreign_objects]
        assert max(times, default=0.0) < scenario.sequence.duration_s - 0.5, scenario.name


def test_lung_and_bowel_breathe_9_to_12_mm_over_a_spine_that_hardly_moves() -> None:
    layered = [case.scenario for case in cases() if case.scenario.organ_layer is not None]
    assert len(layered) == 5
    for scenario in layered:
        assert 9.0 <= -scenario.motion.organs_mm[2] <= 12.0
        assert abs(scenario.motion.spine_mm[2]) <= 1.0
        assert scenario.organ_breath is not None

"""Cement in the bore and the thread it leaves: where each is, and that truth counts it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import small_scenario

from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.cement.thread import thread_lengths_mm
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.scenario_cement import BoreSection, BreakSection
from leakwatch.simulator.scene.bore import bore_share
from leakwatch.simulator.scene.scene import make_scene
from leakwatch.simulator.sequence.simulation import Simulation, render_frames

pytestmark = pytest.mark.slow
ALONG = np.arange(0.0, 130.0, 5.0)
START_S = 3.0


def share(time_s: float, **keys: Any) -> np.ndarray:
    return bore_share(BoreSection(**keys), START_S, time_s, ALONG)


def test_the_bore_fills_from_the_hub_until_the_injection_begins() -> None:
    assert not share(1.4, fills_over_s=1.5).any()
    half = share(2.25, fills_over_s=1.5)  # half the time: half of 130 mm
    assert half[ALONG > 66.0] == pytest.approx(1.0)
    assert half[ALONG < 64.0] == pytest.approx(0.0)
    assert share(3.0, fills_over_s=1.5) == pytest.approx(1.0)
    assert share(99.0, fills_over_s=1.5) == pytest.approx(1.0)


def test_a_break_opens_and_stays() -> None:
    gap = BreakSection(at_s=5.0, from_tip_mm=20.0, length_mm=12.0, over_s=0.4)
    assert share(4.9, breaks=[gap]) == pytest.approx(1.0)
    for time_s in (5.5, 50.0):
        open_mm = ALONG[share(time_s, breaks=[gap]) < 0.5]
        assert open_mm.tolist() == [25.0, 30.0]  # at 20 it ends, half of it


def test_a_thread_grows_as_a_filled_cannula_is_drawn_and_tears() -> None:
    times = np.arange(6.0)
    drawn = np.array([0.0, 4.0, 4.0, 10.0, 7.0, 30.0])
    found = thread_lengths_mm(drawn, times, 2.0, 18.0)
    # What was drawn before cement stood at the tip, and what is pushed back, leaves none.
    assert found.tolist() == [0.0, 0.0, 0.0, 6.0, 6.0, 18.0]
    assert not thread_lengths_mm(drawn, times, 9.0, 18.0).any()


def drawn_back(withdraw_mm: float, **bore: Any) -> Scenario:
    return small_scenario(
        leaks=[],
        injection={"start_s": 1.0, "volume_ml": 0.9, "rate_ml_s": 0.9},
        sequence={"fps": 2.0, "duration_s": 5.0},
        cannula={"moves": [{"at_s": 2.5, "over_s": 1.0, "withdraw_mm": withdraw_mm}]},
        bore=bore,
    )


def simulated(scenario: Scenario, anatomy: Anatomy) -> Simulation:
    return render_frames(scenario, make_scene(scenario, anatomy))


def test_a_thread_through_the_pedicle_is_a_leak_of_known_length(anatomy: Anatomy) -> None:
    scenario = drawn_back(36.0, thread_mm=60.0)
    scene = make_scene(scenario, anatomy)
    assert scene.thread is not None
    found = render_frames(scenario, scene)
    before, after = found.truth.frames[3], found.truth.frames[-1]
    assert found.truth.leak == "epidural"
    assert before.leak_length_mm == 0.0
    # By the cannula's own geometry: 36 mm from the tip, of which some lie outside the body.
    end_mm = scene.cannula.moved(scene.pivot_mm, 0.0, 36.0).tip_mm
    wall = scene.landmarks.wall_anterior_mm(end_mm[2:3])[0]
    assert after.distance_mm == pytest.approx(end_mm[1] - wall, abs=1.2)
    inner_mm2 = np.pi * (0.8 * scene.cannula.inner_mm / 2) ** 2
    assert after.ml - 0.9 == pytest.approx(inner_mm2 * 36.0 / 1000.0, rel=0.35)
    assert after.ml - 0.9 < inner_mm2 * 37.0 / 1000.0  # the bolus leaves no room for some of it


def test_a_thread_within_the_body_is_no_leak(anatomy: Anatomy) -> None:
    found = simulated(drawn_back(6.0, thread_mm=60.0), anatomy)
    assert found.truth.leak in ("none", "near")
    assert found.truth.leak_visible_frame is None
    assert found.truth.frames[-1].ml > 0.9


def test_without_a_thread_the_truth_is_that_of_the_bolus(anatomy: Anatomy) -> None:
    plain = drawn_back(36.0)
    found = simulated(plain, anatomy)
    assert make_scene(plain, anatomy).thread is None
    assert found.truth.leak in ("none", "near")
    assert found.truth.frames[-1].ml == 0.9


def test_marks_say_that_no_cement_is_there_only_before_the_bore_fills(anatomy: Anatomy) -> None:
    late, early = (
        small_scenario(
            sequence={"fps": 5.0, "duration_s": 2.0}, bore={"fills_over_s": over_s}, leaks=[]
        )
        for over_s in (0.1, 1.0)
    )
    # The injection begins at 1.6 s, and half a second is left out.
    assert user_marks(late, anatomy) == (0, 5)
    assert user_marks(early, anatomy) is None


def user_marks(scenario: Scenario, anatomy: Anatomy) -> tuple[int, int] | None:
    return simulated(scenario, anatomy).case.marks.baseline_frames

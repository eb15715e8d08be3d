"""Marks as a hand sets them: few points, each a little off, and all of them to one side."""

from __future__ import annotations

import numpy as np
import pytest
from small import small_scenario

from leakwatch.core.marks import Marks
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.scene.scene import (
    Scene,
    frame_times_s,
    make_carm,
    make_movement,
    make_scene,
)
from leakwatch.simulator.sequence.user_marks import marked_case

MM_PER_PX = 0.6 * 720.0 / 1050.0


@pytest.fixture(scope="module")
def scene(anatomy: Anatomy) -> Scene:
    return make_scene(small_scenario(), anatomy)


def marks_of(scene: Scene, seed: int = 7, **marks: object) -> Marks:
    scenario = small_scenario(seed=seed, motion={"tremble_mm": 0.0}, marks=marks)
    carm = make_carm(scenario)
    movement = make_movement(scenario, carm, frame_times_s(scenario))
    return marked_case(scenario, scene, carm, movement).marks


def wall(marks: Marks) -> np.ndarray:
    assert marks.posterior_wall_px is not None
    return marks.posterior_wall_px


def test_few_points_lie_on_the_wall_from_its_top_to_its_bottom(scene: Scene) -> None:
    dense, few = wall(marks_of(scene)), wall(marks_of(scene, wall_points=5))
    assert len(few) == 5
    assert few[[0, -1]] == pytest.approx(dense[[0, -1]])
    assert all(np.abs(dense - point).sum(axis=1).min() < 1e-9 for point in few)


@pytest.mark.slow
def test_the_wall_as_a_whole_is_off_by_what_was_asked(scene: Scene) -> None:
    offsets = []
    for seed in range(40):
        exact = wall(marks_of(scene, seed))
        moved = wall(marks_of(scene, seed, wall_offset_mm=0.5))
        distance = np.hypot(*(moved - exact).T)
        # All points go the same way, by as much.
        assert np.ptp(distance) < 1e-6
        offsets.append(float((moved - exact)[:, 0].mean()) * MM_PER_PX)
    assert np.std(offsets) == pytest.approx(0.5, rel=0.3)


def test_outline_and_tip_are_off_and_the_wall_is_not(scene: Scene) -> None:
    exact = marks_of(scene)
    off = marks_of(scene, outline_error_mm=0.6, tip_error_mm=0.8)
    assert np.array_equal(wall(exact), wall(off))
    assert exact.body_outline_px is not None
    assert off.body_outline_px is not None
    distance = np.hypot(*(off.body_outline_px - exact.body_outline_px).T) * MM_PER_PX
    assert np.sqrt((distance**2).mean()) == pytest.approx(0.6, rel=0.4)
    assert exact.needle_tip_px != off.needle_tip_px
    assert off.baseline_frames == exact.baseline_frames

"""Where the C-arm stands in each frame; the truth is the AP view and a moved point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import small_scenario

from leakwatch.core.frame import View
from leakwatch.core.marks import Side
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scenario.scenario_life import PedalSection
from leakwatch.simulator.scene.poses import REFERENCE, Pose, is_exposed, pose_track
from leakwatch.simulator.scene.scene import frame_times_s, make_movement

TURN = {"at_s": 1.0, "over_s": 1.0, "angle_deg": -90.0, "tilt_deg": 4.0, "hold_s": 1.0}


@pytest.mark.parametrize(("anterior", "angle_deg"), [(Side.RIGHT, -90.0), (Side.LEFT, 90.0)])
def test_a_quarter_turn_of_a_lateral_view_is_the_ap_view(anterior: Side, angle_deg: float) -> None:
    lateral = CArm(anterior=anterior, aim_mm=(1.0, 2.0, 3.0))
    turned = Pose(angle_deg=angle_deg).of(lateral)
    points = np.array([[10.0, 5.0, -20.0], [-30.0, 12.0, 8.0]])
    expected = replace(lateral, view=View.AP).project_points(points)
    assert turned.project_points(points) == pytest.approx(expected, abs=1e-6)


@given(st.tuples(*[st.floats(-60.0, 60.0)] * 3), st.tuples(*[st.floats(-40.0, 40.0)] * 3))
def test_a_moved_table_shows_a_point_where_it_has_moved_to(
    moved_mm: tuple[float, float, float], point: tuple[float, float, float]
) -> None:
    carm = CArm(angle_deg=3.0, tilt_deg=-2.0)
    seen = Pose(moved_mm=moved_mm).of(carm).project_points(np.array([point]))
    assert seen == pytest.approx(carm.project_points(np.array([point]) + moved_mm), abs=1e-6)


def test_it_turns_there_stays_and_turns_back() -> None:
    scenario = small_scenario(view_turns=[TURN], sequence={"fps": 10.0, "duration_s": 5.0})
    times = frame_times_s(scenario)
    poses = pose_track(scenario, times)
    away = np.array([pose.is_turned for pose in poses])
    assert not away[times <= 1.0].any()
    assert away[(times > 1.05) & (times < 3.95)].all()
    assert not away[times >= 4.0].any()
    assert all(
        pose == Pose(-90.0, 4.0)
        for pose, time_s in zip(poses, times, strict=True)
        if 2.0 <= time_s <= 3.0
    )
    # Half way both angles are half; and the way back shows the same poses.
    assert poses[15] == Pose(-45.0, 2.0)
    assert poses[11:20] == poses[31:40][::-1]


def test_a_table_that_is_not_moved_back_stays() -> None:
    move = {"at_s": 1.0, "over_s": 1.0, "by_mm": [0.0, 5.0, 30.0]}
    scenario = small_scenario(table_moves=[move])
    poses = pose_track(scenario, np.array([0.0, 1.0, 1.5, 2.0, 9.0]))
    assert poses[:2] == [REFERENCE] * 2
    assert [pose.moved_mm for pose in poses[2:]] == [(0, 2.5, 15), (0, 5, 30), (0, 5, 30)]
    assert not any(pose.is_turned for pose in poses)


def test_a_push_is_seen_from_where_the_detector_stands() -> None:
    push = {"at_s": 0.1, "over_s": 0.1, "by_mm": [0.0, 4.0, 0.0]}
    motion = {"spine_mm": [0, 0, 0], "tremble_mm": 0.0, "pushes": [push]}
    scenario = small_scenario(view_turns=[{**TURN, "tilt_deg": 0.0}], motion=motion)
    carm = CArm()
    movement = make_movement(scenario, carm, np.array([0.5, 2.0, 2.5, 3.0]))
    # To the front is along the columns in a lateral view, and along the beam in an AP one.
    assert movement.spine_px[0] == pytest.approx([4.0 / carm.mm_per_px, 0.0])
    assert np.abs(movement.spine_px[1:]).max() < 1e-6


def test_off_the_pedal_there_are_no_frames() -> None:
    times = np.arange(0.0, 4.0, 0.5)
    pressed = is_exposed(times, [PedalSection(1.0, 2.0), PedalSection(3.0, 9.0)])
    assert times[pressed].tolist() == [0.0, 0.5, 2.0, 2.5]


def test_a_held_picture_has_frames_and_a_gap_has_none() -> None:
    pedal = {"pedal": [{"off_s": 1.0, "on_s": 3.0}]}
    assert len(frame_times_s(small_scenario(**pedal))) == 15
    assert len(frame_times_s(small_scenario(**pedal, hold_last_image=True))) == 25

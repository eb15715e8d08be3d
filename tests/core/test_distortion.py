"""Distortion and its inverse, what of an observation is moved by it, and distances through it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import cv2
import numpy as np
import pytest
from handmade import CALIBRATION, MARKS, make_observation, make_tube
from hypothesis import given, settings
from hypothesis import strategies as st
from scene import COLUMNS, MM_PER_PX, ROWS, Scene, breath, disc

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.arrays import Point, read_only
from leakwatch.core.distortion import (
    MAX_SLOPE,
    distort_observation,
    distort_px,
    steepest_slope,
    undistort_marks,
    undistort_px,
)
from leakwatch.core.frame import Frame, View
from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.marks import Marks, Side
from leakwatch.core.results import Cement, Observation, WallDistance
from leakwatch.core.spacing import Calibration, Distortion, SpacingRung
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.vision.preprocessing.undistortion import (
    bent,
    straightened,
    straightened_mask,
    straightening_map,
)


def pincushion(share: float, rows: int = ROWS, columns: int = COLUMNS, turn: float = 0.0):
    """What is shown at r truly lies at ``r (1 - share (r/R)^2)``, and turned by `turn` there."""
    half = float(np.hypot((columns - 1) / 2, (rows - 1) / 2))
    column, row = np.zeros(10), np.zeros(10)
    # Of the third order: x^3, x^2 y, x y^2, y^3 are numbers 6 to 9.
    column[6] = column[8] = row[7] = row[9] = -share * half
    column[7] = column[9] = -turn * half
    row[6] = row[8] = turn * half
    return Distortion(rows, columns, 3, tuple(column), tuple(row), 1e4, 0.1)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-0.06, 0.06),
    st.floats(-0.05, 0.05),
    st.tuples(st.floats(0, COLUMNS - 1), st.floats(0, ROWS - 1)),
)
def test_what_is_shown_of_a_true_point_is_that_point(share: float, turn: float, at: Point) -> None:
    bend = pincushion(share, turn=turn)
    assert steepest_slope(bend) <= MAX_SLOPE
    there = undistort_px(bend, np.array(at))
    assert distort_px(bend, there) == pytest.approx(at, abs=1e-6)
    assert np.array_equal(distort_px(None, np.array(at)), at)


def test_pincushion_is_that_of_the_formula() -> None:
    bend = pincushion(0.05)
    middle = np.array([(COLUMNS - 1) / 2, (ROWS - 1) / 2])
    corner = np.array([0.0, 0.0])
    assert undistort_px(bend, middle) == pytest.approx(middle)
    assert undistort_px(bend, corner) == pytest.approx(middle + 0.95 * (corner - middle))


def test_beyond_the_grid_the_distortion_is_held() -> None:
    bend = replace(pincushion(0.05), reach_px=80.0)
    middle = np.array([(COLUMNS - 1) / 2, (ROWS - 1) / 2])
    at_reach, beyond = middle + np.array([[80.0, 0.0], [120.0, 0.0]])
    moved = undistort_px(bend, np.stack([at_reach, beyond])) - np.stack([at_reach, beyond])
    assert moved[0] == pytest.approx(moved[1])
    assert abs(moved[0][0]) > 0.5


def places_of(part: object) -> dict[str, object]:
    """Every field of an observation, and of what it holds, that is a place in the picture."""
    found: dict[str, object] = {}
    for field in fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        if is_dataclass(value):
            found |= {f"{field.name}.{k}": v for k, v in places_of(value).items()}
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            found |= {f"{field.name}.{k}": v for k, v in places_of(value[0]).items()}
        elif isinstance(value, np.ndarray) or (isinstance(value, tuple) and value):
            found[field.name] = value
    return found


def test_every_place_of_an_observation_is_moved_and_no_length_is() -> None:
    bend = pincushion(0.05, 96, 128)
    corner = read_only(np.array([[10.0, 12.0], [14.0, 80.0], [30.0, 90.0]]))
    seen = make_observation(
        wall_px=corner,
        outline_px=corner,
        wall_distance=WallDistance(5.0, 1.25, 0.4, (12.0, 20.0), (10.0, 18.0)),
        cement=Cement((corner,), 150.0, 9.4, 0.1, 3.0, (14.0, 80.0)),
        tubes=(make_tube(),),
        shift_px=(4.0, 2.0),
    )
    moved = distort_observation(seen, replace(MARKS, posterior_wall_px=corner), bend)
    before, after = places_of(seen), places_of(moved)
    assert set(before) == {
        "shift_px",
        "wall_px",
        "outline_px",
        "wall_distance.at_px",
        "wall_distance.wall_px",
        "cement.contours_px",
        "cement.outside_at_px",
        "tubes.path_px",
    }
    for name in before:
        assert not np.allclose(np.array(before[name]), np.array(after[name])), name
        if name != "shift_px":
            assert np.array(undistort_px(bend, np.array(after[name]))) == pytest.approx(
                np.array(before[name]), abs=1e-6
            )
    assert moved.wall_distance is not None
    assert (moved.wall_distance.distance_px, moved.cement.area_px) == (5.0, 150.0)  # type: ignore[union-attr]
    assert distort_observation(seen, MARKS, None) is seen


def test_a_shift_is_that_of_the_marks() -> None:
    bend = pincushion(0.05, 96, 128)
    wall = undistort_px(bend, np.array([[10.0, 12.0], [10.0, 84.0]]))
    marks = Marks(view=View.LATERAL, posterior_wall_px=wall)
    moved = distort_observation(make_observation(shift_px=(-3.0, 1.0)), marks, bend)
    middle = wall.mean(axis=0)
    there = distort_px(bend, middle + np.array([-3.0, 1.0])) - distort_px(bend, middle)
    assert moved.shift_px == pytest.approx(tuple(there))
    assert abs(moved.shift_px[0] + 3.0) > 0.05  # type: ignore[index]


def test_the_picture_is_straightened_and_bent_again() -> None:
    bend = pincushion(0.05)
    grid = WorkingGrid(ROWS, COLUMNS, 1)
    blurred = cv2.GaussianBlur(disc(220, 60, 8.0, 1.0), (0, 0), 2.0)
    exposed = np.ones((ROWS, COLUMNS), bool)
    exposed[:, :20] = False
    true, seen = straightened(blurred, exposed, straightening_map(bend, grid))
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    centre = np.array([(true * columns).sum(), (true * rows).sum()]) / true.sum()
    assert centre == pytest.approx(undistort_px(bend, np.array([220.0, 60.0])), abs=0.1)
    assert not seen[:, :18].any()
    assert seen[40:200, 30:250].all()
    assert np.abs(bent(true, bend, grid) - blurred).max() < 0.05
    assert straightened(blurred, exposed, None)[0] is blurred
    # What a mask touches is hidden; what is exposed in part is not exposed.
    hidden = straightened_mask(~exposed, straightening_map(bend, grid))
    assert (hidden | seen)[40:200, 15:250].all()
    assert straightened_mask(None, straightening_map(bend, grid)) is None
    assert straightened_mask(exposed, None) is exposed


WALL = np.array([[45.0, 40.0], [45.0, 150.0]])
TIP = (95.0, 95.0)


def injection(bend: Distortion, frames: int) -> list[Frame]:
    """A bolus that grows to 7 mm near the left rim, as an image intensifier shows it."""
    scene = Scene(shutter_px=0)
    grid = WorkingGrid(ROWS, COLUMNS, 1)
    told = []
    for index in range(frames):
        radius = min(max(0.25 * (index - 10), 0.0), 7.0) / MM_PER_PX
        added = disc(*TIP, max(radius, 1e-3), radius * 0.06) if radius else None
        frame = scene.frame(index, shift=breath(index), added=added)
        shown = bent(frame.pixels.astype(np.float32), bend, grid)
        told.append(replace(frame, pixels=read_only(np.rint(shown).astype(np.uint16))))
    return told


def last_of(frames: list[Frame], calibration: Calibration, marks: Marks) -> Observation:
    chosen = Settings()
    vision = stages.initial_state(chosen, marks, calibration)
    *_, last = fold(frames, vision, rules.initial_state(chosen))
    return last.observation


def test_distances_are_those_of_the_true_picture() -> None:
    bend = pincushion(0.08)
    shift = np.array(breath(0))
    drawn = Marks(
        view=View.LATERAL,
        baseline_frames=(0, 9),
        posterior_wall_px=read_only(distort_px(bend, WALL + shift)),
        needle_tip_px=tuple(distort_px(bend, np.array(TIP) + shift).tolist()),
        anterior=Side.RIGHT,
    )
    frames = injection(bend, 40)
    plain = Calibration(MM_PER_PX, 0.005, SpacingRung.CASE, "case")
    with_bend = last_of(frames, replace(plain, distortion=bend), drawn)
    without = last_of(frames, plain, drawn)
    true_mm = (TIP[0] - WALL[0, 0]) * MM_PER_PX - 7.0
    assert with_bend.wall_distance is not None
    assert without.wall_distance is not None
    off = abs(with_bend.wall_distance.distance_mm - true_mm)  # type: ignore[operator]
    assert off < 0.8
    assert off < abs(without.wall_distance.distance_mm - true_mm)  # type: ignore[operator]
    # What is drawn over the picture lies where the picture shows it.
    moved = np.array(breath(39))
    assert with_bend.wall_px == pytest.approx(distort_px(bend, WALL + moved), abs=1.0)
    assert undistort_marks(drawn, bend).posterior_wall_px == pytest.approx(WALL + shift, abs=1e-6)


def test_the_doubt_of_the_distortion_is_in_the_sigma() -> None:
    bend = pincushion(0.0)
    frames = injection(bend, 18)
    shift = np.array(breath(0))
    marks = Marks(
        view=View.LATERAL,
        baseline_frames=(0, 9),
        posterior_wall_px=read_only(WALL + shift),
        anterior=Side.RIGHT,
    )
    known = Calibration(MM_PER_PX, 0.0, SpacingRung.CASE, "case", bend)
    doubted = replace(known, distortion=replace(bend, sigma_px=4.0))
    sigmas = [last_of(frames, one, marks).wall_distance.sigma_mm for one in (known, doubted)]  # type: ignore[union-attr]
    assert sigmas[1] ** 2 - sigmas[0] ** 2 == pytest.approx(  # type: ignore[operator]
        (4.0**2 - 0.1**2) * MM_PER_PX**2, rel=1e-3
    )
    assert CALIBRATION.distortion is None

"""Rotation in the plane of the image: truth is the angle that the scene was drawn with."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scene import COLUMNS, ROWS, Scene, disc
from test_motion import SETTINGS, matched, passed, reference

from leakwatch.vision.registration import motion
from leakwatch.vision.registration.rotation import RotationEstimator, rotate_back, rotate_points

CENTRE = ((COLUMNS - 1) / 2, (ROWS - 1) / 2)
HALF = tuple(float(one) for one in motion.to_registration_grid(np.array(CENTRE)))


def turned(degrees: float, **made: float) -> Scene:
    """A scene whose anatomy is turned clockwise on the screen, around its middle."""
    scene = Scene(seed=5, **made)  # type: ignore[arg-type]
    rows, columns = scene.base.shape
    matrix = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), -degrees, 1.0)
    scene.base = cv2.warpAffine(scene.base, matrix, (columns, rows), flags=cv2.INTER_CUBIC)
    return scene


def found_deg(degrees: float, shift: tuple[float, float] = (0.0, 0.0), **drawn: object) -> float:
    start, looked = reference(Scene()), passed(turned(degrees), shift=shift, **drawn)
    match = matched(start, looked)
    assert match is not None
    turn_rad = RotationEstimator(SETTINGS).find(start, *looked, None, match, HALF)  # type: ignore[arg-type]
    return -math.degrees(turn_rad)


@pytest.mark.parametrize("degrees", [-1.0, -0.4, 0.4, 1.0])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (2.0, -3.0)])
def test_a_rotation_is_found_with_its_sign(degrees: float, shift: tuple[float, float]) -> None:
    assert found_deg(degrees, shift) == pytest.approx(degrees, abs=0.3 * abs(degrees) + 0.05)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (1.5, -2.5), (-4.0, 5.0)])
def test_breathing_and_cement_are_no_rotation(shift: tuple[float, float]) -> None:
    assert found_deg(0.0, shift) == 0.0
    assert abs(found_deg(0.0, shift, added=disc(170.0, 100.0, 16.0, 0.5))) <= 0.15


@given(
    st.floats(-0.2, 0.2),
    st.tuples(st.floats(0, COLUMNS - 1), st.floats(0, ROWS - 1)),
    st.tuples(st.floats(-300, 300), st.floats(-300, 300)),
)
def test_points_rotate_there_and_back(
    turn_rad: float, centre: tuple[float, float], point: tuple[float, float]
) -> None:
    points = np.array([point])
    there = rotate_points(points, turn_rad, centre)
    assert rotate_points(there, -turn_rad, centre) == pytest.approx(points, abs=1e-6)
    away = np.hypot(*(points - centre)[0])
    assert np.hypot(*(there - centre)[0]) == pytest.approx(away, abs=1e-6)


def test_an_image_that_is_rotated_back_shows_a_point_where_it_lay() -> None:
    image = disc(200.0, 90.0, 8.0, 1.0)
    seen = np.ones(image.shape, np.bool_)
    at = rotate_points(np.array([[200.0, 90.0]]), 0.05, CENTRE)[0]
    frame = disc(at[0], at[1], 8.0, 1.0)
    back, open_ = rotate_back(frame, seen, 0.05, CENTRE)
    assert np.abs(back - image).mean() < 0.05 * image.mean()
    assert open_[20:-20, 20:-20].all()
    assert rotate_back(frame, seen, 0.0, CENTRE)[0] is frame

"""Rulers, angles and the scale bar measure what a pencil on paper would."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from handmade import ACQUISITION, CALIBRATION, UNCALIBRATED, make_snapshot

from leakwatch.config import Settings
from leakwatch.core.frame import ProjectionGeometry
from leakwatch.core.spacing import Distortion
from leakwatch.display.ruler import (
    CLICK_SIGMA_PX,
    Measure,
    MeasureKind,
    measured_text,
    movement,
    scale_bar,
    view_change,
    where_text,
)

SETTINGS = Settings()


def ruler(*points, calibration=CALIBRATION, snapshot=None):
    return Measure(MeasureKind.RULER, points, snapshot or make_snapshot(0), calibration)


def angle(*points):
    return Measure(MeasureKind.ANGLE, points, make_snapshot(0), CALIBRATION)


def test_a_ruler_is_in_millimetres_with_the_uncertainty_of_the_scale():
    """3-4-5: 50 px of 0.25 mm; 2 % of the scale and half a pixel at each end."""
    assert 0.25 * 50 == 12.5
    sigma = math.hypot(50 * 0.005, 0.25 * CLICK_SIGMA_PX * math.sqrt(2.0))
    said = measured_text(ruler((10.0, 10.0), (40.0, 50.0)))
    assert said == f"12.5 ± {sigma:.1f} mm"


def test_without_calibration_a_ruler_is_in_pixels_and_says_so():
    said = measured_text(ruler((10.0, 10.0), (40.0, 50.0), calibration=UNCALIBRATED))
    assert said == "50 px, not calibrated"


def test_a_scale_without_uncertainty_states_none():
    plain = replace(CALIBRATION, mm_per_px_sigma=None)
    assert measured_text(ruler((0.0, 0.0), (0.0, 40.0), calibration=plain)) == "10.0 mm"


@pytest.mark.parametrize(
    ("points", "degrees"),
    [
        (((10.0, 0.0), (0.0, 0.0), (0.0, 10.0)), "90"),
        (((100.0, 0.0), (0.0, 0.0), (100.0, 100.0)), "45.0"),
        (((100.0, 0.0), (0.0, 0.0), (-100.0, 0.0)), "180.0"),
        (((100.0, 0.0), (0.0, 0.0), (-50.0, -86.6)), "120.0"),
    ],
)
def test_an_angle_is_that_of_the_protractor(points, degrees):
    assert measured_text(angle(*points)).startswith(f"{degrees} ±")


def test_the_uncertainty_of_an_angle_is_that_of_the_hand():
    """Against many hands that point at the same three places."""
    points = np.array([[80.0, 5.0], [10.0, 10.0], [40.0, 60.0]])
    hands = np.random.default_rng(3).normal(0.0, CLICK_SIGMA_PX, (20000, 3, 2)) + points
    one, other = hands[:, 0] - hands[:, 1], hands[:, 2] - hands[:, 1]
    angles = np.degrees(
        np.abs(np.arctan2(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0], (one * other).sum(1)))
    )
    said = measured_text(angle(*map(tuple, points)))
    assert said == f"{angles.mean():.1f} ± {angles.std():.1f}°"


def test_a_ruler_on_a_distorted_image_is_that_of_the_straight_one():
    """A distortion that magnifies by 1.1 along the columns."""
    half = math.hypot(127 / 2, 95 / 2)
    stretched = Distortion(96, 128, 1, (0.0, 0.1 * half, 0.0), (0.0, 0.0, 0.0), 200.0, 0.1)
    calibration = replace(CALIBRATION, distortion=stretched, mm_per_px_sigma=None)
    assert measured_text(ruler((20.0, 50.0), (60.0, 50.0), calibration=calibration)) == "11.0 mm"


def test_it_says_on_which_frame_it_was_drawn_and_how_far_the_anatomy_moved_since():
    drawn = ruler((0.0, 0.0), (0.0, 40.0), snapshot=make_snapshot(4))
    assert where_text(drawn) == "frame 4, 00:00.5"
    assert where_text(drawn, first=1) == "frame 5, 00:00.5"
    later = make_snapshot(9)
    assert movement(drawn, later) == ""
    moved = replace(later, observation=replace(later.observation, shift_px=(3.0, -4.0)))
    assert movement(drawn, moved) == "moved 1.2 mm since"
    lost = replace(later, observation=replace(later.observation, shift_px=None))
    assert movement(drawn, lost) == "movement unknown"
    assert movement(drawn, replace(lost, frame=make_snapshot(4).frame)) == ""


@pytest.mark.parametrize(
    ("acquisition", "why"),
    [
        (replace(ACQUISITION, notes=("another object",)), ""),
        (replace(ACQUISITION, subject="another"), "another patient"),
        (replace(ACQUISITION, rows=128), "size"),
        (replace(ACQUISITION, geometry=ProjectionGeometry(primary_angle_deg=30.0)), "rotated"),
        (replace(ACQUISITION, geometry=ProjectionGeometry(sid_mm=900.0)), "source to detector"),
    ],
)
def test_another_view_is_told(acquisition, why):
    drawn = ruler((0.0, 0.0), (0.0, 40.0))
    now = make_snapshot(1)
    changed = replace(now, frame=replace(now.frame, acquisition=acquisition))
    said = view_change(drawn, changed, SETTINGS)
    assert (why in said) if why else said == ""


@pytest.mark.parametrize(
    ("longest_px", "length_px", "said"),
    [(100.0, 80.0, "20 mm ± 2 %"), (79.0, 40.0, "10 mm ± 2 %"), (39.0, 20.0, "5 mm ± 2 %")],
)
def test_the_scale_bar_has_a_round_length(longest_px, length_px, said):
    assert scale_bar(CALIBRATION, longest_px) == (length_px, said)


def test_a_scale_bar_without_calibration_is_in_pixels():
    assert scale_bar(UNCALIBRATED, 230.0) == (200.0, "200 px, not calibrated")
    assert scale_bar(None, 7.0)[0] == 5.0
    assert scale_bar(None, 0.0)[0] == 0.0

"""Edges of metal of known size, found from the points of an unsteady hand."""

from __future__ import annotations

import numpy as np
import pytest
from metal import COLUMNS, ROWS, ball_mm, picture, tube_mm

from leakwatch.calibrating.metal_edges import find_cannula_edges, find_sphere_edges
from leakwatch.core.errors import CalibrationError

MIDDLE = np.array([131.3, 108.6])


def across(turn_deg: float, width: float, hand_px: float, seed: int) -> np.ndarray:
    turn = np.radians(turn_deg)
    normal = np.array([-np.sin(turn), np.cos(turn)])
    hand = np.random.default_rng(seed).normal(0.0, hand_px, (2, 2))
    return MIDDLE + np.outer([-width / 2, width / 2], normal) + hand


def width_of(ends: np.ndarray) -> float:
    return float(np.hypot(*(ends[1] - ends[0])))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("turn_deg", "width_px", "bore", "mm_per_px"),
    [
        (20.0, 12.2, 0.0, 0.25),
        (-35.0, 12.2, 0.78, 0.25),
        (5.0, 30.5, 0.78, 0.1),
        (80.0, 7.6, 0.0, 0.4),
    ],
    ids=["bar", "tube", "fine", "coarse"],
)
def test_both_edges_of_a_cannula(turn_deg, width_px, bore, mm_per_px, seed):
    steel = tube_mm(MIDDLE, turn_deg, width_px, bore * width_px, mm_per_px)
    found = find_cannula_edges(picture(steel), across(turn_deg, width_px, 1.0, seed))
    assert width_of(found.ends_px) == pytest.approx(width_px, rel=0.035)
    assert found.ends_px.mean(axis=0) == pytest.approx(MIDDLE, abs=2.0)
    assert found.sigma_px < 0.5


@pytest.mark.parametrize("off", [(0.0, 25.0), (0.0, -40.0)])
def test_a_cannula_that_is_elsewhere_is_not_taken(off):
    steel = tube_mm(MIDDLE, 0.0, 12.0, 0.0, 0.25)
    with pytest.raises(CalibrationError, match="no cannula with clear edges"):
        find_cannula_edges(picture(steel), across(0.0, 12.0, 0.0, 1) + np.array(off))


def test_nothing_is_no_cannula():
    with pytest.raises(CalibrationError, match="no cannula"):
        find_cannula_edges(picture(np.zeros((ROWS * 5, COLUMNS * 5))), across(0.0, 12.0, 0.0, 1))


@pytest.mark.parametrize("diameter_px", [100.4, 62.5, 25.3])
@pytest.mark.parametrize("off", [(0.0, 0.0), (7.0, -5.0)])
def test_the_rim_of_a_sphere(diameter_px, off):
    steel = ball_mm(MIDDLE, diameter_px, 25.0 / diameter_px)
    at = MIDDLE + np.array(off)
    found = find_sphere_edges(picture(steel), (at[0], at[1]))
    assert width_of(found.ends_px) == pytest.approx(diameter_px, rel=0.004, abs=0.35)
    assert found.ends_px.mean(axis=0) == pytest.approx(MIDDLE, abs=0.5)


def test_a_sphere_that_is_cut_off_or_absent_is_refused():
    steel = ball_mm(np.array([20.0, 108.0]), 100.0, 0.25)
    for picture_ in (picture(steel), picture(np.zeros((ROWS * 5, COLUMNS * 5)))):
        with pytest.raises(CalibrationError, match="no sphere found"):
            find_sphere_edges(picture_, (60.0, 108.0))

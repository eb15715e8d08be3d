"""Posterior walls in one line, drawn where one knows it: it places the wall and tells its lean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.config import VertebraSettings
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.vertebra.body_sides import Direction, Edge
from leakwatch.vision.vertebra.posterior_line import PosteriorLine
from leakwatch.vision.vertebra.straightened_patch import Axes, Patch, SpinePicture, make_patch

SETTINGS = VertebraSettings()
SIZE, MM_PER_PX, HALF_MM, BACK_MM = 320, 0.3, 12.0, 15.0
AXES = Axes(np.array([SIZE / 2, SIZE / 2]), np.array([1.0, 0.0]), np.array([0.0, -1.0]), MM_PER_PX)
T = np.linspace(-HALF_MM, HALF_MM, 15)
NO_HINTS = np.empty((0, 2))


def patch_of(degrees: float, back_mm: float = BACK_MM, hidden_mm: float = 0.0) -> Patch:
    """Bone in front of a straight line that leans; none of it is seen within `hidden_mm`."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    forward = (columns - SIZE / 2) * MM_PER_PX
    up = (SIZE / 2 - rows) * MM_PER_PX
    inside = forward + back_mm + np.tan(np.radians(degrees)) * up
    bone = 0.2 / (1.0 + np.exp(-inside / 0.4)) + 0.15 * np.exp(-(((inside - 0.8) / 0.8) ** 2))
    bone = bone * (np.abs(up) >= hidden_mm)
    image = (bone + rng.normal(0.0, 0.02, bone.shape)).astype(np.float32)
    seen = np.ones((SIZE, SIZE), bool)
    grid = WorkingGrid(SIZE, SIZE, 1)
    return make_patch(SpinePicture(image, seen, None, grid, MM_PER_PX, True), AXES, SETTINGS)


def back(at_mm: float, far_mm: float = 0.0) -> Edge:
    outward, sigma = np.full(15, at_mm), np.full(15, 1.0)
    return Edge(Direction.BACK, T, outward, sigma, 1.0, 1.0, None, far_mm=far_mm)


@settings(max_examples=12, deadline=None)
@given(st.floats(-8.0, 8.0), st.floats(-2.0, 2.0))
def test_the_line_beyond_the_body_places_its_wall(degrees: float, off_mm: float) -> None:
    found = PosteriorLine(SETTINGS).in_line(
        patch_of(degrees), back(BACK_MM + off_mm), HALF_MM, NO_HINTS
    )
    true = BACK_MM + np.tan(np.radians(degrees)) * T
    assert found.outward_mm == pytest.approx(true, abs=0.7)
    assert found.evidence > SETTINGS.line_evidence


def test_the_lean_is_told_by_the_neighbours_alone() -> None:
    patch = patch_of(6.0, hidden_mm=HALF_MM - 4.0)
    found = PosteriorLine(SETTINGS).in_line(patch, back(BACK_MM), HALF_MM, NO_HINTS)
    lean = np.degrees(np.arctan(np.polyfit(T, found.outward_mm, 1)[0]))
    assert lean == pytest.approx(6.0, abs=2.0)


def test_doubt_of_another_edge_stays() -> None:
    patch = patch_of(0.0)
    sure = PosteriorLine(SETTINGS).in_line(patch, back(BACK_MM), HALF_MM, NO_HINTS)
    doubted = PosteriorLine(SETTINGS).in_line(patch, back(BACK_MM, far_mm=5.0), HALF_MM, NO_HINTS)
    assert sure.sigma < 1.0
    assert doubted.sigma == pytest.approx(np.hypot(sure.sigma, 5.0))


def test_a_point_of_a_person_moves_it() -> None:
    hint = np.array([[-(BACK_MM + 2.0), 0.0]])
    exact = replace_hint_sd()
    found = PosteriorLine(exact).in_line(patch_of(0.0), back(BACK_MM), HALF_MM, hint)
    without = PosteriorLine(exact).in_line(patch_of(0.0), back(BACK_MM), HALF_MM, NO_HINTS)
    assert found.outward_mm.mean() > without.outward_mm.mean()


def replace_hint_sd() -> VertebraSettings:
    """A silhouette that shows the midline, so that a point on it is a point on the edge."""
    return VertebraSettings(back_hollow_sd_mm=0.05, edge_sd_mm=0.05, hint_mm=0.05)


@pytest.mark.parametrize("degrees", [-20.0, 0.0, 15.0])
def test_the_line_tells_the_tilt_of_the_spine(degrees: float) -> None:
    tilt, log_likelihood = PosteriorLine(SETTINGS).tilts(patch_of(degrees), (8.0, 24.0), BACK_MM)
    assert tilt[np.argmax(log_likelihood)] == pytest.approx(degrees, abs=3.0)

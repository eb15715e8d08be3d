"""The wall of the midline, by a bright line at the pedicles that is drawn where one knows it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.config import VertebraSettings
from leakwatch.geometry import WorkingGrid
from leakwatch.vision.vertebra_midline import midline
from leakwatch.vision.vertebra_patch import Axes, Patch, SpinePicture, make_patch
from leakwatch.vision.vertebra_sides import Direction, Edge

SETTINGS = VertebraSettings()
SIZE, MM_PER_PX, HALF_MM, BACK_MM = 320, 0.3, 12.0, 15.0
AXES = Axes(np.array([SIZE / 2, SIZE / 2]), np.array([1.0, 0.0]), np.array([0.0, -1.0]), MM_PER_PX)
T = np.linspace(-HALF_MM, HALF_MM, 15)


def patch_of(line_mm: float | None, noise: float = 0.002, seed: int = 1) -> Patch:
    """Soft noise, and a bright line so far in front of the silhouette, at the pedicles only."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    forward = (columns - SIZE / 2) * MM_PER_PX
    up = (SIZE / 2 - rows) * MM_PER_PX
    attenuation = rng.normal(0.0, noise, (SIZE, SIZE)).astype(np.float32)
    if line_mm is not None:
        at_pedicles = (up > 2.0) & (up < 11.0)
        line = np.exp(-0.5 * ((forward - (-BACK_MM + line_mm)) / 0.8) ** 2)
        attenuation += (0.1 * line * at_pedicles).astype(np.float32)
    seen = np.ones((SIZE, SIZE), bool)
    grid = WorkingGrid(SIZE, SIZE, 1)
    picture = SpinePicture(attenuation, seen, None, grid, MM_PER_PX, True)
    return make_patch(picture, AXES, SETTINGS)


def back(sigma_mm: float = 0.5) -> Edge:
    return Edge(Direction.BACK, T, np.full(15, BACK_MM), np.full(15, sigma_mm), 1.0, 1.0, None)


@settings(max_examples=12, deadline=None)
@given(st.floats(-1.5, 4.5), st.integers(0, 99))
def test_the_wall_lies_behind_the_bright_line(line_mm: float, seed: int) -> None:
    found = midline(patch_of(line_mm, seed=seed), back(), HALF_MM, SETTINGS)
    ahead = BACK_MM - found.edge.outward_mm
    assert ahead == pytest.approx(line_mm - SETTINGS.back_line_mm, abs=0.4)
    assert found.common_sd_mm == SETTINGS.back_line_sd_mm
    assert found.edge.sigma == pytest.approx(np.hypot(0.5, SETTINGS.back_line_sd_mm))


def test_without_a_line_the_rims_decide_and_less_is_sure() -> None:
    patch = patch_of(None)
    rng = np.random.default_rng(0)
    slopes = np.array(patch.slopes) * 0.0 + rng.normal(0, 0.01, patch.slopes.shape)
    flat = Patch(patch.axes, patch.reach_mm, patch.step_mm, slopes.astype(np.float32), patch.rest)
    found = midline(flat, back(), HALF_MM, SETTINGS)
    assert BACK_MM - found.edge.outward_mm == pytest.approx(SETTINGS.back_hollow_mm)
    assert found.common_sd_mm == SETTINGS.back_hollow_sd_mm


def test_a_line_below_the_pedicles_is_not_taken() -> None:
    """There the silhouette of the rims is bright as well."""
    patch = patch_of(3.0, noise=0.03)
    below = Patch(
        patch.axes,
        patch.reach_mm,
        patch.step_mm,
        np.ascontiguousarray(patch.slopes[::-1]),
        np.ascontiguousarray(patch.rest[::-1]),
    )
    found = midline(below, back(), HALF_MM, SETTINGS)
    assert found.edge.outward_mm[0] > BACK_MM - 3.0 + SETTINGS.back_line_mm + 0.7

"""A cannula near the click is found where a straighter, longer line lies elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.cannula.over_body import mask_cannula_near
from leakwatch.vision.vertebra.straightened_patch import SpinePicture

SETTINGS = InstrumentSettings()
SIZE, MM_PER_PX, CLICK = 400, 0.25, (220.0, 200.0)


def picture(rods: list[tuple[float, float, float, float]]) -> SpinePicture:
    """Noise and rods: a point, the angle in degrees, and where it ends before that point."""
    row, column = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    image = np.random.default_rng(1).normal(1.0, 0.01, (SIZE, SIZE)).astype(np.float32)
    for x, y, degrees, width_mm in rods:
        turn = np.radians(degrees)
        along = (column - x) * np.cos(turn) + (row - y) * np.sin(turn)
        across = -(column - x) * np.sin(turn) + (row - y) * np.cos(turn)
        image += 0.5 * (np.abs(across) * MM_PER_PX <= width_mm / 2) * (along <= 0.0)
    seen = read_only(np.ones((SIZE, SIZE), np.bool_))
    grid = WorkingGrid(SIZE, SIZE, 1)
    return SpinePicture(read_only(image), seen, None, grid, MM_PER_PX, True)


def test_a_cannula_at_the_click_is_left_out() -> None:
    beside = (60.0, 500.0, 90.0, 3.0)  # a long upright line, as a row of spinous processes makes
    found, cannula = mask_cannula_near(picture([(225.0, 205.0, 5.0, 3.0), beside]), CLICK, SETTINGS)
    assert cannula is not None
    assert cannula.front == pytest.approx((225.0, 205.0), abs=6.0)
    assert found.cannula is not None
    assert found.cannula[200, 200]
    assert not found.cannula[300, 60]


def test_an_upright_line_is_no_cannula() -> None:
    shown = picture([(220.0, 260.0, 90.0, 3.0)])
    assert mask_cannula_near(shown, CLICK, SETTINGS) == (shown, None)


def test_nothing_there_changes_nothing() -> None:
    shown = picture([])
    assert mask_cannula_near(shown, CLICK, SETTINGS) == (shown, None)


def test_a_band_as_wide_as_a_working_cannula_is_left_to_the_search_for_edges() -> None:
    shown = picture([(225.0, 205.0, 5.0, 4.2)])
    assert mask_cannula_near(shown, CLICK, SETTINGS) == (shown, None)

"""Patches of a mask: truth is what was drawn."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.vision.image_processing import patches

ROWS, COLUMNS = 40, 50


def drawn(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """A mask of boxes: first row, last row, first column, last column, ends excluded."""
    mask = np.zeros((ROWS, COLUMNS), bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def test_patches_have_their_own_pixels_and_areas() -> None:
    mask = drawn((5, 8, 10, 14), (20, 22, 30, 31))
    found = patches.patches_of(mask)
    assert sorted(found.area.tolist()) == [0, 2, 12]
    assert (found.at == np.flatnonzero(mask)).all()
    # The first is larger than the second, and touches what only it lies on.
    assert found.area[found.touch(drawn((5, 6, 10, 11)))] == [12]
    assert len(patches.patches_of(drawn()).area) == 1


@given(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1), st.integers(0, 6))
def test_what_is_near_is_a_square_cut_at_the_border(row: int, column: int, reach: int) -> None:
    mask = drawn((row, row + 1, column, column + 1))
    wide = drawn((max(row - reach, 0), row + reach + 1, max(column - reach, 0), column + reach + 1))
    assert (patches.near(mask, reach) == wide).all()
    assert (patches.near(mask, reach, patches.around(mask, 0)) == wide).all()


def test_nothing_is_near_nothing() -> None:
    assert not patches.near(drawn(), 3).any()


@pytest.mark.parametrize("reach", [15, 16, 17, 30, 45, 1e5, math.inf])
def test_a_reach_of_any_length_is_the_same_square(reach: float) -> None:
    mask = drawn((3, 5, 7, 9), (30, 31, 40, 42))
    side = int(min(reach, COLUMNS))
    expected = drawn(
        (0, 5 + side, max(7 - side, 0), 9 + side),
        (max(30 - side, 0), ROWS, max(40 - side, 0), COLUMNS),
    )
    assert (patches.near(mask, reach) == expected).all()
    assert not patches.near(drawn(), reach).any()


def test_what_is_near_costs_no_more_the_farther_it_is() -> None:
    mask = np.zeros((1000, 1000), bool)
    mask[500, 500] = True
    peaks = []
    for reach in (20.0, 900.0, 60_000.0):
        tracemalloc.start()
        patches.near(mask, reach)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) <= 12 * mask.size  # a few pictures, float32


def test_more_patches_than_16_bits_can_number() -> None:
    mask = np.zeros((600, 600), bool)
    mask[::2, ::2] = True
    found = patches.patches_of(mask)
    assert len(found.area) == 300 * 300 + 1
    assert (found.area[1:] == 1).all()


def test_a_part_of_a_window_keeps_its_place() -> None:
    mask = drawn((12, 15, 20, 26))
    window = np.s_[10:30, 15:40]
    there = patches.inside(window, patches.around(mask[window], 0))
    assert there == np.s_[12:15, 20:26]
    assert patches.grown(there, 13, mask.shape) == np.s_[0:28, 7:39]


def test_a_reach_of_less_than_a_pixel_is_none() -> None:
    mask = drawn((3, 5, 7, 9))
    assert (patches.near(mask, 0.3) == mask).all()
    assert not patches.near(drawn(), 0.3).any()

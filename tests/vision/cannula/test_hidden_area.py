"""Cement behind the cannula: truth is what lies beside it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from leakwatch.config import CementSettings
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.hidden_area import CoveredByCannula, bridged

SCALE, SETTINGS = Scale(0.25), CementSettings()
SIZE = 200
FLAT = (1.0, 0.0)
EDGE = SETTINGS.edge_mm * SETTINGS.attenuation_per_mm
SEEN = np.full((SIZE, SIZE), 0.8 * EDGE, np.float32)
NOTHING = np.zeros((SIZE, SIZE), np.float32)


def strip(degrees: float = 0.0) -> np.ndarray:
    """A cannula of 3 mm with its rim, through the middle of the picture."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    turn = np.deg2rad(degrees)
    reach = np.array([np.cos(turn), np.sin(turn)]) * 2 * SIZE
    ends = np.round([SIZE / 2 - reach, SIZE / 2 + reach]).astype(int)
    cv2.line(canvas, tuple(ends[0].tolist()), tuple(ends[1].tolist()), 1, 16)
    return canvas.view(bool)


def beside(above: tuple[int, int], below: tuple[int, int]) -> np.ndarray:
    """Cement above and below a level cannula, from column to column."""
    mask = np.zeros((SIZE, SIZE), bool)
    mask[70:100, above[0] : above[1]] = True
    mask[100:130, below[0] : below[1]] = True
    return mask & ~strip()


LEVEL = CoveredByCannula(rod=strip(), axis=FLAT)


def test_between_cement_on_both_sides_it_is_there_too() -> None:
    mask = bridged(beside((60, 140), (60, 140)), SEEN, LEVEL, SCALE, SETTINGS)
    assert mask[100, 62:138].all()
    assert not mask[100, :58].any()
    assert not mask[100, 142:].any()


def test_a_bridge_goes_straight_across_and_not_from_corner_to_corner() -> None:
    """Cement that reaches farther on one side than on the other is not met half way."""
    mask = bridged(beside((40, 140), (90, 140)), SEEN, LEVEL, SCALE, SETTINGS)
    assert mask[100, 92:138].all()
    assert not mask[96:105, :87].any()


@pytest.mark.parametrize("degrees", [-30.0, 20.0, 60.0])
def test_whatever_way_the_cannula_lies(degrees: float) -> None:
    rod, turn = strip(degrees), np.deg2rad(degrees)
    row, column = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    along = column * np.cos(turn) + row * np.sin(turn)
    around = (np.abs(along) < 30) & (np.hypot(row, column) < 45)
    axis = (float(np.cos(turn)), float(np.sin(turn)))
    mask = bridged(around & ~rod, SEEN, CoveredByCannula(rod=rod, axis=axis), SCALE, SETTINGS)
    middle = rod & (np.abs(along) < 24)
    assert mask[middle].mean() > 0.98
    assert not mask[rod & (np.abs(along) > 34)].any()


def test_cement_on_one_side_is_on_one_side() -> None:
    one = beside((60, 140), (0, 0))
    assert (bridged(one, SEEN, LEVEL, SCALE, SETTINGS) == one).all()


def test_where_nothing_shows_behind_it_nothing_is_bridged() -> None:
    both = beside((60, 140), (60, 140))
    assert (bridged(both, NOTHING, LEVEL, SCALE, SETTINGS) == both).all()


def test_without_a_cannula_nothing_is_bridged() -> None:
    both = beside((60, 140), (60, 140))
    assert bridged(both, SEEN, CoveredByCannula(), SCALE, SETTINGS) is both

"""Cement behind the cannula: truth is what lies beside it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from leakwatch.config import CementSettings
from leakwatch.vision.cannula.hidden_area import CoveredByCannula, bridge_behind

SETTINGS = CementSettings()
SIZE = 200
FLAT = (1.0, 0.0)
EDGE = SETTINGS.edge_mm * SETTINGS.attenuation_per_mm
REACH_PX = 11.0  # half a notch of 5.5 mm
LEAST = SETTINGS.keep_share * EDGE
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


LEVEL = CoveredByCannula(lies=strip(), axis=FLAT)


def test_between_cement_on_both_sides_it_is_there_too() -> None:
    mask = bridge_behind(beside((60, 140), (60, 140)), SEEN, LEVEL, REACH_PX, LEAST)
    assert mask[100, 62:138].all()
    assert not mask[100, :58].any()
    assert not mask[100, 142:].any()


def test_a_bridge_goes_straight_across_and_not_from_corner_to_corner() -> None:
    """Cement that reaches farther on one side than on the other is not met half way."""
    mask = bridge_behind(beside((40, 140), (90, 140)), SEEN, LEVEL, REACH_PX, LEAST)
    assert mask[100, 92:138].all()
    assert not mask[96:105, :87].any()


@pytest.mark.parametrize("degrees", [-30.0, 20.0, 60.0])
def test_whatever_way_the_cannula_lies(degrees: float) -> None:
    rod, turn = strip(degrees), np.deg2rad(degrees)
    row, column = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    along = column * np.cos(turn) + row * np.sin(turn)
    around = (np.abs(along) < 30) & (np.hypot(row, column) < 45)
    axis = (float(np.cos(turn)), float(np.sin(turn)))
    mask = bridge_behind(
        around & ~rod, SEEN, CoveredByCannula(lies=rod, axis=axis), REACH_PX, LEAST
    )
    middle = rod & (np.abs(along) < 24)
    assert mask[middle].mean() > 0.98
    assert not mask[rod & (np.abs(along) > 34)].any()


def test_cement_on_one_side_is_on_one_side() -> None:
    one = beside((60, 140), (0, 0))
    assert (bridge_behind(one, SEEN, LEVEL, REACH_PX, LEAST) == one).all()


def test_where_nothing_shows_behind_it_nothing_is_bridged() -> None:
    both = beside((60, 140), (60, 140))
    assert (bridge_behind(both, NOTHING, LEVEL, REACH_PX, LEAST) == both).all()


def test_without_a_cannula_nothing_is_bridged() -> None:
    both = beside((60, 140), (60, 140))
    assert bridge_behind(both, SEEN, CoveredByCannula(), REACH_PX, LEAST) is both

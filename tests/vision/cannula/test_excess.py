"""Cement behind the rod: truth is what was added to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_tracking import SCALE, SETTINGS, found, picture

from leakwatch.core.arrays import read_only
from leakwatch.vision.cannula.cannula_layers import find_pixels
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.cannula_strip import CannulaStrip
from leakwatch.vision.cannula.excess import ExcessMeasurer

SHAPE = (240, 280)
CANNULA = found(picture(4.0), (150.0, 120.0)).cannula
assert CANNULA is not None
STEPS, ROWS = CANNULA.steps, len(CANNULA.profile)
CORE = (CANNULA.profile > 0.5)[:, None]


def excess(
    added: np.ndarray,
    cannula: Cannula = CANNULA,
    front: float = 0.0,
    noise: float = 0.01,
    uncertainty: float = 0.0,
) -> np.ndarray:
    """Along the rod."""
    grain = np.random.default_rng(5).normal(0.0, noise, (ROWS, STEPS))
    strip = CannulaStrip(
        read_only((added + grain).astype(np.float32)), np.zeros((ROWS, STEPS), bool)
    )
    place = find_pixels(cannula, cannula.pose, SHAPE)
    doubts = np.full(STEPS, uncertainty, np.float32)
    image = ExcessMeasurer(SCALE, SETTINGS).measure(cannula, place, strip, doubts, front)
    assert image.shape == SHAPE
    at = np.arange(STEPS)[:, None] * np.array(cannula.direction) + np.array(cannula.front)
    column, row = np.rint(at).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < SHAPE[1]) & (row < SHAPE[0])
    values = np.zeros(STEPS)
    values[inside] = image[row[inside], column[inside]]
    return values


def streak(first: int, last: int, size: float) -> np.ndarray:
    along = np.arange(STEPS)
    return size * CORE * ((along >= first) & (along < last))


def test_cement_behind_the_rod_is_over_the_limit_and_ends_where_it_does() -> None:
    found_excess = excess(streak(0, 50, 0.06))
    assert (found_excess[3:46] > 1.0).all()
    assert (found_excess[56:] < 1.0).all()


@pytest.mark.parametrize("size", [0.0, 0.008, -0.05])
def test_less_than_scatter_does_is_none(size: float) -> None:
    assert excess(streak(0, 50, size)).max() < 1.0


def test_stripes_of_a_wrong_pose_are_none() -> None:
    stripes = 0.15 * np.gradient(CANNULA.profile)[:, None] * np.ones(STEPS)
    assert excess(stripes).max() < 1.0


def test_what_lies_on_one_side_only_counts_not_against_it() -> None:
    beside = np.zeros((ROWS, STEPS))
    beside[: ROWS // 2 - 3] = 0.2
    assert (excess(streak(0, 50, 0.08) + beside)[5:45] > 1.0).all()


@pytest.mark.parametrize("sides", ["one", "both"])
def test_a_side_that_became_brighter_is_no_cement_on_the_rod(sides: str) -> None:
    """Image processing and veiling glare brighten what lies beside dense cement and steel."""
    brighter = np.zeros((ROWS, STEPS))
    brighter[: ROWS // 2 - 3, :50] = -0.1
    if sides == "both":
        brighter[ROWS // 2 + 4 :, :50] = -0.1
    assert excess(brighter).max() < 1.0


def test_in_front_of_a_rod_that_was_drawn_back_there_is_nothing_to_tell() -> None:
    assert (excess(streak(0, 50, 0.1), front=20.0)[:18] == 0.0).all()


def test_noise_raises_the_limit() -> None:
    assert excess(streak(0, 50, 0.06), noise=0.2).max() < 1.5


def test_what_the_anatomy_behind_it_may_be_raises_the_limit() -> None:
    assert excess(streak(0, 50, 0.06), uncertainty=0.05).max() < 1.0


@pytest.mark.parametrize("side", ["one", "none"])
def test_a_rod_that_is_seen_from_one_side_only_is_compared_with_that(side: str) -> None:
    beside = CANNULA.beside.copy()
    beside[: ROWS // 2 if side == "one" else ROWS] = False
    lame = replace(CANNULA, beside=read_only(beside))
    over = excess(streak(0, 50, 0.06), cannula=lame)
    assert np.isfinite(over).all()
    assert bool((over[3:46] > 1.0).all()) is (side == "one")

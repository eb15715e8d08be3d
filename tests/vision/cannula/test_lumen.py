"""What the lumen of the cannula holds: truth is what was drawn into the rod."""

from __future__ import annotations

import numpy as np
import pytest
from scene import MM_PER_PX, rod, tube
from test_tracking import SEEN, TRACKER, WIDTH, found, noisy, picture

from leakwatch.core.arrays import read_only
from leakwatch.vision.background.baseline import Baseline

DEGREES, FRONT = 4.0, (150.0, 120.0)
BORE_PX = 0.78 * WIDTH
FILLED = 0.12  # log attenuation of 2 mm of cement behind steel


def compared(
    added: np.ndarray, turned: float = 0.0, cement: np.ndarray | None = None
) -> np.ndarray:
    """What is left of `added` once the cannula's part of it is known."""
    before = picture(DEGREES)
    after = picture(DEGREES + turned) + added
    state, baseline = found(before), Baseline(read_only(before), SEEN, 16)
    seen = noisy(after, 0.01)
    followed = TRACKER.track(state, baseline, seen, cement, 0.0)
    left: np.ndarray = followed.added - (seen - after)
    return left


def on_axis(image: np.ndarray, from_tip_mm: float, degrees: float = DEGREES) -> float:
    """Mean of a few pixels on the rod's axis, so far from its tip."""
    away, turn = from_tip_mm / MM_PER_PX, np.deg2rad(degrees)
    column, row = FRONT[0] - away * np.cos(turn), FRONT[1] - away * np.sin(turn)
    part = image[round(row) - 1 : round(row) + 2, round(column) - 3 : round(column) + 4]
    return float(part.mean())


@pytest.mark.parametrize("turned", [0.0, 2.0])
def test_a_filled_bore_is_no_cement_to_be_seen(turned: float) -> None:
    filling = rod(FRONT, DEGREES + turned, BORE_PX, FILLED)
    left = compared(filling, turned)
    for from_tip_mm in (4.0, 15.0, 30.0, 45.0):
        # Too little is safe to see; too much would be cement.
        assert -0.06 < on_axis(left, from_tip_mm, DEGREES + turned) < 0.03


@pytest.mark.parametrize("turned", [0.0, 1.0])
def test_a_stylet_that_is_drawn_leaves_an_empty_bore(turned: float) -> None:
    stylet = rod(FRONT, DEGREES + turned, BORE_PX, 0.15)
    left = compared(-stylet, turned)
    for from_tip_mm in (8.0, 15.0, 30.0, 45.0):
        assert abs(on_axis(left, from_tip_mm, DEGREES + turned)) < 0.03


def test_cement_that_is_half_way_down_the_bore_is_known_so_far() -> None:
    turn, away = np.deg2rad(DEGREES), 20.0 / MM_PER_PX
    start = (FRONT[0] - away * np.cos(turn), FRONT[1] - away * np.sin(turn))
    left = compared(rod(start, DEGREES, BORE_PX, FILLED))
    assert abs(on_axis(left, 40.0)) < 0.03
    # Nothing is taken off where nothing is yet.
    assert abs(on_axis(left, 8.0)) < 0.03


def test_cement_around_the_tip_is_seen_through_a_filled_bore() -> None:
    bolus = tube([(140.0, 105.0), (146.0, 135.0)], 14.0, 0.3)
    left = compared(rod(FRONT, DEGREES, BORE_PX, FILLED) + bolus)
    assert on_axis(left, 3.0) > 0.15
    assert abs(on_axis(left, 30.0)) < 0.03


@pytest.mark.parametrize("is_known", [False, True])
def test_a_bolus_beside_the_tip_does_not_hide_what_the_lumen_holds(is_known: bool) -> None:
    beside = tube([(125.0, 104.5), (155.0, 106.5)], 20.0, 0.3)
    beside += tube([(125.0, 132.5), (155.0, 134.5)], 20.0, 0.3)
    added = rod(FRONT, DEGREES, BORE_PX, FILLED) + beside
    known = read_only(beside > 0.1) if is_known else None
    assert abs(on_axis(compared(added, cement=known), 8.0)) < 0.04


def test_cement_on_the_outer_half_is_not_what_fills_the_bore() -> None:
    turn = np.deg2rad(DEGREES)
    ends = [
        (FRONT[0] - away / MM_PER_PX * np.cos(turn), FRONT[1] - away / MM_PER_PX * np.sin(turn))
        for away in (30.0, 48.0)
    ]
    along = tube(ends, 1.1 * WIDTH, 0.2)
    left = compared(rod(FRONT, DEGREES, BORE_PX, FILLED) + along, cement=read_only(along > 0.1))
    assert on_axis(left, 40.0) > 0.12
    assert abs(on_axis(left, 15.0)) < 0.04


def drawn_so_far(from_tip_mm: float, attenuation: float) -> np.ndarray:
    """What the lumen holds from so far outwards of the tip on."""
    turn, away = np.deg2rad(DEGREES), from_tip_mm / MM_PER_PX
    start = (FRONT[0] - away * np.cos(turn), FRONT[1] - away * np.sin(turn))
    return rod(start, DEGREES, BORE_PX, attenuation)


@pytest.mark.parametrize("front_mm", [10.0, 20.0, 30.0])
def test_a_stylet_that_is_half_way_out_leaves_no_cement(front_mm: float) -> None:
    gone = drawn_so_far(0.0, 0.3) - drawn_so_far(front_mm, 0.3)
    left = compared(-gone)
    for from_tip_mm in (4.0, 8.0, 15.0, 25.0, 40.0):
        assert on_axis(left, from_tip_mm) < 0.03


@pytest.mark.parametrize("front_mm", [10.0, 20.0, 30.0])
def test_a_second_syringe_that_is_half_way_down_leaves_no_cement(front_mm: float) -> None:
    """Cement is known already: the lumen was emptied, and fills again."""
    bolus = tube([(148.0, 117.0), (156.0, 123.0)], 10.0, 0.3)
    left = compared(drawn_so_far(front_mm, FILLED) + bolus, cement=read_only(bolus > 0.1))
    for from_tip_mm in (8.0, 15.0, 25.0, 40.0):
        if abs(from_tip_mm - front_mm) > 3.0:
            assert on_axis(left, from_tip_mm) < 0.03


def test_more_than_a_bore_can_hold_is_no_filling() -> None:
    added = rod(FRONT, DEGREES, BORE_PX, 0.5)
    assert on_axis(compared(added), 30.0) > 0.2


def test_cement_across_the_rod_is_no_filling() -> None:
    across = tube([(90.0, 80.0), (90.0, 160.0)], 9.0, 0.2)
    left = compared(across)
    assert on_axis(left, (150.0 - 90.0) * MM_PER_PX) > 0.12


def test_a_leak_along_the_rod_does_not_reach_its_outer_end() -> None:
    turn = np.deg2rad(DEGREES)
    ends = [
        (FRONT[0] - away / MM_PER_PX * np.cos(turn), FRONT[1] - away / MM_PER_PX * np.sin(turn))
        for away in (12.0, 45.0)
    ]
    left = compared(tube(ends, 1.3 * WIDTH, 0.15))
    assert on_axis(left, 30.0) > 0.08

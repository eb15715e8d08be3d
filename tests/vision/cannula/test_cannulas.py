"""Two cannulas side by side: truth is what was drawn."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest
from scene import MM_PER_PX, rod, tube
from test_tracking import BONE, SCALE, SEEN, SETTINGS, WALL, WIDTH, noisy

from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.cannulas import CannulaDetector, Cannulas

FRONTS = ((150.0, 112.0), (146.0, 112.0))
CONTRAST, STYLET = 0.35, 0.15
DETECTOR = CannulaDetector(SCALE, SETTINGS)
# As much as half a millimetre of cement.
NOTHING = 0.02


def pair(apart_mm: float, *degrees: float, drawn: bool = False) -> np.ndarray:
    """Bone with two rods from the left, the second lower and, if it was drawn, without stylet."""
    image = BONE.copy()
    for number, turn in enumerate(degrees):
        column, row = FRONTS[number]
        front = (column, row + number * apart_mm / MM_PER_PX)
        contrast = CONTRAST - (STYLET if drawn and number == 1 else 0.0)
        image += rod(front, turn, WIDTH, contrast)
        if drawn and number == 1:
            image += rod(front, turn, WIDTH, STYLET) - rod(front, turn, 0.6 * WIDTH, STYLET)
    return image


def found_in(image: np.ndarray) -> Cannulas:
    return DETECTOR.find(Baseline(noisy(image, 0.006), SEEN, 16), WALL, None)


def left_by(state: Cannulas, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """What is left of the difference, smoothed as cement is looked for, without its noise."""
    seen = noisy(after, 0.01)
    baseline = Baseline(read_only(before), SEEN, 16)
    for at_s in range(2):
        followed = DETECTOR.track(state, baseline, seen, None, float(at_s))
        state = followed.state
    return cv2.GaussianBlur(followed.added - (seen - after), (0, 0), 2.0)


@pytest.mark.parametrize("apart_mm", [3.9, 4.5, 6.0, 9.0])
@pytest.mark.parametrize("degrees", [(4.0, 4.0), (3.0, 0.0), (8.0, 4.0)])
def test_two_rods_are_found_where_they_lie(apart_mm: float, degrees: tuple[float, float]) -> None:
    rods = found_in(pair(apart_mm, *degrees)).states
    assert len(rods) == 2
    by_row = sorted((one.cannula for one in rods if one.cannula), key=lambda one: one.front[1])
    for number, cannula in enumerate(by_row):
        turn = np.deg2rad(degrees[number])
        column, row = FRONTS[number]
        away = np.subtract((column, row + number * apart_mm / MM_PER_PX), cannula.front)
        across = abs(away[0] * cannula.direction[1] - away[1] * cannula.direction[0])
        assert across < 1.0
        assert np.dot(cannula.direction, (-np.cos(turn), -np.sin(turn))) > np.cos(np.deg2rad(1.0))
        assert cannula.width * MM_PER_PX == pytest.approx(2.6, abs=0.7)


# Where their fronts lie apart across the axis, and how they lie: crossing, and touching all along.
CROSSING = ((3.2, (3.0, 8.0)), (4.0, (2.0, 9.0)), (-3.0, (8.0, 3.0)))
TOUCHING = ((3.0, (4.0, 4.0)), (2.2, (6.0, 4.5)))


@pytest.mark.parametrize(("apart_mm", "degrees"), CROSSING + TOUCHING)
def test_rods_that_cross_or_touch_are_told_apart(
    apart_mm: float, degrees: tuple[float, float]
) -> None:
    rods = [one.cannula for one in found_in(pair(apart_mm, *degrees)).states]
    assert len(rods) == 2
    for number, degree in enumerate(degrees):
        turn = np.deg2rad(degree)
        along = np.array((-np.cos(turn), -np.sin(turn)))
        column, row = FRONTS[number]
        front = np.array((column, row + number * apart_mm / MM_PER_PX))
        # Either one: both ends of what is seen of it lie on its axis.
        off_px = []
        for cannula in rods:
            assert cannula is not None
            for point in (front, front + 120.0 * along):
                away = point - cannula.front
                off_px.append(away[0] * cannula.direction[1] - away[1] * cannula.direction[0])
        assert min(np.abs(off_px[:2]).max(), np.abs(off_px[2:]).max()) < 1.2
    assert all(one is not None and one.width * MM_PER_PX < 3.4 for one in rods)


@pytest.mark.parametrize("turned", [(1.0, 0.0), (0.0, -1.0), (0.7, -0.7)])
def test_crossing_rods_that_a_hand_moves_leave_no_band(turned: tuple[float, float]) -> None:
    before = pair(3.2, 3.0, 8.0)
    after = pair(3.2, 3.0 + turned[0], 8.0 + turned[1])
    left = left_by(found_in(before), before, after)
    assert np.abs(left[:, :130]).max() < 3.0 * NOTHING


@pytest.mark.parametrize("degrees", [(), (4.0,), (-12.0,)])
def test_no_more_rods_are_found_than_there_are(degrees: tuple[float, ...]) -> None:
    assert len(found_in(pair(4.0, *degrees)).states) == len(degrees)


def test_a_rib_beside_a_cannula_is_none() -> None:
    rib = tube([(-20.0, 60.0), (140.0, 66.0)], WIDTH, 0.09)
    assert len(found_in(pair(4.0, 4.0) + rib).states) == 1


@pytest.mark.parametrize("turned", [(1.0, 0.0), (0.0, 1.0), (-1.0, -1.0)])
def test_either_rod_may_move_and_leaves_no_band(turned: tuple[float, float]) -> None:
    before = pair(4.5, 4.0, 4.0)
    after = pair(4.5, 4.0 + turned[0], 4.0 + turned[1])
    left = left_by(found_in(before), before, after)
    assert np.abs(left[:, :130]).max() < 3.0 * NOTHING


def test_a_stylet_that_is_drawn_from_one_leaves_no_band() -> None:
    before = pair(4.0, 4.0, 4.0)
    left = left_by(found_in(before), before, pair(4.0, 4.0, 4.0, drawn=True))
    # Cement begins at 0.028.
    assert left.max() < 1.4 * NOTHING


@pytest.mark.parametrize("mm_per_px", [4.0, 20.0])
def test_none_is_looked_for_where_it_is_narrower_than_a_pixel(mm_per_px: float) -> None:
    baseline = Baseline(noisy(pair(4.0, 4.0), 0.006), SEEN, 16)
    assert CannulaDetector(Scale(mm_per_px), SETTINGS).find(baseline, None, None).states == ()


@pytest.mark.parametrize(("most", "count"), [(0, 0), (1, 1), (2, 2)])
def test_no_more_are_found_than_the_setting_says(most: int, count: int) -> None:
    settings = msgspec.structs.replace(SETTINGS, max_rods=most)
    baseline = Baseline(noisy(pair(3.2, 3.0, 8.0), 0.006), SEEN, 16)
    assert len(CannulaDetector(SCALE, settings).find(baseline, WALL, None).states) == count


def test_masks_and_moments_are_those_of_all_rods() -> None:
    state = found_in(pair(6.0, 4.0, 4.0))
    each = [one.footprint for one in state.states]
    assert state.footprint is not None
    assert np.array_equal(state.footprint, np.logical_or(*each))
    assert np.array_equal(state.lies, state.footprint)
    assert state.hidden is None
    assert Cannulas().footprint is Cannulas().without is Cannulas().cannula is None
    assert state.without_transient_state().footprint is not None

"""The cannula: truth is the rod that was drawn."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scene import COLUMNS, MARGIN, MM_PER_PX, ROWS, anatomy, rod, tube

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.cannula_search import CannulaSearch
from leakwatch.vision.cannula.tracking import CannulaState, CannulaTracker, Tracked
from leakwatch.vision.vertebra.posterior_wall import place_wall

SETTINGS = InstrumentSettings()
SCALE = Scale(MM_PER_PX)
SEARCH, TRACKER = CannulaSearch(SCALE, SETTINGS), CannulaTracker(SCALE, SETTINGS)
SEEN = np.ones((ROWS, COLUMNS), bool)
WIDTH = 2.6 / MM_PER_PX
# Half the contrast: about that of a vertebral body against its discs.
BONE = (1.2 + 0.5 * (anatomy()[MARGIN:-MARGIN, MARGIN:-MARGIN] - 1.2)).astype(np.float32)
WALL = place_wall(
    np.array([[118.0, 90.0], [112.0, 120.0], [118.0, 150.0]]), (250.0, 120.0), ROWS, COLUMNS
)


def picture(degrees: float, front: tuple[float, float] = (150.0, 120.0)) -> np.ndarray:
    """Bone with a rod that comes from the left."""
    return BONE + rod(front, degrees, WIDTH, 0.35)


def noisy(image: np.ndarray, sigma: float = 0.02, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0.0, sigma, image.shape)
    return read_only((image + noise).astype(np.float32))


def found(image: np.ndarray, tip: tuple[float, float] | None = None) -> CannulaState:
    baseline = Baseline(noisy(image, 0.006), SEEN, 16)
    return SEARCH.find(baseline, WALL, tip)


@pytest.mark.parametrize("degrees", [-25.0, 0.0, 7.0, 20.0])
def test_a_cannula_is_found_with_its_front_direction_and_width(degrees: float) -> None:
    cannula = found(picture(degrees)).cannula
    assert cannula is not None
    turn = np.deg2rad(degrees)
    assert np.dot(cannula.direction, (-np.cos(turn), -np.sin(turn))) > np.cos(np.deg2rad(1.0))
    axis_error = np.cross(
        np.append(np.subtract((150, 120), cannula.front), 0), np.append(cannula.direction, 0)
    )[2]
    assert abs(axis_error) < 1.0
    assert cannula.width * SCALE.mm_per_px == pytest.approx(2.6, abs=0.6)


def sheath(degrees: float, outer_mm: float, inner_mm: float) -> np.ndarray:
    """Bone with a steel tube of these diameters, from the length of each ray's way through it."""
    row, column = np.mgrid[:ROWS, :COLUMNS].astype(np.float64)
    along = np.array((-np.cos(np.deg2rad(degrees)), -np.sin(np.deg2rad(degrees))))
    away_mm = MM_PER_PX * ((row - 120.0) * along[0] - (column - 150.0) * along[1])
    steel_mm = np.zeros_like(away_mm)
    for diameter_mm, sign in ((outer_mm, 1.0), (inner_mm, -1.0)):
        steel_mm += sign * 2.0 * np.sqrt(np.maximum((diameter_mm / 2.0) ** 2 - away_mm**2, 0.0))
    steel_mm *= (row - 120.0) * along[1] + (column - 150.0) * along[0] >= 0.0
    return BONE + cv2.GaussianBlur(0.25 * steel_mm, (0, 0), 0.8).astype(np.float32)


@pytest.mark.parametrize("inner_mm", [3.0, 3.43])
def test_a_working_cannula_of_8_gauge_is_found_whole(inner_mm: float) -> None:
    cannula = found(sheath(7.0, 4.19, inner_mm)).cannula
    assert cannula is not None
    away = np.subtract((150, 120), cannula.front)
    assert abs(away[0] * cannula.direction[1] - away[1] * cannula.direction[0]) < 1.0
    assert cannula.width * MM_PER_PX == pytest.approx(4.19, abs=0.6)


def test_a_working_cannula_that_a_hand_swings_leaves_no_band() -> None:
    before, after = sheath(4.0, 4.19, 3.43), sheath(6.0, 4.19, 3.43)
    state, baseline = found(before), Baseline(read_only(before), SEEN, 16)
    followed = TRACKER.track(state, baseline, noisy(after, 0.004), None, 0.0)
    left = cv2.GaussianBlur(followed.added, (0, 0), 2.0)
    # Without its pose a band of a fifth of its contrast and more is left.
    assert np.abs(left[:, :130]).max() < 0.05


def test_no_rod_is_wider_than_a_working_cannula() -> None:
    assert found(sheath(5.0, 6.0, 5.0)).cannula is None


def test_a_marked_tip_is_the_front_end() -> None:
    cannula = found(picture(5.0), (150.0, 120.0)).cannula
    assert cannula is not None
    assert cannula.front == pytest.approx((150.0, 120.0), abs=1.0)


def test_bone_alone_has_no_cannula() -> None:
    assert found(BONE).cannula is None


def test_a_rod_along_the_wall_is_none() -> None:
    along = BONE + tube([(100.0, -20.0), (100.0, 300.0)], WIDTH, 0.35)
    assert found(along).cannula is None


def shown(
    state: CannulaState,
    before: np.ndarray,
    *pictures: np.ndarray,
    cement: np.ndarray | None = None,
) -> Tracked[CannulaState]:
    """The last of some pictures, a second apart from each other; without its noise."""
    baseline = Baseline(read_only(before), SEEN, 16)
    for at_s, image in enumerate(pictures):
        seen = noisy(image, seed=at_s + 2)
        followed = TRACKER.track(state, baseline, seen, cement, float(at_s))
        state = followed.state
    return replace(followed, added=followed.added - (seen - image))


def test_without_a_cannula_all_that_is_more_is_left_alone() -> None:
    followed = shown(CannulaState(), BONE, BONE)
    assert np.abs(followed.added).max() < 1e-6
    assert followed.moves is followed.covers is followed.artefact is None
    assert not followed.state.moved


def test_a_cannula_that_stays_hides_nothing() -> None:
    still = picture(4.0)
    state = found(still)
    for count in range(1, 6):
        followed = shown(state, still, *[still] * count)
        # Less than half a millimetre of cement.
        left = cv2.GaussianBlur(followed.added, (0, 0), 1.0)
        assert np.abs(left).max() < 0.015
        assert followed.moves is followed.covers is followed.artefact is None


@pytest.mark.parametrize("turned", [1.0, 2.5, -3.0])
def test_a_turned_cannula_leaves_no_bands(turned: float) -> None:
    before, after = picture(4.0), picture(4.0 + turned)
    followed = shown(found(before), before, after)
    assert followed.state.moved
    assert followed.moves is not None
    assert followed.artefact is not None
    inner = np.s_[20:-20, 20:-20]
    left = np.abs(np.where(followed.moves, 0.0, followed.added)[inner])
    assert np.abs((after - before)[inner]).max() > 0.2
    # Thinner than the edge of cement, but for a few pixels of the rod's rim.
    assert np.percentile(left, 99.7) < 0.04


@pytest.mark.parametrize("turned", [1.5, -3.0])
def test_a_cannula_that_came_to_rest_hides_nothing_but_its_traces(turned: float) -> None:
    before, after = picture(4.0), picture(4.0 + turned)
    followed = shown(found(before), before, before, after, after)
    assert followed.moves is None
    assert followed.covers is not None
    assert followed.artefact is not None
    left = (followed.added - followed.artefact)[20:-20, 20:-20]
    assert np.percentile(left, 99.7) < 0.028  # the edge of cement
    assert followed.artefact.max() < 0.12  # a vein of 2 mm shows through


def test_a_cannula_that_is_drawn_back_uncovers_its_place() -> None:
    before, after = picture(4.0), picture(6.0, front=(128.0, 118.5))
    followed = shown(found(before, (150.0, 120.0)), before, before, *[after] * 3)
    assert followed.state.front.drawn_back == pytest.approx(22.0, abs=5.0)
    uncovered = np.s_[117:122, 134:146]
    assert np.abs(followed.added[uncovered]).mean() < 0.045


@pytest.mark.parametrize("down_px", [-2.0, -1.0, 1.0, 2.0])
def test_ribs_behind_the_cannula_do_not_bend_its_way(down_px: float) -> None:
    ribs = tube([(20.0, 60.0), (150.0, 190.0)], 14.0, 0.25)
    ribs += tube([(-10.0, 160.0), (120.0, 60.0)], 10.0, 0.2)
    before, after = picture(4.0) + ribs, picture(4.0, (150.0, 120.0 + down_px)) + ribs
    state = shown(found(before), before, after).state
    assert state.cannula is not None
    # The rod lies towards the left, so that its normal points up.
    offset = state.pose.offset
    back = offset + state.pose.slope * state.cannula.length
    assert (-offset, -back) == pytest.approx((down_px, down_px), abs=0.5)


def test_a_leak_behind_the_cannula_in_a_pause_is_not_learnt_as_its_looks() -> None:
    still = picture(4.0)
    known = np.zeros_like(SEEN)
    known[112:128, 152:168] = True  # where the cannula ends
    # 18 mm along the cannula, and no wider than it: as thick as a vein.
    leak = tube([(60.0, 113.7), (100.0, 116.5)], WIDTH, 0.08)
    left = []
    for pause_s in (0.0, 300.0):
        state, baseline = found(still), Baseline(read_only(still), SEEN, 16)
        for index in range(6):
            time_s = index / 7.5 + (pause_s if index == 5 else 0.0)
            seen = noisy(still + (leak if index == 5 else 0.0), 0.004, seed=index)
            followed = TRACKER.track(state, baseline, seen, known, time_s)
            state = followed.state
        assert followed.excess is not None
        left.append(float(followed.excess[112:119, 70:90].max()))
    assert left[0] > 1.0  # over its limit
    assert left[1] > 0.8 * left[0]


@pytest.mark.parametrize("mm_per_px", [4.0, 20.0])
def test_a_cannula_narrower_than_a_pixel_is_not_followed(mm_per_px: float) -> None:
    baseline = Baseline(noisy(picture(4.0), 0.006), SEEN, 16)
    assert CannulaSearch(Scale(mm_per_px), SETTINGS).find(baseline, None, None).cannula is None

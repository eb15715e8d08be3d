"""The looks of the cannula: truth is by how much it was made to stand out, or the stripes drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scene import rod, tube
from test_tracking import SCALE, SETTINGS, WIDTH, found, noisy, picture, shown

from leakwatch.core.arrays import read_only
from leakwatch.vision.cannula.appearance import AppearanceTracker
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.cannula_strip import CannulaStrip, take_strip

DEGREES, TIP, CONTRAST = 4.0, (150.0, 120.0), 0.35
BEFORE = picture(DEGREES, TIP)
APPEARANCE = AppearanceTracker(SCALE, SETTINGS)


def changed(by: float) -> np.ndarray:
    """Scatter makes the rod stand out more, by a share of its contrast."""
    return BEFORE + rod(TIP, DEGREES, WIDTH, by * CONTRAST)


def in_baseline() -> Cannula:
    cannula = found(BEFORE, TIP).cannula
    assert cannula is not None
    return cannula


def measured(after: np.ndarray, cement: np.ndarray | None = None) -> np.ndarray:
    cannula = in_baseline()
    strip = take_strip(cannula, noisy(after), cement, cannula.pose)
    expected = cannula.strip_along(read_only(BEFORE), cannula.pose)
    change = APPEARANCE.measure_change(cannula, strip.subtract(expected))
    assert change is not None
    return change


@pytest.mark.parametrize("by", [-0.05, 0.0, 0.05])
def test_a_change_all_along_is_measured(by: float) -> None:
    assert measured(changed(by)).mean() == pytest.approx(by, abs=0.015)


def test_more_than_scatter_can_do_is_not_taken_for_it() -> None:
    assert np.abs(measured(changed(0.4))).max() <= SETTINGS.max_contrast_change + 1e-6


def test_known_cement_on_the_rod_tells_nothing_of_its_contrast() -> None:
    cement = tube([(130.0, 110.0), (130.0, 128.0)], 16.0, 0.3)
    change = measured(changed(0.03) + cement, cement > 0.1)
    assert change == pytest.approx(0.03, abs=0.025)


def test_a_change_that_stays_is_taken_out_and_one_of_a_moment_is_not() -> None:
    """Of the inner half: what changes all along is known at once, and no leak."""
    inner = np.arange(BEFORE.shape[1]) > 80
    state, after = found(BEFORE, TIP), np.where(inner, changed(0.06), BEFORE)
    axis = np.s_[113:120, 95:120]
    shown_at_once = shown(state, BEFORE, BEFORE, after)
    shown_for_long = shown(state, BEFORE, BEFORE, *[after] * 20)
    left = [
        float(cv2.GaussianBlur(one.added, (0, 0), 1.5)[axis].max())
        for one in (shown_at_once, shown_for_long)
    ]
    assert left[0] > 0.6 * 0.06 * CONTRAST
    assert left[1] < 0.35 * 0.06 * CONTRAST


def test_an_edge_of_bone_along_the_rod_is_no_contrast_of_steel() -> None:
    """What changes the looks of steel is as strong there as elsewhere along the rod."""
    picture_with_edge = BEFORE.copy()
    bone = tube([(70.0, 114.4), (80.0, 115.1)], WIDTH, 0.12)
    cannula = found(picture_with_edge + bone, TIP).cannula
    assert cannula is not None
    plain = in_baseline()
    part = np.s_[:100]
    locally = np.abs(cannula.contrast[part] - plain.contrast[part]).max()
    assert locally > 0.08
    assert np.abs(cannula.steel_contrast[part] - plain.steel_contrast[part]).max() < locally / 2
    assert plain.steel_contrast[part] == pytest.approx(CONTRAST, abs=0.08)


def missed(profile: np.ndarray, cement: np.ndarray | None = None) -> np.ndarray | None:
    """What the model misses, of stripes all along the rod."""
    rod = in_baseline()
    stripes = profile[:, None] * rod.contrast[: rod.steps]
    noise = np.random.default_rng(9).normal(0.0, 0.01, stripes.shape)
    strip = CannulaStrip(read_only((stripes + noise).astype(np.float32)), cement)
    return APPEARANCE.measure_missed(rod, strip)


def test_stripes_all_along_the_rod_are_known() -> None:
    rod = in_baseline()
    edges = 0.05 * np.gradient(rod.profile)
    found_profile = missed(edges)
    assert found_profile is not None
    assert found_profile == pytest.approx(edges, abs=0.02)


def test_a_leak_on_a_third_of_the_outer_half_is_no_stripe() -> None:
    rod = in_baseline()
    strip = np.zeros((len(rod.profile), rod.steps), np.float32)
    outer = rod.steps // 2
    strip[:, outer : outer + rod.steps // 6] = 0.1 * rod.profile[:, None]
    found_profile = APPEARANCE.measure_missed(rod, CannulaStrip(strip, None))
    assert found_profile is not None
    assert np.abs(found_profile).max() < 0.005


def test_where_cement_is_known_all_along_nothing_is_missed() -> None:
    rod = in_baseline()
    everywhere = np.ones((len(rod.profile), rod.steps), bool)
    assert missed(np.zeros(len(rod.profile)), everywhere) is None

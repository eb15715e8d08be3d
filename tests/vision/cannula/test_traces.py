"""Traces of a rod that moved: truth is the stripe that was left of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scene import COLUMNS, ROWS, rod, tube
from test_tracking import SCALE, SETTINGS, WIDTH, found, picture

from leakwatch.core.arrays import read_only
from leakwatch.vision.cannula.rod_layers import place_of
from leakwatch.vision.cannula.rod_model import Cannula, Pose
from leakwatch.vision.cannula.rod_strip import RodStrip, strip_of
from leakwatch.vision.cannula.traces import doubt_behind, missed_by_model, traces

DEGREES, TIP, CONTRAST = 4.0, (150.0, 120.0), 0.35
LEAST = SETTINGS.moved_share * CONTRAST
TURNED = Pose(-3.0, 0.05)
STILL = Pose()


def cannula() -> Cannula:
    one = found(picture(DEGREES, TIP), TIP).cannula
    assert one is not None
    return one


def ghost(added: np.ndarray, pose: Pose, cement: np.ndarray | None = None) -> np.ndarray:
    noise = np.random.default_rng(8).normal(0.0, 0.004, (ROWS, COLUMNS))
    difference = read_only((added + noise).astype(np.float32))
    rod = cannula()
    left = [
        (
            place_of(rod, at, difference.shape, SCALE, SETTINGS),
            strip_of(rod, difference, cement, at),
        )
        for at in (rod.pose, pose)
    ]
    return traces(rod, left, read_only(np.zeros(rod.steps, np.float32)), pose, SCALE, SETTINGS)


def stripe(peak: float) -> np.ndarray:
    """What is left of a rod that was taken out where it was."""
    return rod(TIP, DEGREES, WIDTH, peak)


@pytest.mark.parametrize("peak", [0.03, 0.06])
def test_a_stripe_outside_of_the_body_counts_within_it_too(peak: float) -> None:
    found_ghost = ghost(stripe(peak), TURNED)
    near_tip = np.s_[119:121, 125:145]
    assert found_ghost[near_tip].mean() > 0.75 * peak
    assert found_ghost.max() < 2.0 * peak
    assert found_ghost[60:90].max() == 0.0


def test_without_a_stripe_it_is_the_error_of_its_contrast() -> None:
    assert ghost(0.0 * stripe(1.0), TURNED).max() < LEAST + 0.02


def test_a_leak_along_a_rod_that_was_only_drawn_back_is_no_trace() -> None:
    leak = tube([(10.0, 110.2), (110.0, 117.2)], WIDTH, 0.1)
    assert ghost(leak, STILL).max() < 1.5 * LEAST


def test_known_cement_on_the_rod_is_no_trace() -> None:
    leak = tube([(10.0, 110.2), (60.0, 113.7)], WIDTH, 0.1)
    assert ghost(leak, TURNED, read_only(leak > 0.02)).max() < 2.5 * LEAST


def missed(profile: np.ndarray, cement: np.ndarray | None = None) -> np.ndarray | None:
    """What the model misses, of stripes all along the rod."""
    rod = cannula()
    stripes = profile[:, None] * rod.contrast[: rod.steps]
    noise = np.random.default_rng(9).normal(0.0, 0.01, stripes.shape)
    strip = RodStrip(read_only((stripes + noise).astype(np.float32)), cement)
    return missed_by_model(rod, strip, SCALE, SETTINGS)


def test_stripes_all_along_the_rod_are_known() -> None:
    rod = cannula()
    edges = 0.05 * np.gradient(rod.profile)
    found_profile = missed(edges)
    assert found_profile is not None
    assert found_profile == pytest.approx(edges, abs=0.02)


def test_a_leak_on_a_third_of_the_outer_half_is_no_stripe() -> None:
    rod = cannula()
    strip = np.zeros((len(rod.profile), rod.steps), np.float32)
    outer = rod.steps // 2
    strip[:, outer : outer + rod.steps // 6] = 0.1 * rod.profile[:, None]
    found_profile = missed_by_model(rod, RodStrip(strip, None), SCALE, SETTINGS)
    assert found_profile is not None
    assert np.abs(found_profile).max() < 0.005


def test_where_cement_is_known_all_along_nothing_is_missed() -> None:
    rod = cannula()
    everywhere = np.ones((len(rod.profile), rod.steps), bool)
    assert missed(np.zeros(len(rod.profile)), everywhere) is None


def test_the_doubt_behind_the_rod_is_what_its_surroundings_are_like() -> None:
    rod, rng = cannula(), np.random.default_rng(6)
    flat = np.full((ROWS, COLUMNS), 1.0, np.float32)
    assert doubt_behind(rod, read_only(flat), SCALE, SETTINGS).max() < 1e-5
    blobs = cv2.GaussianBlur(rng.normal(size=flat.shape).astype(np.float32), (0, 0), 3.0)
    blobs *= 0.1 / blobs.std()
    doubt = doubt_behind(rod, read_only(flat + blobs), SCALE, SETTINGS)
    assert 0.05 < np.median(doubt) / SETTINGS.doubt_share < 0.15

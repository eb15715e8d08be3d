"""Traces of a rod that moved: truth is the stripe that was left of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scene import COLUMNS, ROWS, rod, tube
from test_tracking import SCALE, SEARCH, SETTINGS, WIDTH, found, picture

from leakwatch.core.arrays import read_only
from leakwatch.vision.cannula.cannula_layers import find_pixels
from leakwatch.vision.cannula.cannula_model import Cannula, Pose
from leakwatch.vision.cannula.cannula_strip import take_strip
from leakwatch.vision.cannula.traces import TraceMeasurer

DEGREES, TIP, CONTRAST = 4.0, (150.0, 120.0), 0.35
LEAST = SETTINGS.moved_share * CONTRAST
TURNED = Pose(-3.0, 0.05)
STILL = Pose()


def cannula() -> Cannula:
    one = found(picture(DEGREES, TIP), TIP).cannula
    assert one is not None
    return one


def artefact(added: np.ndarray, pose: Pose, cement: np.ndarray | None = None) -> np.ndarray:
    noise = np.random.default_rng(8).normal(0.0, 0.004, (ROWS, COLUMNS))
    difference = read_only((added + noise).astype(np.float32))
    rod = cannula()
    left = [
        (find_pixels(rod, at, difference.shape), take_strip(rod, difference, cement, at))
        for at in (rod.pose, pose)
    ]
    no_doubt = read_only(np.zeros(rod.steps, np.float32))
    return TraceMeasurer(SCALE, SETTINGS).measure(rod, left, no_doubt, pose)


def stripe(peak: float) -> np.ndarray:
    """What is left of a rod that was taken out where it was."""
    return rod(TIP, DEGREES, WIDTH, peak)


@pytest.mark.parametrize("peak", [0.03, 0.06])
def test_a_stripe_outside_of_the_body_counts_within_it_too(peak: float) -> None:
    found_ghost = artefact(stripe(peak), TURNED)
    near_tip = np.s_[119:121, 125:145]
    assert found_ghost[near_tip].mean() > 0.75 * peak
    assert found_ghost.max() < 2.0 * peak
    assert found_ghost[60:90].max() == 0.0


def test_without_a_stripe_it_is_the_error_of_its_contrast() -> None:
    assert artefact(0.0 * stripe(1.0), TURNED).max() < LEAST + 0.02


def test_a_leak_along_a_rod_that_was_only_drawn_back_is_no_trace() -> None:
    leak = tube([(10.0, 110.2), (110.0, 117.2)], WIDTH, 0.1)
    assert artefact(leak, STILL).max() < 1.5 * LEAST


def test_known_cement_on_the_rod_is_no_trace() -> None:
    leak = tube([(10.0, 110.2), (60.0, 113.7)], WIDTH, 0.1)
    assert artefact(leak, TURNED, read_only(leak > 0.02)).max() < 2.5 * LEAST


def test_the_doubt_behind_the_rod_is_what_its_surroundings_are_like() -> None:
    rod, rng = cannula(), np.random.default_rng(6)
    flat = np.full((ROWS, COLUMNS), 1.0, np.float32)
    assert SEARCH.measurer.uncertainty_behind(rod, read_only(flat)).max() < 1e-5
    blobs = cv2.GaussianBlur(rng.normal(size=flat.shape).astype(np.float32), (0, 0), 3.0)
    blobs *= 0.1 / blobs.std()
    uncertainty = SEARCH.measurer.uncertainty_behind(rod, read_only(flat + blobs))
    assert 0.05 < np.median(uncertainty) / SETTINGS.doubt_share < 0.15

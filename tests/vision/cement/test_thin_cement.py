"""Thin cement under a shadow: truth is the tube and the shadow that were drawn."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest
from scene import COLUMNS, MM_PER_PX, ROWS, tube

from leakwatch.config import CementSettings
from leakwatch.core.geometry import Scale
from leakwatch.vision.cement.thin_cement import THIN_EVERY, ThinCement

SETTINGS, SCALE = CementSettings(), Scale(MM_PER_PX)
SHAPE = (ROWS, COLUMNS)
EVEN, NO_GHOST, ALL = np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.float32), np.ones(SHAPE, bool)
WAY = [(60.0, 120.0), (100.0, 112.0), (140.0, 118.0), (180.0, 110.0)]
VEIN = tube(WAY, 2.0 / MM_PER_PX, 1.0)
HALF = np.s_[::THIN_EVERY, ::THIN_EVERY]


def smooth_noise(sigma: float, seed: int = 7) -> np.ndarray:
    """Noise as smoothing leaves it."""
    noise = np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), SETTINGS.smooth_mm / MM_PER_PX)
    return (noise * np.float32(sigma / noise.std())).astype(np.float32)


def shadow(peak: float) -> np.ndarray:
    """Bowel that breathes past: some 20 mm wide."""
    row, column = np.mgrid[:ROWS, :COLUMNS]
    away = ((column - 90) ** 2 + (row - 130) ** 2) / (2 * (10.0 / MM_PER_PX) ** 2)
    return (peak * np.exp(-away)).astype(np.float32)


def over(image: np.ndarray, known: np.ndarray = ALL, artefact: np.ndarray = NO_GHOST) -> np.ndarray:
    return ThinCement(SCALE, SETTINGS).over_limit(image, EVEN, artefact[HALF], known[HALF])


@pytest.mark.parametrize("peak", [0.0, 0.1, -0.1])
def test_a_faint_vein_stands_out_of_any_shadow(peak: float) -> None:
    found = over(smooth_noise(0.003) + 0.05 * VEIN + shadow(peak)) > 1.0
    middle, far = VEIN > 0.9, VEIN < 0.01
    assert found[middle].mean() > 0.9
    assert found[far].mean() < 0.002


@pytest.mark.parametrize("peak", [0.05, 0.2])
def test_a_shadow_alone_is_nothing(peak: float) -> None:
    assert (over(smooth_noise(0.003) + shadow(peak)) > 1.0).mean() < 0.002


def test_along_itself_a_vein_shows_that_no_place_of_it_does() -> None:
    image = smooth_noise(0.010) + 0.04 * VEIN
    places_only = msgspec.structs.replace(SETTINGS, line_sigmas=1e6)
    by_place = (
        ThinCement(SCALE, places_only).over_limit(image, EVEN, NO_GHOST[HALF], ALL[HALF]) > 1.0
    )
    along = over(image) > 1.0
    assert along[VEIN > 0.9].mean() > 2.0 * by_place[VEIN > 0.9].mean()
    assert along[VEIN > 0.9].mean() > 0.4
    assert along[VEIN < 0.01].mean() < 0.01


def test_known_cement_is_not_smeared_beyond_its_end() -> None:
    bolus = cv2.GaussianBlur(tube([(60.0, 120.0), (120.0, 120.0)], 30.0, 0.5), (0, 0), 1.0)
    known = cv2.dilate((bolus > 0.02).view(np.uint8), np.ones((5, 5), np.uint8)) == 0
    beyond = known & (np.abs(np.mgrid[:ROWS, :COLUMNS][1] - 120) < 40)
    assert (over(smooth_noise(0.003) + bolus, known) > 1.0)[beyond].mean() < 0.005


def test_edges_of_the_anatomy_count_as_much_as_their_ghosts() -> None:
    image = smooth_noise(0.003) + 0.05 * VEIN
    assert over(image, artefact=(0.05 * (VEIN > 0.1)).astype(np.float32))[VEIN > 0.9].max() < 1.0

"""The limit of cement: truth is what was added to a quiet picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakwatch.config import CementSettings
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.hidden_area import CoveredByCannula
from leakwatch.vision.cement.detection_limit import DetectionLimit, NearCement, noise_near

SETTINGS = CementSettings()
LIMIT = DetectionLimit(Scale(0.25), SETTINGS)
SHAPE, CORNER = (200, 240), (30, 40)
EDGE = SETTINGS.edge_mm * SETTINGS.attenuation_per_mm
NOISE = 0.002


def near_by(*lumps: tuple[int, int, float]) -> NearCement:
    """Noise with lumps of 12 x 12 pixels: row, column, attenuation."""
    smooth = np.random.default_rng(6).normal(0.0, NOISE, SHAPE).astype(np.float32)
    for row, column, added in lumps:
        smooth[row : row + 12, column : column + 12] += added
    seen, ones = np.ones(SHAPE, bool), np.ones(SHAPE, np.float32)
    top, left = CORNER
    window = np.s_[top : top + SHAPE[0], left : left + SHAPE[1]]
    nothing = (None, None, None, None, CoveredByCannula())
    whole = (smooth, seen, None, window, 4.0)
    return NearCement(smooth, seen, ones, 0.0 * ones, *nothing, *whole)


def test_noise_is_that_of_the_quiet_picture() -> None:
    assert noise_near(near_by((50, 60, 0.3))) == pytest.approx(NOISE, rel=0.1)


def test_only_the_surroundings_of_what_is_over_its_limit_are_left() -> None:
    there, over = LIMIT.over_limit(near_by((80, 100, 3 * EDGE)), NOISE, 1.0)
    rows, columns = there.window
    assert (
        over.shape == there.smooth.shape == (rows.stop - rows.start, columns.stop - columns.start)
    )
    assert over.size < 0.1 * SHAPE[0] * SHAPE[1]
    top, left = 80 + CORNER[0] - rows.start, 100 + CORNER[1] - columns.start
    assert over[top : top + 12, left : left + 12].mean() == pytest.approx(3.0, abs=0.5)
    over[top - 3 : top + 15, left - 3 : left + 15] = 0.0  # with what a line smears
    assert over.max() < 1.0


def test_caution_and_a_ghost_raise_the_limit() -> None:
    lump = near_by((80, 100, 3 * EDGE))
    artefact = replace(lump, artefact=lump.artefact + np.float32(5 * EDGE))
    for picture, caution in ((lump, 4.0), (artefact, 1.0)):
        there, over = LIMIT.over_limit(picture, NOISE, caution)
        assert not (over[there.seen] > 1.0).any()


def test_known_cement_stays_in_the_part_that_is_judged() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[150:160, 20:30] = True
    there, _ = LIMIT.over_limit(replace(near_by((80, 100, 3 * EDGE)), mask=mask), NOISE, 1.0)
    assert there.mask is not None
    assert there.mask.sum() == mask.sum()


def test_the_window_reaches_around_cement_or_else_its_origin() -> None:
    origin = np.zeros((900, 1000), bool)
    origin[400:420, 500:540] = True
    reach = round(SETTINGS.remote_mm / 0.25)
    around_box = LIMIT.window_near(np.s_[100:110, 200:210], origin, origin.shape)
    assert around_box == np.s_[100 - reach : 110 + reach, 200 - reach : 210 + reach]
    around_origin = LIMIT.window_near(None, origin, origin.shape)
    assert around_origin == np.s_[400 - reach : 420 + reach, 500 - reach : 540 + reach]
    assert LIMIT.window_near(None, None, origin.shape) == np.s_[0:900, 0:1000]

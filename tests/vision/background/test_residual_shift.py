"""What registration leaves of the anatomy's motion is no cement: truth is what was drawn."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scene import COLUMNS, MARGIN, ROWS, anatomy, disc

from leakwatch.config import CementSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Added, Baseline
from leakwatch.vision.background.false_cement import FalseCementModel

MODEL = FalseCementModel(Scale(1.0), CementSettings())
SEEN = np.ones((ROWS, COLUMNS), bool)
WHOLE = anatomy()
MEAN = WHOLE[MARGIN:-MARGIN, MARGIN:-MARGIN]


def moved(right_px: float, down_px: float) -> np.ndarray:
    matrix = np.float32([[1, 0, MARGIN - right_px], [0, 1, MARGIN - down_px]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(WHOLE, matrix, (COLUMNS, ROWS), flags=flags)


def left_after(added: np.ndarray, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """What is left, and by how much the limit at edges rises."""
    behind = MODEL.background(Baseline(read_only(MEAN), SEEN, 16), None)
    image = added + np.random.default_rng(5).normal(0.0, noise, added.shape)
    shown = Added(read_only(image.astype(np.float32)), SEEN, 0.0)
    left, raised = MODEL.without_residual_shift(shown, behind, None)
    return left.image, raised.artefact - behind.artefact


@pytest.mark.parametrize("shift", [(0.5, 0.0), (-0.4, 0.6), (0.0, -1.0)])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_shift_that_is_left_over_is_taken_out(shift: tuple[float, float], noise: float) -> None:
    artefacts = moved(*shift) - MEAN
    left, raised = left_after(artefacts, noise)
    clean = left - (left_after(np.zeros_like(artefacts), noise)[0] if noise else 0.0)
    inner = np.s_[20:-20, 20:-20]
    assert clean[inner].std() < 0.35 * artefacts[inner].std()
    assert raised.max() > 0.0


def test_cement_is_no_shift() -> None:
    cement = disc(140, 120, 25, 0.3) + disc(60, 60, 8, 0.3)
    left, _ = left_after(cement, 0.02)
    where = cement > 0.1
    assert left[where].mean() == pytest.approx(cement[where].mean(), rel=0.03)


def test_a_shift_that_is_small_changes_nothing() -> None:
    artefacts = moved(0.05, 0.0) - MEAN
    left, raised = left_after(artefacts)
    assert np.array_equal(left, artefacts.astype(np.float32))
    assert not raised.any()


def test_nothing_to_compare_with_changes_nothing() -> None:
    behind = MODEL.background(Baseline(read_only(MEAN), SEEN, 16), None)
    shown = Added(read_only(moved(0.8, 0.0) - MEAN), SEEN, 0.0)
    same, raised = MODEL.without_residual_shift(shown, behind, SEEN)
    assert same is shown
    assert raised is behind
    without = replace(behind, slopes=None)
    assert MODEL.without_residual_shift(shown, without, None) == (shown, without)

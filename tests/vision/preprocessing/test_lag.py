"""Detector lag: truth is the share that the scene was drawn with."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scene import COLUMNS, ROWS, Scene, breath

from leakwatch.config import IntensitySettings
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.preprocessing import intensity
from leakwatch.vision.preprocessing.lag import LagFilter, LagState

GRID = WorkingGrid(ROWS, COLUMNS, 1)
LAG = LagFilter(IntensitySettings())


@pytest.mark.parametrize("lag", [0.0, 0.12, 0.3])
def test_lag_is_found_in_the_noise_and_undone(lag: float) -> None:
    scene, state = Scene(lag=lag), LagState()
    for index in range(24):
        raw = intensity.log_attenuation(scene.pixels(breath(index)), scene.pixel_format, GRID)
        state, clean = LAG.undo(state, raw, index / 15.0)
    assert state.fraction == pytest.approx(lag, abs=0.04)
    noiseless = Scene(dose=1e9).pixels(breath(23))
    truth = intensity.log_attenuation(noiseless, scene.pixel_format, GRID)
    inner = np.s_[20:-20, 20:-20]
    # Noise stays; what lag would have left of the last movement is gone from the mean over it.
    left = cv2.GaussianBlur(clean - truth, (0, 0), 3.0)[inner]
    assert float(np.abs(left).mean()) < 0.004


@pytest.mark.parametrize("interval_s", [1.0 / 15.0, 1.0])
def test_after_a_gap_nothing_is_taken_out_of_the_frame(interval_s: float) -> None:
    scene, state = Scene(lag=0.3), LagState()
    for index in range(24):
        raw = intensity.log_attenuation(scene.pixels(breath(index)), scene.pixel_format, GRID)
        state, clean = LAG.undo(state, raw, index * interval_s)
    assert state.fraction > 0.2
    assert not np.array_equal(clean, raw)
    raw = intensity.log_attenuation(scene.pixels(breath(40)), scene.pixel_format, GRID)
    after, clean = LAG.undo(state, raw, 23 * interval_s + 3.0)
    assert np.array_equal(clean, raw)
    assert after.fraction == state.fraction


def test_no_lag_is_invented_where_nothing_moves_at_all() -> None:
    state = LagState()
    same = np.full((ROWS, COLUMNS), 0.5, np.float32)
    for index in range(12):
        state, clean = LAG.undo(state, same, index / 15.0)
    assert state.fraction == 0.0
    assert np.array_equal(clean, same)

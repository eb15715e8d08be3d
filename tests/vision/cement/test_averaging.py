"""Averaging of added attenuation: as short as noise allows, and the same in seconds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scene import COLUMNS, MM_PER_PX, ROWS

from leakwatch.config import CementSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Added
from leakwatch.vision.cement import averaging

SETTINGS = CementSettings()
AVERAGE = averaging.AttenuationAverage(Scale(MM_PER_PX), SETTINGS)
SEEN = np.ones((ROWS, COLUMNS), bool)


def means(noise: float, fps: float, count: int, level: float = 0.0) -> averaging.RunningMean:
    rng, mean = np.random.default_rng(3), None
    for index in range(count):
        image = rng.normal(level, noise, (ROWS, COLUMNS)).astype(np.float32)
        shown = Added(read_only(image), SEEN, 0.0)
        mean = AVERAGE.with_frame(mean, shown, index / fps)
    assert mean is not None
    return mean


def test_a_picture_without_noise_is_shown_as_it_is() -> None:
    assert means(0.0, 7.5, 12).share == 1.0


def test_the_noisier_the_longer() -> None:
    shares = [means(noise, 30.0, 30).share for noise in (0.01, 0.03, 0.06)]
    assert shares[0] > shares[1] > shares[2]
    assert means(0.005, 7.5, 30).share > 0.95


@pytest.mark.parametrize("fps", [3.75, 7.5, 30.0])
def test_never_longer_than_its_time_constant_whatever_the_frame_rate(fps: float) -> None:
    share = means(5.0, fps, 80).share
    assert share == pytest.approx(1.0 - math.exp(-1.0 / fps / SETTINGS.average_s), rel=1e-3)


def test_noise_of_a_frame_is_told_from_the_mean_it_goes_into() -> None:
    smoothed = AVERAGE.smooth(
        np.random.default_rng(1).normal(0.0, 0.1, (ROWS, COLUMNS)).astype(np.float32)
    )
    assert means(0.1, 15.0, 40).frame_noise == pytest.approx(float(smoothed.std()), rel=0.15)


def test_what_a_frame_does_not_see_keeps_its_last_mean() -> None:
    before = means(0.01, 7.5, 6, level=0.5)
    seen = SEEN.copy()
    seen[:, :40] = False
    black = Added(read_only(np.zeros((ROWS, COLUMNS), np.float32)), seen, 0.0)
    after = AVERAGE.with_frame(before, black, 1.0)
    assert np.array_equal(after.image[:, :40], before.image[:, :40])
    assert after.image[:, 40:].max() < 0.5
    assert not after.image.flags.writeable

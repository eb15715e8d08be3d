"""Medians: truth is numpy's own."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.vision.image_processing import medians

VALUES = np.random.default_rng(4).normal(size=(5, 24)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 23, 24])
def test_medians_along_the_last_axis_are_those_of_numpy(count: int) -> None:
    some = VALUES[:, :count]
    assert medians.medians(some) == pytest.approx(np.median(some, axis=1))


def test_the_upper_median_and_the_spread_of_nothing_are_nought() -> None:
    assert medians.median(np.array([1.0, 4.0, 2.0, 3.0])) == 3.0
    assert medians.median(np.zeros(0)) == medians.spread(np.zeros(0)) == 0.0
    assert medians.spread(np.random.default_rng(1).normal(0.0, 2.0, 20000)) == pytest.approx(
        2.0, rel=0.03
    )


@pytest.mark.parametrize("count", [1, 2, 3, 24])
def test_the_middle_and_percentiles_are_those_of_numpy(count: int) -> None:
    some = VALUES[:, :count]
    assert medians.middle(some) == pytest.approx(np.median(some))
    for percent in (0.0, 5.0, 25.0, 90.0, 100.0):
        assert medians.percentile(some, percent) == pytest.approx(np.percentile(some, percent))

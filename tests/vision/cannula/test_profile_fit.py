"""Shift and width of profiles: truth is by how much a profile was shifted and made wider."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.config import InstrumentSettings
from leakwatch.vision.cannula.profile_fit import (
    fit_bend,
    fit_line,
    fit_profiles,
    fit_taper,
    prepare_fit,
)

LIMITS = (InstrumentSettings().min_stations, InstrumentSettings().max_wider)
HALF = 20
ACROSS = np.arange(-HALF, HALF + 1.0)
AT = np.arange(10.0, 250.0, 20.0)


def tube(across: np.ndarray) -> np.ndarray:
    """Steel with a bore, blurred as a detector does it."""
    fine = np.linspace(-HALF, HALF, 2001)
    wall = np.sqrt(np.clip(5.0**2 - fine**2, 0, None)) - np.sqrt(np.clip(4.0**2 - fine**2, 0, None))
    kernel = np.exp(-0.5 * (np.arange(-150, 151) * 0.02) ** 2)
    smooth = np.convolve(wall, kernel / kernel.sum(), mode="same")
    return np.interp(across, fine, smooth / smooth.max())


PROFILE = tube(ACROSS)
FIT = prepare_fit(PROFILE)


@given(
    shift=st.floats(-0.12, 0.12),
    wider=st.floats(-0.04, 0.04),
    size=st.floats(0.2, 1.0),
    level=st.floats(-0.1, 0.1),
    slope=st.floats(-0.01, 0.01),
)
def test_shift_and_width_are_found(
    shift: float, wider: float, size: float, level: float, slope: float
) -> None:
    seen = size * tube((ACROSS - shift) / (1.0 + wider)) + level + slope * ACROSS
    shifts, widths = fit_profiles(seen[None], FIT)
    assert shifts[0] == pytest.approx(shift, abs=0.03)
    assert widths[0] == pytest.approx(wider, abs=0.012)


def test_what_fills_the_bore_is_no_shift() -> None:
    filled = PROFILE + 0.2 * np.maximum(1.0 - (ACROSS / 4.0) ** 2, 0.0)
    shifts, widths = fit_profiles(filled[None], FIT)
    assert abs(shifts[0]) < 0.01
    assert abs(widths[0]) < 0.02


def test_what_is_taken_for_a_rod_and_is_none_has_a_fit() -> None:
    shifts, _ = fit_profiles(PROFILE[None], prepare_fit(0.4 * PROFILE))
    assert abs(shifts[0]) < 0.01


def test_without_a_rod_there_is_no_shift() -> None:
    shifts, widths = fit_profiles(-PROFILE[None], FIT)
    assert np.isnan(shifts).all()
    assert np.isnan(widths).all()


def test_a_line_is_found_through_values_of_which_some_are_wrong() -> None:
    values = 1.5 - 0.01 * AT
    values[[2, 7]] += 3.0
    assert fit_line(AT, values) == pytest.approx((1.5, -0.01), abs=0.02)


def test_a_bent_axis_is_found_and_a_straight_one_is_not_bent() -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.02, len(AT))
    bent = 0.2 - 0.004 * AT + 2e-5 * AT**2
    assert fit_bend(AT, bent + noise, 250.0)[2] == pytest.approx(2e-5, rel=0.2)
    slanted = 0.3 - 0.01 * AT + noise
    assert fit_bend(AT, slanted, 250.0) == pytest.approx((0.3, -0.01, 0.0), abs=0.05)
    assert fit_bend(AT, slanted, 250.0)[2] == 0.0
    assert fit_bend(AT[:4], bent[:4], 250.0)[2] == 0.0
    assert fit_bend(AT[:2], bent[:2], 250.0) == (0.0, 0.0, 0.0)


def test_a_taper_is_believed_where_profiles_agree() -> None:
    noise = np.random.default_rng(4).normal(0.0, 0.005, len(AT))
    tapered = -0.03 + 3e-4 * AT
    found = fit_taper(AT, tapered + noise, 250.0, *LIMITS)
    assert found == pytest.approx((-0.03, 3e-4), rel=0.25)
    assert fit_taper(AT, noise, 250.0, *LIMITS) == (0.0, 0.0)


@pytest.mark.parametrize("wider", [0.3, -0.3])
def test_more_than_perspective_can_do_is_no_taper(wider: float) -> None:
    assert fit_taper(AT, np.full(len(AT), wider), 250.0, *LIMITS) == (0.0, 0.0)


def test_too_few_profiles_tell_no_taper() -> None:
    unknown = np.full(len(AT), np.nan)
    assert fit_taper(AT, unknown, 250.0, *LIMITS) == (0.0, 0.0)

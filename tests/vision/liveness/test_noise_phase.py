"""Quantum noise of two live pictures has nothing in common; that of one picture, moved, has."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.config import LivenessSettings
from leakwatch.vision.liveness.noise_phase import (
    SpectrumHistory,
    compare_spectrum,
    spectrum_of,
    square_in,
)

SETTINGS = LivenessSettings()
SIDE = SETTINGS.phase_px


def noise(seed: int, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((side, side)).astype(np.float32)


def compared(one: np.ndarray, other: np.ndarray, age_s: float) -> float:
    spectra = SpectrumHistory().with_frame(spectrum_of(one), 0.0, SETTINGS)
    return compare_spectrum(spectra, spectrum_of(other), age_s, SETTINGS).correlation


def anatomy() -> np.ndarray:
    """Edges and a lattice, ten times as strong as the noise, that lie still."""
    row, column = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    edges = np.sign(np.sin(column / 9.0)) + np.sign(np.sin((row + column) / 14.0))
    return cv2.Laplacian(cv2.GaussianBlur(10.0 * edges, (0, 0), 1.5), cv2.CV_32F)


def test_live_noise_over_anatomy_that_lies_still_is_like_nothing_before() -> None:
    still = anatomy()
    found = [compared(noise(k) + still, noise(k + 1) + still, 0.7) for k in range(20)]
    assert max(found) < SETTINGS.max_phase_correlation


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.floats(0.3, 3.0))
def test_one_picture_moved_and_dimmed_is_found(
    seed: int, column: float, row: float, gain: float
) -> None:
    one = cv2.GaussianBlur(noise(seed), (0, 0), 0.8)
    matrix = np.array([[1.0, 0.0, column], [0.0, 1.0, row]])
    moved = gain * cv2.warpAffine(one, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    assert compared(one, moved, 0.7) > SETTINGS.max_phase_correlation


def test_nothing_is_compared_with_what_a_recursive_filter_may_still_hold() -> None:
    one = noise(1)
    assert compared(one, one, 0.5 * SETTINGS.phase_age_s) == 0.0
    assert compared(one, one, SETTINGS.phase_age_s) > 0.99


def test_detail_that_lies_still_for_good_does_not_make_live_pictures_held() -> None:
    still, spectra = 0.7 * noise(1), SpectrumHistory()
    for index in range(30):
        now, phase = 0.1 * index, spectrum_of(noise(2 + index) + still)
        found = compare_spectrum(spectra, phase, now, SETTINGS)
        assert not spectra.hold(found, SETTINGS)
        spectra = spectra.with_frame(phase, now, SETTINGS).with_usual(found, SETTINGS)
    assert found.correlation > SETTINGS.max_phase_correlation
    last = spectrum_of(noise(31) + still)
    assert spectra.hold(compare_spectrum(spectra, last, now + 0.7, SETTINGS), SETTINGS)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(4.5, 24.0), st.floats(-24.0, 24.0))
def test_an_image_that_jumps_far_is_found(seed: int, column: float, row: float) -> None:
    wide = cv2.GaussianBlur(noise(seed, SIDE + 64), (0, 0), 0.7)
    matrix = np.array([[1.0, 0.0, column], [0.0, 1.0, row]])
    moved = cv2.warpAffine(wide, matrix, wide.shape, flags=cv2.INTER_LINEAR)
    inner = np.s_[32:-32, 32:-32]
    assert compared(wide[inner], moved[inner], 0.7) > SETTINGS.max_phase_correlation


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60), st.sampled_from([7.5, 10.0, 15.0]))
def test_each_frame_of_a_trembling_loop_is_found(seed: int, count: int, rate_hz: float) -> None:
    random = np.random.default_rng(seed)
    loop = [cv2.GaussianBlur(noise(seed + k), (0, 0), 0.7) for k in range(count)]
    history, live, repeated = SpectrumHistory(), [], []
    for index in range(2 * count):
        matrix = np.array([[1.0, 0.0, random.uniform(-1, 1)], [0.0, 1.0, random.uniform(-1, 1)]])
        moved = cv2.warpAffine(loop[index % count], matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        spectrum = spectrum_of(moved)
        found = compare_spectrum(history, spectrum, index / rate_hz, SETTINGS)
        (live if index < count else repeated).append(found.correlation)
        history = history.with_frame(spectrum, index / rate_hz, SETTINGS)
    limit = SETTINGS.max_phase_correlation
    assert max(live) < limit
    # The youngest repetition of a short loop may still be what a recursive filter holds.
    assert sum(one > limit for one in repeated) >= count - np.ceil(SETTINGS.phase_age_s * rate_hz)
    assert count < SETTINGS.phase_age_s * rate_hz or min(repeated) > limit


def test_a_flat_picture_is_like_nothing() -> None:
    flat = np.zeros((SIDE, SIDE), np.float32)
    assert compared(flat, flat, 0.7) == 0.0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-2.0, 1e5), min_size=1, max_size=60),
    st.floats(0.001, 0.2),
)
def test_few_pictures_are_kept_whatever_the_clock_does(gaps: list[float], usual_s: float) -> None:
    spectra, phase, now = SpectrumHistory(), spectrum_of(noise(0, 32)), 0.0
    for gap in gaps:
        now += gap
        for _ in range(4):
            now += usual_s
            spectra = spectra.with_frame(phase, now, SETTINGS)
            assert len(spectra.spectra) == len(spectra.times_s) <= SETTINGS.max_frames
            assert list(spectra.times_s) == sorted(spectra.times_s)


@given(st.integers(40, 700), st.integers(40, 700), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_square_lies_in_the_picture(rows: int, columns: int, down: float, along: float) -> None:
    top, left = int(down * (rows - 12)), int(along * (columns - 12))
    window = (slice(top, top + 10), slice(left, left + 10))
    spans = square_in(window, (rows, columns), SETTINGS)
    for span, length in zip(spans, (rows, columns), strict=True):
        assert 1 <= span.start < span.stop <= length - 1
    assert spans[0].stop - spans[0].start == spans[1].stop - spans[1].start

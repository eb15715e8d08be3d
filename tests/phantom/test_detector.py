"""The detector: noise and dose, blur, lag, scatter, and what is stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakwatch.model import IntensityRelationship
from leakwatch.phantom.detector import Detector, absorb, add_scatter, stored, with_lag
from leakwatch.phantom.shutter import Shutter, open_field, shutter_outline

PLAIN = Detector(
    scatter_share=0.0,
    glare_share=0.0,
    blur_px=0.0,
    quanta_per_pixel=400.0,
    electronic_quanta=0.0,
    lag=0.0,
    bits=12,
    relationship=IntensityRelationship.LIN,
    inverted=False,
    set_value=0.25,
)
SHAPE = (200, 300)


def noise_of(detector: Detector, quanta: float) -> np.ndarray:
    return absorb(np.ones(SHAPE), quanta, detector, np.random.default_rng(1)) - 1.0


@pytest.mark.parametrize("quanta", [100.0, 400.0, 6400.0])
def test_variance_is_one_over_the_dose(quanta: float) -> None:
    noise = noise_of(PLAIN, quanta)
    # 60,000 pixels: the variance is known to 0.6 %, five times that is safe.
    assert noise.var() * quanta == pytest.approx(1.0, rel=0.03)
    assert abs(noise.mean()) < 5.0 / np.sqrt(quanta * noise.size)


def test_a_quarter_of_the_dose_doubles_the_noise_after_the_log() -> None:
    full, quarter = (np.log1p(noise_of(PLAIN, quanta)).std() for quanta in (4000.0, 1000.0))
    assert quarter / full == pytest.approx(2.0, rel=0.03)


def test_the_scintillator_makes_neighbours_alike() -> None:
    sigma = 0.7
    noise = noise_of(replace(PLAIN, blur_px=sigma), 400.0)
    alike = (noise[:, 1:] * noise[:, :-1]).mean() / noise.var()
    # White noise through a Gaussian has the autocorrelation exp(-d^2 / (4 sigma^2)), and keeps
    # 1 / (4 pi sigma^2) of its variance (both for a kernel that pixels do not cut).
    assert alike == pytest.approx(np.exp(-1.0 / (4 * sigma**2)), abs=0.04)
    assert noise.var() * 400.0 == pytest.approx(1.0 / (4 * np.pi * sigma**2), rel=0.06)


def test_electronic_noise_does_not_follow_the_signal() -> None:
    dark = absorb(np.zeros(SHAPE), 400.0, replace(PLAIN, electronic_quanta=8.0), _rng())
    assert dark.std() == pytest.approx(8.0 / 400.0, rel=0.02)


def test_lag_is_a_geometric_series() -> None:
    detector = replace(PLAIN, lag=0.12)
    flash, dark = np.ones((1, 1)), np.zeros((1, 1))
    answers, before = [], dark
    for signal in (flash, dark, dark, dark):
        before = with_lag(signal, before, detector)
        answers.append(float(before[0, 0]))
    assert answers == pytest.approx([0.88, 0.88 * 0.12, 0.88 * 0.12**2, 0.88 * 0.12**3])


def test_without_a_frame_before_there_is_no_lag() -> None:
    assert with_lag(np.ones((1, 1)), None, replace(PLAIN, lag=0.3)) == pytest.approx(1.0)


def test_scatter_makes_up_its_share_and_takes_contrast() -> None:
    detector = replace(PLAIN, scatter_share=0.4)
    primary = np.full((256, 256), 0.5)
    primary[120:136, 120:136] *= np.exp(-0.2)
    seen = add_scatter(primary, np.ones_like(primary), detector, 0.4)
    far = seen[20, 20]
    assert 0.5 / far == pytest.approx(0.6, rel=0.01)
    contrast = 1.0 - seen[128, 128] / far
    assert contrast == pytest.approx(0.6 * (1.0 - np.exp(-0.2)), rel=0.03)


def test_glare_keeps_what_falls_on_the_screen() -> None:
    detector = replace(PLAIN, glare_share=0.15)
    even = np.full((128, 128), 0.3)
    assert add_scatter(even, np.ones_like(even), detector, 0.5) == pytest.approx(0.3, rel=1e-6)


def test_linear_pixels_are_linear_and_inverted_ones_their_complement() -> None:
    value = np.linspace(0.0, 1.2, 50)[None, :]
    field = np.ones_like(value)
    linear = stored(value, field, PLAIN).astype(int)
    assert np.abs(linear - np.clip(value, 0, 1) * 4095).max() <= 0.5
    assert (stored(value, field, replace(PLAIN, inverted=True)) == 4095 - linear).all()


def test_log_pixels_are_straight_in_the_log_of_the_beam() -> None:
    detector = replace(PLAIN, relationship=IntensityRelationship.LOG)
    value = np.array([[0.01, 0.1, 1.0]])
    pixels = stored(value, np.ones_like(value), detector).astype(float)[0]
    assert pixels[2] == 4095
    # Equal factors of the beam are equal steps; at a hundredth the offset of one count shows.
    assert pixels[2] - pixels[1] == pytest.approx(pixels[1] - pixels[0], rel=0.02)


@pytest.mark.parametrize("relationship", list(IntensityRelationship))
def test_every_relationship_rises_over_its_whole_range(
    relationship: IntensityRelationship,
) -> None:
    value = np.linspace(0.0, 1.0, 4096)[None, :]
    detector = replace(PLAIN, relationship=relationship, bits=10)
    pixels = stored(value, np.ones_like(value), detector).astype(int)[0]
    assert (np.diff(pixels) >= 0).all()
    assert (pixels[0], pixels[-1]) == (0, 1023)


@pytest.mark.parametrize("shape", list(Shutter))
def test_outside_the_shutter_is_blank(shape: Shutter) -> None:
    field = open_field(shape, 100, 140)
    pixels = stored(np.full(field.shape, 0.5), field, PLAIN)
    assert (pixels[field == 0.0] == 0).all()
    assert pixels[50, 70] == round(0.5 * 4095)
    assert (field == field[::-1, ::-1]).all()
    assert (field[0, 0] == 1.0) is np.True_ if shape is Shutter.NONE else field[0, 0] == 0.0


def test_the_outline_for_the_header_is_where_the_field_is_half_open() -> None:
    field = open_field(Shutter.OCTAGONAL, 200, 240) > 0.5
    outline = shutter_outline(200, 240)
    rows, columns = np.nonzero(field)
    # DICOM counts from 1 and names the first line that is blanked.
    assert abs((rows.min() + 1) - (outline.top + 1)) <= 1
    assert abs((columns.max() + 1) - (outline.right - 1)) <= 1
    for row, column in outline.vertices:
        near = field[max(row - 4, 0) : row + 3, max(column - 4, 0) : column + 3]
        assert near.any()
        assert not near.all()


def _rng() -> np.random.Generator:
    return np.random.default_rng(2)

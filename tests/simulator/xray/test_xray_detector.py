"""The detector: noise and dose, blur, lag, scatter, and what is stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf
from small import small_scenario

from leakwatch.core.frame import IntensityRelationship
from leakwatch.simulator.scenario.shutter import Shutter, open_field, shutter_outline
from leakwatch.simulator.xray.renderer import detector_for
from leakwatch.simulator.xray.xray_detector import Detector, absorb, add_lag, add_scatter, to_stored

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
        before = add_lag(signal, before, detector)
        answers.append(float(before[0, 0]))
    assert answers == pytest.approx([0.88, 0.88 * 0.12, 0.88 * 0.12**2, 0.88 * 0.12**3])


def test_in_a_pause_what_is_left_dies_away() -> None:
    detector = replace(PLAIN, lag=0.5)
    after = add_lag(np.zeros((1, 1)), np.ones((1, 1)), detector, pulses=4.0)
    assert after == pytest.approx(0.5**4)


@pytest.mark.parametrize("fps", [3.75, 7.5, 15.0, 30.0])
def test_what_a_panel_keeps_falls_with_time_at_any_pulse_rate(fps: float) -> None:
    sections = {"sequence": {"fps": fps}, "detector": {"lag_time_s": 0.08}}
    detector = detector_for(small_scenario(**sections))
    value = np.ones((1, 1))
    for _ in range(round(0.8 * fps)):
        value = add_lag(np.zeros((1, 1)), value, detector)
    assert float(value[0, 0]) == pytest.approx(np.exp(-0.8 / 0.08), rel=1e-9)
    # Without it a share is left, whatever the rate, as of a recursive filter.
    assert detector_for(small_scenario(sequence={"fps": fps})).lag == 0.12


@pytest.mark.parametrize("cycles_per_mm", [0.4, 0.8, 1.2])
def test_blur_is_the_mtf_of_a_gaussian(cycles_per_mm: float) -> None:
    section = {"blur_mm": 0.22, "electronic_quanta": 0.0}
    scenario = small_scenario(detector=section, carm={"pitch_mm": 0.2})
    detector = detector_for(scenario)
    place_mm = 0.2 * np.arange(300)
    wave = 1.0 + 0.5 * np.cos(2 * np.pi * cycles_per_mm * place_mm)
    seen = absorb(np.broadcast_to(wave, SHAPE), 1e12, detector, _rng())[100]
    middle = slice(50, 250)  # 40 mm: whole cycles, away from the border
    turns = np.exp(-2j * np.pi * cycles_per_mm * place_mm[middle])
    contrast = 2 * abs((seen[middle] * turns).mean())
    mtf = np.exp(-2 * (np.pi * 0.22 * cycles_per_mm) ** 2)
    assert contrast / 0.5 == pytest.approx(mtf, abs=0.01)


def test_without_a_frame_before_there_is_no_lag() -> None:
    assert add_lag(np.ones((1, 1)), None, replace(PLAIN, lag=0.3)) == pytest.approx(1.0)


def test_scatter_makes_up_its_share_and_takes_contrast() -> None:
    detector = replace(PLAIN, scatter_share=0.4)
    primary = np.full((256, 256), 0.5)
    primary[120:136, 120:136] *= np.exp(-0.2)
    seen = add_scatter(primary, np.ones_like(primary), detector, 0.4)
    far = seen[20, 20]
    assert 0.5 / far == pytest.approx(0.6, rel=0.01)
    contrast = 1.0 - seen[128, 128] / far
    assert contrast == pytest.approx(0.6 * (1.0 - np.exp(-0.2)), rel=0.03)


def test_glare_fills_the_shadow_of_a_disc() -> None:
    # In the middle of an opaque disc a Gaussian of 12 mm leaves exp(-R^2 / (2 sigma^2)).
    pitch_mm, radius_mm, share = 0.5, 10.0, 0.12
    column, row = np.meshgrid(np.arange(400) - 199.5, np.arange(400) - 199.5)
    primary = (np.hypot(column, row) * pitch_mm > radius_mm).astype(float)
    detector = replace(PLAIN, glare_share=share)
    seen = add_scatter(primary, np.ones_like(primary), detector, pitch_mm)
    left = share * np.exp(-(radius_mm**2) / (2 * 12.0**2))
    assert seen[199:201, 199:201].mean() == pytest.approx(left, rel=0.03)
    assert seen[10, 10] == pytest.approx(1.0, abs=0.01)


def test_a_smaller_field_scatters_less() -> None:
    pitch_mm, half_mm = 0.5, 20.0
    detector = replace(PLAIN, scatter_share=0.38)
    place = np.abs(np.arange(500) - 249.5) * pitch_mm
    narrow = ((place[:, None] < half_mm) & (place[None, :] < half_mm)).astype(float)
    wide = np.ones((500, 500))
    seen = add_scatter(wide, narrow, detector, pitch_mm, wide)
    # In the middle of a square of 40 mm: of a Gaussian of 28 mm, what lies in it.
    within = erf(half_mm / (28.0 * np.sqrt(2.0))) ** 2
    assert seen[249, 249] == pytest.approx(1.0 + 0.38 / 0.62 * within, rel=0.01)
    assert add_scatter(wide, wide, detector, pitch_mm)[249, 249] == pytest.approx(1.0 / 0.62)


def test_glare_keeps_what_falls_on_the_screen() -> None:
    detector = replace(PLAIN, glare_share=0.15)
    even = np.full((128, 128), 0.3)
    assert add_scatter(even, np.ones_like(even), detector, 0.5) == pytest.approx(0.3, rel=1e-6)


def test_linear_pixels_are_linear_and_inverted_ones_their_complement() -> None:
    value = np.linspace(0.0, 1.2, 50)[None, :]
    field = np.ones_like(value)
    linear = to_stored(value, field, PLAIN).astype(int)
    assert np.abs(linear - np.clip(value, 0, 1) * 4095).max() <= 0.5
    assert (to_stored(value, field, replace(PLAIN, inverted=True)) == 4095 - linear).all()


def test_log_pixels_are_straight_in_the_log_of_the_beam() -> None:
    detector = replace(PLAIN, relationship=IntensityRelationship.LOG)
    value = np.array([[0.01, 0.1, 1.0]])
    pixels = to_stored(value, np.ones_like(value), detector).astype(float)[0]
    assert pixels[2] == 4095
    # Equal factors of the beam are equal steps; at a hundredth the offset of one count shows.
    assert pixels[2] - pixels[1] == pytest.approx(pixels[1] - pixels[0], rel=0.02)


@pytest.mark.parametrize("relationship", list(IntensityRelationship))
def test_every_relationship_rises_over_its_whole_range(
    relationship: IntensityRelationship,
) -> None:
    value = np.linspace(0.0, 1.0, 4096)[None, :]
    detector = replace(PLAIN, relationship=relationship, bits=10)
    pixels = to_stored(value, np.ones_like(value), detector).astype(int)[0]
    assert (np.diff(pixels) >= 0).all()
    assert (pixels[0], pixels[-1]) == (0, 1023)


@pytest.mark.parametrize("shape", list(Shutter))
def test_outside_the_shutter_is_blank(shape: Shutter) -> None:
    field = open_field(shape, 100, 140)
    pixels = to_stored(np.full(field.shape, 0.5), field, PLAIN)
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

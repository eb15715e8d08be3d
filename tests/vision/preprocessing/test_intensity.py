"""Polarity, log scale and exposed field."""

from __future__ import annotations

import numpy as np
import pytest
from scene import COLUMNS, ROWS, Scene

from leakwatch.config import IntensitySettings
from leakwatch.core.frame import IntensityRelationship, PixelFormat, Shutter
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.preprocessing import intensity

SETTINGS = IntensitySettings()
GRID = WorkingGrid(ROWS, COLUMNS, 1)
LIN = IntensityRelationship.LIN
LOG = IntensityRelationship.LOG


@pytest.mark.parametrize(
    ("photometric", "sign", "bone_is_bright", "expected"),
    [
        ("MONOCHROME2", None, False, True),
        ("MONOCHROME1", None, False, False),
        ("MONOCHROME2", None, True, False),
        ("MONOCHROME1", None, True, True),
        ("MONOCHROME2", -1, False, False),
        ("MONOCHROME1", 1, False, True),
    ],
)
def test_the_sign_tag_decides_polarity_else_the_display_convention(
    photometric: str, sign: int | None, bone_is_bright: bool, expected: bool
) -> None:
    pixel_format = PixelFormat(photometric, 12, LIN, sign, bone_is_bright=bone_is_bright)
    assert intensity.more_value_is_more_beam(pixel_format) is expected


def test_added_attenuation_is_what_the_physics_adds_whatever_lies_behind() -> None:
    beam = np.array([[400.0, 3200.0]])
    behind_cement = beam * np.exp(-0.3)
    grid = WorkingGrid(1, 2, 1)
    pixel_format = PixelFormat("MONOCHROME2", 16, LIN)
    before = intensity.log_attenuation(np.round(beam * 10).astype(np.uint16), pixel_format, grid)
    after = intensity.log_attenuation(
        np.round(behind_cement * 10).astype(np.uint16), pixel_format, grid
    )
    assert after - before == pytest.approx(np.array([[0.3, 0.3]]), abs=1e-3)


def test_monochrome1_and_2_of_the_same_beam_give_the_same_attenuation() -> None:
    stored = Scene().pixels()
    one = intensity.log_attenuation(4095 - stored, PixelFormat("MONOCHROME1", 12, LIN), GRID)
    two = intensity.log_attenuation(stored, PixelFormat("MONOCHROME2", 12, LIN), GRID)
    assert np.array_equal(one, two)


def test_log_pixels_take_no_second_log() -> None:
    stored = np.maximum(Scene(shutter_px=0).pixels(), 1)
    logged = np.round(np.log1p(stored) / np.log(4096) * 4095).astype(np.uint16)
    from_log = intensity.log_attenuation(logged, PixelFormat("MONOCHROME2", 12, LOG), GRID)
    from_lin = intensity.log_attenuation(stored, PixelFormat("MONOCHROME2", 12, LIN), GRID)
    assert from_log == pytest.approx(from_lin, abs=0.01)


def test_signed_and_binned_pixels() -> None:
    stored = (np.arange(16, dtype=np.int16) - 2048 + 500).reshape(4, 4)
    pixel_format = PixelFormat("MONOCHROME2", 12, LIN, signed=True)
    result = intensity.log_attenuation(stored, pixel_format, WorkingGrid(2, 2, 2))
    mean = (stored.astype(float) + 2048).reshape(2, 2, 2, 2).mean(axis=(1, 3))
    # The binned values are rounded to whole counts.
    assert result == pytest.approx(-np.log(mean), abs=0.002)


@pytest.mark.parametrize("relationship", [None, IntensityRelationship.DISP, LOG])
def test_only_lin_pixels_have_a_known_scale(relationship: IntensityRelationship | None) -> None:
    assert not intensity.attenuation_scale_known(PixelFormat("MONOCHROME2", 8, relationship))
    assert intensity.attenuation_scale_known(PixelFormat("MONOCHROME2", 8, LIN))


def test_the_shutter_is_outside_the_field_and_dense_metal_is_inside() -> None:
    pixels = Scene(shutter_px=24).pixels()
    pixels[100:120, 130:150] = 2
    raw = intensity.log_attenuation(pixels, Scene().pixel_format, GRID)
    field = intensity.field_on_grid(intensity.exposed_field(raw, SETTINGS), ROWS, COLUMNS)
    assert not field[:24].any()
    assert not field[:, -24:].any()
    assert field[60:180, 60:220].all()


def test_shutter_tags_close_what_they_name() -> None:
    rectangle = intensity.shutter_on_grid(Shutter(left=10, right=200, top=5, bottom=100), GRID)
    assert rectangle[6:100, 11:200].all()
    assert rectangle.sum() == (99 - 6 + 1) * (199 - 11 + 1)
    circle = intensity.shutter_on_grid(Shutter(centre_px=(100.0, 90.0), radius_px=30.0), GRID)
    assert circle.sum() == pytest.approx(np.pi * 900, rel=0.01)
    corners = np.array([[20.0, 20.0], [60.0, 20.0], [60.0, 80.0], [20.0, 80.0]])
    assert intensity.shutter_on_grid(Shutter(vertices_px=corners), GRID).sum() == 41 * 61


def test_clipped_pixels_say_nothing() -> None:
    stored = np.full((40, 40), 2000, np.uint16)
    stored[10:20, 10:20] = 4095
    for pixel_format, values in [
        (PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN), stored),
        (PixelFormat("MONOCHROME1", 12, IntensityRelationship.LIN), 4095 - stored),
        (PixelFormat("MONOCHROME2", 12, IntensityRelationship.LOG), stored),
    ]:
        raw = intensity.log_attenuation(values, pixel_format, WorkingGrid(40, 40, 1))
        clipped = intensity.saturated(raw, pixel_format, IntensitySettings())
        assert clipped.sum() == 100
        assert clipped[10:20, 10:20].all()


@pytest.mark.parametrize("value", [0, 700, 4095])
def test_a_picture_of_one_value_has_no_exposed_field(value: int) -> None:
    stored = np.full((80, 80), value, np.uint16)
    pixel_format = PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN)
    raw = intensity.log_attenuation(stored, pixel_format, WorkingGrid(80, 80, 1))
    assert intensity.exposed_field(raw, IntensitySettings()).area_fraction == 0.0


def told_to_move(shares: list[float]) -> list[bool]:
    state, told = intensity.BladesState(), []
    for share in shares:
        field = intensity.ExposedField(np.ones((1, 1), bool), share, 0.0)
        state, moving = intensity.follow_blades(state, field, SETTINGS)
        told.append(moving)
    return told


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ([0.8] * 6, "......"),
        ([0.80, 0.81, 0.80, 0.79], "...."),  # a breath
        ([0.8, 0.8, 0.6, 0.4, 0.4, 0.4, 0.4], "..xxxx."),
        ([0.4, 0.4, 0.8, 0.8, 0.8, 0.8, 0.8], "..xxx.."),
        ([0.8, 0.0, 0.8, 0.8], "...."),  # a blank frame
        ([0.8, 0.0, 0.5, 0.5, 0.5, 0.5], "..xxx."),
    ],
)
def test_blades_are_told_while_they_move_and_until_lag_has_faded(
    shares: list[float], told: str
) -> None:
    assert told_to_move(shares) == [mark == "x" for mark in told]


def test_blades_that_cover_most_of_the_middle_from_the_start_are_blanked() -> None:
    rng = np.random.default_rng(2)
    beam = rng.normal(1500.0, 30.0, (352, 352))
    beam[:, 150:] = 20.0 + rng.normal(0.0, 1.0, (352, 202))
    field = intensity.exposed_field(-np.log(beam).astype(np.float32), SETTINGS)
    seen = intensity.field_on_grid(field, 352, 352)
    assert not seen[:, 160:].any()
    assert seen[20:-20, 20:130].all()


@pytest.mark.parametrize("denser", [4.0, 10.0])
def test_a_spine_beside_bright_lung_is_exposed(denser: float) -> None:
    beam = np.full((352, 352), 3000.0)
    beam[:, 120:] /= denser
    beam += np.random.default_rng(3).normal(0.0, 5.0, beam.shape)
    field = intensity.exposed_field(-np.log(beam).astype(np.float32), SETTINGS)
    assert intensity.field_on_grid(field, 352, 352)[20:-20, 20:-20].all()

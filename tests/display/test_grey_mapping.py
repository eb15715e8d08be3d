"""Stored values to greys."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from handmade import ACQUISITION, make_frame

from leakwatch.core.arrays import read_only
from leakwatch.core.frame import Frame, IntensityRelationship, PixelFormat
from leakwatch.display import surround
from leakwatch.display.grey_mapping import grey_mapping
from leakwatch.display.window_level import ViewSettings, apply_preset

BRIGHT_CEMENT = PixelFormat("MONOCHROME1", 12, IntensityRelationship.LIN)


def turned(frame: Frame) -> Frame:
    pixels = read_only((4095 - frame.pixels).astype(np.uint16))
    acquisition = dataclasses.replace(frame.acquisition, pixel_format=BRIGHT_CEMENT)
    return dataclasses.replace(frame, pixels=pixels, acquisition=acquisition)


def test_cement_is_darker_than_its_surroundings():
    frame = make_frame(10)
    grey = grey_mapping([make_frame(0)]).apply(frame.pixels)
    assert grey[45:50, 42:48].mean() < grey[20:30, 42:48].mean() - 30.0


def test_monochrome1_looks_the_same():
    frame = make_frame(10)
    grey = grey_mapping([make_frame(0)]).apply(frame.pixels)
    other = grey_mapping([turned(make_frame(0))]).apply(turned(frame).pixels)
    assert np.array_equal(grey, other)


def test_greys_do_not_follow_the_frame():
    mapping = grey_mapping([make_frame(0)])
    pixels = make_frame(0).pixels
    darker = (pixels * 0.8).astype(np.uint16)
    assert mapping.apply(darker).mean() < mapping.apply(pixels).mean() - 10.0


def test_blanked_corners_do_not_take_the_contrast():
    frame = make_frame(0)
    pixels = frame.pixels.copy()
    pixels[:, :30] = 0
    blanked = dataclasses.replace(frame, pixels=pixels)
    grey = grey_mapping([blanked]).apply(pixels)
    assert (grey[:, :30] == 0).all()
    assert np.ptp(np.percentile(grey[:, 30:], (2, 98))) > 60.0


@pytest.mark.parametrize("value", [0, 4095])
def test_flat_frame_has_a_mapping(value):
    frame = make_frame(0)
    flat = dataclasses.replace(frame, pixels=np.full_like(frame.pixels, value))
    assert grey_mapping([flat]).apply(flat.pixels).shape == flat.pixels.shape


def test_signed_values_and_values_outside_the_format():
    signed = PixelFormat("MONOCHROME2", 12, IntensityRelationship.LOG, signed=True)
    acquisition = dataclasses.replace(ACQUISITION, pixel_format=signed)
    pixels = np.linspace(-2000, 2000, ACQUISITION.rows * ACQUISITION.columns).astype(np.int16)
    frame = Frame(0, 0.0, pixels.reshape(ACQUISITION.rows, -1), acquisition)
    mapping = grey_mapping([frame])
    greys = mapping.apply(np.array([-3000, -2000, 0, 2000, 3000], np.int16))
    assert greys[0] <= greys[1] < greys[2] < greys[3] <= greys[4]


def shuttered(frame: Frame, blade: int) -> Frame:
    """The frame behind a round shutter, whose blades let through `blade`, with metal inside."""
    row, column = np.mgrid[: frame.pixels.shape[0], : frame.pixels.shape[1]]
    middle = (np.array(frame.pixels.shape) - 1) / 2.0
    outside = np.hypot(row - middle[0], column - middle[1]) > 0.45 * min(frame.pixels.shape)
    pixels = frame.pixels.copy()
    pixels[outside] = blade + (row + column)[outside] % 3
    pixels[int(middle[0]) : int(middle[0]) + 4, int(middle[1]) : int(middle[1]) + 4] = blade
    return dataclasses.replace(frame, pixels=read_only(pixels))


@pytest.mark.parametrize("blade", [0, 20])
@pytest.mark.parametrize("turn", [lambda frame: frame, turned])
@pytest.mark.parametrize(
    "view", [ViewSettings(inverted=True), *(apply_preset(ViewSettings(), n) for n in (1, 2, 3))]
)
def test_a_window_and_inversion_leave_the_surround_alone(blade, turn, view):
    frame = turn(shuttered(make_frame(0), blade))
    mapping = grey_mapping([frame])
    before, after = (one.apply(frame.pixels) for one in (mapping, mapping.with_view(view)))
    row, column = np.mgrid[: before.shape[0], : before.shape[1]]
    middle = (np.array(before.shape) - 1) / 2.0
    outside = np.hypot(row - middle[0], column - middle[1]) > 0.45 * min(before.shape)
    assert np.array_equal(before[outside], after[outside])
    assert (before[~outside] != after[~outside]).mean() > 0.9
    if view.inverted:  # metal in the field is a part of the image
        inverse = 255 - before[~outside].astype(int)
        assert np.abs(after[~outside] - inverse).max() <= 1


def test_the_surround_is_found_again_only_where_the_shutter_moved(monkeypatch):
    """Finding it takes longer than all else of a frame while the greys are changed."""
    calls = []
    find = surround.surround
    monkeypatch.setattr(surround, "surround", lambda blank: calls.append(1) or find(blank))
    kept = surround.Surrounds()
    shutter = np.zeros((40, 50), bool)
    shutter[:, :8] = True
    for _ in range(3):
        assert (kept.of(shutter.copy()) == shutter).all()
    assert len(calls) == 1
    moved = shutter.copy()
    moved[:, :9] = True
    assert (kept.of(moved) == moved).all()
    metal = shutter.copy()
    metal[20, 30] = True
    assert (kept.of(metal) == shutter).all()  # inside the field
    assert (kept.of(shutter.T) == shutter.T).all()

"""The ways of blinding themselves: what they hide is hidden, and what is harmless hides nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from leakwatch.benchmark.blinding.blinding import (
    BlindingMethod,
    Kind,
    Scene,
    apply_method,
    find_body,
    to_beam,
    to_stored,
)
from leakwatch.benchmark.blinding.blinding_methods import BLINDING_METHODS
from leakwatch.core.arrays import Array, FloatImage, read_only
from leakwatch.core.frame import IntensityRelationship, PixelFormat
from leakwatch.core.marks import Side

FPS, FRAMES, START, BEFORE = 8.0, 64, 40, 16
ROWS, COLUMNS = 120, 160
# The body: columns 60 to 110, rows 45 to 80; its wall is at the left, and the front at the right.
OUTLINE = read_only(np.array([[60.0, 45.0], [110.0, 45.0], [110.0, 80.0], [60.0, 80.0]]))
BODY = (slice(45, 80), slice(60, 110))
# Where a video of the same noise would show another value: quanta of 0.25 counts.
GAIN = 0.25

LIN = PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN)
LIGHT_CEMENT = PixelFormat("MONOCHROME1", 8, IntensityRelationship.DISP)
BY_NAME = {method.name: method for method in BLINDING_METHODS}
# They show the body's pixels of this very frame, in another place.
MOVED = {"mirrored", "upside-down", "turned-10", "magnified", "next-vertebra", "torn"}


def true_beam() -> FloatImage:
    """Return a body with a pattern that is its own at each place, 200 to 1500 counts."""
    row, column = np.mgrid[:ROWS, :COLUMNS]
    beam = 800.0 + 300.0 * np.sin(row / 5.0) + 200.0 * np.cos(column / 7.0)
    beam[BODY] *= 0.7
    return np.asarray(beam, np.float32)


def scene(pixel_format: PixelFormat = LIN) -> Scene:
    """Return a scene whose anatomy lies still, with noise like quanta, new in each frame."""
    top = (1 << pixel_format.bits_stored) - 1
    truth = true_beam() * (top / 4095.0)
    dtype = np.dtype(np.uint8 if pixel_format.bits_stored == 8 else np.uint16)
    random = np.random.default_rng(3)

    def stored() -> Array:
        noise = random.standard_normal(truth.shape) * np.sqrt(GAIN * truth)
        return to_stored(np.asarray(truth + noise, np.float32), pixel_format, dtype)

    return Scene(
        pixels=tuple(stored() for _ in range(FRAMES)),
        times_s=tuple(i / FPS for i in range(FRAMES)),
        pixel_format=pixel_format,
        start=START,
        before=BEFORE,
        outline_px=OUTLINE,
        offsets_px=np.zeros((FRAMES, 2)),
        front=1,
        mm_per_px=0.7,
        other=tuple(np.ascontiguousarray(stored()[::-1]) for _ in range(4)),
    )


@pytest.fixture(scope="module")
def lin() -> Scene:
    return scene()


def test_names_are_unique_and_every_kind_is_there() -> None:
    assert len(BY_NAME) == len(BLINDING_METHODS)
    kinds = [method.kind for method in BLINDING_METHODS]
    assert kinds.count(Kind.BLIND) >= 20
    assert min(kinds.count(kind) for kind in Kind) >= 5
    assert all(method.why and len(method.why) < 60 for method in BLINDING_METHODS)


@pytest.mark.parametrize("pixel_format", [LIN, LIGHT_CEMENT], ids=["12 bits", "8 bits, inverse"])
@pytest.mark.parametrize("method", BLINDING_METHODS, ids=lambda one: one.name)
def test_frames_keep_shape_type_and_range_and_are_the_same_each_time(
    method: BlindingMethod, pixel_format: PixelFormat
) -> None:
    one = scene(pixel_format)
    original = [frame.copy() for frame in one.pixels]
    for at in (START, START + 1, FRAMES - 1):
        pixels = apply_method(method, one, at)
        if pixels is None:
            assert method.is_silent
            continue
        assert pixels.shape == (ROWS, COLUMNS)
        assert pixels.dtype == one.pixels[0].dtype
        assert not pixels.flags.writeable or pixels is one.pixels[at]
        assert int(pixels.max()) < 1 << pixel_format.bits_stored
        again = apply_method(method, one, at)
        assert again is not None
        np.testing.assert_array_equal(pixels, again)
    for before, after in zip(original, one.pixels, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    "method",
    [method for method in BLINDING_METHODS if method.kind is Kind.BLIND],
    ids=lambda w: w.name,
)
def test_what_blinds_takes_a_part_of_the_live_body_away(method: BlindingMethod, lin: Scene) -> None:
    """New cement in the body, 0.35 of the beam taken away, is not to be seen in all of it."""
    at = START + 12
    with_cement = list(lin.pixels)
    for later in range(START + 1, FRAMES):
        changed = with_cement[later].copy()
        changed[BODY] = np.rint(0.65 * changed[BODY])
        with_cement[later] = read_only(changed)
    plain, filled = (
        apply_method(method, lin, at),
        apply_method(method, replace(lin, pixels=tuple(with_cement)), at),
    )
    assert plain is not None
    assert filled is not None
    added = np.log(np.maximum(plain[BODY], 1.0)) - np.log(np.maximum(filled[BODY], 1.0))
    there = np.abs(added - math.log(1 / 0.65)) < 0.05
    if method.name in ("blurred", "motion-blurred", "wedge", "hand", "steel"):
        # All of it can be guessed, but none of its detail: noise or blur has it.
        pattern = np.log(true_beam()[BODY])
        detail = np.log(np.maximum(plain[BODY], 1.0)) - pattern
        assert detail.std() > 2.0 * np.log(lin.pixels[at][BODY] / true_beam()[BODY]).std()
    elif method.name in MOVED or method.name == "inverted":
        apart = np.abs(plain[BODY].astype(float) - lin.pixels[at][BODY])
        assert (apart > 50.0).mean() > 0.2
    else:
        assert there.mean() < 0.9


@pytest.mark.parametrize(
    "method",
    [method for method in BLINDING_METHODS if method.kind is Kind.HARMLESS],
    ids=lambda one: one.name,
)
def test_what_is_harmless_changes_nothing_on_the_body_but_noise_and_brightness(
    method: BlindingMethod, lin: Scene
) -> None:
    at = START + 13
    pixels = apply_method(method, lin, at)
    assert pixels is not None
    ratio = pixels[BODY] / true_beam()[BODY]
    assert 0.65 < np.median(ratio) < 1.05
    # One brightness over all of the body, and noise of at most the half more than there was.
    noise = (lin.pixels[at][BODY] / true_beam()[BODY]).std()
    assert (ratio / np.median(ratio)).std() < 1.5 * noise
    low, high = ratio[:17].mean(), ratio[17:].mean()
    assert low == pytest.approx(high, rel=0.01)


@pytest.mark.parametrize(
    "method", ["body-saturated", "black-bar", "grey-box", "dead-rows", "steel"]
)
def test_what_lies_over_the_body_follows_it(method: str) -> None:
    offsets = np.zeros((FRAMES, 2))
    offsets[START + 12] = (0.0, 9.0)
    still, moved = scene(), replace(scene(), offsets_px=offsets)
    at = START + 12
    first, second = (
        apply_method(BY_NAME[method], still, at),
        apply_method(BY_NAME[method], moved, at),
    )
    assert first is not None
    assert second is not None
    covered = [
        np.flatnonzero((one != still.pixels[at]).mean(axis=1) > 0.05) for one in (first, second)
    ]
    assert covered[1][0] - covered[0][0] == 9


def test_a_loop_repeats_what_was_shown(lin: Scene) -> None:
    method = BY_NAME["loop-2s"]
    for later in range(24):
        pixels = apply_method(method, lin, START + later)
        assert pixels is not None
        np.testing.assert_array_equal(pixels, lin.pixels[START - 16 + later % 16])


def test_back_and_forth_has_no_leap(lin: Scene) -> None:
    order = []
    for later in range(FRAMES - START):
        pixels = apply_method(BY_NAME["back-and-forth"], lin, START + later)
        same = [i for i, one in enumerate(lin.pixels) if np.array_equal(one, pixels)]
        order += same
    assert order[0] == START - 1
    assert set(np.abs(np.diff(order))) <= {0, 1}


def test_after_a_pause_it_is_live_again(lin: Scene) -> None:
    method = BY_NAME["hold-2s"]
    assert apply_method(method, lin, START + 15) is not lin.pixels[START + 15]
    np.testing.assert_array_equal(apply_method(method, lin, START + 15), lin.pixels[START - 1])
    assert apply_method(method, lin, START + 16) is lin.pixels[START + 16]


def test_frames_that_are_lost_do_not_come(lin: Scene) -> None:
    method = BY_NAME["gap-2s"]
    came = [apply_method(method, lin, START + later) is not None for later in range(20)]
    assert came == [False] * 16 + [True] * 4


@pytest.mark.parametrize(
    "pixel_format",
    [
        LIN,
        LIGHT_CEMENT,
        PixelFormat("MONOCHROME2", 12, IntensityRelationship.LOG, relationship_sign=-1),
        PixelFormat("MONOCHROME2", 16, IntensityRelationship.LIN, signed=True),
    ],
)
def test_values_of_a_beam_are_stored_as_they_came(pixel_format: PixelFormat) -> None:
    bits = pixel_format.bits_stored
    values = np.array([[0, 1, 57], [(1 << bits) - 1, 100, 2]])
    if pixel_format.signed:
        values = values - (1 << (bits - 1))
    dtype = np.dtype(np.int16 if pixel_format.signed else np.uint8 if bits == 8 else np.uint16)
    pixels = values.astype(dtype)
    again = to_stored(to_beam(pixels, pixel_format), pixel_format, dtype)
    np.testing.assert_array_equal(again, pixels)


def test_a_body_without_outline_lies_in_front_of_its_wall() -> None:
    wall = np.array([[100.0, 50.0], [102.0, 90.0]])
    body = find_body(wall, None, Side.LEFT, 0.5)
    assert body is not None
    outline, front = body
    assert front == -1
    assert outline[:, 0].min() == pytest.approx(100.0 - 34.0 / 0.5)
    assert outline[:, 0].max() == 102.0
    assert find_body(None, None, None, 0.5) is None

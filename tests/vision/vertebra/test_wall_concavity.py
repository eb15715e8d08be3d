"""Backs that are hollow, flat, or bulge, drawn with the midline where one knows it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.config import VertebraSettings
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.vertebra.body_sides import Direction, Edge
from leakwatch.vision.vertebra.straightened_patch import Axes, Patch, SpinePicture, make_patch
from leakwatch.vision.vertebra.wall_concavity import Midline, find_midline

# What bodies usually are and what masks add is left out: only the picture speaks.
PICTURE_ALONE = VertebraSettings(rise_ahead_mm=0.0, back_hollow_sd_mm=50.0, rise_misfit=0.03)
USUAL = VertebraSettings()
AS_USUAL = Midline(USUAL.back_hollow_mm, USUAL.back_hollow_sd_mm, None)
SIZE, MM_PER_PX, HALF_MM, BACK_MM = 320, 0.3, 13.0, 15.0
AXES = Axes(np.array([SIZE / 2, SIZE / 2]), np.array([1.0, 0.0]), np.array([0.0, -1.0]), MM_PER_PX)


def patch_of(bow_mm: float, noise: float = 0.02, hidden: bool = False) -> Patch:
    """A back whose midline is at -15 mm, and its rims `bow_mm` behind that; bone is in front."""
    forward = (np.arange(SIZE) - SIZE / 2) * MM_PER_PX
    across = np.linspace(-1.0, 1.0, 201)
    edge = -BACK_MM - bow_mm * across**2
    bone = 1.0 / (1.0 + np.exp(-(forward[:, None] - edge) / 0.4))
    profile = bone.mean(axis=1)
    rng = np.random.default_rng(3)
    image = np.tile(profile, (SIZE, 1)) + rng.normal(0.0, noise, (SIZE, SIZE))
    seen = np.full((SIZE, SIZE), True)
    seen[:, : SIZE // 3] = not hidden
    grid = WorkingGrid(SIZE, SIZE, 1)
    picture = SpinePicture(image.astype(np.float32), seen, None, grid, MM_PER_PX, True)
    return make_patch(picture, AXES, PICTURE_ALONE)


def line_at(behind_mm: float) -> Edge:
    """A line that was found so far behind the middle of the picture."""
    along = np.linspace(-HALF_MM, HALF_MM, 15)
    return Edge(Direction.BACK, along, np.full(15, behind_mm), np.full(15, 0.6), 1.0, 1.0, None)


@settings(max_examples=20, deadline=None)
@given(bow_mm=st.one_of(st.floats(-6.0, -4.0), st.floats(4.0, 7.0)), off_mm=st.floats(-1.0, 1.0))
def test_the_midline_of_a_bent_back_is_found_wherever_the_line_is(
    bow_mm: float, off_mm: float
) -> None:
    found = find_midline(patch_of(bow_mm), line_at(BACK_MM + off_mm), HALF_MM, PICTURE_ALONE)
    assert found.ahead_mm == pytest.approx(off_mm, abs=0.4)


@settings(max_examples=10, deadline=None)
@given(bow_mm=st.floats(-3.0, 3.0))
def test_a_small_bow_may_look_like_none_and_the_midline_is_near(bow_mm: float) -> None:
    found = find_midline(patch_of(bow_mm), line_at(BACK_MM), HALF_MM, PICTURE_ALONE)
    assert abs(found.ahead_mm) < 1.2


@pytest.mark.parametrize("bow_mm", [-4.0, 4.0, 6.0])
def test_hollow_and_bulging_backs_are_told_apart(bow_mm: float) -> None:
    found = find_midline(patch_of(bow_mm), line_at(BACK_MM), HALF_MM, PICTURE_ALONE)
    assert found.bow_mm == pytest.approx(bow_mm, abs=1.0)


def test_backs_of_two_shapes_that_look_alike_make_it_less_sure() -> None:
    doubtful = VertebraSettings(rise_ahead_mm=0.0, back_hollow_sd_mm=50.0)
    clear = find_midline(patch_of(6.0), line_at(BACK_MM), HALF_MM, doubtful)
    alike = find_midline(patch_of(3.0), line_at(BACK_MM), HALF_MM, doubtful)
    assert alike.sd_mm > clear.sd_mm + 0.1


def test_what_backs_usually_are_and_what_the_picture_says_share_the_word() -> None:
    hollow = VertebraSettings(rise_ahead_mm=0.0, back_hollow_mm=3.0)
    told = find_midline(patch_of(0.0), line_at(BACK_MM), HALF_MM, PICTURE_ALONE)
    both = find_midline(patch_of(0.0), line_at(BACK_MM), HALF_MM, hollow)
    assert told.ahead_mm < both.ahead_mm < 3.0
    assert both.sd_mm < min(told.sd_mm, hollow.back_hollow_sd_mm)


def test_noise_tells_nothing() -> None:
    found = find_midline(patch_of(3.0, noise=100.0), line_at(BACK_MM), HALF_MM, USUAL)
    assert found == AS_USUAL


def test_a_back_outside_of_the_field_is_as_backs_usually_are() -> None:
    found = find_midline(patch_of(3.0, hidden=True), line_at(BACK_MM), HALF_MM, USUAL)
    assert found == AS_USUAL


def test_a_picture_without_any_rise_is_no_error() -> None:
    grid = WorkingGrid(SIZE, SIZE, 1)
    flat, seen = np.ones((SIZE, SIZE), np.float32), np.full((SIZE, SIZE), True)
    patch = make_patch(SpinePicture(flat, seen, None, grid, MM_PER_PX, True), AXES, USUAL)
    assert find_midline(patch, line_at(BACK_MM), HALF_MM, USUAL) == AS_USUAL

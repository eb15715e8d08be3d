"""Spines are drawn by a formula, with a pedicle behind each body and a foramen behind each disc."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.marks import Side
from leakwatch.vision.vertebra.body_outline import BodyFinder
from leakwatch.vision.vertebra.straightened_patch import SpinePicture

MM = 0.4
SIZE = 360
CENTRE = np.array([180.0, 180.0])
DEPTH_MM, HEIGHT_MM, DISC_MM = 34.0, 26.0, 9.0


def spine(arches: bool = True, noise: float = 0.02) -> np.ndarray:
    """Attenuation of five bodies with their arches; anterior is left, the head is up."""
    row, column = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    forward, up = (CENTRE[0] - column) * MM, (CENTRE[1] - row) * MM
    image = np.full((SIZE, SIZE), 2.0)
    for step in range(-2, 3):
        height = up - step * (HEIGHT_MM + DISC_MM)
        inside = np.minimum(DEPTH_MM / 2 - np.abs(forward), HEIGHT_MM / 2 - np.abs(height))
        line = np.exp(-(((inside - 0.8) / 0.8) ** 2)) * (inside > 0)
        image = image + 0.25 * np.clip(inside + 0.5, 0.0, 1.0) + 0.2 * line
        if arches:
            behind = -forward - DEPTH_MM / 2
            pedicle = (behind > 0) & (behind < 10) & (np.abs(height - 5.0) < 6.0)
            image = image + 0.2 * pedicle
    image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.6 / MM)
    return image + np.random.default_rng(4).normal(0.0, noise, image.shape).astype(np.float32)


def picture(image: np.ndarray) -> SpinePicture:
    seen = read_only(np.ones(image.shape, np.bool_))
    grid = WorkingGrid(SIZE, SIZE, 1)
    return SpinePicture(read_only(np.ascontiguousarray(image)), seen, None, grid, MM, True)


def click(image: np.ndarray, **given: object):
    return BodyFinder(VertebraSettings()).find(picture(image), (CENTRE[0], CENTRE[1]), **given)


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_pedicles_tell_the_side(side: Side) -> None:
    image = spine()
    body = click(image if side is Side.LEFT else image[:, ::-1])
    assert body.side_known
    assert body.anterior is side
    assert body.wall.unsure is None


def test_the_head_may_be_down_where_that_is_told() -> None:
    body = click(spine()[::-1], head_up=False)
    assert body.side_known
    assert body.anterior is Side.LEFT


def test_the_head_down_and_not_told_is_no_sure_wrong_side() -> None:
    body = click(spine()[::-1])
    assert not body.side_known or body.anterior is Side.LEFT


def test_bodies_without_arches_tell_no_side() -> None:
    body = click(spine(arches=False))
    assert not body.side_known
    assert "which side is anterior is not known" in (body.wall.unsure or "")
    assert any("anterior" in doubt for doubt in body.unsure)


@pytest.mark.parametrize("seed", range(6))
def test_noise_tells_no_side(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0.0, 1.0, (SIZE, SIZE)).astype(np.float32)
    assert not click(cv2.GaussianBlur(noise, (0, 0), 3.0 / MM)).side_known


def test_a_side_that_a_person_says_goes_before() -> None:
    body = click(spine(), anterior=Side.RIGHT)
    assert body.side_known
    assert body.anterior is Side.RIGHT


def test_arches_that_are_taken_for_a_body_tell_no_side() -> None:
    image = spine()
    behind = CENTRE[0] + (DEPTH_MM / 2 + 14.0) / MM
    body = BodyFinder(VertebraSettings()).find(picture(image), (behind, CENTRE[1]))
    assert not body.side_known or body.anterior is Side.LEFT


def test_where_nothing_behind_is_exposed_no_side_is_known() -> None:
    image = spine()
    seen = np.zeros(image.shape, np.bool_)
    reach = round(DEPTH_MM / 2 / MM)
    seen[:, SIZE // 2 - reach : SIZE // 2 + reach] = True
    narrow = replace(picture(image), seen=read_only(seen))
    assert not BodyFinder(VertebraSettings()).find(narrow, (CENTRE[0], CENTRE[1])).side_known

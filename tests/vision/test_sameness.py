"""How much of the reference is found again in a frame, and how sharp."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scene import COLUMNS, FORMAT, ROWS, Scene

from leakwatch.config import MotionSettings, SameSettings
from leakwatch.geometry import WorkingGrid
from leakwatch.vision import motion
from leakwatch.vision.intensity import log_attenuation
from leakwatch.vision.sameness import Sameness, compare

SETTINGS, MOTION = SameSettings(), MotionSettings()
GRID = WorkingGrid(ROWS, COLUMNS, 1)
WHOLE = (slice(0, ROWS // 2), slice(0, COLUMNS // 2))


def passed_of(pixels: np.ndarray) -> tuple[np.ndarray, motion.MatchedField]:
    exposed = np.zeros((ROWS // 2, COLUMNS // 2), bool)
    exposed[6:-6, 6:-6] = True
    field = motion.field_of(exposed, None, MOTION)
    raw = log_attenuation(np.clip(pixels, 0, 4095).astype(np.uint16), FORMAT, GRID)
    return motion.band_passed(raw, field, MOTION), field


def same(change, watched: np.ndarray | None = None) -> Sameness:
    """A frame of the same scene, changed, against its reference."""
    scene = Scene()
    first, field = passed_of(scene.pixels())
    reference = motion.start_reference(first, field, None, MOTION)
    frame, field = passed_of(change(scene.pixels().astype(np.float32)))
    return compare(reference, frame, field.open, (0.0, 0.0), None, watched, WHOLE, SETTINGS)


def test_the_same_anatomy_with_other_quanta_is_explained() -> None:
    told = same(lambda pixels: pixels)
    assert told.tiles >= SETTINGS.min_tiles
    assert told.explained > 0.9
    assert told.body_unlike < 0.05


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels[:, ::-1],
        lambda pixels: np.vstack([pixels[:120], np.roll(pixels[120:], 40, axis=1)]),
        lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 9.0),
        lambda pixels: cv2.warpAffine(
            pixels, cv2.getRotationMatrix2D((140, 120), 0.0, 1.25), (COLUMNS, ROWS)
        ),
    ],
    ids=["mirrored", "torn", "blurred", "magnified"],
)
def test_another_picture_is_not(change) -> None:
    assert same(change).explained < SETTINGS.min_explained


def test_what_lies_over_the_body_shows_in_the_body() -> None:
    watched = np.zeros((ROWS // 2, COLUMNS // 2), bool)
    watched[45:85, 50:100] = True

    def plate(pixels: np.ndarray) -> np.ndarray:
        pixels[90:170, 100:200] = 900.0 + np.random.default_rng(1).normal(0.0, 20.0, (80, 100))
        return pixels

    assert same(plate, watched).body_unlike > SETTINGS.max_body_unlike


def test_less_contrast_is_told_as_less_that_is_explained() -> None:
    middle = float(np.median(Scene().pixels()))
    told = same(lambda pixels: middle * (pixels / middle) ** 0.8)
    assert told.explained == pytest.approx(0.8, abs=0.06)


def test_a_picture_without_detail_tells_nothing() -> None:
    scene = Scene(base=np.full((ROWS + 80, COLUMNS + 80), 1.2, np.float32))
    first, field = passed_of(scene.pixels())
    reference = motion.start_reference(first, field, None, MOTION)
    second, field = passed_of(scene.pixels())
    told = compare(reference, second, field.open, (0.0, 0.0), None, None, WHOLE, SETTINGS)
    assert told == Sameness(0, 1.0, 0.0)

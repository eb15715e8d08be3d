"""Pictures sampled elsewhere: truth is a ramp, whose value is its place."""

from __future__ import annotations

import ast
from pathlib import Path

import cv2
import numpy as np
import pytest

import leakwatch
from leakwatch.vision.image_processing.resampling import MOST_PX, sampled, warped

ROWS, COLUMNS = 60, 90
RAMP = np.add.outer(np.arange(ROWS), 100.0 * np.arange(COLUMNS)).astype(np.float32)


@pytest.mark.parametrize("count", [0, 1, MOST_PX, MOST_PX + 1, 3 * MOST_PX])
@pytest.mark.parametrize("upright", [False, True])
def test_any_number_of_places_is_sampled(count: int, upright: bool) -> None:
    rng = np.random.default_rng(count)
    places = rng.uniform((0, 0), (COLUMNS - 1, ROWS - 1), (1, count, 2))
    if upright:
        places = places.transpose(1, 0, 2)
    values = sampled(RAMP, places)
    assert values.shape == places.shape[:2]
    # OpenCV interpolates to a 32nd of a pixel.
    assert np.allclose(values, 100.0 * places[..., 0] + places[..., 1], atol=4.0)
    two = sampled(np.dstack([RAMP, -RAMP]), places)
    assert np.allclose(two[..., 0], values, atol=4.0)
    assert (two[..., 1] == -two[..., 0]).all()


@pytest.mark.parametrize("size", [(3, 2), (MOST_PX + 5, 2), (2, 2 * MOST_PX + 1)])
def test_a_grid_of_any_size_is_warped(size: tuple[int, int]) -> None:
    columns, rows = size
    step = (COLUMNS - 1) / columns, (ROWS - 1) / rows
    matrix = np.array([[step[0], 0.0, 0.0], [0.0, step[1], 0.0]])
    expected = np.add.outer(step[1] * np.arange(rows), 100.0 * step[0] * np.arange(columns))
    values = warped(RAMP, matrix, size)
    assert values.shape == (rows, columns)
    assert np.allclose(values, expected, atol=4.0)


def test_border_and_interpolation_are_those_that_were_asked_for() -> None:
    beyond = np.full((1, MOST_PX + 1, 2), -5.0)
    assert (sampled(RAMP + 7.0, beyond) == 0.0).all()
    assert (sampled(RAMP + 7.0, beyond, border=cv2.BORDER_REPLICATE) == 7.0).all()
    assert (sampled(RAMP, beyond + 10.3, cv2.INTER_NEAREST) == 505.0).all()
    away = np.array([[1.0, 0.0, -5.0], [0.0, 1.0, -5.0]])
    assert (warped(RAMP + 7.0, away, (3, 3)) == 0.0).all()
    assert (warped(RAMP + 7.0, away, (3, 3), border=cv2.BORDER_REPLICATE) == 7.0).all()


def test_nothing_that_watches_warps_without_a_limit() -> None:
    root = Path(leakwatch.__file__).parent
    # The simulator's and the bench's pictures have the size that they were asked for.
    others = {
        root / "vision" / "image_processing" / "resampling.py",
        *root.glob("simulator/**/*.py"),
        *root.glob("benchmark/**/*.py"),
    }
    found = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in sorted(set(root.rglob("*.py")) - others)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"remap", "warpAffine", "warpPerspective"}
    ]
    assert not found, f"use leakwatch.vision.image_processing.resampling in {found}"

"""The pictures of the documentation show what the program draws now: else run `make picture`.

All seven still and five moving pictures take minutes to draw, so a part is drawn again here: the
three of the live window, and two frames of a moving one. The others are drawn by the same code.

Fonts and codecs differ a little between machines, and a window shows how long a decision took. So
both pictures are blurred and compared in tiles: a tile differs where its mean is off by more than
`TILE_GREYS`, and a picture where more than `DIFFERENT_SHARE` of its tiles do. A line of text in a
banner takes up two percent of a window; moved by a whole pixel, a window differs in 0.5 percent.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from loaded_module import load_module
from PIL import Image

REPOSITORY = Path(__file__).resolve().parent.parent.parent
IMAGES = REPOSITORY / "docs" / "images"
STALE = "stale: run `make picture`, look at what changed, and commit it"

TILE_PX = 16
BLUR_PX = 7.0
TILE_GREYS = 10.0
DIFFERENT_SHARE = 0.008
# WebP changes colours where lines are thin: 0.7 percent. A line of the banner is three.
MOVING_DIFFERENT_SHARE = 0.015
# Shown frames of the moving picture: WATCH, and a STOP with all its lines.
SHOWN = (17, 25)
SAMPLE_FRAMES = 54

Rgb = npt.NDArray[np.uint8]


def different_share(one: Rgb, other: Rgb) -> float:
    """Return the share of tiles in which two pictures differ."""
    blurred = (cv2.GaussianBlur(each.astype(np.float32), (0, 0), BLUR_PX) for each in (one, other))
    off = np.abs(np.subtract(*blurred)).max(axis=2)
    rows, columns = (length // TILE_PX for length in off.shape)
    tiles = off[: rows * TILE_PX, : columns * TILE_PX].reshape(rows, TILE_PX, columns, TILE_PX)
    return float(np.mean(tiles.mean(axis=(1, 3)) > TILE_GREYS))


def check_same(shown: Rgb, drawn: Rgb, limit: float = DIFFERENT_SHARE) -> None:
    assert shown.shape == drawn.shape, STALE
    assert different_share(shown, drawn) <= limit, STALE


def rgb(path: Path, frame: int = 0) -> Rgb:
    image = Image.open(path)
    image.seek(frame)
    return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The live windows, drawn now."""
    folder = tmp_path_factory.mktemp("windows")
    script = REPOSITORY / "scripts" / "draw_windows.py"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run(
        [sys.executable, str(script), "--out", str(folder)],
        check=True,
        env=environment,
        timeout=100,
    )
    return folder


@pytest.fixture(scope="module")
def animations() -> ModuleType:
    """scripts/draw_animations.py."""
    return load_module("scripts/draw_animations.py")


@pytest.mark.parametrize("name", ["live-stop", "live-paused", "live-keys"])
def test_window_is_as_it_is_drawn(name: str, windows: Path) -> None:
    check_same(rgb(IMAGES / f"{name}.png"), rgb(windows / f"{name}.png"))


def test_moving_picture_is_as_it_is_drawn(animations: ModuleType, tmp_path: Path) -> None:
    case = animations.case_of("epidural", tmp_path)
    frames = [animations.chosen_frames(SAMPLE_FRAMES)[at] for at in SHOWN]
    drawn, _ = animations.drawn_frames(case, frames)
    for at, image in zip(SHOWN, drawn, strict=True):
        check_same(rgb(IMAGES / "epidural.webp", at), np.asarray(image), MOVING_DIFFERENT_SHARE)


def test_moving_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in IMAGES.glob("*.webp")) < 1_500_000


def test_another_sentence_is_a_difference_and_another_font_is_none() -> None:
    shown = rgb(IMAGES / "live-stop.png")
    moved = np.roll(shown, 1, axis=1)  # as letters of another version of a font are
    changed = shown.copy()
    changed[20:50, 350:1000] = shown[20, 340]  # the first line of the banner is gone
    assert different_share(shown, moved) <= DIFFERENT_SHARE < different_share(shown, changed)

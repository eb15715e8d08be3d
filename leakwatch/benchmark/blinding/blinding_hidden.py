"""Blinding methods that hide the vertebra: collimator, filters, metal, saturation, dead lines."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.benchmark.blinding.blinding import Scene, attenuate
from leakwatch.benchmark.blinding.blinding_frozen import with_noise
from leakwatch.core.arrays import BoolImage, FloatImage
from leakwatch.vision.image_processing.patches import Window

# Time in which a collimator blade crosses the image.
CLOSING_S = 0.8
# Intensity behind lead: a little scatter.
BEHIND_LEAD = 0.02
# Share of the body covered by a closed blade.
CLOSED_SHARE = 0.6
# Transmitted share of the beam behind a thick filter, steel and a hand.
BEHIND_FILTER, BEHIND_STEEL, BEHIND_HAND = 0.25, 0.05, 0.6
DEAD_MM, BAR_MM = 8.0, 15.0


def closing(scene: Scene, at: int) -> float:
    """Return the position of a closing blade, from 0 to 1."""
    return min(max(scene.since_s(at), 0.0) / CLOSING_S, 1.0)


def blade(scene: Scene, at: int, side: str) -> FloatImage:
    """Close a collimator blade from one side over more than half of the body.

    Parameters
    ----------
    scene : Scene
    at : int
    side : str
        ``left``, ``right``, ``top`` or ``bottom``.
    """
    image = scene.beam(at)
    rows, columns = scene.body(at)
    along, across = (columns, 1) if side in ("left", "right") else (rows, 0)
    from_zero = side in ("left", "top")
    near = along.start + CLOSED_SHARE * (along.stop - along.start)
    closed = near if from_zero else along.start + along.stop - near
    border = 0.0 if from_zero else float(image.shape[across])
    edge = round(border + (closed - border) * closing(scene, at))
    shut = slice(0, edge) if from_zero else slice(edge, None)
    place = (slice(None), shut) if across else (shut, slice(None))
    return _shut(scene, image, place, at)


def iris(scene: Scene, at: int) -> FloatImage:
    """Close an iris collimator to the anterior part of the body, away from its posterior wall."""
    image = scene.beam(at)
    rows, columns = scene.body(at)
    wide = columns.stop - columns.start
    middle = (columns.start + columns.stop) / 2 + scene.front * wide / 4
    row, column = np.ogrid[: image.shape[0], : image.shape[1]]
    away = np.hypot(row - (rows.start + rows.stop) / 2, column - middle)
    largest, least = np.hypot(*image.shape), 0.3 * wide
    shut = away > largest + (least - largest) * closing(scene, at)
    return _shut(scene, image, shut, at)


def wedge_filter(scene: Scene, at: int) -> FloatImage:
    """Move a wedge filter over the posterior half of the body and all posterior of it."""
    image = scene.beam(at)
    _, columns = scene.body(at)
    middle = (columns.start + columns.stop) / 2
    column = np.arange(image.shape[1])
    # The wedge reaches its full thickness over 10 mm.
    depth = np.clip((middle - column) * scene.front / scene.px(10.0), 0.0, 1.0) * closing(scene, at)
    return attenuate(scene, image, np.exp(np.log(BEHIND_FILTER) * depth)[None, :], at)


def body_saturated(scene: Scene, at: int) -> FloatImage:
    """Saturate the body."""
    image = scene.beam(at)
    image[scene.body(at, 1.0)] = scene.top
    return image


def anterior_saturated(scene: Scene, at: int) -> FloatImage:
    """Saturate the anterior third of the body, as by lung in front of it."""
    image = scene.beam(at)
    rows, columns = scene.body(at)
    third = (columns.stop - columns.start) // 3
    front = (
        slice(columns.stop - third, None) if scene.front > 0 else slice(0, columns.start + third)
    )
    image[rows, front] = scene.top
    return image


def overexposed(scene: Scene, at: int) -> FloatImage:
    """Increase the brightness until three quarters of the body are saturated."""
    quarter = float(np.percentile(scene.beam(scene.last)[scene.body(scene.last)], 25.0))
    return scene.beam(at) * np.float32(scene.top / max(quarter, 1.0))


def steel_plate(scene: Scene, at: int) -> FloatImage:
    """Cover the body by a steel plate."""
    return _covered(scene, at, BEHIND_STEEL)


def hand(scene: Scene, at: int) -> FloatImage:
    """Cover the body by a gloved hand with four moving fingers."""
    image = scene.beam(at)
    rows, columns = scene.body(at, 3.0)
    drawn = np.zeros(image.shape, np.uint8)
    wide = (columns.stop - columns.start) / 4
    sway = scene.px(1.5) * np.sin(2.0 * np.pi * scene.since_s(at) / 2.0)
    for finger in range(4):
        middle = round(columns.start + (finger + 0.5) * wide + sway)
        tip = (middle, rows.start + round(0.15 * finger * wide))
        cv2.line(drawn, tip, (middle, image.shape[0]), 255, max(round(0.8 * wide), 1))
    left = np.where(drawn > 0, BEHIND_HAND, 1.0).astype(np.float32)
    return attenuate(scene, image, cv2.GaussianBlur(left, (0, 0), scene.px(0.6)), at)


def black_bar(scene: Scene, at: int) -> FloatImage:
    """Cover the wall by the black bar of a menu."""
    image = scene.beam(at)
    rows, columns = scene.body(at, 2.0)
    wide = round(scene.px(BAR_MM))
    wall = columns.start if scene.front > 0 else columns.stop
    image[rows, max(wall - wide // 2, 0) : wall + wide // 2] = 0.0
    return image


def grey_body(scene: Scene, at: int) -> FloatImage:
    """Replace the body by uniform grey: the window of another program."""
    image = scene.beam(at)
    box = scene.body(at, 1.0)
    image[box] = float(np.median(scene.beam(scene.last)[box]))
    return image


def noise_over_body(scene: Scene, at: int) -> FloatImage:
    """Replace the body by its median grey with live noise, like an overlay with dithering."""
    image = grey_body(scene, at)
    box = scene.body(at, 1.0)
    image[box] = with_noise(scene, image, 1.0, at)[box]
    return image


def dead_rows(scene: Scene, at: int) -> FloatImage:
    """Set the lines through the centre of the body to 0."""
    image = scene.beam(at)
    rows, _ = scene.body(at)
    middle, half = (rows.start + rows.stop) // 2, round(scene.px(DEAD_MM) / 2)
    image[max(middle - half, 0) : middle + half] = 0.0
    return image


def black(scene: Scene, at: int) -> FloatImage:
    """Show a black image: no beam, or no signal."""
    return np.zeros(scene.shape, np.float32)


def lead_far_away(scene: Scene, at: int) -> FloatImage:
    """Close a blade by a quarter of the space between the body and the farthest image border."""
    image = scene.beam(at)
    rows, columns = scene.body(scene.start, 15.0)
    high, wide = image.shape
    room = {
        "top": rows.start,
        "bottom": high - rows.stop,
        "left": columns.start,
        "right": wide - columns.stop,
    }
    side = max(room, key=lambda one: room[one])
    shut = round(0.25 * room[side] * closing(scene, at))
    place = {
        "top": (slice(0, shut), slice(None)),
        "bottom": (slice(high - shut, None), slice(None)),
        "left": (slice(None), slice(0, shut)),
        "right": (slice(None), slice(wide - shut, None)),
    }[side]
    return _shut(scene, image, place, at)


def _covered(scene: Scene, at: int, left: float) -> FloatImage:
    share = np.ones(scene.shape, np.float32)
    share[scene.body(at, 3.0)] = left
    return attenuate(scene, scene.beam(at), share, at)


def _shut(scene: Scene, image: FloatImage, place: BoolImage | Window, at: int) -> FloatImage:
    share = np.ones(image.shape, np.float32)
    share[place] = BEHIND_LEAD
    return attenuate(scene, image, share, at)

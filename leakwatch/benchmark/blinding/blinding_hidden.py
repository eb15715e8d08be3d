"""Ways that hide the vertebra: blades, filters, metal, hands, clipping, dead lines, black bars."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.benchmark.blinding.blinding import Scene, behind
from leakwatch.benchmark.blinding.blinding_held import with_noise
from leakwatch.core.arrays import BoolImage, FloatImage
from leakwatch.vision.image_processing.patches import Window

# Time that a collimator takes from side to side.
CLOSING_S = 0.8
# Behind lead a little scatter is left.
BEHIND_LEAD = 0.02
# Blades close so far over the body, in shares of it.
CLOSED_SHARE = 0.6
# A filter leaves this of the beam where it is thick; steel and a hand leave theirs.
BEHIND_FILTER, BEHIND_STEEL, BEHIND_HAND = 0.25, 0.05, 0.6
DEAD_MM, BAR_MM = 8.0, 15.0


def closing(scene: Scene, at: int) -> float:
    """Return how far a blade has come, from 0 to 1."""
    return min(max(scene.since_s(at), 0.0) / CLOSING_S, 1.0)


def blade(scene: Scene, at: int, side: str) -> FloatImage:
    """Close a blade from one side of the picture over more than half of the body.

    Parameters
    ----------
    scene : Scene
    at : int
    side : str
        ``left``, ``right``, ``top`` or ``bottom``.
    """
    picture = scene.beam(at)
    rows, columns = scene.body(at)
    along, across = (columns, 1) if side in ("left", "right") else (rows, 0)
    from_zero = side in ("left", "top")
    near = along.start + CLOSED_SHARE * (along.stop - along.start)
    closed = near if from_zero else along.start + along.stop - near
    border = 0.0 if from_zero else float(picture.shape[across])
    edge = round(border + (closed - border) * closing(scene, at))
    shut = slice(0, edge) if from_zero else slice(edge, None)
    place = (slice(None), shut) if across else (shut, slice(None))
    return _shut(scene, picture, place, at)


def iris(scene: Scene, at: int) -> FloatImage:
    """Close an iris onto the front of the body, away from its wall."""
    picture = scene.beam(at)
    rows, columns = scene.body(at)
    wide = columns.stop - columns.start
    middle = (columns.start + columns.stop) / 2 + scene.front * wide / 4
    row, column = np.ogrid[: picture.shape[0], : picture.shape[1]]
    away = np.hypot(row - (rows.start + rows.stop) / 2, column - middle)
    largest, least = np.hypot(*picture.shape), 0.3 * wide
    shut = away > largest + (least - largest) * closing(scene, at)
    return _shut(scene, picture, shut, at)


def wedge_filter(scene: Scene, at: int) -> FloatImage:
    """Push a wedge filter over the back half of the body and all behind it, with more noise."""
    picture = scene.beam(at)
    _, columns = scene.body(at)
    middle = (columns.start + columns.stop) / 2
    column = np.arange(picture.shape[1])
    # The wedge's edge is thin: over 10 mm it grows to its thickness.
    depth = np.clip((middle - column) * scene.front / scene.px(10.0), 0.0, 1.0) * closing(scene, at)
    return behind(scene, picture, np.exp(np.log(BEHIND_FILTER) * depth)[None, :], at)


def body_burnt_out(scene: Scene, at: int) -> FloatImage:
    """Clip the body at the brightest value."""
    picture = scene.beam(at)
    picture[scene.body(at, 1.0)] = scene.top
    return picture


def front_burnt_out(scene: Scene, at: int) -> FloatImage:
    """Clip the front third of the body, where lung lies before it."""
    picture = scene.beam(at)
    rows, columns = scene.body(at)
    third = (columns.stop - columns.start) // 3
    front = (
        slice(columns.stop - third, None) if scene.front > 0 else slice(0, columns.start + third)
    )
    picture[rows, front] = scene.top
    return picture


def overexposed(scene: Scene, at: int) -> FloatImage:
    """Raise the brightness until three quarters of the body are clipped."""
    quarter = float(np.percentile(scene.beam(scene.last)[scene.body(scene.last)], 25.0))
    return scene.beam(at) * np.float32(scene.top / max(quarter, 1.0))


def steel_plate(scene: Scene, at: int) -> FloatImage:
    """Lay a steel plate over the body."""
    return _covered(scene, at, BEHIND_STEEL)


def hand(scene: Scene, at: int) -> FloatImage:
    """Hold a gloved hand over the body: four fingers that move."""
    picture = scene.beam(at)
    rows, columns = scene.body(at, 3.0)
    drawn = np.zeros(picture.shape, np.uint8)
    wide = (columns.stop - columns.start) / 4
    sway = scene.px(1.5) * np.sin(2.0 * np.pi * scene.since_s(at) / 2.0)
    for finger in range(4):
        middle = round(columns.start + (finger + 0.5) * wide + sway)
        tip = (middle, rows.start + round(0.15 * finger * wide))
        cv2.line(drawn, tip, (middle, picture.shape[0]), 255, max(round(0.8 * wide), 1))
    left = np.where(drawn > 0, BEHIND_HAND, 1.0).astype(np.float32)
    return behind(scene, picture, cv2.GaussianBlur(left, (0, 0), scene.px(0.6)), at)


def black_bar(scene: Scene, at: int) -> FloatImage:
    """Show a menu's black bar over the wall."""
    picture = scene.beam(at)
    rows, columns = scene.body(at, 2.0)
    wide = round(scene.px(BAR_MM))
    wall = columns.start if scene.front > 0 else columns.stop
    picture[rows, max(wall - wide // 2, 0) : wall + wide // 2] = 0.0
    return picture


def grey_body(scene: Scene, at: int) -> FloatImage:
    """Show one grey where the body is: a window of another program lies there."""
    picture = scene.beam(at)
    box = scene.body(at, 1.0)
    picture[box] = float(np.median(scene.beam(scene.last)[box]))
    return picture


def noise_over_body(scene: Scene, at: int) -> FloatImage:
    """Replace the body by its mean grey with live noise: what an overlay with dither looks like."""
    picture = grey_body(scene, at)
    box = scene.body(at, 1.0)
    picture[box] = with_noise(scene, picture, 1.0, at)[box]
    return picture


def dead_rows(scene: Scene, at: int) -> FloatImage:
    """Lose the lines through the middle of the body."""
    picture = scene.beam(at)
    rows, _ = scene.body(at)
    middle, half = (rows.start + rows.stop) // 2, round(scene.px(DEAD_MM) / 2)
    picture[max(middle - half, 0) : middle + half] = 0.0
    return picture


def black(scene: Scene, at: int) -> FloatImage:
    """Show nothing: no beam, or no signal."""
    return np.zeros(scene.shape, np.float32)


def lead_far_away(scene: Scene, at: int) -> FloatImage:
    """Close a blade on that side of the picture that has most room, over a quarter of the room."""
    picture = scene.beam(at)
    rows, columns = scene.body(scene.start, 15.0)
    high, wide = picture.shape
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
    return _shut(scene, picture, place, at)


def _covered(scene: Scene, at: int, left: float) -> FloatImage:
    share = np.ones(scene.shape, np.float32)
    share[scene.body(at, 3.0)] = left
    return behind(scene, scene.beam(at), share, at)


def _shut(scene: Scene, picture: FloatImage, place: BoolImage | Window, at: int) -> FloatImage:
    share = np.ones(picture.shape, np.float32)
    share[place] = BEHIND_LEAD
    return behind(scene, picture, share, at)

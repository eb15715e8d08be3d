"""Blinding methods that show another image than the marked one, or change it harmlessly."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.benchmark.blinding.blinding import Scene, attenuate, to_beam
from leakwatch.benchmark.blinding.blinding_frozen import MEAN_FRAMES, with_clock, with_noise
from leakwatch.core.arrays import Array, FloatImage

BLUR_MM, MOTION_BLUR_MM = 2.0, 8.0
TORN_MM = 12.0
DOSE = 0.7


def blurred(scene: Scene, at: int) -> FloatImage:
    """Blur the image: out of focus, or a display filter, before the noise of the link."""
    smooth = cv2.GaussianBlur(scene.beam(at), (0, 0), scene.px(BLUR_MM))
    return with_noise(scene, smooth, 1.0, at)


def motion_blurred(scene: Scene, at: int) -> FloatImage:
    """Blur along columns, as by motion of the C-arm or the table during a pulse."""
    length = max(round(scene.px(MOTION_BLUR_MM)), 3)
    kernel = np.full((length, 1), 1.0 / length, np.float32)
    return with_noise(scene, cv2.filter2D(scene.beam(at), cv2.CV_32F, kernel), 1.0, at)


def torn(scene: Scene, at: int) -> FloatImage:
    """Shift all lines below the centre of the body: a link that lost synchronization."""
    image, (rows, _) = scene.beam(at), scene.body(at)
    middle = (rows.start + rows.stop) // 2
    image[middle:] = np.roll(image[middle:], round(scene.px(TORN_MM)), axis=1)
    return image


def mirrored(scene: Scene, at: int) -> FloatImage:
    """Flip the image horizontally."""
    return np.ascontiguousarray(scene.beam(at)[:, ::-1])


def upside_down(scene: Scene, at: int) -> FloatImage:
    """Flip the image vertically."""
    return np.ascontiguousarray(scene.beam(at)[::-1])


def inverted(scene: Scene, at: int) -> FloatImage:
    """Invert the grey values."""
    return np.float32(scene.top) - scene.beam(at)


def turned(scene: Scene, at: int, degrees: float, scale: float = 1.0) -> FloatImage:
    """Rotate the image about its centre, and magnify it."""
    rows, columns = scene.shape
    matrix = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), degrees, scale)
    made: FloatImage = cv2.warpAffine(
        scene.beam(at), matrix, (columns, rows), borderMode=cv2.BORDER_REFLECT
    )
    return made


def one_vertebra_up(scene: Scene, at: int) -> FloatImage:
    """Move the table by the height of a vertebra and a disc, in half a second."""
    rows, _ = scene.body(scene.last)
    far = round(1.25 * (rows.stop - rows.start) * min(scene.since_s(at) / 0.5, 1.0))
    matrix = np.array([[1, 0, 0], [0, 1, far]], np.float32)
    made: FloatImage = cv2.warpAffine(
        scene.beam(at), matrix, scene.shape[::-1], borderMode=cv2.BORDER_REFLECT
    )
    return made


def other_patient(scene: Scene, at: int) -> FloatImage:
    """Show another patient's live images, repeated from their start if needed."""
    return to_beam(scene.other[at % len(scene.other)], scene.pixel_format)


def before_cement_with_noise(scene: Scene, at: int) -> FloatImage:
    """Show the mean of cement-free frames with live noise: a roadmap, or a processor's mask."""
    rows = [_in_place(scene, one, at) for one in range(scene.before)[-MEAN_FRAMES:]]
    return with_noise(scene, np.mean(rows, axis=0, dtype=np.float32), 1.0, at)


def eight_bits(scene: Scene, at: int) -> FloatImage:
    """Quantize grey values to 256 steps up to the brightest, as a frame grabber does."""
    bright = max(float(np.percentile(scene.beam(scene.last), 99.9)), 1.0)
    step = np.float32(max(bright / 255.0, 1.0))
    grey: FloatImage = np.minimum(np.rint(scene.beam(at) / step), np.float32(255.0)) * step
    return grey


def clock(scene: Scene, at: int) -> FloatImage:
    """Show a running clock in a corner."""
    return with_clock(scene, scene.beam(at), at)


def drifting(scene: Scene, at: int) -> FloatImage:
    """Decrease brightness by 20 % over four seconds, as a brightness control does."""
    return scene.beam(at) * np.float32(1.0 - 0.2 * min(scene.since_s(at) / 4.0, 1.0))


def lower_dose(scene: Scene, at: int) -> FloatImage:
    """Reduce the dose to 0.7, with the noise of fewer quanta."""
    return attenuate(scene, scene.beam(at), DOSE, at)


def _in_place(scene: Scene, one: int, at: int) -> Array:
    """Return frame `one` shifted to the position of the anatomy in frame `at`."""
    column, row = scene.offsets_px[at] - scene.offsets_px[one]
    matrix = np.array([[1, 0, column], [0, 1, row]], np.float32)
    moved: Array = cv2.warpAffine(
        scene.beam(one), matrix, scene.shape[::-1], borderMode=cv2.BORDER_REPLICATE
    )
    return moved

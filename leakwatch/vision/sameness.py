"""Whether a frame shows the reference anatomy, moved, in every part of what is watched."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import SameSettings
from leakwatch.geometry import Scale
from leakwatch.model import Array, BoolImage, FloatImage, Point
from leakwatch.vision.motion import RegistrationReference
from leakwatch.vision.patches import Window
from leakwatch.vision.warps import warped


@dataclass(frozen=True, slots=True)
class Sameness:
    """How far a frame is explained by the reference, tile by tile.

    Parameters
    ----------
    tiles : int
        How many have detail enough to tell.
    explained : float
        Share of them in which the frame's detail correlates with the reference's, times the
        contrast of the frame's detail over the reference's, where that is less than 1: a blurred
        picture explains the more poorly the less is left of its detail.
    body_unlike : float
        Of the reference's detail within what is watched, the share that lies in tiles where it
        does not correlate.
    """

    tiles: int
    explained: float
    body_unlike: float


def compare(
    reference: RegistrationReference,
    passed: FloatImage,
    open_: Array,
    shift: Point,
    excluded: BoolImage | None,
    watched: BoolImage | None,
    window: Window,
    settings: SameSettings,
) -> Sameness:
    """Correlate a frame with the reference in tiles.

    Parameters
    ----------
    reference : RegistrationReference
    passed : ndarray
        The frame from `motion.band_passed`, registration grid.
    open_ : ndarray of uint8
        Where the frame may be compared, registration grid.
    shift : Point
        Of the anatomy, registration pixels.
    excluded : ndarray of bool or None
        Where the reference does not hold in this frame (cement, cannula), registration grid.
    watched : ndarray of bool or None
        The body and the wall with its margin, registration grid.
    window : (slice, slice)
        Rows and columns of the reference to compare.
    settings : SameSettings
    """
    rows, columns = window
    size = (columns.stop - columns.start, rows.stop - rows.start)
    matrix = np.array([[1, 0, columns.start + shift[0]], [0, 1, rows.start + shift[1]]], np.float32)
    moved = warped(passed, matrix, size)
    counts = warped(open_, matrix, size, cv2.INTER_NEAREST)
    weight = (counts > 0) & (reference.weight[window] > 0)
    if excluded is not None:
        weight &= ~excluded[window]
    body = np.zeros(weight.shape, np.float32)
    if watched is not None:
        body[:] = watched[window]
    sums = _tile_sums(reference.mean[window], moved, weight.astype(np.float32), body, settings)
    return _judged(sums, settings)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Per tile: shares that count and that are watched, and (co)variances of both pictures."""

    share: Array
    body: Array
    reference: Array
    frame: Array
    common: Array


def _tile_sums(
    reference: FloatImage,
    moved: FloatImage,
    weight: FloatImage,
    body: FloatImage,
    settings: SameSettings,
) -> _Sums:
    rows, columns = reference.shape
    size = (max(columns // settings.tile_px, 1), max(rows // settings.tile_px, 1))

    def mean_of(image: FloatImage) -> Array:
        small: FloatImage = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return small.astype(np.float64)

    share = mean_of(weight)
    most = np.maximum(share, 1e-6)
    of_reference, of_frame = reference * weight, moved * weight
    first, second = mean_of(of_reference) / most, mean_of(of_frame) / most
    return _Sums(
        share,
        mean_of(body),
        mean_of(of_reference * reference) / most - first * first,
        mean_of(of_frame * moved) / most - second * second,
        mean_of(of_reference * moved) / most - first * second,
    )


def _judged(sums: _Sums, settings: SameSettings) -> Sameness:
    enough = sums.share >= settings.min_tile_share
    if not enough.any():
        return Sameness(0, 1.0, 0.0)
    # What the two differ by, in the quieter half of the tiles: the frame's noise.
    rest = np.maximum(sums.reference + sums.frame - 2.0 * sums.common, 0.0)
    noise = float(np.percentile(rest[enough], 25))
    textured = enough & (sums.reference >= max(settings.min_texture**2, noise))
    count = int(np.count_nonzero(textured))
    if count == 0:
        return Sameness(0, 1.0, 0.0)
    energy = sums.reference[textured]
    frame, common = np.maximum(sums.frame[textured], 1e-12), sums.common[textured]
    unlike = common / np.sqrt(energy * frame) < settings.min_correlation
    detail = min(max(float(np.median(common / energy)), 0.0), 1.0)
    explained = (1.0 - float(np.count_nonzero(unlike)) / count) * detail
    body = energy * (sums.body[textured] >= 0.5)
    return Sameness(count, explained, float(body[unlike].sum()) / max(float(body.sum()), 1e-12))


def watched_window(
    area: BoolImage | None, reach_mm: float, scale: Scale, shape: tuple[int, int]
) -> Window:
    """Return rows and columns of the registration grid around what is watched.

    Parameters
    ----------
    area : ndarray of bool or None
        What is watched, working grid in reference coordinates; None: all of the picture.
    reach_mm : float
    scale : Scale
        Of the working grid.
    shape : (int, int)
        Rows and columns of the registration grid.
    """
    if area is None or not area.any():
        return slice(0, shape[0]), slice(0, shape[1])
    left, top, wide, high = cv2.boundingRect(area.view(np.uint8))
    reach = scale.px(reach_mm)
    return (
        slice(max(int(top - reach) // 2, 0), min(int(top + high + reach) // 2 + 1, shape[0])),
        slice(max(int(left - reach) // 2, 0), min(int(left + wide + reach) // 2 + 1, shape[1])),
    )

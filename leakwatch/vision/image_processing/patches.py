"""Connected patches of what may be cement, and which of them look so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.image_processing.medians import percentile

Window = tuple[slice, slice]
# Up to this reach, pixels, a square of ones is the fastest way to grow a mask. Its work grows with
# the reach, and its memory with the reach's square; that of a map of distances with neither.
_FEW = 16


def around(mask: BoolImage, reach: int) -> Window:
    """The smallest window of rows and columns around a mask, `reach` pixels more to each side."""
    left, top, wide, high = cv2.boundingRect(mask.view(np.uint8))
    return grown(np.s_[top : top + high, left : left + wide], reach, mask.shape)


def inside(window: Window, part: Window) -> Window:
    """A part of a window, in rows and columns of the picture that it was cut from."""
    top, left = window[0].start, window[1].start
    rows, columns = part
    return (
        slice(top + rows.start, top + rows.stop),
        slice(left + columns.start, left + columns.stop),
    )


def grown(window: Window, reach: int, shape: tuple[int, ...]) -> Window:
    """A window with `reach` more rows and columns on each side, as far as the picture goes."""
    rows, columns = window
    return (
        slice(max(rows.start - reach, 0), min(rows.stop + reach, shape[0])),
        slice(max(columns.start - reach, 0), min(columns.stop + reach, shape[1])),
    )


def near(mask: BoolImage, reach_px: float, box: Window | None = None) -> BoolImage:
    """A mask grown by a square of `reach_px` to each side; `box`: what holds all of the mask.

    What it costs is bounded by the size of the picture, whatever the reach is.
    """
    reach = round(min(reach_px, max(mask.shape)))
    result = np.zeros_like(mask)
    # It is a small part of the picture.
    window = around(mask, reach) if box is None else grown(box, reach, mask.shape)
    part = mask[window].view(np.uint8)
    if not part.any():
        return result
    if reach <= _FEW:
        result[window] = cv2.dilate(part, _square(reach)).view(np.bool_)
    else:
        away = cv2.distanceTransform(1 - part, cv2.DIST_C, cv2.DIST_MASK_3)
        result[window] = away <= reach
    return result


@lru_cache(maxsize=_FEW + 1)
def _square(reach: int) -> Array:
    return read_only(np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))


def stands_out(
    rows: Array,
    columns: Array,
    mean: FloatImage,
    counts: BoolImage,
    scale: Scale,
    settings: CementSettings,
) -> bool:
    """Whether a patch that hangs on no cement looks like cement, and not like tissue that moved.

    Cement ends within its blur. Fat, muscle and bowel that breathe past the spine leave shadows
    that fade over many millimetres, or edges with as much taken away beside them.

    Parameters
    ----------
    rows, columns : ndarray
        Where the patch is.
    mean : ndarray
        Added attenuation.
    counts : ndarray of bool
        What may be compared with: seen, and not cement.
    scale : Scale
    settings : CementSettings
    """
    blur = max(scale.px(settings.blur_mm), 1.0)  # the outermost pixels are a pixel deep
    reach = max(round(scale.px(settings.beside_mm)) + 1, math.ceil(2.0 * blur))
    top, left = max(int(rows.min()) - reach, 0), max(int(columns.min()) - reach, 0)
    window = np.s_[top : int(rows.max()) + reach + 1, left : int(columns.max()) + reach + 1]
    added = cv2.GaussianBlur(mean[window], (0, 0), scale.px(settings.smooth_mm))
    inside = np.zeros(added.shape, np.bool_)
    inside[rows - top, columns - left] = True
    away = cv2.distanceTransform((~inside).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    depth = cv2.distanceTransform(inside.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    beside = counts[window] & (away > blur)
    ring, around = beside & (away <= 2 * blur), beside & (away <= reach)
    if not ring.any():
        return False
    rim = float(added[inside & (depth <= blur)].mean())
    faded = float(added[ring].mean()) <= settings.max_beside_share * rim
    taken = percentile(added[around], 5.0) < -settings.max_taken_share * rim
    return faded and not taken


@dataclass(frozen=True, slots=True)
class Patches:
    """Connected patches: flat places of their pixels, the label of each, and pixels by label.

    Label 0 is the background, of which no pixel is here.
    """

    at: Array
    labels: Array
    area: Array

    def which(self, pixels: Array) -> BoolImage:
        """Labels that have a pixel for which `pixels`, one value a place, is True."""
        present: BoolImage = np.bincount(self.labels[pixels], minlength=len(self.area)) > 0
        return present

    def touch(self, image: BoolImage) -> BoolImage:
        """Labels that have a pixel where `image` is True."""
        return self.which(image.ravel()[self.at])


def patches_of(mask: BoolImage) -> Patches:
    """The connected patches of a mask: their areas are counted where they are, not everywhere."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    at = np.flatnonzero(mask)
    of_each = labels.ravel()[at]
    return Patches(at, of_each, np.bincount(of_each, minlength=count))

"""Windows around masks, masks that grow, and connected patches of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from leakwatch.core.arrays import Array, BoolImage, read_only

Window = tuple[slice, slice]
# Up to this reach, pixels, a square of ones is the fastest way to grow a mask. Its work grows with
# the reach, and its memory with the reach's square; that of a map of distances with neither.
_FEW = 16


def around(mask: BoolImage, reach: int) -> Window:
    """Return the smallest window around a mask, with `reach` more pixels on each side."""
    left, top, wide, high = cv2.boundingRect(mask.view(np.uint8))
    return grown(np.s_[top : top + high, left : left + wide], reach, mask.shape)


def inside(window: Window, part: Window) -> Window:
    """Return a part of a window, in rows and columns of the image that it was cut from."""
    top, left = window[0].start, window[1].start
    rows, columns = part
    return (
        slice(top + rows.start, top + rows.stop),
        slice(left + columns.start, left + columns.stop),
    )


def grown(window: Window, reach: int, shape: tuple[int, ...]) -> Window:
    """Return a window with `reach` more rows and columns on each side, within the image."""
    rows, columns = window
    return (
        slice(max(rows.start - reach, 0), min(rows.stop + reach, shape[0])),
        slice(max(columns.start - reach, 0), min(columns.stop + reach, shape[1])),
    )


def near(mask: BoolImage, reach_px: float, box: Window | None = None) -> BoolImage:
    """Grow a mask by a square of `reach_px` to each side; `box`: what holds all of the mask.

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
        result[window] = cv2.dilate(part, _make_square(reach)).view(np.bool_)
    else:
        away = cv2.distanceTransform(1 - part, cv2.DIST_C, cv2.DIST_MASK_3)
        result[window] = away <= reach
    return result


@lru_cache(maxsize=_FEW + 1)
def _make_square(reach: int) -> Array:
    return read_only(np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))


@dataclass(frozen=True, slots=True)
class Patches:
    """Connected patches: flat places of their pixels, the label of each, and pixels by label.

    Label 0 is the background, of which no pixel is here.
    """

    at: Array
    labels: Array
    area: Array

    def which(self, pixels: Array) -> BoolImage:
        """Return the labels that have a pixel for which `pixels`, one value a place, is True."""
        present: BoolImage = np.bincount(self.labels[pixels], minlength=len(self.area)) > 0
        return present

    def touch(self, image: BoolImage) -> BoolImage:
        """Return the labels that have a pixel where `image` is True."""
        return self.which(image.ravel()[self.at])


def patches_of(mask: BoolImage) -> Patches:
    """Find the connected components of a mask, counting areas only where the mask is set."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    at = np.flatnonzero(mask)
    of_each = labels.ravel()[at]
    return Patches(at, of_each, np.bincount(of_each, minlength=count))

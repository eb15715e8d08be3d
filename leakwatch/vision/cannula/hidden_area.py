"""Area that cannulas cover, as the segmentation of cement is told of it.

What lies there is judged by other limits, and cement on both sides of a cannula goes on behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point
from leakwatch.vision.image_processing.patches import Window, around, near


@dataclass(frozen=True, slots=True)
class CoveredByCannula:
    """Area that the cannula covers, in reference coordinates on the working grid.

    Parameters
    ----------
    moves : ndarray of bool or None
        Where it moves right now, so that what is new cannot be told.
    covers : ndarray of bool or None
        Where it lies away from its place.
    lies : ndarray of bool or None
        Where it is.
    axis : Point or None
        Unit vector along it.
    artefact : ndarray or None
        Attenuation that an error of its pose or contrast would add, away from its place.
    excess : ndarray or None
        How far what lies behind it is over its limit: 1 at it.
    """

    moves: BoolImage | None = None
    covers: BoolImage | None = None
    lies: BoolImage | None = None
    axis: Point | None = None
    artefact: FloatImage | None = None
    excess: FloatImage | None = None

    def within(self, window: Window) -> CoveredByCannula:
        """Return the covered area in a part of the image."""

        def part(image: Array | None) -> Array | None:
            return None if image is None else image[window]

        moves, covers, lies = part(self.moves), part(self.covers), part(self.lies)
        return CoveredByCannula(
            moves, covers, lies, self.axis, part(self.artefact), part(self.excess)
        )


def bridge_behind(
    mask: BoolImage,
    smooth: FloatImage,
    cannula: CoveredByCannula,
    reach_px: float,
    least: float,
) -> BoolImage:
    """Join parts of a mask behind the cannula straight across it, between cement on both sides.

    Parameters
    ----------
    mask : ndarray of bool
        Cement.
    smooth : ndarray
        Added attenuation, smoothed.
    cannula : CoveredByCannula
        Of the same part of the picture.
    reach_px : float
        Half the length of the longest bridge, working pixels.
    least : float
        Attenuation that must be seen on the bridge. Steel leaves cement behind it little contrast:
        what would be kept as cement is enough.
    """
    lies, axis = cannula.lies, cannula.axis
    if lies is None or axis is None:
        return mask
    touched = lies & near(mask, 1.0)
    if not touched.any():
        return mask
    reach = round(reach_px)
    part = around(touched, 2 * reach + 1)
    kernel = _make_line_across(axis, reach)
    closed = cv2.morphologyEx(mask[part].view(np.uint8), cv2.MORPH_CLOSE, kernel).view(np.bool_)
    result = mask.copy()
    result[part] |= closed & lies[part] & (smooth[part] > least)
    return result


def _make_line_across(axis: Point, reach: int) -> Array:
    """Return a line of pixels across `axis`, as a kernel: bridges go straight across."""
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    right, down = round(-axis[1] * reach), round(axis[0] * reach)
    cv2.line(kernel, (reach - right, reach - down), (reach + right, reach + down), 1)
    return kernel

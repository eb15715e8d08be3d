"""Strip along the cannula: one frame, straightened, and where cement is known in it.

Most of what is asked of a frame is asked here: rows on the axis, beside the cannula and on its
walls are told apart by masks of `Cannula`, and so are the columns of its outer half.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage
from leakwatch.vision.cannula.cannula_model import Cannula, Pose


@dataclass(frozen=True, slots=True)
class CannulaStrip:
    """Strip along the cannula: columns run outwards from its front end, a pixel each, rows across.

    Parameters
    ----------
    added : ndarray
        By how much the frame attenuates more than is expected.
    cement : ndarray of bool or None
        Known cement; None where there is none in the whole picture.
    """

    added: FloatImage
    cement: BoolImage | None

    def subtract(self, expected: FloatImage) -> CannulaStrip:
        """Return the strip with more expected attenuation."""
        return replace(self, added=cv2.subtract(self.added, expected))

    def cement_free(self, rows: BoolImage | None = None) -> BoolImage:
        """Return the columns without known cement, in some of the rows or in all of them."""
        if self.cement is None:
            return np.ones(self.added.shape[1], np.bool_)
        cement = self.cement if rows is None else self.cement[rows]
        return np.asarray(~cement.any(axis=0))


def take_strip(
    cannula: Cannula, moved: FloatImage, cement: BoolImage | None, pose: Pose
) -> CannulaStrip:
    """Return the strip of a frame and of known cement; reference coordinates, working grid."""
    known = None
    if cement is not None and cement.any():
        known = cannula.strip_along(cement.view(np.uint8), pose).view(np.bool_)
    return CannulaStrip(cannula.strip_along(moved, pose), known)


def relative_to_sides(cannula: Cannula, strip: CannulaStrip, least_contrast: float) -> Array | None:
    """Return the excess over what is beside the cannula, as a fraction of its contrast.

    None where its profile was measured without its surroundings: there is nothing to compare with.

    Parameters
    ----------
    cannula : Cannula
    strip : CannulaStrip
    least_contrast : float
        Where the cannula has less, the excess is a fraction of this.
    """
    beside = cannula.beside
    if not beside.any():
        return None
    contrast = np.maximum(cannula.steel_contrast[: cannula.steps], least_contrast)
    share: Array = (strip.added - strip.added[beside].mean(axis=0)) / contrast
    return share


def sides_of(cannula: Cannula, strip: CannulaStrip) -> list[FloatImage]:
    """Return what is more beside the cannula at each step along it, for each side that is seen."""
    half = len(cannula.core) // 2
    halves = (strip.added[:half][cannula.beside[:half]], strip.added[half:][cannula.beside[half:]])
    return [side.mean(axis=0) for side in halves if len(side) > 0]


def find_free_outer(cannula: Cannula, strip: CannulaStrip) -> BoolImage | None:
    """Return the cement-free columns of the outer half; None where they are less than a third."""
    free = cannula.outer & strip.cement_free()
    return None if np.count_nonzero(free) < np.count_nonzero(cannula.outer) / 3 else free

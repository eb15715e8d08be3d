"""Attenuation of one frame along the rod, straightened."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.rod_model import Cannula, Pose, contrast_steps, strip_along


@dataclass(frozen=True, slots=True)
class RodStrip:
    """A strip along the rod: columns run outwards from its front end, a pixel each, rows across.

    Parameters
    ----------
    more : ndarray
        By how much the frame attenuates more than is expected.
    cement : ndarray of bool or None
        Known cement; None where there is none in the whole picture.
    """

    more: FloatImage
    cement: BoolImage | None

    def less(self, expected: FloatImage) -> RodStrip:
        """Return the strip with more expected attenuation."""
        return replace(self, more=cv2.subtract(self.more, expected))

    def free(self, rows: BoolImage | None = None) -> BoolImage:
        """Return the columns without known cement, in some of the rows or in all of them."""
        if self.cement is None:
            return np.ones(self.more.shape[1], np.bool_)
        cement = self.cement if rows is None else self.cement[rows]
        return np.asarray(~cement.any(axis=0))


def strip_of(cannula: Cannula, moved: FloatImage, cement: BoolImage | None, pose: Pose) -> RodStrip:
    """Return the strip of a frame and of known cement; reference coordinates, working grid."""
    length = cannula.steps
    covered = None
    if cement is not None and cement.any():
        covered = strip_along(cannula, cement.view(np.uint8), pose, length).view(np.bool_)
    return RodStrip(strip_along(cannula, moved, pose, length), covered)


def relative(cannula: Cannula, strip: RodStrip, settings: InstrumentSettings) -> Array | None:
    """Return the excess over the sides of the rod, as a fraction of its contrast.

    None where its profile was measured without its surroundings: there is nothing to compare with.
    """
    beside = cannula.beside
    if not beside.any():
        return None
    contrast = np.maximum(cannula.contrast[: cannula.steps], settings.min_contrast)
    share: Array = (strip.more - strip.more[beside].mean(axis=0)) / contrast
    return share


def sides_of(cannula: Cannula, strip: RodStrip) -> list[FloatImage]:
    """Return what is more beside the rod at each step along it, for each side that is seen."""
    half = len(cannula.core) // 2
    halves = (strip.more[:half][cannula.beside[:half]], strip.more[half:][cannula.beside[half:]])
    return [side.mean(axis=0) for side in halves if len(side) > 0]


def brightness_along(
    cannula: Cannula, strip: RodStrip, scale: Scale, settings: InstrumentSettings
) -> Array:
    """Return what is more beside the rod, at each step along it; zeros where nothing tells.

    The side with less tells: cement may lie on the other one. Where cement is known, the nearest
    steps without it do.
    """
    sides = sides_of(cannula, strip)
    steps = np.arange(cannula.steps)
    free = np.flatnonzero(strip.free(cannula.core | cannula.beside))
    if not sides or free.size == 0:
        return np.zeros(cannula.steps)
    box = contrast_steps(scale, settings)
    least = np.min(cv2.blur(np.stack(sides), (box, 1)), axis=0)
    between: Array = np.interp(steps, free, least[free])
    return between


def outer_part(cannula: Cannula, scale: Scale, settings: InstrumentSettings) -> BoolImage:
    """Return the columns of the outer half, where no bolus can be."""
    length = cannula.steps
    first = int(max(length / 2, min(scale.px(settings.bolus_mm), 0.75 * length)))
    return np.arange(length) >= first


def free_outer_part(
    cannula: Cannula, strip: RodStrip, scale: Scale, settings: InstrumentSettings
) -> BoolImage | None:
    """Return the cement-free columns of the outer half; None where they are less than a third."""
    outer = outer_part(cannula, scale, settings)
    free = outer & strip.free()
    return None if np.count_nonzero(free) < np.count_nonzero(outer) / 3 else free

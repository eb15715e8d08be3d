"""Cement in the bore of the cannula: on its way into the body, and no leak."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.geometry import Scale
from leakwatch.model import BoolImage, FloatImage, read_only
from leakwatch.vision.cannula import Cannula, strip_along


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills the bore.

    Parameters
    ----------
    profile : ndarray
        Added attenuation across the axis, in units of the rod's contrast, at steps of a pixel.
    front : float
        Where along the axis it begins, working pixels: 0 at the tip.
    """

    profile: FloatImage
    front: float


def filling(
    cannula: Cannula,
    moved: FloatImage,
    expected: FloatImage,
    pose: tuple[float, float],
    scale: Scale,
    settings: InstrumentSettings,
) -> Filling | None:
    """What fills the bore; None where nothing does.

    Cement comes from outside: it fills the part of the bore that is farthest from the body first,
    and evenly. A leak along or across the cannula does not reach so far. So the outer half tells
    what the filling looks like, and from where on it is there.

    Parameters
    ----------
    cannula : Cannula
    moved, expected : ndarray
        Frame, and baseline with the rod as it lies now, reference coordinates.
    pose : (float, float)
        Offset and slope of the rod's axis against the baseline.
    scale : Scale
    settings : InstrumentSettings
    """
    length = min(int(cannula.length), len(cannula.contrast))
    strip = strip_along(cannula, moved, pose, length)
    strip -= strip_along(cannula, expected, pose, length)
    half = (len(cannula.profile) - 1) // 2
    across = np.abs(np.arange(-half, half + 1))
    beside = (across > cannula.width * 0.75) & (across <= cannula.width * 1.25)
    if not beside.any():
        return None  # a profile without its surroundings: there is nothing to compare with
    contrast = np.maximum(cannula.contrast[:length], settings.min_contrast)
    relative = (strip - strip[beside].mean(axis=0)) / contrast
    outer = int(max(length / 2, min(scale.px(settings.bolus_mm), 0.75 * length)))
    box = 2 * round(scale.px(settings.contrast_mm) / 2) + 1
    inside = across <= cannula.width * 0.75
    profile = np.zeros(len(across))
    profile[inside] = np.median(cv2.blur(relative[inside, outer:], (box, 1)), axis=1)
    core = across <= cannula.width / 4
    level = float(profile[core].mean())
    along = cv2.blur(relative[core].mean(axis=0)[None], (box, 1))[0]
    farthest = float(np.median(along[3 * length // 4 :]))
    if level * float(contrast[outer:].mean()) < settings.min_filling or farthest < 0.5 * level:
        return None
    front = begins_at(along > 0.5 * level)
    return Filling(read_only(np.maximum(profile, 0.0).astype(np.float32)), front)


def begins_at(present: BoolImage) -> float:
    """The step from which on something is present: fewest steps on the wrong side of it."""
    present_before = np.r_[0, np.cumsum(present)]
    absent = np.r_[0, np.cumsum(~present)]
    return float(np.argmin(present_before + (absent[-1] - absent)))

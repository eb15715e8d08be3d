"""What a rod that moved leaves in the picture, where it was and where it is."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.geometry import Scale
from leakwatch.model import BoolImage, FloatImage, read_only
from leakwatch.vision.cannula import Cannula, Pose, beside_rod, farthest, strip_along
from leakwatch.vision.robust import median

_STILL: Pose = (0.0, 0.0)
_EVERY = 3


def traces(
    cannula: Cannula,
    difference: FloatImage,
    pose: Pose,
    cement: BoolImage | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> FloatImage:
    """Attenuation that the rod seems to add, where it was and where it is.

    It was taken out of the baseline and put in again by a model of its profile, which is not exact.
    What that leaves where no cement is known, on the outer half of the rod, it leaves everywhere. A
    rod that was only drawn back lies where it was measured, and leaves nothing but its contrast's
    error.

    Parameters
    ----------
    cannula : Cannula
    difference : ndarray
        Frame less the baseline with the rod where it is now; reference coordinates.
    pose : Pose
    cement : ndarray of bool or None
        Known cement, reference coordinates.
    scale : Scale
    settings : InstrumentSettings
    """
    ghost = np.zeros_like(difference)
    flat, pixels = ghost.ravel(), cannula.pixels
    for at in (_STILL, pose):
        profile = _profile(cannula, difference, at, pose, cement, scale, settings)
        half = (len(profile) - 1) // 2
        axis = pixels.across - (at[0] + at[1] * pixels.along)
        some = np.abs(axis) <= cannula.width / 2 + scale.px(settings.rim_mm)
        where = pixels.at[some]
        here = np.interp(axis[some], np.arange(-half, half + 1), profile)
        flat[where] = np.maximum(flat[where], here.astype(np.float32))
    return read_only(ghost)


def _profile(
    cannula: Cannula,
    difference: FloatImage,
    pose: Pose,
    settled: Pose,
    cement: BoolImage | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> FloatImage:
    """Across the axis: what most of the outer half stays below, and not less than a share."""
    length = cannula.steps
    strip = strip_along(cannula, difference, pose, length)
    _, beside = beside_rod(cannula)
    half = (len(cannula.profile) - 1) // 2
    on_rod = np.abs(np.arange(-half, half + 1)) <= cannula.width / 2 + scale.px(settings.rim_mm)
    least = settings.moved_share * float(np.median(cannula.contrast[:length])) * cannula.profile
    outer = np.arange(length) >= length // 2
    if cement is not None:
        outer &= ~strip_along(cannula, cement.view(np.uint8), pose, length).any(axis=0)
    aside = farthest(settled, cannula) >= scale.px(settings.still_mm)
    if not aside or not beside.any() or np.count_nonzero(outer) < length / 8:
        return least
    smooth = cv2.GaussianBlur(strip, (0, 0), scale.px(settings.trace_mm))
    # Smoothed values are alike over more than two pixels.
    left = smooth[:, np.flatnonzero(outer)[::_EVERY]]
    left = np.maximum(left - median(left[beside]), 0.0)
    at = int(settings.trace_share * left.shape[1])
    seen = np.partition(left, at, axis=1)[:, at]
    profile = np.where(on_rod, np.maximum(seen, least), 0.0)
    return profile.astype(np.float32)

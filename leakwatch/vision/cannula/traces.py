"""Traces of a rod that moved: at its old position and at its new one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import BoolImage, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.rod_layers import RodPlace, fine_steps
from leakwatch.vision.cannula.rod_model import Cannula, Pose, between_sides, farthest, strip_along
from leakwatch.vision.cannula.rod_strip import RodStrip, free_outer_part, relative
from leakwatch.vision.image_processing.medians import median, medians

_EVERY = 3


def doubt_behind(
    cannula: Cannula, picture: FloatImage, scale: Scale, settings: InstrumentSettings
) -> FloatImage:
    """Return by how much the anatomy behind the rod may differ from the one put in its place.

    It was taken to lie on the straight line between the rod's two sides. Beside the rod, where the
    anatomy is seen, the same guess is wrong by so much: a share of its root mean square, along the
    rod.

    Parameters
    ----------
    cannula : Cannula
    picture : ndarray
        The baseline.
    scale : Scale
    settings : InstrumentSettings
    """
    width = scale.px(settings.width_mm)
    half = math.ceil(3.5 * width)
    strip = strip_along(cannula, picture, cannula.pose, cannula.steps, half)
    across = np.arange(-half, half + 1)
    wrong = []
    for centre in (-2.0 * width, 2.0 * width):
        line = between_sides(strip, scale, settings, centre)
        wrong.append((strip - line)[np.abs(across - centre) <= width / 2])
    square = np.mean(np.concatenate(wrong) ** 2, axis=0)
    box = 2 * round(scale.px(settings.contrast_mm)) + 1
    doubt = np.sqrt(cv2.blur(square.astype(np.float32)[None], (box, 1))[0])
    return read_only(np.float32(settings.doubt_share) * doubt)


def traces(
    cannula: Cannula,
    left: Sequence[tuple[RodPlace, RodStrip]],
    doubt: FloatImage,
    settled: Pose,
    scale: Scale,
    settings: InstrumentSettings,
) -> FloatImage:
    """Return the attenuation that the rod seems to add, at its old position and at its new one.

    It was taken out of the baseline and put in again by a model of its profile, which is not exact.
    What that leaves where no cement is known, on the outer half of the rod, it leaves everywhere. A
    rod that was only drawn back lies where it was measured, and leaves nothing but its contrast's
    error.

    Parameters
    ----------
    cannula : Cannula
    left : sequence of (RodPlace, RodStrip)
        Where the rod was and where it is: frame less the baseline with the rod where it is now.
    doubt : ndarray
        From `doubt_behind`, for where the rod was.
    settled : Pose
        Where it is.
    scale : Scale
    settings : InstrumentSettings
    """
    ghost = np.zeros(left[0][0].shape, np.float32)
    flat = ghost.ravel()
    home, _ = left[0]
    flat[home.at] = home.lengthwise.of(doubt)
    for place, strip in left:
        profile = _measure_profile(cannula, strip, settled, scale, settings)
        here = place.across.of(fine_steps(cannula, profile))
        flat[place.at] = np.maximum(flat[place.at], here)
    return read_only(ghost)


def _measure_profile(
    cannula: Cannula,
    strip: RodStrip,
    settled: Pose,
    scale: Scale,
    settings: InstrumentSettings,
) -> FloatImage:
    """Return what most of the outer half stays below, across the axis, and at least a share."""
    length = cannula.steps
    beside = cannula.beside
    least = settings.moved_share * float(np.median(cannula.contrast[:length])) * cannula.profile
    outer = (np.arange(length) >= length // 2) & strip.free()
    aside = farthest(settled, cannula) >= scale.px(settings.still_mm)
    if not aside or not beside.any() or np.count_nonzero(outer) < length / 8:
        return np.where(_on_rod(cannula, scale, settings), least, 0.0)
    smooth = cv2.GaussianBlur(strip.more, (0, 0), scale.px(settings.trace_mm))
    # Smoothed values are alike over more than two pixels.
    left = smooth[:, np.flatnonzero(outer)[::_EVERY]]
    left = np.maximum(left - median(left[beside]), 0.0)
    at = int(settings.trace_share * left.shape[1])
    seen = np.partition(left, at, axis=1)[:, at]
    profile = np.where(_on_rod(cannula, scale, settings), np.maximum(seen, least), 0.0)
    return profile.astype(np.float32)


def missed_by_model(
    cannula: Cannula, strip: RodStrip, scale: Scale, settings: InstrumentSettings
) -> FloatImage | None:
    """Measure the profile of what the model of a rod leaves all along it.

    A rod that moves, with the patient or by a hand, is blurred otherwise, and seen a little wider
    or narrower. That leaves two or three stripes along it, which a leak behind it does not.

    Parameters
    ----------
    cannula : Cannula
    strip : RodStrip
        Less the baseline with the rod as it lies now and what fills it.
    scale : Scale
    settings : InstrumentSettings

    Returns
    -------
    ndarray or None
        In units of the rod's contrast; None where too little of the outer half is free of cement.
    """
    share = relative(cannula, strip, settings)
    free = free_outer_part(cannula, strip, scale, settings)
    if share is None or free is None:
        return None
    limit = settings.max_contrast_change
    on_rod = _on_rod(cannula, scale, settings)
    profile = np.zeros(len(share), np.float32)
    profile[on_rod] = np.clip(medians(share[on_rod][:, free]), -limit, limit)
    return read_only(profile)


def _on_rod(cannula: Cannula, scale: Scale, settings: InstrumentSettings) -> BoolImage:
    return np.asarray(np.abs(cannula.across) <= cannula.width / 2 + scale.px(settings.rim_mm))

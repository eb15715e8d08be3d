"""Cement behind the rod, told from what the rod's whole width attenuates more."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.rod_layers import RodPlace
from leakwatch.vision.cannula.rod_model import Cannula
from leakwatch.vision.cannula.rod_strip import RodStrip, outer_part, sides_of
from leakwatch.vision.image_processing.medians import SIGMA_PER_MAD, median


def excess_on_rod(
    cannula: Cannula,
    place: RodPlace,
    strip: RodStrip,
    doubt: FloatImage,
    front: float,
    scale: Scale,
    settings: InstrumentSettings,
) -> FloatImage:
    """How far what lies behind the rod is over its limit: 1 at it; 0 beside the rod.

    Steel leaves little light, and errors of the rod's place and width leave stripes along it. The
    mean across its middle has little of the noise, and none of the stripes.

    Parameters
    ----------
    cannula : Cannula
    place : RodPlace
        Where the rod is.
    strip : RodStrip
        Less the baseline with the rod as it lies now, what fills it and how scatter changed it.
    doubt : ndarray
        By how much the anatomy behind it may be wrong, along it.
    front : float
        Where along the axis the rod begins, working pixels.
    scale : Scale
    settings : InstrumentSettings

    Returns
    -------
    ndarray
        As large as the picture.
    """
    length = cannula.steps
    core, sides = cannula.core, sides_of(cannula, strip)
    sigma = scale.px(settings.behind_mm)
    excess = np.zeros(place.shape, np.float32)
    if not sides or not core.any():  # nothing to compare with
        return read_only(excess)
    on_axis, *sides = cv2.GaussianBlur(
        np.stack([strip.more[core].mean(axis=0), *sides]), (0, 0), sigma, sigmaY=1e-3
    )
    # Where cement lies beside the rod as well, the other side tells. Cement takes no attenuation
    # away: a side that lost some was brightened by something else, and proves nothing on the rod.
    more = on_axis - np.maximum(np.min(sides, axis=0), np.float32(0.0))
    outer = outer_part(cannula, scale, settings) & strip.free()
    noise = SIGMA_PER_MAD * median(np.abs(more[outer]))
    limit = max(settings.behind_log, settings.behind_sigmas * noise)
    over = more / (limit + settings.behind_share * cannula.contrast[:length] + doubt)
    on_rod = place.middle[place.along[place.middle] >= front]
    excess.ravel()[place.at[on_rod]] = place.lengthwise.some(on_rod).of(over)
    return read_only(excess)

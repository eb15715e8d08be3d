"""Change of the rod's contrast since the baseline."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.rod_model import Cannula
from leakwatch.vision.cannula.rod_strip import RodStrip, relative


def change_of_contrast(
    cannula: Cannula, strip: RodStrip, scale: Scale, settings: InstrumentSettings
) -> FloatImage | None:
    """Estimate the fraction by which the rod's contrast exceeds the expected, along its axis.

    Scatter fills dark places up. Dense cement nearby scatters less of the beam onto the rod, and
    the rod then looks darker than before, by up to a twentieth: as much as a millimetre of cement.
    Scatter changes slowly along the rod, which tells that from cement that ends somewhere; and only
    where no cement is known, on it and beside it.

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
        ``(n,)``, at steps of a pixel from the front end; None where the rod cannot be compared.
    """
    share = relative(cannula, strip, settings)
    if share is None:
        return None
    length = cannula.steps
    core, beside = cannula.core, cannula.beside
    more = share[core].mean(axis=0)
    free = np.ones(length, np.float32)
    if strip.cement is not None:
        covered = np.asarray(strip.cement[core | beside].any(axis=0))
        rim = 2 * round(scale.px(settings.rim_mm)) + 1
        free -= cv2.dilate(covered.view(np.uint8)[None], np.ones((1, rim), np.uint8))[0]
    box = (2 * round(scale.px(settings.scatter_mm) / 2) + 1, 1)
    limit = settings.max_contrast_change
    total = cv2.blur((np.clip(more, -2 * limit, 2 * limit) * free)[None], box)[0]
    weight = cv2.blur(free[None], box)[0]
    known = np.flatnonzero(weight > 0.25)
    if known.size == 0:
        return None
    change = np.interp(np.arange(length), known, total[known] / weight[known])
    return read_only(np.clip(change, -limit, limit).astype(np.float32))

"""How much more, or less, the rod stands out than in the baseline."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.geometry import Scale
from leakwatch.model import BoolImage, FloatImage, read_only
from leakwatch.vision.cannula import Cannula, Pose, beside_rod, strip_along


def change_of_contrast(
    cannula: Cannula,
    moved: FloatImage,
    expected: FloatImage,
    pose: Pose,
    cement: BoolImage | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> FloatImage | None:
    """By which share of its contrast the rod stands out more than expected, along its axis.

    Scatter fills dark places up. Dense cement nearby scatters less of the beam onto the rod, and
    the rod then looks darker than before, by up to a twentieth: as much as a millimetre of cement.
    Scatter changes slowly along the rod, which tells that from cement that ends somewhere; and only
    where no cement is known, on it and beside it.

    Parameters
    ----------
    cannula : Cannula
    moved, expected : ndarray
        Frame, and baseline with the rod as it lies now and what fills it; reference coordinates.
    pose : Pose
    cement : ndarray of bool or None
        Known cement, reference coordinates.
    scale : Scale
    settings : InstrumentSettings

    Returns
    -------
    ndarray or None
        ``(n,)``, at steps of a pixel from the front end; None where the rod cannot be compared.
    """
    length = cannula.steps
    core, beside = beside_rod(cannula)
    if not beside.any():
        return None
    strip = strip_along(cannula, cv2.subtract(moved, expected), pose, length)
    contrast = np.maximum(cannula.contrast[:length], settings.min_contrast)
    more = (strip[core].mean(axis=0) - strip[beside].mean(axis=0)) / contrast
    free = np.ones(length, np.float32)
    if cement is not None:
        covered = strip_along(cannula, cement.view(np.uint8), pose, length)
        rim = 2 * round(scale.px(settings.rim_mm)) + 1
        free -= cv2.dilate(covered[core | beside].max(axis=0)[None], np.ones((1, rim)))[0] > 0.0
    box = (2 * round(scale.px(settings.scatter_mm) / 2) + 1, 1)
    limit = settings.max_contrast_change
    total = cv2.blur((np.clip(more, -2 * limit, 2 * limit) * free)[None], box)[0]
    weight = cv2.blur(free[None], box)[0]
    known = np.flatnonzero(weight > 0.25)
    if known.size == 0:
        return None
    change = np.interp(np.arange(length), known, total[known] / weight[known])
    return read_only(np.clip(change, -limit, limit).astype(np.float32))

"""Posterior side by pedicles and foramina, which alternate behind bodies and never before them.

Behind the upper half of a body its pedicle runs to the arch, behind the lower half and the disc the
foramen is open. From body to body the two take turns in front of the bright row of the joints. In
front of a body there are vessels, gut and lung, which keep no step with it.
"""

from __future__ import annotations

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import BoolImage
from leakwatch.vision.vertebra.body_sides import Edge
from leakwatch.vision.vertebra.straightened_patch import Patch

_STEP_MM = 0.5  # of the samples, that of the patch
# In half heights of the body, above its middle: of its pedicle, of the foramina below and above.
_PEDICLE, _FORAMINA = (-0.2, 0.8), ((-1.5, -0.4), (1.0, 2.0))
_LEAST_SEEN = 0.6  # of each of the three


def pedicle_contrast(
    patch: Patch, back: Edge, half_height_mm: float, settings: VertebraSettings
) -> float | None:
    """Return how much more a pedicle attenuates than the foramina about it; None if not visible.

    Parameters
    ----------
    patch : Patch
        In the axes of `back`.
    back : Edge
        What is taken for the line at the back of the body.
    half_height_mm : float
        Of the body.
    settings : VertebraSettings

    Returns
    -------
    float or None
        In units of the patch's own root mean square.
    """
    behind = np.arange(*settings.pedicle_mm, _STEP_MM)
    up = np.arange(_FORAMINA[0][0] * half_height_mm, _FORAMINA[1][1] * half_height_mm, _STEP_MM)
    # The line at the back goes on straight, see `posterior_line`.
    outward = np.polyval(np.polyfit(back.along_mm, back.outward_mm, 1), up)
    points = back.direction.placed(up[:, None], outward[:, None] + behind)
    value, seen = patch.band(points)
    share = up / half_height_mm

    def mean(low: float, high: float) -> float | None:
        rows = (share >= low) & (share < high)
        there: BoolImage = seen[rows]
        return float(value[rows][there].mean()) if there.mean() >= _LEAST_SEEN else None

    pedicle = mean(*_PEDICLE)
    foramina = [one for one in (mean(*place) for place in _FORAMINA) if one is not None]
    if pedicle is None or not foramina:
        return None
    return pedicle - float(np.mean(foramina))

"""Cement behind the cannula, told from what its whole width attenuates more.

Steel hides cement: behind it the noise is greater, and each error of the model leaves stripes. So
cement counts here by a limit of its own, and the result says how far it is exceeded.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.cannula_layers import CannulaPixels
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.cannula_strip import CannulaStrip, sides_of
from leakwatch.vision.image_processing.medians import SIGMA_PER_MAD, median


@dataclass(frozen=True, slots=True)
class ExcessMeasurer:
    """Measurement of what lies behind the cannula, with its settings, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    def measure(
        self,
        cannula: Cannula,
        place: CannulaPixels,
        strip: CannulaStrip,
        uncertainty: FloatImage,
        front: float,
    ) -> FloatImage:
        """Return how far what lies behind the cannula is over its limit: 1 at it, 0 beside it.

        Steel leaves little light, and errors of its place and width leave stripes along it. The
        mean across its middle has little of the noise, and none of the stripes.

        Parameters
        ----------
        cannula : Cannula
        place : CannulaPixels
            Where it is.
        strip : CannulaStrip
            Less the baseline with the cannula as it lies now, what fills it and how scatter changed
            it.
        uncertainty : ndarray
            By how much the anatomy behind it may be wrong, along it.
        front : float
            Where along the axis the cannula begins, working pixels.

        Returns
        -------
        ndarray
            As large as the picture.
        """
        length = cannula.steps
        core, sides = cannula.core, sides_of(cannula, strip)
        sigma = self.scale.px(self.settings.behind_mm)
        excess = np.zeros(place.shape, np.float32)
        if not sides or not core.any():  # nothing to compare with
            return read_only(excess)
        on_axis, *sides = cv2.GaussianBlur(
            np.stack([strip.added[core].mean(axis=0), *sides]), (0, 0), sigma, sigmaY=1e-3
        )
        # Where cement lies beside the cannula as well, the other side tells. Cement takes no
        # attenuation away: a side that lost some was brightened by something else, and proves
        # nothing on the cannula.
        added = on_axis - np.maximum(np.min(sides, axis=0), np.float32(0.0))
        outer = cannula.outer & strip.cement_free()
        noise = SIGMA_PER_MAD * median(np.abs(added[outer]))
        limit = max(self.settings.behind_log, self.settings.behind_sigmas * noise)
        usual = self.settings.behind_share * cannula.contrast[:length]
        over = added / (limit + usual + uncertainty)
        on_cannula = place.middle[place.along[place.middle] >= front]
        excess.ravel()[place.at[on_cannula]] = place.lengthwise.select(on_cannula).interpolate(over)
        return read_only(excess)

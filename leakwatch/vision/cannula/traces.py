"""Traces of a cannula that moved: attenuation that only errors of its model add.

They lie at its old position, where it was taken out of the baseline, and at its new one, where it
was put in. The limit of what counts as cement is raised by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.cannula_layers import CannulaPixels, resample_finely
from leakwatch.vision.cannula.cannula_model import Cannula, Pose
from leakwatch.vision.cannula.cannula_strip import CannulaStrip
from leakwatch.vision.image_processing.medians import median

_EVERY = 3  # columns: smoothed values are alike over more than two pixels


@dataclass(frozen=True, slots=True)
class TraceMeasurer:
    """Measurement of the traces of a cannula, with its settings, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    def measure(
        self,
        cannula: Cannula,
        left: Sequence[tuple[CannulaPixels, CannulaStrip]],
        uncertainty: FloatImage,
        settled: Pose,
    ) -> FloatImage:
        """Return the attenuation that the cannula seems to add, where it was and where it is.

        It was taken out of the baseline and put in again by a model of its profile, which is not
        exact. What that leaves where no cement is known, on the outer half, it leaves everywhere. A
        cannula that was only drawn back lies where it was measured, and leaves nothing but its
        contrast's error.

        Parameters
        ----------
        cannula : Cannula
        left : sequence of (CannulaPixels, CannulaStrip)
            Where the cannula was and where it is: frame less the baseline with the cannula where it
            is now.
        uncertainty : ndarray
            From ``CannulaMeasurer.uncertainty_behind``, for where the cannula was.
        settled : Pose
            Where it is.
        """
        artefact = np.zeros(left[0][0].shape, np.float32)
        flat = artefact.ravel()
        home, _ = left[0]
        flat[home.at] = home.lengthwise.interpolate(uncertainty)
        for place, strip in left:
            profile = self._measure_profile(cannula, strip, settled)
            here = place.across.interpolate(resample_finely(cannula, profile))
            flat[place.at] = np.maximum(flat[place.at], here)
        return read_only(artefact)

    def _measure_profile(self, cannula: Cannula, strip: CannulaStrip, settled: Pose) -> FloatImage:
        """Return what most of the outer half stays below, across the axis, and at least a share."""
        length, beside, covered = cannula.steps, cannula.beside, cannula.covered
        contrast = float(np.median(cannula.contrast[:length]))
        least = self.settings.moved_share * contrast * cannula.profile
        outer = (np.arange(length) >= length // 2) & strip.cement_free()
        still_px = self.scale.px(self.settings.still_mm)
        aside = cannula.displacement(cannula.pose, settled) >= still_px
        if not aside or not beside.any() or np.count_nonzero(outer) < length / 8:
            return np.where(covered, least, 0.0)
        smooth = cv2.GaussianBlur(strip.added, (0, 0), self.scale.px(self.settings.trace_mm))
        left = smooth[:, np.flatnonzero(outer)[::_EVERY]]
        left = np.maximum(left - median(left[beside]), 0.0)
        at = min(int(self.settings.trace_share * left.shape[1]), left.shape[1] - 1)
        seen = np.partition(left, at, axis=1)[:, at]
        profile = np.where(covered, np.maximum(seen, least), 0.0)
        return profile.astype(np.float32)

"""Estimation of the pose in a frame, from the profile of the cannula where no bolus can be.

Behind the wall no cement lies on the cannula, so that its profile there tells where the axis is:
first roughly, wherever it went within the strip, and then to a few hundredths of a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.cannula_layers import CannulaLayer, render_strip
from leakwatch.vision.cannula.cannula_model import Cannula, Pose
from leakwatch.vision.cannula.cannula_strip import CannulaStrip, take_strip
from leakwatch.vision.cannula.profile_fit import fit_line, fit_profiles


@dataclass(frozen=True, slots=True)
class PoseEstimator:
    """Estimation of a cannula's pose, with its settings, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    def locate(
        self,
        cannula: Cannula,
        added: FloatImage,
        cement: BoolImage | None,
        last: Pose,
        content: Sequence[CannulaLayer],
    ) -> tuple[Pose, bool, CannulaStrip]:
        """Return the pose, whether the cannula is seen there, and its strip.

        Parameters
        ----------
        cannula : Cannula
        added : ndarray
            Frame less the anatomy, reference coordinates.
        cement : ndarray of bool or None
            Known cement.
        last : Pose
            Of the last frame: it holds where the cannula is not seen.
        content : sequence of CannulaLayer
            What the lumen held then. Without its stylet a cannula is a tube, and looks less like
            what was measured.
        """
        own = cannula.pose
        strip = take_strip(cannula, added, cement, own)
        found = self._estimate(cannula, strip.added)
        if found is None and content:
            known = strip
            for layer in content:
                known = known.subtract(render_strip(cannula, layer))
            found = self._estimate(cannula, known.added)
        rough = last if found is None else found
        still_px = self.scale.px(self.settings.still_mm)
        if found is not None and cannula.displacement(own, found) < still_px:
            rough = own  # near enough for the strip that is there already
        if rough != own:
            strip = take_strip(cannula, added, cement, rough)
        if found is None:
            return rough, False, strip
        pose = self._refine(rough, cannula, strip)
        exact_px = self.scale.px(self.settings.exact_mm)
        return own if cannula.displacement(own, pose) < exact_px else pose, True, strip

    def _estimate(self, cannula: Cannula, strip: FloatImage) -> Pose | None:
        """Estimate offset and slope of the axis, from a strip along its place in the baseline.

        None where too few stations show a cannula, or they do not lie on a line.
        """
        first, station = self._first_station(cannula)
        count = (strip.shape[1] - first) // station
        if count < self.settings.min_stations:
            return None
        used = strip[:, first : first + count * station]
        means = used.reshape(len(strip), count, station).mean(axis=2).T
        scores = _correlate_profiles(np.ascontiguousarray(means), cannula.profile)
        places, offsets = [], []
        for index, one in enumerate(scores):
            found = _find_peak(one, self.settings.min_score)
            if found is not None:
                places.append(first + index * station + (station - 1) / 2)
                offsets.append(found)
        if len(places) < self.settings.min_stations:
            return None
        at, found_at = np.array(places), np.array(offsets)
        away = at - at.mean()
        slope = float(away @ found_at / (away @ away))
        offset = float(found_at.mean() - slope * at.mean())
        wrong = np.abs(offset + slope * at - found_at) > self.settings.station_px
        own = cannula.pose
        if wrong.any():
            return None
        return own._replace(offset=own.offset + offset, slope=own.slope + slope)

    def _refine(self, rough: Pose, cannula: Cannula, strip: CannulaStrip) -> Pose:
        """Return the pose to a few hundredths of a pixel, from a strip at a rough one.

        What an edge of steel leaves looks like cement. Width and bend are those of the baseline: to
        turn a cannula by a few degrees changes its distance from the source by some millimetres,
        and its width by less than a hundredth.
        """
        first, station = self._first_station(cannula)
        count = (cannula.steps - first) // station
        last = first + count * station
        means = strip.added[:, first:last].reshape(len(strip.added), count, station).mean(axis=2).T
        free = strip.cement_free(cannula.fit.used)[first:last].reshape(count, station).all(axis=1)
        shift, _ = fit_profiles(means, cannula.fit)
        at = first + (np.arange(count) + 0.5) * station - 0.5
        good = free & (np.abs(shift) < self.settings.station_px)
        if np.count_nonzero(good) < self.settings.min_stations:
            return rough
        offset, slope = fit_line(at[good], shift[good])
        return cannula.pose._replace(offset=rough.offset + offset, slope=rough.slope + slope)

    def _first_station(self, cannula: Cannula) -> tuple[int, int]:
        """Return where the bolus ends along the axis, and the length of a station, pixels."""
        first = int(min(self.scale.px(self.settings.bolus_mm), cannula.length / 2))
        return first, round(self.scale.px(self.settings.station_mm))


def _correlate_profiles(means: FloatImage, profile: FloatImage) -> FloatImage:
    """Return the correlation of each mean profile, one a row, at every place across."""
    margin = int((profile > 0).sum() // 2 + 2)
    template = profile[len(profile) // 2 - margin : len(profile) // 2 + margin + 1]
    scores: FloatImage = cv2.matchTemplate(means, template[None], cv2.TM_CCOEFF_NORMED)
    return scores


def _find_peak(scores: Array, least: float) -> float | None:
    """Return the sub-pixel place of a profile from its scores; None where it is not there."""
    best = int(np.argmax(scores))
    if scores[best] < least or not 0 < best < len(scores) - 1:
        return None
    before, at, after = (float(value) for value in scores[best - 1 : best + 2])
    bend = before - 2 * at + after
    part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return best + part - (len(scores) - 1) / 2

"""Where the rod's axis is in a frame, from its profile where no bolus can be."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, FloatImage
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.rod_model import Cannula, Pose
from leakwatch.vision.cannula.rod_profile import profile_fit, straight_line
from leakwatch.vision.cannula.rod_strip import RodStrip


def pose_of_rod(
    cannula: Cannula, strip: FloatImage, scale: Scale, settings: InstrumentSettings
) -> Pose | None:
    """Offset and slope of the axis now, from profiles at stations outside the bolus.

    Parameters
    ----------
    cannula : Cannula
    strip : ndarray
        The frame less the anatomy, straightened along the rod's place in the baseline.
    scale : Scale
    settings : InstrumentSettings

    Returns
    -------
    Pose or None
        None where too few stations show a rod, or they do not lie on a line.
    """
    length = strip.shape[1]
    station = round(scale.px(settings.station_mm))
    first = int(min(scale.px(settings.bolus_mm), cannula.length / 2))
    count = (length - first) // station
    if count < settings.min_stations:
        return None
    used = strip[:, first : first + count * station]
    means = used.reshape(len(strip), count, station).mean(axis=2).T
    scores = _profile_scores(np.ascontiguousarray(means), cannula.profile)
    places, offsets = [], []
    for index, one in enumerate(scores):
        found = _profile_offset(one, settings)
        if found is not None:
            places.append(first + index * station + (station - 1) / 2)
            offsets.append(found)
    if len(places) < settings.min_stations:
        return None
    at, found_at = np.array(places), np.array(offsets)
    away = at - at.mean()
    slope = float(away @ found_at / (away @ away))
    offset = float(found_at.mean() - slope * at.mean())
    wrong = np.abs(offset + slope * at - found_at) > settings.station_px
    own = cannula.pose
    return (
        None if wrong.any() else own._replace(offset=own.offset + offset, slope=own.slope + slope)
    )


def refined(
    rough: Pose,
    cannula: Cannula,
    over: RodStrip,
    scale: Scale,
    settings: InstrumentSettings,
) -> Pose:
    """The pose to a few hundredths of a pixel: what an edge of steel leaves looks like cement.

    Width and bend are those of the baseline: to turn a rod by a few degrees changes its distance
    from the source by some millimetres, and its width by less than a hundredth.

    Parameters
    ----------
    rough : Pose
        From `pose_of_rod`.
    cannula : Cannula
    over : RodStrip
        Less the anatomy, at the rough pose.
    scale : Scale
    settings : InstrumentSettings
    """
    station = round(scale.px(settings.station_mm))
    first = int(min(scale.px(settings.bolus_mm), cannula.length / 2))
    count = (cannula.steps - first) // station
    last = first + count * station
    means = over.more[:, first:last].reshape(len(over.more), count, station).mean(axis=2).T
    free = over.free(cannula.fit.used)[first:last].reshape(count, station).all(axis=1)
    shift, _ = profile_fit(means, cannula.fit)
    at = first + (np.arange(count) + 0.5) * station - 0.5
    own = cannula.pose
    good = free & (np.abs(shift) < settings.station_px)
    if np.count_nonzero(good) < settings.min_stations:
        return rough
    offset, slope = straight_line(at[good], shift[good])
    return own._replace(offset=rough.offset + offset, slope=rough.slope + slope)


def _profile_scores(means: FloatImage, profile: FloatImage) -> FloatImage:
    """Correlation of each mean profile, one a row, with the rod's, at every place across."""
    margin = int((profile > 0).sum() // 2 + 2)
    template = profile[len(profile) // 2 - margin : len(profile) // 2 + margin + 1]
    scores: FloatImage = cv2.matchTemplate(means, template[None], cv2.TM_CCOEFF_NORMED)
    return scores


def _profile_offset(scores: Array, settings: InstrumentSettings) -> float | None:
    """Sub-pixel place of the rod's profile from its scores; None where it is not there."""
    best = int(np.argmax(scores))
    if scores[best] < settings.min_score or not 0 < best < len(scores) - 1:
        return None
    before, at, after = (float(value) for value in scores[best - 1 : best + 2])
    bend = before - 2 * at + after
    part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return best + part - (len(scores) - 1) / 2

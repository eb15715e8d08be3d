"""The cannula followed from frame to frame, told from cement."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.geometry import Scale
from leakwatch.model import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.vision import bore
from leakwatch.vision.baseline import Baseline
from leakwatch.vision.bore import begins_at
from leakwatch.vision.cannula import Cannula, measured, strip_along, with_rod
from leakwatch.vision.ridge import strongest_line
from leakwatch.vision.wall import Wall


@dataclass(frozen=True, slots=True)
class InstrumentState:
    """What earlier frames say of the cannula.

    Parameters
    ----------
    cannula : Cannula or None
        None where none was found in the baseline.
    footprint : ndarray of bool or None
        Where it was in the baseline, with a rim.
    offset, slope : float
        Where its axis is now against the baseline: across = offset + slope * along.
    drawn_back : float
        How far its front end went outwards, working pixels.
    without : ndarray or None
        The baseline's picture without the rod.
    anatomy : ndarray or None
        The same straightened along the rod: what lies behind it is no part of its profile.
    moved : bool
        It is not where it was.
    hidden : ndarray of bool or None
        Where it hid cement in the last frame.
    """

    cannula: Cannula | None = None
    footprint: BoolImage | None = None
    offset: float = 0.0
    slope: float = 0.0
    drawn_back: float = 0.0
    without: FloatImage | None = None
    anatomy: FloatImage | None = None
    moved: bool = False
    hidden: BoolImage | None = None


def find(
    baseline: Baseline,
    wall: Wall | None,
    tip: Point | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> InstrumentState:
    """Find the cannula in the baseline: the straightest, longest ridge of a rod's width.

    Parameters
    ----------
    baseline : Baseline
    wall : Wall or None
        The rod is looked for behind it, where nothing else is straight.
    tip : Point or None
        Marked needle tip, working pixels; else the front end is where the ridge ends.
    scale : Scale
    settings : InstrumentSettings
    """
    line = strongest_line(baseline, wall, scale, settings)
    if line is None:
        return InstrumentState()
    cannula = measured(baseline, line, tip, scale, settings)
    if cannula is None:
        return InstrumentState()
    rim = scale.px(settings.rim_mm)
    footprint = np.abs(cannula.across) <= cannula.width / 2 + rim
    footprint &= cannula.along >= -2 * rim
    without = with_rod(baseline.mean, cannula, (0.0, 0.0), 0.0, -cannula.profile)
    anatomy = strip_along(cannula, without, (0.0, 0.0), int(cannula.length) + 1)
    return InstrumentState(
        cannula, read_only(footprint), without=without, anatomy=read_only(anatomy)
    )


def follow(
    state: InstrumentState,
    baseline: Baseline,
    moved: FloatImage,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[InstrumentState, Baseline, BoolImage | None]:
    """Where the cannula is in this frame, and what that does to the baseline.

    Behind the wall no cement lies on the cannula, so the part of it there tells its pose. When
    it has moved, the baseline is made true again: the rod is taken out where it was and put in
    where it is. Cement that fills the bore is put in too: it is on its way, and no leak.

    Parameters
    ----------
    state : InstrumentState
    baseline : Baseline
    moved : ndarray
        Frame's log attenuation, reference coordinates.
    scale : Scale
    settings : InstrumentSettings

    Returns
    -------
    InstrumentState, Baseline, ndarray of bool or None
        State; baseline to compare this frame with; where new cement cannot be told, None where
        everywhere.
    """
    cannula = state.cannula
    if cannula is None or state.anatomy is None or state.without is None:
        return state, baseline, None
    strip = strip_along(cannula, moved, (0.0, 0.0), int(cannula.length) + 1)
    pose = _pose(cannula, strip - state.anatomy, scale, settings) or (state.offset, state.slope)
    new, true, hidden = _moved_rod(
        replace(state, offset=pose[0], slope=pose[1], moved=False, hidden=None),
        cannula,
        state.without,
        baseline,
        moved,
        scale,
        settings,
    )
    if hidden is not None and state.hidden is not None:
        hidden |= state.hidden
    filling = bore.filling(cannula, moved, true.mean, pose, scale, settings)
    if filling is not None:
        filled = with_rod(true.mean, cannula, pose, filling.front, filling.profile)
        true = replace(true, mean=filled)
    return new, true, hidden


def _moved_rod(
    state: InstrumentState,
    cannula: Cannula,
    without: FloatImage,
    baseline: Baseline,
    moved: FloatImage,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[InstrumentState, Baseline, BoolImage | None]:
    """The baseline with the rod where it is now, and where that hides what is new."""
    pose = (state.offset, state.slope)
    away = max(abs(pose[0]), abs(pose[0] + pose[1] * cannula.length))
    if away < scale.px(settings.exact_mm):
        return state, baseline, None
    if away < scale.px(settings.still_mm):
        mean = with_rod(without, cannula, pose, 0.0, cannula.profile)
        return state, replace(baseline, mean=mean), None
    rim = scale.px(settings.rim_mm)
    back = _drawn_back(cannula, moved, without, pose)
    here = np.abs(cannula.across - (pose[0] + pose[1] * cannula.along)) <= cannula.width / 2 + rim
    here &= cannula.along >= back - 2 * rim
    state = replace(state, drawn_back=back, moved=True, hidden=read_only(here.copy()))
    mean = with_rod(without, cannula, pose, back, cannula.profile)
    return state, replace(baseline, mean=mean), here


def _pose(
    cannula: Cannula, strip: FloatImage, scale: Scale, settings: InstrumentSettings
) -> tuple[float, float] | None:
    """Offset and slope of the axis now, from profiles at stations outside the bolus."""
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
    return None if wrong.any() else (offset, slope)


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


def _drawn_back(
    cannula: Cannula, moved: FloatImage, without: FloatImage, pose: tuple[float, float]
) -> float:
    """How far the front end went outwards: where along the new axis the rod begins.

    Cement may lie around the front end, so that the rod is told by its contrast with both sides,
    where the frame differs from the baseline without a rod.
    """
    length = min(int(cannula.length / 2), len(cannula.contrast))
    strip = strip_along(cannula, moved, pose, length) - strip_along(cannula, without, pose, length)
    half = (len(cannula.profile) - 1) // 2
    across = np.abs(np.arange(-half, half + 1))
    core = strip[across <= cannula.width / 4].mean(axis=0)
    beside = (across > cannula.width * 0.75) & (across <= cannula.width * 1.25)
    present = core - strip[beside].mean(axis=0) > 0.5 * cannula.contrast[: strip.shape[1]]
    return begins_at(present)

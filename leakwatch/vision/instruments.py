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
from leakwatch.vision.cannula import Cannula, measured, rod_attenuation, strip_along
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
    anatomy : ndarray or None
        The baseline without the rod, straightened along it: what lies behind the rod is no part
        of its profile.
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
    contrast = cannula.contrast[: int(cannula.length) + 1]
    strip = strip_along(cannula, baseline.mean, (0.0, 0.0), int(cannula.length) + 1)
    anatomy = strip - cannula.profile[:, None] * contrast
    return InstrumentState(cannula, read_only(footprint), anatomy=read_only(anatomy))


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
    if cannula is None or state.anatomy is None:
        return state, baseline, None
    strip = strip_along(cannula, moved, (0.0, 0.0), int(cannula.length) + 1)
    pose = _pose(cannula, strip - state.anatomy, scale, settings) or (state.offset, state.slope)
    new, true, hidden = _moved_rod(
        replace(state, offset=pose[0], slope=pose[1], moved=False, hidden=None),
        cannula,
        baseline,
        moved,
        scale,
        settings,
    )
    if hidden is not None and state.hidden is not None:
        hidden |= state.hidden
    filling = bore.filling(cannula, moved - true.mean, pose, scale, settings)
    if filling is not None:
        axis = cannula.across - (pose[0] + pose[1] * cannula.along)
        inside = rod_attenuation(cannula, axis, filling.front, filling.profile)
        true = replace(true, mean=read_only(true.mean + inside))
    return new, true, hidden


def _moved_rod(
    state: InstrumentState,
    cannula: Cannula,
    baseline: Baseline,
    moved: FloatImage,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[InstrumentState, Baseline, BoolImage | None]:
    """The baseline with the rod where it is now, and where that hides what is new."""
    ends = (state.offset, state.offset + state.slope * cannula.length)
    away = max(abs(end) for end in ends)
    if away < scale.px(settings.exact_mm):
        return state, baseline, None
    axis = cannula.across - (state.offset + state.slope * cannula.along)
    without = baseline.mean - rod_attenuation(cannula, cannula.across, 0.0)
    if away < scale.px(settings.still_mm):
        return state, _with_rod(baseline, without, cannula, axis, 0.0), None
    rim = scale.px(settings.rim_mm)
    back = _drawn_back(cannula, moved - without, (state.offset, state.slope))
    here = np.abs(axis) <= cannula.width / 2 + rim
    here &= cannula.along >= back - 2 * rim
    state = replace(state, drawn_back=back, moved=True, hidden=read_only(here.copy()))
    return state, _with_rod(baseline, without, cannula, axis, back), here


def _with_rod(
    baseline: Baseline, without: FloatImage, cannula: Cannula, axis: FloatImage, front: float
) -> Baseline:
    mean = without + rod_attenuation(cannula, axis, front)
    return Baseline(read_only(mean), baseline.seen, baseline.frames)


def _pose(
    cannula: Cannula, strip: FloatImage, scale: Scale, settings: InstrumentSettings
) -> tuple[float, float] | None:
    """Offset and slope of the axis now, from profiles at stations outside the bolus."""
    length = strip.shape[1]
    station = round(scale.px(settings.station_mm))
    first = min(scale.px(settings.bolus_mm), cannula.length / 2)
    places, offsets = [], []
    for start in range(int(first), length - station + 1, station):
        mean = strip[:, start : start + station].mean(axis=1)
        found = _profile_offset(mean, cannula.profile, settings)
        if found is not None:
            places.append(start + (station - 1) / 2)
            offsets.append(found)
    if len(places) < settings.min_stations:
        return None
    at, found_at = np.array(places), np.array(offsets)
    away = at - at.mean()
    slope = float(away @ found_at / (away @ away))
    offset = float(found_at.mean() - slope * at.mean())
    wrong = np.abs(offset + slope * at - found_at) > settings.station_px
    return None if wrong.any() else (offset, slope)


def _profile_offset(mean: Array, profile: FloatImage, settings: InstrumentSettings) -> float | None:
    """Sub-pixel place of the rod's profile in a mean profile; None where it is not there."""
    margin = int((profile > 0).sum() // 2 + 2)
    template = profile[len(profile) // 2 - margin : len(profile) // 2 + margin + 1]
    scores = cv2.matchTemplate(mean.astype(np.float32)[None], template[None], cv2.TM_CCOEFF_NORMED)[
        0
    ]
    best = int(np.argmax(scores))
    if scores[best] < settings.min_score or not 0 < best < len(scores) - 1:
        return None
    before, at, after = (float(value) for value in scores[best - 1 : best + 2])
    bend = before - 2 * at + after
    part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return best + part - (len(scores) - 1) / 2


def _drawn_back(
    cannula: Cannula,
    added: FloatImage,
    pose: tuple[float, float],
) -> float:
    """How far the front end went outwards: where along the new axis the rod begins.

    `added` is the frame less the baseline without a rod; cement may lie around the front end,
    so that the rod is told by its contrast with both sides.
    """
    strip = strip_along(cannula, added, pose, min(int(cannula.length / 2), len(cannula.contrast)))
    half = (len(cannula.profile) - 1) // 2
    across = np.abs(np.arange(-half, half + 1))
    core = strip[across <= cannula.width / 4].mean(axis=0)
    beside = (across > cannula.width * 0.75) & (across <= cannula.width * 1.25)
    present = core - strip[beside].mean(axis=0) > 0.5 * cannula.contrast[: strip.shape[1]]
    return begins_at(present)

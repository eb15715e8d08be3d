"""The cannula followed from frame to frame, told from cement."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.geometry import Scale
from leakwatch.model import BoolImage, FloatImage, Point, read_only
from leakwatch.vision import bore
from leakwatch.vision.baseline import Baseline
from leakwatch.vision.cannula import Cannula, Pose, farthest, measured, strip_along, with_rod
from leakwatch.vision.front_end import FrontEnd, follow_front, unsteady
from leakwatch.vision.ridge import strongest_line
from leakwatch.vision.rod_contrast import change_of_contrast
from leakwatch.vision.rod_pose import pose_of_rod
from leakwatch.vision.rod_traces import traces
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
    pose : Pose
        Where its axis is now against the baseline.
    front : FrontEnd
    without : ndarray or None
        The baseline's picture without the rod.
    anatomy : ndarray or None
        The same straightened along the rod: what lies behind it is no part of its profile.
    moved : bool
        It is not where it was.
    hidden : ndarray of bool or None
        Where it lay in the last frame, with a rim, if that was not its place.
    filling : Filling or None
        What fills the bore.
    change : ndarray or None
        By which share of its contrast it stands out more than in the baseline, along its axis.
    time_s : float or None
        Of the last frame.
    """

    cannula: Cannula | None = None
    footprint: BoolImage | None = None
    pose: Pose = (0.0, 0.0)
    front: FrontEnd = field(default_factory=FrontEnd)
    without: FloatImage | None = None
    anatomy: FloatImage | None = None
    moved: bool = False
    hidden: BoolImage | None = None
    filling: bore.Filling | None = None
    change: FloatImage | None = None
    time_s: float | None = None


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


@dataclass(frozen=True, slots=True)
class Followed:
    """The cannula in one frame.

    Parameters
    ----------
    state : InstrumentState
    baseline : Baseline
        To compare this frame with: the rod as it is now, and what fills it.
    moves : ndarray of bool or None
        Where it moves right now, so that new cement cannot be told.
    covers : ndarray of bool or None
        Where it lies, away from its place.
    ghost : ndarray or None
        Attenuation that an error of its pose or contrast would add, away from its place.
    """

    state: InstrumentState
    baseline: Baseline
    moves: BoolImage | None = None
    covers: BoolImage | None = None
    ghost: FloatImage | None = None


def follow(
    state: InstrumentState,
    baseline: Baseline,
    moved: FloatImage,
    cement: BoolImage | None,
    time_s: float,
    scale: Scale,
    settings: InstrumentSettings,
) -> Followed:
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
    cement : ndarray of bool or None
        Known cement, reference coordinates.
    time_s : float
    scale : Scale
    settings : InstrumentSettings
    """
    cannula, without = state.cannula, state.without
    if cannula is None or state.anatomy is None or without is None:
        return Followed(state, baseline)
    strip = strip_along(cannula, moved, (0.0, 0.0), int(cannula.length) + 1)
    found = pose_of_rod(cannula, strip - state.anatomy, scale, settings)
    pose = state.pose if found is None else found
    front = unsteady(state.front)
    if found is not None and _step(found, state) < scale.px(settings.still_mm):
        front = follow_front(state.front, cannula, moved, without, cement, pose, scale, settings)
    followed = _placed_rod(
        state, replace(state, pose=pose, front=front, time_s=time_s), baseline, scale, settings
    )
    elapsed_s = 0.0 if state.time_s is None else time_s - state.time_s
    share = 1.0 - math.exp(-elapsed_s / settings.contrast_s)
    return _with_contrast(followed, moved, cement, share, scale, settings)


def _with_contrast(
    followed: Followed,
    moved: FloatImage,
    cement: BoolImage | None,
    share: float,
    scale: Scale,
    settings: InstrumentSettings,
) -> Followed:
    """Put into the baseline what fills the bore, and what scatter does to the rod's contrast.

    Both change slowly once cement is there, with weight `share` for the newest frame: a leak
    behind the rod, which fills in a second, must not be taken for either.
    """
    state, true = followed.state, followed.baseline.mean
    cannula, pose, back = state.cannula, state.pose, state.front.drawn_back
    assert cannula is not None
    filling = bore.filling(cannula, moved, true, pose, cement, scale, settings)
    if cement is not None and cement.any():
        filling = bore.followed_filling(state.filling, filling, share)
    if filling is not None:
        true = with_rod(true, cannula, pose, max(filling.front, back), filling.profile)
    newest = change_of_contrast(cannula, moved, true, pose, cement, scale, settings)
    change = state.change
    if newest is not None:
        before = np.zeros_like(newest) if change is None else change
        change = read_only(before + np.float32(share) * (newest - before))
    if change is not None:
        true = with_rod(true, cannula, pose, back, cannula.profile, change)
    state = replace(state, filling=filling, change=change)
    ghost = None
    if state.moved:
        difference = cv2.subtract(moved, true)
        ghost = traces(cannula, difference, pose, cement, scale, settings)
    baseline = replace(followed.baseline, mean=true)
    return replace(followed, state=state, baseline=baseline, ghost=ghost)


def _placed_rod(
    before: InstrumentState,
    state: InstrumentState,
    baseline: Baseline,
    scale: Scale,
    settings: InstrumentSettings,
) -> Followed:
    """The baseline with the rod where it is now, and where that hides what is new."""
    cannula, without = state.cannula, state.without
    assert cannula is not None
    assert without is not None
    pose, back = state.pose, state.front.drawn_back
    away = farthest(pose, cannula)
    if back == 0.0 and away < scale.px(settings.still_mm):
        if away >= scale.px(settings.exact_mm):
            mean = with_rod(without, cannula, pose, back, cannula.profile)
            baseline = replace(baseline, mean=mean)
        return Followed(replace(state, moved=False, hidden=None), baseline)
    mean = with_rod(without, cannula, pose, back, cannula.profile)
    rim = scale.px(settings.rim_mm)
    here = np.abs(cannula.across - (pose[0] + pose[1] * cannula.along)) <= cannula.width / 2 + rim
    here &= cannula.along >= min(back, before.front.drawn_back) - 2 * rim
    hidden = read_only(here)
    covers = hidden if before.hidden is None else read_only(hidden | before.hidden)
    moves = _step(pose, before) >= scale.px(settings.still_mm)
    moves |= back != before.front.drawn_back
    return Followed(
        replace(state, moved=True, hidden=hidden),
        replace(baseline, mean=mean),
        covers if moves else None,
        covers,
    )


def _step(pose: Pose, before: InstrumentState) -> float:
    assert before.cannula is not None
    step = (pose[0] - before.pose[0], pose[1] - before.pose[1])
    return farthest(step, before.cannula)

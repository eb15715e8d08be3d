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
from leakwatch.vision.cannula import (
    IN_PLACE,
    Cannula,
    Pose,
    farthest,
    measured,
    step_between,
    strip_along,
)
from leakwatch.vision.front_end import FrontEnd, follow_front, unsteady
from leakwatch.vision.ridge import strongest_line
from leakwatch.vision.rod_contrast import change_of_contrast
from leakwatch.vision.rod_excess import excess_on_rod
from leakwatch.vision.rod_layers import RodLayer, straightened, with_layers
from leakwatch.vision.rod_pose import pose_of_rod, refined
from leakwatch.vision.rod_strip import RodStrip, strip_of
from leakwatch.vision.rod_traces import missed_by_model, traces
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
    pose: Pose = IN_PLACE
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
    shape = baseline.mean.shape
    footprint = _footprint(cannula, cannula.pose, 0.0, shape, scale, settings)
    without = with_layers(baseline.mean, cannula, cannula.pose, [RodLayer(-cannula.fine_profile)])
    anatomy = read_only(strip_along(cannula, without, cannula.pose, int(cannula.length) + 1))
    return InstrumentState(cannula, footprint, cannula.pose, without=without, anatomy=anatomy)


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
    excess : ndarray or None
        How far what lies behind it is over its limit: 1 at it; once cement is known.
    """

    state: InstrumentState
    baseline: Baseline
    moves: BoolImage | None = None
    covers: BoolImage | None = None
    ghost: FloatImage | None = None
    excess: FloatImage | None = None


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
    in_place = strip_along(cannula, moved, cannula.pose, state.anatomy.shape[1])
    found = pose_of_rod(cannula, in_place - state.anatomy, scale, settings)
    rough = state.pose if found is None else found
    over = strip_of(cannula, moved, cement, rough)
    over = over.less(strip_along(cannula, without, rough, cannula.steps))
    pose = state.pose
    if found is not None:
        pose = refined(found, state.pose, cannula, over, scale, settings)
        if farthest(pose, cannula) < scale.px(settings.exact_mm):
            pose = cannula.pose
    front = unsteady(state.front)
    if found is not None and step_between(state.pose, pose, cannula) < scale.px(settings.still_mm):
        front = follow_front(state.front, cannula, over, scale, settings)
    before, state = state, replace(state, pose=pose, front=front, time_s=time_s)
    state, moves, covers = _covered(before, state, scale, settings)
    elapsed_s = 0.0 if before.time_s is None else time_s - before.time_s
    share = 1.0 - math.exp(-elapsed_s / settings.contrast_s)
    rod = RodLayer(cannula.fine_profile, front.drawn_back)
    true = with_layers(without, cannula, pose, [rod])
    over = strip_of(cannula, cv2.subtract(moved, true), cement, pose)
    state, layers = _layers(state, over, share, scale, settings)
    if layers:
        true = with_layers(true, cannula, pose, layers)
        for layer in layers:
            over = over.less(straightened(cannula, layer))
    ghost = excess = None
    if over.cement is not None:
        excess = excess_on_rod(cannula, moved.shape, over, pose, front.drawn_back, scale, settings)
    if state.moved:
        was = strip_of(cannula, cv2.subtract(moved, true), cement, cannula.pose)
        left = ((cannula.pose, was), (pose, over))
        ghost = traces(cannula, moved.shape, left, pose, scale, settings)
    return Followed(state, replace(baseline, mean=true), moves, covers, ghost, excess)


def _layers(
    state: InstrumentState,
    over: RodStrip,
    share: float,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[InstrumentState, list[RodLayer]]:
    """What fills the rod's bore, and what scatter and a turn do to its looks.

    Filling and contrast change slowly once cement is there, with weight `share` for the newest
    frame: a leak behind the rod, which fills in a second, must not be taken for either.
    """
    cannula, back = state.cannula, state.front.drawn_back
    assert cannula is not None
    layers: list[RodLayer] = []

    def expect(layer: RodLayer, over: RodStrip) -> RodStrip:
        layers.append(layer)
        return over.less(straightened(cannula, layer))

    filling = bore.filling(cannula, over, scale, settings)
    if over.cement is not None:
        filling = bore.followed_filling(state.filling, filling, share)
    if filling is not None:
        over = expect(RodLayer(filling.profile, max(filling.front, back)), over)
    newest = change_of_contrast(cannula, over, scale, settings)
    change = state.change
    if newest is not None:
        before = np.zeros_like(newest) if change is None else change
        change = read_only(before + np.float32(share) * (newest - before))
    if change is not None:
        over = expect(RodLayer(cannula.profile, back, change), over)
    missed = missed_by_model(cannula, over, scale, settings)
    if missed is not None:
        expect(RodLayer(missed, back), over)
    return replace(state, filling=filling, change=change), layers


def _covered(
    before: InstrumentState,
    state: InstrumentState,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[InstrumentState, BoolImage | None, BoolImage | None]:
    """Where the rod hides what is new while it moves, and where it lies away from its place."""
    cannula, without = state.cannula, state.without
    assert cannula is not None
    assert without is not None
    pose, back = state.pose, state.front.drawn_back
    if back == 0.0 and farthest(pose, cannula) < scale.px(settings.still_mm):
        return replace(state, moved=False, hidden=None), None, None
    from_px = min(back, before.front.drawn_back)
    hidden = _footprint(cannula, pose, from_px, without.shape, scale, settings)
    covers = hidden if before.hidden is None else read_only(hidden | before.hidden)
    moves = step_between(before.pose, pose, cannula) >= scale.px(settings.still_mm)
    moves |= back != before.front.drawn_back
    return replace(state, moved=True, hidden=hidden), covers if moves else None, covers


def _footprint(
    cannula: Cannula,
    pose: Pose,
    from_px: float,
    shape: tuple[int, ...],
    scale: Scale,
    settings: InstrumentSettings,
) -> BoolImage:
    """Where the rod lies from so far along its axis on, with a rim."""
    rim, pixels = scale.px(settings.rim_mm), cannula.pixels
    here = np.abs(pose.from_axis(pixels.along, pixels.across)) <= cannula.width / 2 + rim
    here &= pixels.along >= from_px - 2 * rim
    whole = np.zeros(shape, np.bool_)
    whole.ravel()[pixels.at] = here
    return read_only(whole)

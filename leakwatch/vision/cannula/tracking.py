"""The cannula followed from frame to frame, told from cement."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import cv2
import msgspec
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import BoolImage, FloatImage, Point, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula import lumen
from leakwatch.vision.cannula.front_end import FrontEnd, follow_front, unsteady
from leakwatch.vision.cannula.ridge import strongest_line
from leakwatch.vision.cannula.rod_contrast import change_of_contrast
from leakwatch.vision.cannula.rod_excess import excess_on_rod
from leakwatch.vision.cannula.rod_layers import RodLayer, RodPlace, added_by, place_of, straightened
from leakwatch.vision.cannula.rod_model import (
    IN_PLACE,
    Cannula,
    Pose,
    farthest,
    measured,
    step_between,
    strip_along,
)
from leakwatch.vision.cannula.rod_pose import pose_of_rod, refined
from leakwatch.vision.cannula.rod_strip import RodStrip, strip_of
from leakwatch.vision.cannula.traces import doubt_behind, missed_by_model, traces
from leakwatch.vision.vertebra.posterior_wall import Wall


@dataclass(frozen=True, slots=True)
class InstrumentState:
    """What earlier frames say of the cannula.

    Parameters
    ----------
    cannula : Cannula or None
        None where none was found in the baseline.
    place : RodPlace or None
        The pixels that it reached in the baseline.
    footprint : ndarray of bool or None
        Where it was in the baseline, with a rim.
    pose : Pose
        Where its axis is now against the baseline.
    front : FrontEnd
    without : ndarray or None
        The baseline's picture without the rod.
    doubt : ndarray or None
        By how much that may be wrong, along the rod.
    moved : bool
        It is not where it was.
    hidden : ndarray of bool or None
        Where it lay in the last frame, with a rim, if that was not its place.
    content : LumenContent or None
        What the lumen holds that it did not hold in the baseline.
    change : ndarray or None
        By which share of its contrast it stands out more than in the baseline, along its axis.
    time_s : float or None
        Of the last frame.
    """

    cannula: Cannula | None = None
    place: RodPlace | None = None
    footprint: BoolImage | None = None
    pose: Pose = IN_PLACE
    front: FrontEnd = field(default_factory=FrontEnd)
    without: FloatImage | None = None
    doubt: FloatImage | None = None
    moved: bool = False
    hidden: BoolImage | None = None
    content: lumen.LumenContent | None = None
    change: FloatImage | None = None
    time_s: float | None = None


def find(
    baseline: Baseline,
    wall: Wall | None,
    tip: Point | None,
    scale: Scale,
    settings: InstrumentSettings,
    beside: Cannula | None = None,
    needle: tuple[Point, Point] | None = None,
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
    beside : Cannula or None
        One that was found before it. Its width is known to be a rod's, so that the search for one
        that looks wider, where millimetres are a guess, is left out; and where it is a needle, so
        is another.
    needle : (Point, Point) or None
        The strongest line of a needle's width, where it is known already.
    """
    if scale.px(settings.width_mm) < 1.0:
        return InstrumentState()  # no wider than a pixel, a rod has no profile to follow it by
    for widest_mm, crowded in _searches(scale, settings, beside):
        # What lies beside a rod is told so near to it as the widest one allows.
        settings = msgspec.structs.replace(settings, width_mm=widest_mm)
        line = needle or strongest_line(baseline, wall, scale, settings, tip, crowded)
        needle = None
        if line is not None:
            cannula = measured(baseline, line, tip, scale, settings, crowded)
            if cannula is not None:
                break
    else:
        return InstrumentState()
    return initial_state(cannula, baseline.mean, baseline.mean, scale, settings)


def initial_state(
    cannula: Cannula,
    picture: FloatImage,
    alone: FloatImage,
    scale: Scale,
    settings: InstrumentSettings,
) -> InstrumentState:
    """Return what is known of a cannula as soon as it is measured.

    Parameters
    ----------
    cannula : Cannula
    picture : ndarray
        The baseline, less the cannulas before it.
    alone : ndarray
        The same less all others, in which it was measured.
    scale : Scale
    settings : InstrumentSettings
    """
    place = place_of(cannula, cannula.pose, picture.shape, scale, settings)
    without = picture.copy()
    without.ravel()[place.at] -= place.rod
    footprint = _footprint(cannula, place, 0.0, scale, settings)
    doubt = doubt_behind(cannula, alone, scale, settings)
    return InstrumentState(
        cannula, place, footprint, cannula.pose, FrontEnd(), read_only(without), doubt
    )


def _searches(
    scale: Scale, settings: InstrumentSettings, beside: Cannula | None
) -> Iterator[tuple[float, bool]]:
    """Yield the widest rod that is looked for, and whether another may lie beside it."""
    widths = [settings.width_mm]
    is_needle = beside is not None and beside.width <= scale.px(settings.width_mm)
    if settings.sheath_mm > settings.width_mm and not is_needle:
        widths.append(settings.sheath_mm)
    for widest_mm in widths:
        yield widest_mm, True
        if beside is None:
            yield widest_mm, False


# What is remembered of one cannula, or of all of them.
State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Followed(Generic[State]):
    """The cannula in one frame, or all cannulas.

    Parameters
    ----------
    state : InstrumentState, or Cannulas
    more : ndarray
        What the frame attenuates more than the baseline, with the rod as it is now and what fills
        it; reference coordinates.
    moves : ndarray of bool or None
        Where it moves right now, so that new cement cannot be told.
    covers : ndarray of bool or None
        Where it lies, away from its place.
    ghost : ndarray or None
        Attenuation that an error of its pose or contrast would add, away from its place.
    excess : ndarray or None
        How far what lies behind it is over its limit: 1 at it; once cement is known.
    """

    state: State
    more: FloatImage
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
) -> Followed[InstrumentState]:
    """Where the cannula is in this frame, and what else the frame adds to the baseline.

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
    cannula, without, home, doubt = state.cannula, state.without, state.place, state.doubt
    if cannula is None or without is None or home is None or doubt is None:
        return Followed(state, read_only(cv2.subtract(moved, baseline.mean)))
    more = cv2.subtract(moved, without)
    before, (pose, is_seen, over) = state, _pose(state, more, cement, scale, settings)
    front = unsteady(before.front)
    if is_seen and step_between(before.pose, pose, cannula) < scale.px(settings.still_mm):
        front = follow_front(before.front, cannula, over, scale, settings)
    place = home
    if pose != cannula.pose:
        place = place_of(cannula, pose, without.shape, scale, settings)
    state = replace(state, pose=pose, front=front, time_s=time_s)
    state, moves, covers = _covered(before, state, place, scale, settings)
    rod = place.rod
    if front.drawn_back > 0.0:
        rod = np.where(place.along >= front.drawn_back, rod, np.float32(0.0))
    np.subtract.at(more.ravel(), place.at, rod)
    over = RodStrip(strip_along(cannula, more, pose, cannula.steps), over.cement)
    share = _share(before.time_s, time_s, settings)
    state, layers, over = _looks(state, over, share, scale, settings)
    if layers:
        np.subtract.at(more.ravel(), place.at, added_by(cannula, place, layers))
    if farthest(pose, cannula) < scale.px(settings.still_mm):
        # Where it lies as in the baseline, what is behind it is part of that.
        doubt = np.where(np.arange(len(doubt)) < front.drawn_back, doubt, np.float32(0.0))
    ghost = excess = None
    if over.cement is not None:
        excess = excess_on_rod(cannula, place, over, doubt, front.drawn_back, scale, settings)
    if state.moved:
        was = strip_of(cannula, more, cement, cannula.pose)
        ghost = traces(cannula, ((home, was), (place, over)), doubt, pose, scale, settings)
    return Followed(state, read_only(more), moves, covers, ghost, excess)


def changed_by(
    state: InstrumentState, shape: tuple[int, ...], scale: Scale, settings: InstrumentSettings
) -> FloatImage | None:
    """Return what a rod, as the last frame had it, adds to a frame but not to the baseline.

    Parameters
    ----------
    state : InstrumentState
    shape : (int, int)
        Of the picture.
    scale : Scale
    settings : InstrumentSettings

    Returns
    -------
    ndarray or None
        None where it looks as in the baseline.
    """
    cannula, home, back = state.cannula, state.place, state.front.drawn_back
    layers = [] if state.content is None else state.content.layers(back)
    if cannula is None or home is None:
        return None
    if state.pose == cannula.pose and back == 0.0 and not layers:
        return None
    place = home
    if state.pose != cannula.pose:
        place = place_of(cannula, state.pose, shape, scale, settings)
    image = np.zeros(shape, np.float32)
    image.ravel()[place.at] = np.where(place.along >= back, place.rod, np.float32(0.0))
    if layers:
        image.ravel()[place.at] += added_by(cannula, place, layers)
    image.ravel()[home.at] -= home.rod
    return image


def _pose(
    state: InstrumentState,
    more: FloatImage,
    cement: BoolImage | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[Pose, bool, RodStrip]:
    """Where the rod is, whether it is seen there, and its strip less the anatomy behind it."""
    cannula = state.cannula
    assert cannula is not None
    own = cannula.pose
    over = strip_of(cannula, more, cement, own)
    found = pose_of_rod(cannula, over.more, scale, settings)
    if found is None and state.content is not None:
        # Without its stylet a rod is a tube, and looks less like what was measured.
        known = over
        for layer in state.content.layers(state.front.drawn_back):
            known = known.less(straightened(cannula, layer))
        found = pose_of_rod(cannula, known.more, scale, settings)
    rough = state.pose if found is None else found
    if found is not None and farthest(found, cannula) < scale.px(settings.still_mm):
        rough = own  # near enough for the strip that is there already
    if rough != own:
        over = strip_of(cannula, more, cement, rough)
    if found is None:
        return rough, False, over
    pose = refined(rough, cannula, over, scale, settings)
    return own if farthest(pose, cannula) < scale.px(settings.exact_mm) else pose, True, over


def _share(before_s: float | None, time_s: float, settings: InstrumentSettings) -> float:
    """Return the weight of the newest frame in what changes slowly of the rod's looks.

    After a pause a leak may lie behind the rod that nobody saw come: it must not count as much as
    if the rod had been watched all the while.
    """
    elapsed_s = 0.0 if before_s is None else time_s - before_s
    return 1.0 - math.exp(-min(max(elapsed_s, 0.0), settings.gap_s) / settings.contrast_s)


def _looks(
    state: InstrumentState,
    over: RodStrip,
    share: float,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[InstrumentState, list[RodLayer], RodStrip]:
    """What fills the rod's bore, what scatter and a turn do to its looks, and what is left.

    What the lumen holds is told by the outer half of the rod, which no leak reaches. The contrast
    changes slowly, with weight `share` for the newest frame: a leak behind the rod, which fills in
    a second, must not be taken for such a change.
    """
    cannula, back = state.cannula, state.front.drawn_back
    assert cannula is not None
    layers = []
    content = lumen.find_lumen_content(cannula, over, scale, settings)
    if content is None and over.cement is not None:
        content = state.content  # cement hides it: the last that was seen
    for layer in () if content is None else content.layers(back):
        layers.append(layer)
        over = over.less(straightened(cannula, layer))
    newest = change_of_contrast(cannula, over, scale, settings)
    change = state.change
    if newest is not None:
        before = np.zeros_like(newest) if change is None else change
        change = read_only(before + np.float32(share) * (newest - before))
    if change is not None:
        layers.append(RodLayer(cannula.profile, back, change))
        over = over.less(straightened(cannula, layers[-1]))
    missed = missed_by_model(cannula, over, scale, settings)
    if missed is not None:
        layers.append(RodLayer(missed, back))
        over = over.less(straightened(cannula, layers[-1]))
    return replace(state, content=content, change=change), layers, over


def _covered(
    before: InstrumentState,
    state: InstrumentState,
    place: RodPlace,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[InstrumentState, BoolImage | None, BoolImage | None]:
    """Where the rod hides what is new while it moves, and where it lies away from its place."""
    cannula = state.cannula
    assert cannula is not None
    pose, back = state.pose, state.front.drawn_back
    if back == 0.0 and farthest(pose, cannula) < scale.px(settings.still_mm):
        return replace(state, moved=False, hidden=None), None, None
    from_px = min(back, before.front.drawn_back)
    hidden = _footprint(cannula, place, from_px, scale, settings)
    covers = hidden if before.hidden is None else read_only(hidden | before.hidden)
    moves = step_between(before.pose, pose, cannula) >= scale.px(settings.still_mm)
    moves |= back != before.front.drawn_back
    return replace(state, moved=True, hidden=hidden), covers if moves else None, covers


def _footprint(
    cannula: Cannula,
    place: RodPlace,
    from_px: float,
    scale: Scale,
    settings: InstrumentSettings,
) -> BoolImage:
    """Where the rod lies from so far along its axis on, with a rim."""
    rim = scale.px(settings.rim_mm)
    whole = np.zeros(place.shape, np.bool_)
    whole.ravel()[place.at] = place.within(cannula.width / 2 + rim, from_px - 2 * rim)
    return read_only(whole)

"""Tracking of one cannula from frame to frame, told from cement.

In each frame: where is it (`pose_estimation`, `front_end`), how does it look (`appearance`), and
what else does the frame show where it lies (`excess`, `traces`)?
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Generic, TypeVar

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import BoolImage, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.appearance import Appearance, AppearanceTracker
from leakwatch.vision.cannula.cannula_layers import (
    CannulaPixels,
    draw_footprint,
    find_pixels,
    render_layers,
)
from leakwatch.vision.cannula.cannula_model import IN_PLACE, Cannula, Pose
from leakwatch.vision.cannula.cannula_strip import CannulaStrip, take_strip
from leakwatch.vision.cannula.excess import ExcessMeasurer
from leakwatch.vision.cannula.front_end import FrontEnd, follow_front, forget_seen
from leakwatch.vision.cannula.pose_estimation import PoseEstimator
from leakwatch.vision.cannula.traces import TraceMeasurer


@dataclass(frozen=True, slots=True)
class CannulaState:
    """What earlier frames say of one cannula.

    Parameters
    ----------
    cannula : Cannula or None
        None where none was found in the baseline.
    place : CannulaPixels or None
        The pixels that it reached in the baseline.
    footprint : ndarray of bool or None
        Where it was in the baseline, with a rim.
    pose : Pose
        Where its axis is now against the baseline.
    front : FrontEnd
    without : ndarray or None
        The baseline's picture without the cannula.
    uncertainty : ndarray or None
        By how much that may be wrong, along the cannula.
    moved : bool
        It is not where it was.
    hidden : ndarray of bool or None
        Where it lay in the last frame, with a rim, if that was not its place.
    appearance : Appearance
        What changed of it besides its place.
    time_s : float or None
        Of the last frame.
    """

    cannula: Cannula | None = None
    place: CannulaPixels | None = None
    footprint: BoolImage | None = None
    pose: Pose = IN_PLACE
    front: FrontEnd = field(default_factory=FrontEnd)
    without: FloatImage | None = None
    uncertainty: FloatImage | None = None
    moved: bool = False
    hidden: BoolImage | None = None
    appearance: Appearance = field(default_factory=Appearance)
    time_s: float | None = None


# What is remembered of one cannula, or of all of them.
State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Tracked(Generic[State]):
    """One cannula in a frame, or all cannulas.

    Parameters
    ----------
    state : CannulaState, or Cannulas
    added : ndarray
        What the frame attenuates more than the baseline, with the cannula as it is now and what
        fills it; reference coordinates.
    moves : ndarray of bool or None
        Where it moves right now, so that new cement cannot be told.
    covers : ndarray of bool or None
        Where it lies, away from its place.
    artefact : ndarray or None
        Attenuation that an error of its pose or contrast would add, away from its place.
    excess : ndarray or None
        How far what lies behind it is over its limit: 1 at it; once cement is known.
    """

    state: State
    added: FloatImage
    moves: BoolImage | None = None
    covers: BoolImage | None = None
    artefact: FloatImage | None = None
    excess: FloatImage | None = None


@dataclass(frozen=True)
class CannulaTracker:
    """Tracking of one cannula, with its settings, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    @cached_property
    def poses(self) -> PoseEstimator:
        """Estimation of where its axis is."""
        return PoseEstimator(self.scale, self.settings)

    @cached_property
    def appearance(self) -> AppearanceTracker:
        """Tracking of what changes of it besides its place."""
        return AppearanceTracker(self.scale, self.settings)

    @cached_property
    def traces(self) -> TraceMeasurer:
        """Measurement of what it leaves where it was and where it is."""
        return TraceMeasurer(self.scale, self.settings)

    @cached_property
    def excess(self) -> ExcessMeasurer:
        """Measurement of what lies behind it."""
        return ExcessMeasurer(self.scale, self.settings)

    def track(
        self,
        state: CannulaState,
        baseline: Baseline,
        moved: FloatImage,
        cement: BoolImage | None,
        time_s: float,
    ) -> Tracked[CannulaState]:
        """Return where the cannula is in a frame, and what else the frame adds to the baseline.

        Behind the wall no cement lies on the cannula, so the part of it there tells its pose. When
        it has moved, the baseline is made true again: the cannula is taken out where it was and put
        in where it is. Cement that fills the lumen is put in too: it is on its way, and no leak.

        Parameters
        ----------
        state : CannulaState
        baseline : Baseline
        moved : ndarray
            Frame's log attenuation, reference coordinates.
        cement : ndarray of bool or None
            Known cement, reference coordinates.
        time_s : float
        """
        cannula, without, home = state.cannula, state.without, state.place
        uncertainty = state.uncertainty
        if cannula is None or without is None or home is None or uncertainty is None:
            return Tracked(state, read_only(cv2.subtract(moved, baseline.mean)))
        added, before = cv2.subtract(moved, without), state
        content = before.appearance.content_layers(before.front.drawn_back)
        pose, is_seen, strip = self.poses.locate(cannula, added, cement, before.pose, content)
        front = self._front(before, cannula, pose, strip) if is_seen else forget_seen(before.front)
        place = home
        if pose != cannula.pose:
            place = find_pixels(cannula, pose, without.shape)
        state = replace(state, pose=pose, front=front, time_s=time_s)
        state, moves, covers = self._covered(before, state, cannula, place)
        # The cannula as it is now: its steel, and then what changed of its appearance.
        steel, back = place.steel, front.drawn_back
        if back > 0.0:
            steel = np.where(place.along >= back, steel, np.float32(0.0))
        np.subtract.at(added.ravel(), place.at, steel)
        strip = CannulaStrip(cannula.strip_along(added, pose), strip.cement)
        weight = self.appearance.weight_of(before.time_s, time_s)
        appearance, layers, strip = self.appearance.explain(
            before.appearance, cannula, strip, back, weight
        )
        if layers:
            np.subtract.at(added.ravel(), place.at, render_layers(cannula, place, layers))
        # What is left: cement behind it, and what errors of the model look like.
        if not self._is_aside(cannula, pose):
            # Where it lies as in the baseline, what is behind it is part of that.
            uncovered = np.arange(len(uncertainty)) < back
            uncertainty = np.where(uncovered, uncertainty, np.float32(0.0))
        artefact = excess = None
        if strip.cement is not None:
            excess = self.excess.measure(cannula, place, strip, uncertainty, back)
        if state.moved:
            left = take_strip(cannula, added, cement, cannula.pose)
            traces = ((home, left), (place, strip))
            artefact = self.traces.measure(cannula, traces, uncertainty, pose)
        state = replace(state, appearance=appearance)
        return Tracked(state, read_only(added), moves, covers, artefact, excess)

    def _front(
        self, before: CannulaState, cannula: Cannula, pose: Pose, strip: CannulaStrip
    ) -> FrontEnd:
        """Return the front end, of a cannula that is seen."""
        if self._moves(cannula, before.pose, pose):
            return forget_seen(before.front)
        least_px = self.scale.px(self.settings.min_drawn_mm)
        return follow_front(before.front, cannula, strip, self.settings.back_again_share, least_px)

    def _covered(
        self, before: CannulaState, state: CannulaState, cannula: Cannula, place: CannulaPixels
    ) -> tuple[CannulaState, BoolImage | None, BoolImage | None]:
        """Return where the cannula hides what is new while it moves, and where it lies aside."""
        pose, back, back_before = state.pose, state.front.drawn_back, before.front.drawn_back
        if back == 0.0 and not self._is_aside(cannula, pose):
            return replace(state, moved=False, hidden=None), None, None
        hidden = draw_footprint(cannula, place, min(back, back_before))
        covers = hidden if before.hidden is None else read_only(hidden | before.hidden)
        moves = back != back_before or self._moves(cannula, before.pose, pose)
        return replace(state, moved=True, hidden=hidden), covers if moves else None, covers

    def _is_aside(self, cannula: Cannula, pose: Pose) -> bool:
        """Return whether the cannula lies away from its place in the baseline."""
        return self._moves(cannula, cannula.pose, pose)

    def _moves(self, cannula: Cannula, before: Pose, now: Pose) -> bool:
        """Return whether the cannula moved between two poses."""
        return cannula.displacement(before, now) >= self.scale.px(self.settings.still_mm)


def find_change(state: CannulaState, shape: tuple[int, ...]) -> FloatImage | None:
    """Return what a cannula, as the last frame had it, adds to a frame but not to the baseline.

    Parameters
    ----------
    state : CannulaState
    shape : (int, int)
        Of the picture.

    Returns
    -------
    ndarray or None
        None where it looks as in the baseline.
    """
    cannula, home, back = state.cannula, state.place, state.front.drawn_back
    layers = state.appearance.content_layers(back)
    if cannula is None or home is None:
        return None
    if state.pose == cannula.pose and back == 0.0 and not layers:
        return None
    place = home
    if state.pose != cannula.pose:
        place = find_pixels(cannula, state.pose, shape)
    image = np.zeros(shape, np.float32)
    image.ravel()[place.at] = np.where(place.along >= back, place.steel, np.float32(0.0))
    if layers:
        image.ravel()[place.at] += render_layers(cannula, place, layers)
    image.ravel()[home.at] -= home.steel
    return image

"""Stage that registers a frame with the reference image."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from leakwatch.core.arrays import BoolImage, FloatImage, Point
from leakwatch.core.messages import text
from leakwatch.core.results import Condition, Evidence, Reason
from leakwatch.pipeline.conditions import condition_failed, condition_met
from leakwatch.pipeline.evidence import check_matching, compared_tiles
from leakwatch.pipeline.state import PipelineState
from leakwatch.vision.image_processing.patches import near
from leakwatch.vision.registration import motion
from leakwatch.vision.registration.rotation import rotate_back

_MOST_TURNS = 3  # a frame is rotated back so often, each time by what is left


@dataclass(frozen=True, slots=True)
class RegisteredFrame:
    """A frame after registration.

    Parameters
    ----------
    attenuation, exposed : ndarray
        Rotated back onto the reference; its shift is left in them.
    match : Registration or None
        None if the anatomy was not found.
    same : Evidence
        Whether all of the anatomy matches.
    """

    attenuation: FloatImage
    exposed: BoolImage
    match: motion.Registration | None
    same: Evidence


def register(
    state: PipelineState, attenuation: FloatImage, exposed: BoolImage, time_s: float
) -> tuple[PipelineState, RegisteredFrame]:
    """Register the anatomy and check that all of it matches the reference.

    Parameters
    ----------
    state : PipelineState
    attenuation : ndarray
        Log attenuation of the frame, on the working grid.
    exposed : ndarray of bool
    time_s : float
        Of the frame.

    Returns
    -------
    PipelineState, RegisteredFrame
    """
    settings, matcher = state.settings.motion, state.active_run.detectors.anatomy
    frame = _rotated(state, attenuation, exposed, state.turn_rad)
    if state.reference is None:
        marked = state.active_run.marked
        centre = None if marked is None else _halved(marked)
        reference = matcher.start_reference(frame.passed, frame.field, centre)
        if not matcher.shows_anatomy(reference):
            why = text("the image shows no anatomy")
            none = condition_failed(Condition.SAME, Reason.MOTION, why)
            return state, RegisteredFrame(attenuation, exposed, None, none)
        state = replace(state, matched_field=frame.field, reference=reference)
        first = motion.Registration((0.0, 0.0), 0.0, 1.0)
        return state, RegisteredFrame(attenuation, exposed, first, condition_met(Condition.SAME))
    movable = _occluded_anatomy(state)
    match, frame = _match(state, state.reference, frame, movable, attenuation, exposed)
    result = RegisteredFrame(frame.attenuation, frame.exposed, None, condition_met(Condition.SAME))
    if match is None or match.score < settings.min_score or match.sigma > settings.max_sigma_px:
        score = None if match is None else match.score
        lost = text("the vertebra was not found")
        none = condition_failed(Condition.SAME, Reason.MOTION, lost, score, settings.min_score)
        return replace(state, matched_field=frame.field), replace(result, same=none)
    tiles = compared_tiles(state, state.reference)
    state = replace(state, matched_field=frame.field, tiles=tiles)
    same = check_matching(state, tiles, frame.passed, frame.field, match, time_s)
    result = replace(result, match=match, same=same)
    if not same.holds:
        return replace(state, mismatched=True), result
    reference = tiles.reference
    if state.baseline_open:
        reference = motion.with_frame(reference, frame.passed, match.shift)
    new = replace(
        state,
        reference=reference,
        mismatched=False,
        shift=match.shift,
        turn_rad=frame.turn_rad,
    )
    return new, result


@dataclass(frozen=True, slots=True)
class _Rotated:
    """A frame rotated back by what is believed, and what registration needs of it."""

    turn_rad: float
    attenuation: FloatImage
    exposed: BoolImage
    field: motion.MatchedField
    passed: FloatImage


def _rotated(
    state: PipelineState, attenuation: FloatImage, exposed: BoolImage, turn_rad: float
) -> _Rotated:
    matcher = state.active_run.detectors.anatomy
    attenuation, exposed = rotate_back(attenuation, exposed, turn_rad, state.active_run.centre)
    half = np.ascontiguousarray(exposed[::2, ::2][: exposed.shape[0] // 2, : exposed.shape[1] // 2])
    field = matcher.field_of(half, state.matched_field)
    passed = matcher.band_pass(attenuation, field)
    return _Rotated(turn_rad, attenuation, exposed, field, passed)


def _match(
    state: PipelineState,
    reference: motion.RegistrationReference,
    frame: _Rotated,
    movable: BoolImage | None,
    attenuation: FloatImage,
    exposed: BoolImage,
) -> tuple[motion.Registration | None, _Rotated]:
    """Return the match, and the frame rotated back as it fits best."""
    detectors, centre = state.active_run.detectors, _halved(state.active_run.centre)
    matcher, most_rad = detectors.anatomy, math.radians(state.settings.motion.max_turn_deg)
    match = matcher.register(reference, frame.passed, frame.field, state.shift, movable)
    for _ in range(_MOST_TURNS):
        if match is None:
            break
        more_rad = detectors.rotation.find(
            reference, frame.passed, frame.field, movable, match, centre
        )
        turn_rad = frame.turn_rad - more_rad
        if more_rad == 0.0 or abs(turn_rad) > most_rad:
            break
        other = _rotated(state, attenuation, exposed, turn_rad)
        better = matcher.register(reference, other.passed, other.field, match.shift, movable)
        if better is None or better.score <= match.score:
            break
        match, frame = better, other
    return match, frame


def _halved(centre: Point) -> Point:
    column, row = motion.to_registration_grid(np.array(centre))
    return (float(column), float(row))


def _occluded_anatomy(state: PipelineState) -> BoolImage | None:
    """Return where cement covers the anatomy of the reference."""
    mask = state.cement.mask
    if mask is None or state.cement.box is None:
        return None
    half = np.zeros((mask.shape[0] // 2, mask.shape[1] // 2), np.bool_)
    rows, columns = (slice(one.start // 2, one.stop // 2 + 1) for one in state.cement.box)
    part = half[rows, columns]
    part[:] = mask[::2, ::2][: half.shape[0], : half.shape[1]][rows, columns]
    return near(half, 2.0, (rows, columns))

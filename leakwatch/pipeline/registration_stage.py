"""The stage that registers a frame with the reference image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leakwatch.core.arrays import BoolImage, FloatImage, Point
from leakwatch.core.messages import text
from leakwatch.core.results import Condition, Evidence, Reason
from leakwatch.pipeline.conditions import condition_failed, condition_met
from leakwatch.pipeline.evidence import check_matching
from leakwatch.pipeline.state import PipelineState
from leakwatch.vision.image_processing.patches import near
from leakwatch.vision.registration import motion


def register(
    state: PipelineState, attenuation: FloatImage, exposed: BoolImage, time_s: float
) -> tuple[PipelineState, motion.Registration | None, Evidence]:
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
    PipelineState, Registration or None, Evidence
        None if the anatomy was not found; whether all of it matches.
    """
    settings = state.settings.motion
    half = np.ascontiguousarray(exposed[::2, ::2][: exposed.shape[0] // 2, : exposed.shape[1] // 2])
    field = motion.field_of(half, state.matched_field, settings)
    passed = motion.band_passed(attenuation, field, settings)
    if state.reference is None:
        centre = _centre_of_marks(state)
        reference = motion.start_reference(passed, field, centre, settings)
        if not motion.shows_anatomy(reference, settings):
            why = text("the image shows no anatomy")
            return state, None, condition_failed(Condition.SAME, Reason.MOTION, why)
        state = replace(state, matched_field=field, reference=reference)
        return state, motion.Registration((0.0, 0.0), 0.0, 1.0), condition_met(Condition.SAME)
    movable = _occluded_anatomy(state)
    match = motion.register(state.reference, passed, field, state.shift, movable, settings)
    if match is None or match.score < settings.min_score or match.sigma > settings.max_sigma_px:
        score = None if match is None else match.score
        lost = text("the vertebra was not found")
        none = condition_failed(Condition.SAME, Reason.MOTION, lost, score, settings.min_score)
        return replace(state, matched_field=field), None, none
    same = check_matching(state, state.reference, passed, field, match, time_s)
    if not same.holds:
        return replace(state, matched_field=field, mismatched=True), match, same
    reference = state.reference
    if state.baseline_open:
        reference = motion.with_frame(reference, passed, match.shift)
    new = replace(
        state, matched_field=field, reference=reference, mismatched=False, shift=match.shift
    )
    return new, match, same


def _centre_of_marks(state: PipelineState) -> Point | None:
    marks, run = state.marks, state.active_run
    points = marks.body_outline_px if marks.posterior_wall_px is None else marks.posterior_wall_px
    if points is None:
        return None
    column, row = motion.to_registration_grid(run.grid.to_working(points.mean(axis=0)))
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

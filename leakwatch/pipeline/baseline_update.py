"""Acquisition of the baseline: cement-free reference image, cannulas and vertebral body."""

from __future__ import annotations

from dataclasses import replace

from leakwatch.core.arrays import BoolImage, FloatImage
from leakwatch.core.frame import Frame, View
from leakwatch.pipeline.state import PipelineState
from leakwatch.vision.background import baseline as baselines
from leakwatch.vision.registration import motion
from leakwatch.vision.vertebra.projected_marks import with_found_outline
from leakwatch.vision.vertebra.straightened_patch import SpinePicture


def update_baseline(
    state: PipelineState, frame: Frame, moved: FloatImage, seen: BoolImage
) -> PipelineState:
    """Update the baseline with one frame; once it is complete, find the cannulas.

    Parameters
    ----------
    state : PipelineState
    frame : Frame
    moved : ndarray
        Log attenuation, reference coordinates.
    seen : ndarray of bool
        Exposed pixels, reference coordinates.
    """
    if not state.baseline_open:
        return state
    settings = state.settings.baseline
    marked = state.marks.baseline_frames
    if marked is not None:
        wanted, more = marked[0] <= frame.index < marked[1], frame.index < marked[1]
    else:
        frames = 0 if state.baseline is None else state.baseline.frames
        since_s = frame.time_s - state.active_run.first_s
        more = since_s <= settings.max_s and frames < settings.max_frames
        more = (more or frames < settings.min_frames) and not has_cement(state)
        wanted = more
    baseline = baselines.with_frame(state.baseline, moved, seen) if wanted else state.baseline
    state = replace(state, baseline=baseline, baseline_open=more)
    if baseline is None or (more and baseline.frames != settings.min_frames):
        return state
    if more or state.reference is None:
        behind = state.active_run.detectors.false_cement.background(baseline, state.variation)
        return replace(state, behind=behind)
    return _find_cannulas(state, baseline, state.reference)


def find_outline(state: PipelineState) -> PipelineState:
    """Find an unmarked vertebral body once the baseline is complete, in a lateral view."""
    placed = state.placed
    if state.baseline_open or state.baseline is None or placed is None or placed.searched:
        return state
    if state.marks.view is not View.LATERAL:
        return state
    picture = spine_picture(state)
    settings = state.settings
    placed = with_found_outline(
        placed,
        picture,
        state.marks.vertebra,
        settings.alerting.outside_tolerance_mm,
        settings.cement,
        settings.vertebra,
    )
    return replace(state, placed=placed)


def spine_picture(state: PipelineState) -> SpinePicture:
    """Return the baseline as input of the search for a vertebral body.

    Parameters
    ----------
    state : PipelineState
        With a baseline.
    """
    baseline, run = state.baseline, state.active_run
    assert baseline is not None
    return SpinePicture(
        baseline.mean,
        baseline.seen,
        state.instrument.footprint,
        run.grid,
        run.scale.mm_per_px / run.grid.binning,
        state.calibration.mm_per_px is not None,
    )


def has_cement(state: PipelineState) -> bool:
    """Return whether any cement was detected."""
    return state.cement.box is not None


def _find_cannulas(
    state: PipelineState, baseline: baselines.Baseline, reference: motion.RegistrationReference
) -> PipelineState:
    placed, detectors = state.placed, state.active_run.detectors
    wall, tip = (None, None) if placed is None else (placed.wall, placed.tip)
    found = detectors.cannulas.find(baseline, wall, tip)
    if found.cannula is not None and placed is not None:
        front, back = found.cannula.front, found.cannula.back
        placed = detectors.marks.with_side_of_cannula(placed, front, back)
    footprint = found.footprint
    if footprint is not None:
        half = footprint[::2, ::2][: reference.mean.shape[0], : reference.mean.shape[1]]
        reference = motion.without(reference, half)
    steel = None if found.without is None else baseline.mean - found.without
    behind = detectors.false_cement.background(baseline, state.variation, steel)
    return replace(state, instrument=found, placed=placed, reference=reference, behind=behind)

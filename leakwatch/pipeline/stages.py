"""Sequence of stages: ``step(state, frame) -> (state, observation)``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, FloatImage, Point, PointArray, read_only
from leakwatch.core.distortion import distort_observation, undistort_marks
from leakwatch.core.frame import Frame
from leakwatch.core.geometry import Scale
from leakwatch.core.marks import Marks
from leakwatch.core.results import Evidence, Observation, Quality
from leakwatch.core.spacing import Calibration
from leakwatch.diagnostics.stage_times import begin_stage
from leakwatch.pipeline.baseline_update import find_outline, has_cement, update_baseline
from leakwatch.pipeline.evidence import (
    BaselineComparison,
    check_detectability,
    check_visible,
    find_mismatch,
)
from leakwatch.pipeline.measurement import Findings, make_observation, make_unassessed
from leakwatch.pipeline.preprocess import PreparedFrame, prepare_frame, start_run
from leakwatch.pipeline.registration_stage import register
from leakwatch.pipeline.state import PipelineState
from leakwatch.pipeline.volume_stage import measure_volume
from leakwatch.pipeline.watched_area import watched_area
from leakwatch.vision.background import baseline as baselines
from leakwatch.vision.background.false_cement import Background
from leakwatch.vision.cannula.cannulas import Cannulas
from leakwatch.vision.cannula.hidden_area import CoveredByCannula
from leakwatch.vision.cannula.tracking import Tracked
from leakwatch.vision.cement import cement_mask
from leakwatch.vision.image_processing.patches import Window, near
from leakwatch.vision.preprocessing import intensity
from leakwatch.vision.registration import motion
from leakwatch.vision.registration.rotation import rotate_points
from leakwatch.vision.vessels import tubular


def initial_state(settings: Settings, marks: Marks, calibration: Calibration) -> PipelineState:
    """Return the state before the first frame."""
    return PipelineState(settings, undistort_marks(marks, calibration.distortion), calibration)


def step(state: PipelineState, frame: Frame) -> tuple[PipelineState, Observation]:
    """Fold one frame into the state and return its observation.

    Stages: preprocessing (new image, exposure, view), registration, match with the reference,
    marks, baseline, cannulas, cement, vessels, measurement. A stage that cannot do its work ends
    the frame with evidence of the condition that is not met; the state from before is kept. A
    repeated image updates no state: for a short time its last observation is repeated.

    Parameters
    ----------
    state : PipelineState
    frame : Frame

    Returns
    -------
    PipelineState, Observation
    """
    begin_stage("preprocessing")
    before = start_run(state, frame)
    state, prepared = prepare_frame(before, frame)
    if isinstance(prepared, PreparedFrame):
        liveness = state.liveness
        state, observation = _compare_with_baseline(state, frame, prepared)
        if not prepared.is_new:
            state = replace(before, liveness=liveness)
        return replace(state, last=observation), observation
    if all(one.holds for one in prepared) and state.last is not None:
        return state, _repeat_observation(state.last, frame, prepared[0])
    unseen = make_unassessed(frame, state.calibration, Quality(), *prepared)
    return replace(state, last=unseen), unseen


def _repeat_observation(last: Observation, frame: Frame, live: Evidence) -> Observation:
    """Return the last observation for a frame that repeats its image."""
    conditions = tuple(live if one.condition is live.condition else one for one in last.conditions)
    return replace(
        last, frame=frame.index, time_s=frame.time_s, conditions=conditions, repeated=True
    )


def _compare_with_baseline(
    state: PipelineState, frame: Frame, prepared: PreparedFrame
) -> tuple[PipelineState, Observation]:
    """Register a prepared frame and compare it with the baseline."""
    before = state
    begin_stage("registration")
    state, registered = register(state, prepared.attenuation, prepared.exposed, frame.time_s)
    match, same = registered.match, registered.same
    if not all(one.holds for one in prepared.evidence):
        quality = _quality(before, match, None)
        return before, make_unassessed(frame, before.calibration, quality, *prepared.evidence, same)
    if match is None or not same.holds:
        quality = _quality(state, match, None)
        return state, make_unassessed(frame, state.calibration, quality, *prepared.evidence, same)
    shift = (2.0 * match.shift[0], 2.0 * match.shift[1])
    begin_stage("marks")
    state = _place_marks(state, frame, shift)
    begin_stage("baseline")
    moved = baselines.to_reference(registered.attenuation, shift)
    seen = baselines.seen_in_reference(registered.exposed, shift)
    # Only pixels that the baseline has seen can be compared.
    comparable = seen if state.baseline is None else seen & state.baseline.seen
    state = _with_watched_area(state)
    shown = check_visible(state, comparable, shift)
    before_update = state
    state = find_outline(update_baseline(state, frame, moved, seen))
    state, comparison = _detect_cement(state, frame, moved, seen)
    evidence = (*prepared.evidence, same, shown, *check_detectability(state, comparison))
    another = None if comparison is None else find_mismatch(state, comparison)
    if another is not None:
        # The frame updates neither cement nor anatomy.
        quality = _quality(state, match, comparison)
        return before_update, make_unassessed(frame, state.calibration, quality, *evidence, another)
    begin_stage("vessels")
    state, tubes = _detect_tubes(state, frame) if comparison is not None else (state, ())
    begin_stage("measurement")
    if comparison is not None and comparison.added is not None:
        state = measure_volume(state, frame, moved, seen, comparison.added)
    findings = Findings(
        frame,
        state.active_run.grid,
        shift,
        state.placed,
        None if comparison is None else state.cement.mask,
        None if comparison is None else comparison.added,
        tubes,
        _quality(state, match, comparison),
        evidence,
        0.0 if comparison is None else comparison.least_mm,
        state.active_run.scale.mm_per_px,
        state.active_run.nominal,
        state.volume.now,
        state.turn_rad,
        state.active_run.centre,
    )
    true = make_observation(findings, state.marks, state.calibration, state.settings)
    return state, distort_observation(true, state.marks, state.calibration.distortion)


def _quality(
    state: PipelineState, match: motion.Registration | None, comparison: BaselineComparison | None
) -> Quality:
    run = state.run
    known = run is not None and intensity.attenuation_scale_known(run.acquisition.pixel_format)
    binning = 1 if run is None else run.grid.binning
    return Quality(
        None if match is None else match.score,
        None if match is None else 2.0 * binning * match.sigma,
        None if comparison is None else comparison.noise,
        None if comparison is None else comparison.gain_log,
        0 if state.baseline is None else state.baseline.frames,
        state.marks.baseline_frames is None,
        known,
    )


def _place_marks(state: PipelineState, frame: Frame, shift: Point) -> PipelineState:
    if state.placed is not None or frame.index != state.marks.reference_frame:
        return state
    run = state.active_run
    placed = run.detectors.marks.place(
        _without_rotation(state),
        run.acquisition.patient_orientation,
        run.grid,
        shift,
        run.scale.px(state.settings.alerting.margin_mm),
    )
    return replace(state, placed=placed)


def _without_rotation(state: PipelineState) -> Marks:
    """Return the marks as they would lie in their frame without its rotation."""
    marks, run = state.marks, state.active_run
    if state.turn_rad == 0.0:
        return marks

    def turn(points: PointArray) -> PointArray:
        turned = rotate_points(run.grid.to_working(points), -state.turn_rad, run.centre)
        return read_only(run.grid.to_frame(turned))

    wall, outline, tip = marks.posterior_wall_px, marks.body_outline_px, marks.needle_tip_px
    turned_tip = None if tip is None else turn(np.array(tip))
    return replace(
        marks,
        posterior_wall_px=None if wall is None else turn(wall),
        body_outline_px=None if outline is None else turn(outline),
        needle_tip_px=None if turned_tip is None else (turned_tip[0].item(), turned_tip[1].item()),
    )


def _detect_cement(
    state: PipelineState, frame: Frame, moved: FloatImage, seen: BoolImage
) -> tuple[PipelineState, BaselineComparison | None]:
    settings, scale = state.settings, state.active_run.scale
    detectors = state.active_run.detectors
    baseline, behind = state.baseline, state.behind
    if baseline is None or behind is None:
        return state, None
    known = state.cement
    begin_stage("instruments")
    tracked = detectors.cannulas.track(
        state.instrument, baseline, moved, state.cement.mask, frame.time_s
    )
    begin_stage("background")
    changed = _changed_regions(state.cement.mask, state.cement.box, tracked.covers, scale)
    added = detectors.baseline.added_attenuation(
        baseline, tracked.added, seen, changed, tracked.state.without
    )
    if state.baseline_open and not has_cement(state):
        # Respiratory motion included: earlier breaths do not predict all of the next one.
        variation = detectors.false_cement.with_variation(state.variation, added)
        state = replace(state, variation=variation)
    begin_stage("breathing")
    breath = detectors.breathing.breath_of(state.breathing, added, changed)
    with_breath = added
    added = detectors.breathing.without_breath(added, state.breathing, breath)
    state = _follow_broad(state, with_breath, added, frame.time_s)
    added, behind = detectors.false_cement.without_residual_shift(added, behind, changed)
    begin_stage("cement")
    state, segmented = _segment(state, tracked, behind, added, frame.time_s)
    breathing = detectors.breathing.with_breath(
        state.breathing, breath, state.cement.mask, frame.time_s
    )
    state = replace(state, breathing=breathing)
    begin_stage("sameness")
    state = _with_watched_area(state)
    area = None if state.placed is None else state.placed.watched
    watched = state.watched
    coarse = None if watched is None else watched.coarse
    box = None if watched is None else watched.window
    seen_there = detectors.baseline.watch(added, area, box)
    aside = baselines.explained(seen_there, changed, tracked.state.footprint, scale.px(1.0))
    taken = detectors.baseline.is_taken_away(seen_there, aside)
    mask, mean = state.cement.mask, state.cement.mean
    assert mean is not None
    changed_now = detectors.baseline.is_changed(seen_there, aside, mask)
    share = cement_mask.share_left(
        known, added, tracked.covers, scale.px2(settings.same.min_cement_mm2)
    )
    margin = _margin(state, mask)
    least_mm = detectors.cement.least_thickness_mm(segmented.noise, behind, margin)
    comparison = BaselineComparison(
        mean.image,
        segmented.noise,
        added.gain_log,
        taken,
        changed_now or segmented.foreign,
        share,
        least_mm,
        baselines.most_within(state.broad, coarse) / settings.cement.attenuation_per_mm,
    )
    return state, comparison


def _with_watched_area(state: PipelineState) -> PipelineState:
    """Return the state with what is derived from the area that is watched now."""
    run = state.active_run
    watched = watched_area(
        state.placed,
        state.watched,
        run.scale.px(state.settings.whole.around_mm),
        run.detectors.baseline,
    )
    return state if watched is state.watched else replace(state, watched=watched)


def _follow_broad(
    state: PipelineState, explained: baselines.Added, left: baselines.Added, time_s: float
) -> PipelineState:
    """Follow what shading and breathing have explained over the vertebra for a whole breath."""
    mean, settings = state.cement.mean, state.settings
    elapsed_s = 0.0 if mean is None else time_s - mean.time_s
    most_log = settings.sensitive.max_broad_mm * settings.cement.attenuation_per_mm
    rise_log_s = most_log / settings.sensitive.broad_s
    broad = baselines.follow_broad(state.broad, explained, left, elapsed_s, rise_log_s)
    return replace(state, broad=broad)


def _margin(state: PipelineState, cement: BoolImage | None) -> tuple[Window, BoolImage] | None:
    """Return the margin of the wall without cement, in a window; None if no wall is marked."""
    watched = state.watched
    if watched is None or watched.beside_wall is None or watched.margin_window is None:
        return None
    window = watched.margin_window
    beside = watched.beside_wall[window]
    return window, beside if cement is None else beside & ~cement[window]


def _segment(
    state: PipelineState,
    tracked: Tracked[Cannulas],
    behind: Background,
    added: baselines.Added,
    time_s: float,
) -> tuple[PipelineState, cement_mask.Segmentation]:
    """Segment cement in the added attenuation."""
    run, instrument = state.active_run, tracked.state
    segmenter = run.detectors.cement
    mean = segmenter.average.with_frame(state.cement.mean, added, time_s)
    placed = state.placed
    axis = None if instrument.cannula is None else instrument.cannula.direction
    covered = CoveredByCannula(
        tracked.moves, tracked.covers, instrument.lies, axis, tracked.artefact, tracked.excess
    )
    segmented = segmenter.segment(
        replace(state.cement, mean=mean),
        added.seen,
        behind,
        None if placed is None else placed.origin,
        covered,
        state.limit_factor,
    )
    cement = segmented.state
    if placed is not None and cement.mask is not None:
        placed = run.detectors.marks.with_side_of_cement(placed, cement.mask)
    return replace(state, instrument=instrument, cement=cement, placed=placed), segmented


def _changed_regions(
    mask: BoolImage | None, box: Window | None, hidden: BoolImage | None, scale: Scale
) -> BoolImage | None:
    """Return what is not unchanged anatomy: cement with its blurred rim, and instruments."""
    changed = None if mask is None else near(mask, scale.px(1.0), box)
    if hidden is None or changed is None:
        return hidden if changed is None else changed
    return changed | hidden


def _detect_tubes(
    state: PipelineState, frame: Frame
) -> tuple[PipelineState, tuple[tuple[tubular.Protrusion, bool], ...]]:
    run = state.active_run
    detector = run.detectors.tubes
    assert state.cement.mask is not None
    placed = state.placed
    body = None if placed is None else placed.body
    outlined = placed is not None and placed.outline is not None
    found = detector.find_protrusions(state.cement.mask, state.cement.box, body)
    shaped = [one for one in found if detector.is_tube(one, body)]
    # A tube that ends within a marked outline is no leak yet, and wall and outline are monitored
    # anyway: its length is reported, but raises no alarm.
    leaving = [one for one in shaped if not (outlined and tubular.ends_within(one.path, body))]
    longest_mm = leaving[0].length * run.scale.mm_per_px if leaving else 0.0
    tubes, confirmed = detector.confirm(state.tubes, longest_mm, bool(leaving), frame.time_s)
    marked = tuple((one, confirmed and one is leaving[0]) for one in shaped)
    return replace(state, tubes=tubes), marked

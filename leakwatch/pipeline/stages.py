"""The one place where stages are ordered: ``step(state, frame) -> (state, observation)``."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, FloatImage, Point
from leakwatch.core.distortion import distort_observation, undistort_marks
from leakwatch.core.frame import Frame
from leakwatch.core.geometry import Scale
from leakwatch.core.marks import Marks
from leakwatch.core.results import Condition, Evidence, Observation, Quality, Reason
from leakwatch.core.spacing import Calibration
from leakwatch.pipeline.baseline_update import cement_seen, with_baseline, with_outline
from leakwatch.pipeline.conditions import fails, holds
from leakwatch.pipeline.evidence import Sight, another_picture, same_everywhere, sighted, whole
from leakwatch.pipeline.measurement import Findings, blind, observed
from leakwatch.pipeline.preprocess import Looked, begun, look
from leakwatch.pipeline.state import PipelineState
from leakwatch.vision.background import baseline as baselines
from leakwatch.vision.background import breathing as breathings
from leakwatch.vision.background import false_cement as backgrounds
from leakwatch.vision.cannula import cannulas
from leakwatch.vision.cannula.hidden_area import CoveredByCannula
from leakwatch.vision.cement import averaging
from leakwatch.vision.cement import cement_mask as cements
from leakwatch.vision.image_processing.patches import Window, near
from leakwatch.vision.preprocessing import intensity
from leakwatch.vision.registration import motion
from leakwatch.vision.vertebra.projected_marks import place_marks, with_side_of_cement
from leakwatch.vision.vessels import tubular


def initial_state(settings: Settings, marks: Marks, calibration: Calibration) -> PipelineState:
    """State before the first frame."""
    return PipelineState(settings, undistort_marks(marks, calibration.distortion), calibration)


def step(state: PipelineState, frame: Frame) -> tuple[PipelineState, Observation]:
    """Fold one frame into the state and say what it shows.

    Stages: look (is the picture new, exposed, of the same view), motion, sameness, marks, baseline,
    instruments, cement, tubes, measurement. A stage that cannot do its work ends the frame with
    evidence of the condition that does not hold; what was known before is kept. A picture that is
    not new goes into no state: for a short while it says what it said before.

    Parameters
    ----------
    state : PipelineState
    frame : Frame

    Returns
    -------
    PipelineState, Observation
    """
    before = begun(state, frame)
    state, looked = look(before, frame)
    if isinstance(looked, Looked):
        liveness = state.liveness
        state, observation = _judged(state, frame, looked)
        if not looked.is_new:
            state = replace(before, liveness=liveness)
        return replace(state, last=observation), observation
    if all(one.holds for one in looked) and state.last is not None:
        return state, _shown_again(state.last, frame, looked[0])
    unseen = blind(frame, state.calibration, Quality(), *looked)
    return replace(state, last=unseen), unseen


def _shown_again(last: Observation, frame: Frame, live: Evidence) -> Observation:
    """Return what a picture said when it was new, for a frame that shows it again."""
    conditions = tuple(live if one.condition is live.condition else one for one in last.conditions)
    return replace(
        last, frame=frame.index, time_s=frame.time_s, conditions=conditions, repeated=True
    )


def _judged(
    state: PipelineState, frame: Frame, looked: Looked
) -> tuple[PipelineState, Observation]:
    """Compare a new picture with the reference."""
    attenuation, exposed = looked.attenuation, looked.exposed
    before = state
    state, match, same = _registered(state, attenuation, exposed, frame.time_s)
    if not all(one.holds for one in looked.evidence):
        quality = _quality(before, match, None)
        return before, blind(frame, before.calibration, quality, *looked.evidence, same)
    if match is None or not same.holds:
        quality = _quality(state, match, None)
        return state, blind(frame, state.calibration, quality, *looked.evidence, same)
    shift = (2.0 * match.shift[0], 2.0 * match.shift[1])
    state = _with_marks(state, frame, shift)
    moved = baselines.to_reference(attenuation, shift)
    seen = baselines.seen_in_reference(exposed, shift)
    # Where the baseline saw nothing, nothing can be compared, however open this frame is.
    learnt = seen if state.baseline is None else seen & state.baseline.seen
    shown = whole(state, learnt, shift)
    untaught = state
    state = with_outline(with_baseline(state, frame, moved, seen))
    state, sight = _with_cement(state, frame, moved, seen)
    evidence = (*looked.evidence, same, shown, *sighted(state, sight))
    another = None if sight is None else another_picture(state, sight)
    if another is not None:
        # Neither cement nor anatomy is learnt from it.
        quality = _quality(state, match, sight)
        return untaught, blind(frame, state.calibration, quality, *evidence, another)
    state, tubes = _with_tubes(state, frame) if sight is not None else (state, ())
    findings = Findings(
        frame,
        state.the_run.grid,
        shift,
        state.placed,
        None if sight is None else state.cement.mask,
        None if sight is None else sight.added,
        tubes,
        _quality(state, match, sight),
        evidence,
        0.0 if sight is None else sight.least_mm,
        state.the_run.scale.mm_per_px,
        state.the_run.nominal,
    )
    true = observed(findings, state.marks, state.calibration, state.settings)
    return state, distort_observation(true, state.marks, state.calibration.distortion)


def _quality(
    state: PipelineState, match: motion.Registration | None, sight: Sight | None
) -> Quality:
    run = state.run
    known = run is not None and intensity.attenuation_scale_known(run.acquisition.pixel_format)
    binning = 1 if run is None else run.grid.binning
    return Quality(
        None if match is None else match.score,
        None if match is None else 2.0 * binning * match.sigma,
        None if sight is None else sight.noise,
        None if sight is None else sight.gain_log,
        0 if state.baseline is None else state.baseline.frames,
        state.marks.baseline_frames is None,
        known,
    )


def _registered(
    state: PipelineState, attenuation: FloatImage, exposed: BoolImage, time_s: float
) -> tuple[PipelineState, motion.Registration | None, Evidence]:
    """Find where the anatomy went, and whether all of it went there."""
    settings = state.settings.motion
    half = np.ascontiguousarray(exposed[::2, ::2][: exposed.shape[0] // 2, : exposed.shape[1] // 2])
    field = motion.field_of(half, state.matched_field, settings)
    passed = motion.band_passed(attenuation, field, settings)
    if state.reference is None:
        centre = _centre_of_marks(state)
        reference = motion.start_reference(passed, field, centre, settings)
        if not motion.shows_anatomy(reference, settings):
            return state, None, fails(Condition.SAME, Reason.MOTION, "the picture shows no anatomy")
        state = replace(state, matched_field=field, reference=reference)
        return state, motion.Registration((0.0, 0.0), 0.0, 1.0), holds(Condition.SAME)
    movable = _movable(state)
    match = motion.register(state.reference, passed, field, state.shift, movable, settings)
    if match is None or match.score < settings.min_score or match.sigma > settings.max_sigma_px:
        score = None if match is None else match.score
        lost = "the vertebra is not found"
        none = fails(Condition.SAME, Reason.MOTION, lost, score, settings.min_score)
        return replace(state, matched_field=field), None, none
    same = same_everywhere(state, state.reference, passed, field, match, time_s)
    if not same.holds:
        return replace(state, matched_field=field, unexplained=True), match, same
    reference = state.reference
    if state.baseline_open:
        reference = motion.with_frame(reference, passed, match.shift)
    new = replace(
        state, matched_field=field, reference=reference, unexplained=False, shift=match.shift
    )
    return new, match, same


def _centre_of_marks(state: PipelineState) -> Point | None:
    marks, run = state.marks, state.the_run
    points = marks.body_outline_px if marks.posterior_wall_px is None else marks.posterior_wall_px
    if points is None:
        return None
    column, row = motion.to_registration_grid(run.grid.to_working(points.mean(axis=0)))
    return (float(column), float(row))


def _movable(state: PipelineState) -> BoolImage | None:
    """Where the reference anatomy is covered by what does not move with it."""
    mask = state.cement.mask
    if mask is None or state.cement.box is None:
        return None
    half = np.zeros((mask.shape[0] // 2, mask.shape[1] // 2), np.bool_)
    rows, columns = (slice(one.start // 2, one.stop // 2 + 1) for one in state.cement.box)
    part = half[rows, columns]
    part[:] = mask[::2, ::2][: half.shape[0], : half.shape[1]][rows, columns]
    return near(half, 2.0, (rows, columns))


def _with_marks(state: PipelineState, frame: Frame, shift: Point) -> PipelineState:
    if state.placed is not None or frame.index != state.marks.reference_frame:
        return state
    run = state.the_run
    placed = place_marks(
        state.marks,
        run.acquisition.patient_orientation,
        run.grid,
        run.scale,
        shift,
        run.scale.px(state.settings.alerting.margin_mm),
        state.settings.cement,
    )
    return replace(state, placed=placed)


def _with_cement(
    state: PipelineState, frame: Frame, moved: FloatImage, seen: BoolImage
) -> tuple[PipelineState, Sight | None]:
    settings, scale = state.settings, state.the_run.scale
    baseline, behind = state.baseline, state.behind
    if baseline is None or behind is None:
        return state, None
    known = state.cement
    followed = cannulas.follow_all(
        state.instrument,
        baseline,
        moved,
        state.cement.mask,
        frame.time_s,
        scale,
        settings.instruments,
    )
    changed = _changed(state.cement.mask, state.cement.box, followed.covers, scale)
    added = baselines.added_attenuation(
        baseline, followed.more, seen, changed, scale, settings.baseline
    )
    if state.baseline_open and not cement_seen(state):
        # Of what breathes too: not all of a breath is foretold by those before.
        unrest = backgrounds.with_unrest(state.unrest, added, scale, settings.cement)
        state = replace(state, unrest=unrest)
    breath = breathings.breath_of(state.breathing, added, changed, settings.breathing)
    added = breathings.without_breath(added, state.breathing, breath, settings.breathing)
    state, noise = _segmented(state, followed, behind, added, frame.time_s)
    breathing = breathings.with_breath(
        state.breathing, breath, state.cement.mask, frame.time_s, settings.breathing
    )
    state = replace(state, breathing=breathing)
    area = None if state.placed is None else state.placed.watched
    seen_there = baselines.watch(added, area, scale, settings.baseline)
    aside = baselines.explained(seen_there, changed, followed.state.footprint, scale.px(1.0))
    taken = baselines.is_taken_away(seen_there, aside, settings.baseline)
    mask, mean = state.cement.mask, state.cement.mean
    assert mean is not None
    changed_now = baselines.is_changed(seen_there, aside, mask, scale, settings.baseline)
    share = cements.share_left(known, added, followed.covers, scale, settings)
    least_mm = cements.least_thickness_mm(noise, behind, _margin(state, mask), settings.cement)
    sight = Sight(mean.image, noise, added.gain_log, taken, changed_now, share, least_mm)
    return state, sight


def _margin(state: PipelineState, cement: BoolImage | None) -> BoolImage | None:
    """Return the wall's margin without cement; None where no wall is marked."""
    beside = None if state.placed is None else state.placed.beside_wall
    return beside if beside is None or cement is None else beside & ~cement


def _segmented(
    state: PipelineState,
    followed: cannulas.FollowedAll,
    behind: backgrounds.Background,
    added: baselines.Added,
    time_s: float,
) -> tuple[PipelineState, float]:
    """Cement in what was added, and the noise of it."""
    settings, scale, instrument = state.settings, state.the_run.scale, followed.state
    mean = averaging.with_frame(state.cement.mean, added, time_s, scale, settings.cement)
    placed = state.placed
    axis = None if instrument.cannula is None else instrument.cannula.direction
    covered = CoveredByCannula(
        followed.moves, followed.covers, instrument.lies, axis, followed.ghost, followed.excess
    )
    cement, noise = cements.segment(
        replace(state.cement, mean=mean),
        added.seen,
        behind,
        None if placed is None else placed.origin,
        covered,
        _caution(state),
        scale,
        settings.cement,
    )
    if placed is not None and cement.mask is not None:
        placed = with_side_of_cement(placed, cement.mask, scale, settings.cement)
    return replace(state, instrument=instrument, cement=cement, placed=placed), noise


def _caution(state: PipelineState) -> float:
    """By how much the limit of cement is raised while the baseline still learns."""
    if not state.baseline_open:
        return 1.0
    marked = state.marks.baseline_frames is not None
    return math.inf if marked else state.settings.cement.early_factor


def _changed(
    mask: BoolImage | None, box: Window | None, hidden: BoolImage | None, scale: Scale
) -> BoolImage | None:
    """What must not count as unchanged anatomy: cement with its blurred rim, and instruments."""
    changed = None if mask is None else near(mask, scale.px(1.0), box)
    if hidden is None or changed is None:
        return hidden if changed is None else changed
    return changed | hidden


def _with_tubes(
    state: PipelineState, frame: Frame
) -> tuple[PipelineState, tuple[tuple[tubular.Protrusion, bool], ...]]:
    settings, run = state.settings.tubular, state.the_run
    assert state.cement.mask is not None
    mean = state.cement.mean
    assert mean is not None
    placed = state.placed
    body = None if placed is None else placed.body
    outlined = placed is not None and placed.outline is not None
    found = tubular.protrusions(state.cement.mask, run.scale, settings, state.cement.box, body)
    shaped = [one for one in found if tubular.is_tube(one, mean.image, body, run.scale, settings)]
    # What ends within a body that a person outlined is no leak yet, and its wall and its outline
    # are watched anyway: its length is told, and it raises nothing.
    leaving = [one for one in shaped if not (outlined and tubular.ends_within(one.path, body))]
    longest_mm = leaving[0].length * run.scale.mm_per_px if leaving else 0.0
    tubes, confirmed = tubular.judge(state.tubes, longest_mm, bool(leaving), frame.time_s, settings)
    marked = tuple((one, confirmed and one is leaving[0]) for one in shaped)
    return replace(state, tubes=tubes), marked

"""The one place where stages are ordered: ``step(state, frame) -> (state, observation)``."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import Settings
from leakwatch.distortion import shown_observation, true_marks
from leakwatch.geometry import Scale, turned_deg
from leakwatch.learning import cement_seen, with_baseline, with_outline
from leakwatch.measurement import Findings, blind, observed
from leakwatch.model import (
    BoolImage,
    Calibration,
    FloatImage,
    Frame,
    Marks,
    Observation,
    Point,
    Quality,
    Reason,
)
from leakwatch.pipeline_state import PipelineState, run_of
from leakwatch.vision import averaging, instruments, intensity, motion, tubular
from leakwatch.vision import background as backgrounds
from leakwatch.vision import baseline as baselines
from leakwatch.vision import breathing as breathings
from leakwatch.vision import cement as cements
from leakwatch.vision.behind_cannula import CoveredByCannula
from leakwatch.vision.marks import (
    exposed_share,
    hides,
    place_marks,
    watched,
    with_side_of_cement,
)
from leakwatch.vision.patches import Window, near
from leakwatch.vision.undistortion import straightened


def initial_state(settings: Settings, marks: Marks, calibration: Calibration) -> PipelineState:
    """State before the first frame."""
    return PipelineState(settings, true_marks(marks, calibration.distortion), calibration)


def step(state: PipelineState, frame: Frame) -> tuple[PipelineState, Observation]:
    """Fold one frame into the state and say what it shows.

    Stages: intensity, motion, marks, baseline, instruments, cement, tubes, measurement. A stage
    that cannot do its work ends the frame with its reason; what was known of cement is kept.

    Parameters
    ----------
    state : PipelineState
    frame : Frame

    Returns
    -------
    PipelineState, Observation
    """
    state, held_s = _with_newest(state, frame)
    state, looked = _look(state, frame)
    if held_s > state.settings.intensity.stale_after_s and not isinstance(looked, Reason):
        looked = Reason.STALE
    if isinstance(looked, Reason):
        return state, blind(frame, state.calibration, Quality(), looked)
    attenuation, exposed = looked
    state, match = _registered(state, attenuation, exposed)
    if match is None:
        return state, blind(frame, state.calibration, _quality(state, None, None), Reason.MOTION)
    shift = (2.0 * match.shift[0], 2.0 * match.shift[1])
    state = _with_marks(state, frame, shift)
    moved = baselines.to_reference(attenuation, shift)
    seen = baselines.seen_in_reference(exposed, shift)
    untaught = state
    taught = state = with_outline(with_baseline(state, frame, moved, seen))
    state, sight = _with_cement(state, frame, moved, seen)
    if sight is not None and not cements.can_see(sight.noise, state.settings.cement):
        # What this frame added to the running mean is no cement: it is left out.
        quality = _quality(state, match, sight)
        return taught, blind(frame, state.calibration, quality, Reason.MOTION)
    if sight is not None and sight.taken_away:
        quality = _quality(state, match, sight)
        return untaught, blind(frame, state.calibration, quality, Reason.MOTION)
    hidden = sight is not None and sight.hidden
    if hidden and state.baseline_open and state.marks.baseline_frames is not None:
        # A person said that no cement is there yet: it must not be learnt as anatomy.
        quality = _quality(state, match, sight)
        return untaught, blind(frame, state.calibration, quality, Reason.EXPOSURE)
    state, tubes = _with_tubes(state, frame) if sight is not None else (state, ())
    run = state.the_run
    findings = Findings(
        frame,
        run.grid,
        shift,
        state.placed,
        1.0 if state.placed is None else exposed_share(state.placed, seen),
        None if sight is None else state.cement.mask,
        None if sight is None else sight.added,
        tubes,
        _quality(state, match, sight),
        hidden or hides(run.masked, shift, state.placed, state.cement.mask),
        run.nominal,
    )
    true = observed(findings, state.marks, state.calibration, state.settings)
    return state, shown_observation(true, state.marks, state.calibration.distortion)


@dataclass(frozen=True, slots=True)
class Sight:
    """What comparison with the baseline gave: added attenuation, its noise, brightness, whether
    anatomy is missing, and whether it is hidden by something that is no cement."""

    added: FloatImage | None
    noise: float
    gain_log: float
    taken_away: bool
    hidden: bool


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


def _with_newest(state: PipelineState, frame: Frame) -> tuple[PipelineState, float]:
    """For how long the same picture has been shown: quanta never fall twice in the same way."""
    newest = state.newest
    if newest is None or newest.pixels.shape != frame.pixels.shape:
        return replace(state, newest=frame), 0.0
    # Nearly always some of every 64th pixel differ already.
    some = np.s_[::64, ::64]
    same = np.array_equal(newest.pixels[some], frame.pixels[some])
    if not same or not np.array_equal(newest.pixels, frame.pixels):
        return replace(state, newest=frame), 0.0
    return state, frame.time_s - newest.time_s


def _look(
    state: PipelineState, frame: Frame
) -> tuple[PipelineState, tuple[FloatImage, BoolImage] | Reason]:
    """Log attenuation and exposed field of a frame, or the reason why there is none."""
    if state.run is None:
        state = replace(state, run=run_of(frame, state.settings, state.calibration, state.marks))
    run, settings = state.the_run, state.settings.intensity
    first = run.acquisition
    if frame.pixels.shape != (first.rows, first.columns):
        return state, Reason.VIEW
    raw = intensity.log_attenuation(frame.pixels, frame.acquisition.pixel_format, run.grid)
    field = intensity.exposed_field(raw, settings)
    blades, moving = intensity.follow_blades(state.blades, field, settings)
    if moving or field.area_fraction < settings.min_field_share * max(run.field_fraction, 0.1):
        return replace(state, blades=blades), Reason.EXPOSURE
    if run.field_fraction == 0.0:
        run = replace(run, field_fraction=field.area_fraction, level=field.level)
    elif abs(field.level - run.level) > settings.max_level_change:
        return replace(state, blades=blades), Reason.EXPOSURE
    lag, clean = intensity.undo_lag(state.lag, raw, settings)
    exposed = intensity.field_on_grid(field, run.grid.rows, run.grid.columns)
    exposed &= ~intensity.saturated(raw, run.acquisition.pixel_format, settings)
    if run.shutter is not None:
        exposed &= run.shutter
    state = replace(state, run=run, blades=blades, lag=lag)
    # Last, so that what follows from frame to frame goes on while the C-arm is turned.
    if _is_turned(state, frame):
        return state, Reason.VIEW
    return state, straightened(clean, exposed, run.straightening)


def _is_turned(state: PipelineState, frame: Frame) -> bool:
    """Whether the head says that this is another view, which pixels tell from 10 degrees on."""
    first, now = state.the_run.acquisition, frame.acquisition
    if now is first:
        return False
    return turned_deg(first.geometry, now.geometry) > state.settings.motion.view_angle_deg


def _registered(
    state: PipelineState, attenuation: FloatImage, exposed: BoolImage
) -> tuple[PipelineState, motion.Registration | None]:
    settings = state.settings.motion
    half = np.ascontiguousarray(exposed[::2, ::2][: exposed.shape[0] // 2, : exposed.shape[1] // 2])
    field = motion.field_of(half, state.matched_field, settings)
    passed = motion.band_passed(attenuation, field, settings)
    if state.reference is None:
        centre = _centre_of_marks(state)
        reference = motion.start_reference(passed, field, centre, settings)
        if not motion.shows_anatomy(reference, settings):
            return state, None
        state = replace(state, matched_field=field, reference=reference)
        return state, motion.Registration((0.0, 0.0), 0.0, 1.0)
    match = motion.register(state.reference, passed, field, state.shift, _movable(state), settings)
    if match is None or match.score < settings.min_score or match.sigma > settings.max_sigma_px:
        return replace(state, matched_field=field), None
    reference = state.reference
    if state.baseline_open:
        reference = motion.with_frame(reference, passed, match.shift)
    return replace(state, matched_field=field, reference=reference, shift=match.shift), match


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
    if baseline is None or behind is None or baseline.frames < settings.baseline.min_frames:
        return state, None
    followed = instruments.follow(
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
    area = None if state.placed is None else watched(state.placed)
    seen_there = baselines.watch(added, area, scale, settings.baseline)
    aside = baselines.explained(seen_there, changed, followed.state.footprint, scale.px(1.0))
    taken = baselines.is_taken_away(seen_there, aside, settings.baseline)
    mask, mean = state.cement.mask, state.cement.mean
    assert mean is not None
    changed_now = baselines.is_changed(seen_there, aside, mask, scale, settings.baseline)
    return state, Sight(mean.image, noise, added.gain_log, taken, changed_now)


def _segmented(
    state: PipelineState,
    followed: instruments.Followed,
    behind: backgrounds.Background,
    added: baselines.Added,
    time_s: float,
) -> tuple[PipelineState, float]:
    """Cement in what was added, and the noise of it."""
    settings, scale, instrument = state.settings, state.the_run.scale, followed.state
    mean = averaging.with_frame(state.cement.mean, added, time_s, scale, settings.cement)
    placed = state.placed
    rod = instrument.hidden if instrument.moved else instrument.footprint
    axis = None if instrument.cannula is None else instrument.cannula.direction
    covered = CoveredByCannula(
        followed.moves, followed.covers, rod, axis, followed.ghost, followed.excess
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

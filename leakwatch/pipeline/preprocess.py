"""Preprocessing: log attenuation of a frame, and checks of liveness, exposure and view."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, FloatImage, PointArray
from leakwatch.core.frame import Frame
from leakwatch.core.geometry import WorkingGrid, rotation_between_deg, scale_changed
from leakwatch.core.messages import text
from leakwatch.core.results import Condition, Evidence, Reason
from leakwatch.pipeline.conditions import condition_failed, condition_met
from leakwatch.pipeline.state import PipelineState, RunContext, make_run_context
from leakwatch.vision.liveness import new_images
from leakwatch.vision.preprocessing import intensity
from leakwatch.vision.preprocessing.polarity import Polarity, PolarityCheck
from leakwatch.vision.preprocessing.undistortion import straightened


@dataclass(frozen=True, slots=True)
class PreparedFrame:
    """A frame after preprocessing, before registration.

    Parameters
    ----------
    attenuation : ndarray
        Log attenuation on the working grid, corrected for lag and distortion.
    exposed : ndarray of bool
        Pixels that are exposed and neither clipped, masked nor behind the shutter.
    evidence : tuple of Evidence
    is_new : bool
        False: the frame is assessed, but updates no state.
    """

    attenuation: FloatImage
    exposed: BoolImage
    evidence: tuple[Evidence, ...]
    is_new: bool


def start_run(state: PipelineState, frame: Frame) -> PipelineState:
    """Return the state after the first frame has fixed the geometry of the run."""
    if state.run is not None:
        return state
    run = make_run_context(frame, state.settings, state.calibration, state.marks)
    points = _marked_points(state, run)
    reach = run.scale.px(state.settings.liveness.around_mm)
    tiles = run.detectors.liveness.tiles_over(points, reach, (run.grid.rows, run.grid.columns))
    run = replace(run, inverted=find_inversion(frame, state.settings))
    return replace(state, run=run, liveness=new_images.LivenessState(tiles))


def find_inversion(frame: Frame, settings: Settings) -> str:
    """Return why an image looks inverted against its tags; empty if it does not."""
    rows, columns = frame.pixels.shape
    grid = WorkingGrid.for_frame(rows, columns, settings.intensity.target_columns)
    raw = intensity.log_attenuation(frame.pixels, frame.acquisition.pixel_format, grid)
    told = PolarityCheck(settings.polarity).check(raw)
    return "; ".join(told.evidence) if told.verdict is Polarity.CONTRADICTS else ""


def _marked_points(state: PipelineState, run: RunContext) -> PointArray | None:
    marks = state.marks
    parts = [part for part in (marks.posterior_wall_px, marks.body_outline_px) if part is not None]
    if not parts:
        return None
    return run.grid.to_working(np.vstack(parts))


def prepare_frame(
    state: PipelineState, frame: Frame
) -> tuple[PipelineState, PreparedFrame | tuple[Evidence, ...]]:
    """Convert a frame to log attenuation and check its brightness, noise and exposed field.

    Parameters
    ----------
    state : PipelineState
        From `start_run`.
    frame : Frame

    Returns
    -------
    PipelineState, PreparedFrame or tuple of Evidence
        Evidence alone if the frame cannot be compared. If all of it is met, the frame repeats an
        earlier image.
    """
    run, settings = state.active_run, state.settings.intensity
    first = run.acquisition
    if frame.pixels.shape != (first.rows, first.columns):
        rows, columns = frame.pixels.shape[:2]
        what = text(
            "frames of {columns} x {rows} pixels instead of {first_columns} x {first_rows}",
            columns=columns,
            rows=rows,
            first_columns=first.columns,
            first_rows=first.rows,
        )
        return state, (condition_failed(Condition.SAME, Reason.VIEW, what),)
    if frame.acquisition.pixel_format != first.pixel_format:
        what = text("the pixel format changed")
        return state, (condition_failed(Condition.SAME, Reason.EXPOSURE, what),)
    raw = intensity.log_attenuation(frame.pixels, first.pixel_format, run.grid)
    field = intensity.exposed_field(raw, settings)
    exposed = intensity.field_on_grid(field, run.grid.rows, run.grid.columns)
    exposed &= ~intensity.saturated(raw, first.pixel_format, settings)
    state, opened = _open_field(state, frame)
    if opened is not None:
        exposed &= opened
    kept, seen = run.detectors.liveness.compare(state.liveness, raw, exposed, frame.time_s)
    state = replace(state, liveness=kept)
    live = _check_live(seen, settings.stale_after_s)
    followed, hidden = _check_exposure(state, field)
    if seen.is_repeated:
        return state, (live,) if hidden is None else (hidden,)
    state = followed
    if hidden is not None:
        return state, (hidden,)
    lag, clean = run.detectors.lag.undo(state.lag, raw, frame.time_s)
    state = replace(state, lag=lag)
    # Last, so that state which follows from frame to frame stays current while the C-arm turns.
    another = _check_view(state, frame)
    if another:
        return state, (live, condition_failed(Condition.SAME, Reason.VIEW, another))
    attenuation, exposed = straightened(clean, exposed, run.straightening)
    return state, PreparedFrame(attenuation, exposed, (live, *_check_polarity(run)), seen.is_new)


def _check_polarity(run: RunContext) -> tuple[Evidence, ...]:
    """Return failing evidence if the image is inverted: cement would look like air."""
    if not run.inverted:
        return ()
    why = text("the image looks inverted: {evidence}", evidence=run.inverted)
    return (condition_failed(Condition.SET_UP, Reason.EXPOSURE, why),)


def _check_live(seen: new_images.Liveness, limit_s: float) -> Evidence:
    """Check that the image is new, or that the last new one is recent."""
    if not seen.is_new and not seen.is_partly_repeated:
        what = text("the noise of the image changed")
        return condition_failed(Condition.LIVE, Reason.EXPOSURE, what, seen.told_share)
    # A clock that stands or runs backwards cannot prove that the last new image is recent.
    if seen.is_new or (seen.held_s <= limit_s and not seen.clock_stands):
        return condition_met(Condition.LIVE, seen.held_s, limit_s)
    what = text(
        "{percent:.0f} % of the image was shown before; no new image for {held_s:.1f} s",
        percent=100.0 * seen.repeated_share,
        held_s=seen.held_s,
    )
    return condition_failed(Condition.LIVE, Reason.STALE, what, seen.held_s, limit_s)


def _check_exposure(
    state: PipelineState, field: intensity.ExposedField
) -> tuple[PipelineState, Evidence | None]:
    """Track the exposed field; return failing evidence if the exposure changed."""
    run, settings = state.active_run, state.settings.intensity
    blades, moving = intensity.follow_blades(state.blades, field, settings)
    state = replace(state, blades=blades)
    least = settings.min_field_share * max(run.field_fraction, 0.1)
    if moving or field.area_fraction < least:
        why = text("the collimator moves") if moving else text("too little of the image is exposed")
        share = field.area_fraction
        return state, condition_failed(Condition.WHOLE, Reason.EXPOSURE, why, share, least)
    if run.field_fraction == 0.0:
        run = replace(run, field_fraction=field.area_fraction, level=field.level)
        return replace(state, run=run), None
    if abs(field.level - run.level) > settings.max_level_change:
        why = text("the brightness changed")
        return state, condition_failed(Condition.SAME, Reason.EXPOSURE, why)
    return state, None


def _open_field(state: PipelineState, frame: Frame) -> tuple[PipelineState, BoolImage | None]:
    """Return the area that shutter tags and masks leave open; they may change in any frame."""
    run, now = state.active_run, frame.acquisition
    if state.opened is not None and state.opened[0] is now:
        return state, state.opened[1]
    known, opened = state.opened or (run.acquisition, run.shutter)
    if now.shutter is not known.shutter or now.masks_px != known.masks_px:
        opened = intensity.open_and_masked(now, run.grid)[0]
    return replace(state, opened=(now, opened)), opened


def _check_view(state: PipelineState, frame: Frame) -> str:
    """Return how the header shows that the view changed; empty if it did not.

    The pixels alone reveal a rotation from 10 degrees on.
    """
    first, now, settings = state.active_run.acquisition, frame.acquisition, state.settings
    if now is first:
        return ""
    if rotation_between_deg(first.geometry, now.geometry) > settings.motion.view_angle_deg:
        return text("the C-arm was rotated")
    if now.patient_orientation != first.patient_orientation:
        return text("Patient Orientation changed")
    moved = scale_changed(first.geometry, now.geometry, settings.live.geometry_share)
    return text("the scale changed: {change}", change=moved) if moved else ""

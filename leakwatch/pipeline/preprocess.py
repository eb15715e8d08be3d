"""From a frame to log attenuation that can be compared: is it new, exposed and of the same view."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, FloatImage, PointArray
from leakwatch.core.frame import Frame
from leakwatch.core.geometry import WorkingGrid, rotation_between_deg, scale_changed
from leakwatch.core.results import Condition, Evidence, Reason
from leakwatch.pipeline.conditions import fails, holds
from leakwatch.pipeline.state import PipelineState, Run, run_of
from leakwatch.vision.liveness import new_images
from leakwatch.vision.preprocessing import intensity
from leakwatch.vision.preprocessing.polarity import Polarity, told_polarity
from leakwatch.vision.preprocessing.undistortion import straightened


@dataclass(frozen=True, slots=True)
class Looked:
    """What a frame gives before it is compared with anything but earlier frames.

    Parameters
    ----------
    attenuation : ndarray
        Log attenuation without lag, working grid, without the picture's distortion.
    exposed : ndarray of bool
        What the beam reaches, and no clipping, mask or shutter hides.
    evidence : tuple of Evidence
    is_new : bool
        Else it is judged for itself, and nothing is learnt from it.
    """

    attenuation: FloatImage
    exposed: BoolImage
    evidence: tuple[Evidence, ...]
    is_new: bool


def begun(state: PipelineState, frame: Frame) -> PipelineState:
    """Return the state with what the first frame fixes."""
    if state.run is not None:
        return state
    run = run_of(frame, state.settings, state.calibration, state.marks)
    points = _marked_points(state, run)
    reach = run.scale.px(state.settings.liveness.around_mm)
    tiles = new_images.tiles_over(
        points, reach, (run.grid.rows, run.grid.columns), state.settings.liveness
    )
    run = replace(run, inverted=inverted(frame, state.settings))
    return replace(state, run=run, liveness=new_images.LivenessState(tiles))


def inverted(frame: Frame, settings: Settings) -> str:
    """Return why a picture looks inverted against what its tags say; empty where it does not."""
    rows, columns = frame.pixels.shape
    grid = WorkingGrid.for_frame(rows, columns, settings.intensity.target_columns)
    raw = intensity.log_attenuation(frame.pixels, frame.acquisition.pixel_format, grid)
    told = told_polarity(raw, settings.polarity)
    return "; ".join(told.evidence) if told.verdict is Polarity.CONTRADICTS else ""


def _marked_points(state: PipelineState, run: Run) -> PointArray | None:
    marks = state.marks
    parts = [part for part in (marks.posterior_wall_px, marks.body_outline_px) if part is not None]
    if not parts:
        return None
    return run.grid.to_working(np.vstack(parts))


def look(state: PipelineState, frame: Frame) -> tuple[PipelineState, Looked | tuple[Evidence, ...]]:
    """Look at a frame's brightness, noise and exposed field.

    Parameters
    ----------
    state : PipelineState
        From `begun`.
    frame : Frame

    Returns
    -------
    PipelineState, Looked or tuple of Evidence
        Evidence alone where the frame cannot be compared. Where it all holds, an earlier picture
        is shown again.
    """
    run, settings = state.the_run, state.settings.intensity
    first = run.acquisition
    if frame.pixels.shape != (first.rows, first.columns):
        size = f"{frame.pixels.shape[1]} x {frame.pixels.shape[0]}"
        what = f"frames of {size} pixels instead of {first.columns} x {first.rows}"
        return state, (fails(Condition.SAME, Reason.VIEW, what),)
    if frame.acquisition.pixel_format != first.pixel_format:
        what = "the meaning of the pixels changed"
        return state, (fails(Condition.SAME, Reason.EXPOSURE, what),)
    raw = intensity.log_attenuation(frame.pixels, first.pixel_format, run.grid)
    field = intensity.exposed_field(raw, settings)
    exposed = intensity.field_on_grid(field, run.grid.rows, run.grid.columns)
    exposed &= ~intensity.saturated(raw, first.pixel_format, settings)
    state, opened = _opened(state, frame)
    if opened is not None:
        exposed &= opened
    kept, seen = new_images.look(
        state.liveness, raw, exposed, frame.time_s, state.settings.liveness
    )
    state = replace(state, liveness=kept)
    live = _live(seen, settings.stale_after_s)
    followed, hidden = _exposed(state, field)
    if seen.is_repeated:
        return state, (live,) if hidden is None else (hidden,)
    state = followed
    if hidden is not None:
        return state, (hidden,)
    lag, clean = intensity.undo_lag(state.lag, raw, frame.time_s, settings)
    state = replace(state, lag=lag)
    # Last, so that what follows from frame to frame goes on while the C-arm is turned.
    another = _another_view(state, frame)
    if another:
        return state, (live, fails(Condition.SAME, Reason.VIEW, another))
    attenuation, exposed = straightened(clean, exposed, run.straightening)
    return state, Looked(attenuation, exposed, (live, *_read_rightly(run)), seen.is_new)


def _read_rightly(run: Run) -> tuple[Evidence, ...]:
    """Tell that the picture is inverted, if it is: bone would be soft tissue, and cement light."""
    if not run.inverted:
        return ()
    text = f"the picture looks inverted: {run.inverted}"
    return (fails(Condition.SET_UP, Reason.EXPOSURE, text),)


def _live(seen: new_images.Liveness, limit_s: float) -> Evidence:
    """Tell whether the picture is new, or a new one came a short while ago."""
    if not seen.is_new and not seen.is_partly_repeated:
        what = "the picture has not the noise that it had"
        return fails(Condition.LIVE, Reason.EXPOSURE, what, seen.told_share)
    # A clock that stands or goes back cannot tell that the last new picture is recent.
    if seen.is_new or (seen.held_s <= limit_s and not seen.clock_stands):
        return holds(Condition.LIVE, seen.held_s, limit_s)
    share = 100.0 * seen.repeated_share
    what = f"{share:.0f} % of the picture was shown before; no new one for {seen.held_s:.1f} s"
    return fails(Condition.LIVE, Reason.STALE, what, seen.held_s, limit_s)


def _exposed(
    state: PipelineState, field: intensity.ExposedField
) -> tuple[PipelineState, Evidence | None]:
    """Follow the exposed field; evidence where it is another exposure than the first frame's."""
    run, settings = state.the_run, state.settings.intensity
    blades, moving = intensity.follow_blades(state.blades, field, settings)
    state = replace(state, blades=blades)
    least = settings.min_field_share * max(run.field_fraction, 0.1)
    if moving or field.area_fraction < least:
        text = "the collimator moves" if moving else "hardly any of the picture is exposed"
        return state, fails(Condition.WHOLE, Reason.EXPOSURE, text, field.area_fraction, least)
    if run.field_fraction == 0.0:
        run = replace(run, field_fraction=field.area_fraction, level=field.level)
        return replace(state, run=run), None
    if abs(field.level - run.level) > settings.max_level_change:
        return state, fails(Condition.SAME, Reason.EXPOSURE, "the brightness is another one")
    return state, None


def _opened(state: PipelineState, frame: Frame) -> tuple[PipelineState, BoolImage | None]:
    """Return what shutter tags and masks leave open in this frame: they may change with any."""
    run, now = state.the_run, frame.acquisition
    known, opened = state.opened or (run.acquisition, run.shutter)
    if now.shutter is not known.shutter or now.masks_px != known.masks_px:
        opened = intensity.open_and_masked(now, run.grid)[0]
    return replace(state, opened=(now, opened)), opened


def _another_view(state: PipelineState, frame: Frame) -> str:
    """Return why the head says that this is another view; empty where it does not.

    Pixels tell it from 10 degrees on.
    """
    first, now, settings = state.the_run.acquisition, frame.acquisition, state.settings
    if now is first:
        return ""
    if rotation_between_deg(first.geometry, now.geometry) > settings.motion.view_angle_deg:
        return "the C-arm is turned"
    if now.patient_orientation != first.patient_orientation:
        return "Patient Orientation changed"
    moved = scale_changed(first.geometry, now.geometry, settings.live.geometry_share)
    return f"the scale changed: {moved}" if moved else ""

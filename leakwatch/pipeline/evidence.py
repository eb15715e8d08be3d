"""Evidence for the conditions, from the results of each stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import BoolImage, FloatImage, Point
from leakwatch.core.messages import text
from leakwatch.core.results import Condition, Evidence, Reason
from leakwatch.pipeline.conditions import condition_failed, condition_met
from leakwatch.pipeline.state import PipelineState
from leakwatch.vision.image_processing.patches import near
from leakwatch.vision.registration import motion, sameness
from leakwatch.vision.vertebra.projected_marks import exposed_share, hides, seen_share


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """Result of the comparison with the baseline.

    Parameters
    ----------
    added : ndarray or None
        Added attenuation.
    noise, gain_log : float
        Noise standard deviation and change of brightness, natural log.
    taken_away : bool
        Anatomy of the baseline is missing.
    hidden : bool
        An object other than cement covers it.
    cement_share : float
        Share of the attenuation of known cement that this frame still shows.
    least_mm : float
        Thinnest detectable cement beside the wall, along the beam.
    broad_mm : float
        Thickness of the sheet of cement that shading and breathing may hide over the vertebra.
    """

    added: FloatImage | None
    noise: float
    gain_log: float
    taken_away: bool
    hidden: bool
    cement_share: float
    least_mm: float
    broad_mm: float = 0.0


def check_visible(state: PipelineState, seen: BoolImage, shift: Point) -> Evidence:
    """Check that the body, the wall with its margin and their surroundings are visible."""
    placed, run, settings = state.placed, state.active_run, state.settings.whole
    if placed is None or (placed.wall is None and not placed.watched.any()):
        if hides(run.masked, shift, placed, state.cement.mask):
            why = text("a mask over burned-in text covers the growing cement")
            return condition_failed(Condition.WHOLE, Reason.EXPOSURE, why)
        return condition_met(Condition.WHOLE)
    assert state.watched is not None
    window, around = state.watched.window, state.watched.surroundings
    watched = placed.watched[window]
    if placed.outline is None and state.baseline is not None and placed.beside_wall is not None:
        # The body is not marked: only the visible part of the assumed body counts.
        watched = placed.beside_wall[window] | (watched & state.baseline.seen[window])
    share = min(seen_share(watched, seen[window]), exposed_share(placed, seen))
    around_share = seen_share(around, seen[window])
    if hides(run.masked, shift, placed, state.cement.mask):
        why = text("a mask over burned-in text covers part of the monitored region")
        return condition_failed(Condition.WHOLE, Reason.EXPOSURE, why, share, settings.min_share)
    if share >= settings.min_share and around_share >= settings.min_around_share:
        return condition_met(Condition.WHOLE, share, settings.min_share)
    why = text("{percent:.0f} % of the vertebra is visible", percent=100 * min(share, around_share))
    return condition_failed(Condition.WHOLE, Reason.EXPOSURE, why, share, settings.min_share)


def check_detectability(
    state: PipelineState, comparison: BaselineComparison | None
) -> tuple[Evidence, ...]:
    """Check that the baseline is complete and that cement which matters would be detected."""
    if comparison is None:
        acquired = 0 if state.baseline is None else state.baseline.frames
        least = state.settings.baseline.min_frames
        why = text("acquiring the baseline: frame {frame} of {least}", frame=acquired, least=least)
        incomplete = condition_failed(Condition.ABLE, Reason.EXPOSURE, why, acquired, least)
        return (incomplete, condition_met(Condition.SENSITIVE))
    limit_mm = state.settings.sensitive.max_thickness_mm
    able = condition_met(Condition.ABLE)
    hidden = (_HIDDEN,) if comparison.hidden else ()
    most_mm = state.settings.sensitive.max_broad_mm
    if comparison.broad_mm > most_mm:
        why = text(
            "a broad change over the vertebra may hide {mm:.1f} mm of cement",
            mm=comparison.broad_mm,
        )
        broad = condition_failed(
            Condition.SENSITIVE, Reason.EXPOSURE, why, comparison.broad_mm, most_mm
        )
        return (able, broad, *hidden)
    if comparison.least_mm <= limit_mm:
        return (able, condition_met(Condition.SENSITIVE, comparison.least_mm, limit_mm), *hidden)
    least_mm = comparison.least_mm
    why = text("cement thinner than {mm:.1f} mm would not be detected at the wall", mm=least_mm)
    faint = condition_failed(Condition.SENSITIVE, Reason.EXPOSURE, why, least_mm, limit_mm)
    return (able, faint, *hidden)


def find_mismatch(state: PipelineState, comparison: BaselineComparison) -> Evidence | None:
    """Return why a registered frame still differs from the baseline; None if it matches."""
    settings = state.settings
    least = settings.same.min_cement_share
    if not state.active_run.detectors.cement.can_see(comparison.noise):
        why = text("the image differs too much from the baseline")
        return condition_failed(Condition.SAME, Reason.MOTION, why)
    if comparison.taken_away:
        why = text("an object over the vertebra was removed")
        return condition_failed(Condition.SAME, Reason.MOTION, why)
    if comparison.cement_share < least:
        share = comparison.cement_share
        why = text("{percent:.0f} % of the known cement is visible", percent=100 * max(share, 0.0))
        return condition_failed(Condition.SAME, Reason.MOTION, why, share, least)
    if comparison.hidden and state.baseline_open and state.marks.baseline_frames is not None:
        # The user excluded cement from these frames: the object must not enter the baseline.
        return _HIDDEN
    return None


_HIDDEN = condition_failed(Condition.SAME, Reason.EXPOSURE, text("an object covers the vertebra"))


def _find_possible_cement(state: PipelineState, time_s: float) -> BoolImage | None:
    """Return the region that cement can have reached since it was last seen.

    Cement that came while nothing was visible must not count as a mismatch, or it would never be
    detected.
    """
    cement = state.cement
    unseen_s = 0.0 if cement.mean is None else max(time_s - cement.mean.time_s, 0.0)
    came = unseen_s > state.settings.intensity.stale_after_s
    origin = state.placed.origin if came and state.placed is not None else None
    if cement.mask is None or cement.box is None:
        return origin
    reach_mm = state.active_run.detectors.cement.grown_mm(unseen_s)
    reached = near(cement.mask, state.active_run.scale.px(reach_mm), cement.box)
    return reached if origin is None else reached | origin


def compared_tiles(
    state: PipelineState, reference: motion.RegistrationReference
) -> sameness.ReferenceTiles:
    """Return what frames are compared with; as before while reference and area are the same."""
    area, before = None if state.placed is None else state.placed.watched, state.tiles
    if before is not None and before.reference is reference and before.area is area:
        return before
    settings, shape = state.settings.same, reference.mean.shape
    window = sameness.watched_window(area, settings.around_mm, state.active_run.scale, shape)
    return state.active_run.detectors.tiles.reference_tiles(reference, area, window)


def check_matching(
    state: PipelineState,
    tiles: sameness.ReferenceTiles,
    passed: FloatImage,
    field: motion.MatchedField,
    match: motion.Registration,
    time_s: float,
) -> Evidence:
    """Check that all of the monitored region matches the reference, as sharp as it was."""
    settings, comparator = state.settings.same, state.active_run.detectors.tiles

    def compare_beside(cement: BoolImage | None) -> sameness.Sameness:
        excluded = np.zeros(tiles.mean.shape, np.bool_)
        for part in (state.instrument.hidden, cement):
            if part is not None:
                excluded |= part[::2, ::2][tiles.window]
        return comparator.compare(tiles, passed, field.open, match.shift, excluded)

    seen = compare_beside(_find_possible_cement(state, time_s))
    if state.mismatched and seen.tiles < settings.min_tiles:
        # A match must be shown before it is regained: also where cement may have come meanwhile.
        seen = compare_beside(state.cement.mask)
    # After a mismatch, a better match is required.
    regained = settings.regained_explained if state.mismatched else 0.0
    limit = max(settings.min_explained, regained)
    enough = seen.compared >= settings.min_compared_share * seen.offered
    unproven = seen.tiles < settings.min_tiles
    if unproven and not state.mismatched and (enough or seen.offered < settings.min_tiles):
        return condition_met(Condition.SAME, None, limit)
    if unproven or not enough:
        share = seen.compared / max(seen.offered, 1)
        why = text("{percent:.0f} % of the surroundings can be compared", percent=100 * share)
        return condition_failed(Condition.SAME, Reason.EXPOSURE, why, seen.compared)
    if seen.body_unlike > settings.max_body_unlike:
        why = text(
            "{percent:.0f} % of the vertebra looks different", percent=100 * seen.body_unlike
        )
        return condition_failed(Condition.SAME, Reason.MOTION, why, seen.body_unlike)
    if seen.explained < limit:
        why = text(
            "{percent:.0f} % of the image around the vertebra matches the baseline",
            percent=100 * seen.explained,
        )
        return condition_failed(Condition.SAME, Reason.MOTION, why, seen.explained, limit)
    return condition_met(Condition.SAME, seen.explained, limit)

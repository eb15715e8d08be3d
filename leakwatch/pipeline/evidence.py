"""What each stage found, as evidence for the conditions under which a frame is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import BoolImage, FloatImage, Point
from leakwatch.core.results import Condition, Evidence, Reason
from leakwatch.pipeline.conditions import fails, holds
from leakwatch.pipeline.state import PipelineState
from leakwatch.vision.cement import cement_mask as cements
from leakwatch.vision.image_processing.patches import near
from leakwatch.vision.registration import motion, sameness
from leakwatch.vision.vertebra.projected_marks import exposed_share, hides, seen_share


@dataclass(frozen=True, slots=True)
class Sight:
    """What comparison with the baseline gave.

    Parameters
    ----------
    added : ndarray or None
        Added attenuation.
    noise, gain_log : float
        Noise and brightness, natural log.
    taken_away : bool
        Anatomy is missing.
    hidden : bool
        Something that is no cement lies over it.
    cement_share : float
        How much of what known cement added is there in this frame.
    least_mm : float
        Thinnest cement that would be seen beside the wall, along the beam.
    """

    added: FloatImage | None
    noise: float
    gain_log: float
    taken_away: bool
    hidden: bool
    cement_share: float
    least_mm: float


def whole(state: PipelineState, seen: BoolImage, shift: Point) -> Evidence:
    """Tell whether the body, the wall with its margin and what surrounds them can be seen."""
    placed, run, settings = state.placed, state.the_run, state.settings.whole
    if placed is None or (placed.wall is None and not placed.watched.any()):
        if hides(run.masked, shift, placed, state.cement.mask):
            text = "a mask over burnt-in text hides where cement goes on"
            return fails(Condition.WHOLE, Reason.EXPOSURE, text)
        return holds(Condition.WHOLE)
    watched = placed.watched
    if placed.outline is None and state.baseline is not None and placed.beside_wall is not None:
        # Nobody marked the body. Of what is taken for it, that counts which could be seen at all.
        watched = placed.beside_wall | (watched & state.baseline.seen)
    share = min(seen_share(watched, seen), exposed_share(placed, seen))
    around = near(placed.watched, run.scale.px(settings.around_mm))
    around_share = seen_share(around, seen)
    if hides(run.masked, shift, placed, state.cement.mask):
        text = "a mask over burnt-in text hides a part of what is watched"
        return fails(Condition.WHOLE, Reason.EXPOSURE, text, share, settings.min_share)
    if share >= settings.min_share and around_share >= settings.min_around_share:
        return holds(Condition.WHOLE, share, settings.min_share)
    text = f"{100 * min(share, around_share):.0f} % of the vertebra can be seen"
    return fails(Condition.WHOLE, Reason.EXPOSURE, text, share, settings.min_share)


def sighted(state: PipelineState, sight: Sight | None) -> tuple[Evidence, ...]:
    """Tell what comparison with the baseline shows of conditions, where it could be made."""
    if sight is None:
        learnt = 0 if state.baseline is None else state.baseline.frames
        least = state.settings.baseline.min_frames
        text = f"the picture before cement is learnt: frame {learnt} of {least}"
        unlearnt = fails(Condition.ABLE, Reason.EXPOSURE, text, learnt, least)
        return (unlearnt, holds(Condition.SENSITIVE))
    limit_mm = state.settings.sensitive.max_thickness_mm
    able = holds(Condition.ABLE)
    hidden = (_HIDDEN,) if sight.hidden else ()
    if sight.least_mm <= limit_mm:
        return (able, holds(Condition.SENSITIVE, sight.least_mm, limit_mm), *hidden)
    text = f"cement thinner than {sight.least_mm:.1f} mm would not be seen beside the wall"
    faint = fails(Condition.SENSITIVE, Reason.EXPOSURE, text, sight.least_mm, limit_mm)
    return (able, faint, *hidden)


def another_picture(state: PipelineState, sight: Sight) -> Evidence | None:
    """Tell that a frame which matched the reference is another picture all the same, and why."""
    settings = state.settings
    least = settings.same.min_cement_share
    if not cements.can_see(sight.noise, settings.cement):
        return fails(
            Condition.SAME, Reason.MOTION, "the picture differs from the one before cement"
        )
    if sight.taken_away:
        return fails(Condition.SAME, Reason.MOTION, "what lay over the vertebra is gone")
    if sight.cement_share < least:
        text = f"{100 * max(sight.cement_share, 0.0):.0f} % of the known cement is there"
        return fails(Condition.SAME, Reason.MOTION, text, sight.cement_share, least)
    if sight.hidden and state.baseline_open and state.marks.baseline_frames is not None:
        # A person said that no cement is there yet: it must not be learnt as anatomy.
        return _HIDDEN
    return None


_HIDDEN = fails(Condition.SAME, Reason.EXPOSURE, "something lies over the vertebra")


def _where_cement_may_be(state: PipelineState, time_s: float) -> BoolImage | None:
    """Return known cement and how far it can have grown since it was last seen.

    What came while nothing could be seen must not make the picture another one: then it would
    never be seen.
    """
    cement, settings = state.cement, state.settings.cement
    unseen_s = 0.0 if cement.mean is None else max(time_s - cement.mean.time_s, 0.0)
    came = unseen_s > state.settings.intensity.stale_after_s
    origin = state.placed.origin if came and state.placed is not None else None
    if cement.mask is None or cement.box is None:
        return origin
    reach_mm = cements.grown_mm(unseen_s, settings)
    reached = near(cement.mask, state.the_run.scale.px(reach_mm), cement.box)
    return reached if origin is None else reached | origin


def same_everywhere(
    state: PipelineState,
    reference: motion.RegistrationReference,
    passed: FloatImage,
    field: motion.MatchedField,
    match: motion.Registration,
    time_s: float,
) -> Evidence:
    """Tell whether every part of what is watched shows the reference, as sharp as it was."""
    settings, scale = state.settings.same, state.the_run.scale
    area = None if state.placed is None else state.placed.watched
    window = sameness.watched_window(area, settings.around_mm, scale, passed.shape)
    rows, columns = passed.shape
    excluded = np.zeros((rows, columns), np.bool_)
    for part in (state.instrument.hidden, _where_cement_may_be(state, time_s)):
        if part is not None:
            excluded |= part[::2, ::2][:rows, :columns]
    watched = None
    if area is not None:
        watched = area[::2, ::2][: passed.shape[0], : passed.shape[1]]
    seen = sameness.compare(
        reference, passed, field.open, match.shift, excluded, watched, window, settings
    )
    # What was another picture a moment ago must be explained better to be the same again.
    regained = settings.regained_explained if state.unexplained else 0.0
    limit = max(settings.min_explained, regained)
    if seen.offered < settings.min_tiles:
        return holds(Condition.SAME, None, limit)
    if seen.compared < settings.min_compared_share * seen.offered:
        share = 100 * seen.compared / seen.offered
        text = f"{share:.0f} % of what surrounds the vertebra can be compared"
        return fails(Condition.SAME, Reason.EXPOSURE, text, seen.compared)
    if seen.tiles < settings.min_tiles:
        return holds(Condition.SAME, None, limit)
    if seen.body_unlike > settings.max_body_unlike:
        text = f"{100 * seen.body_unlike:.0f} % of the vertebra is not what it was"
        return fails(Condition.SAME, Reason.MOTION, text, seen.body_unlike)
    if seen.explained < limit:
        text = f"{100 * seen.explained:.0f} % of the picture around the vertebra is what it was"
        return fails(Condition.SAME, Reason.MOTION, text, seen.explained, limit)
    return holds(Condition.SAME, seen.explained, limit)

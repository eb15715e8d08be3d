"""The rules: ``decide(state, observation) -> (state, alert)``.

STOP latches: it stays until a person acknowledges it. What cannot be judged is UNKNOWN, with its
reasons, and never takes a latched STOP away. An acknowledged STOP lasts too, as WATCH: cement does
not go away, so that only a new baseline ends it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import AlertingSettings, Settings
from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.recent_values import keep_last
from leakwatch.core.results import Alert, Event, EventKind, Level, Observation, Reason

# How bad a condition is, in a unit in which larger is worse; and by how much worse it must get
# after an acknowledgement to count as new (mm nearer, mm longer, mm2 more; nominal mm where there
# are none).
Severities = tuple[tuple[Reason, float], ...]
# The same over the last frames in which each condition held, oldest first.
Recent = tuple[tuple[Reason, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class AlertState:
    """What earlier frames leave behind for the next decision.

    Parameters
    ----------
    settings : Settings
    latched : tuple of Reason
        Reasons of a STOP that nobody acknowledged yet.
    streaks : tuple of (Reason, int)
        Frames running in which a stop condition held.
    recent : tuple of (Reason, tuple of float)
        How bad each stop condition was in the last `confirm_frames` frames in which it held.
    worst : tuple of (Reason, float)
        The worst that each latched condition was, in frames running.
    acknowledged : tuple of (Reason, float)
        Stop conditions that a person has acknowledged, and the worst that they were until then.
    watch_until_s : float or None
        A WATCH lasts until then, so that it does not flicker.
    watch_reasons : tuple of Reason
        Why that WATCH was given.
    distances : tuple of (float, float)
        (time_s, distance_mm) of the last moments, oldest first.
    judged_s : float or None
        Time of the last new frame that could be compared.
    after_pause : bool
        None could be for longer than a picture may be held before it.
    level, reasons
        As shown last; None before the first frame.
    """

    settings: Settings
    latched: tuple[Reason, ...] = ()
    streaks: tuple[tuple[Reason, int], ...] = ()
    recent: Recent = ()
    worst: Severities = ()
    acknowledged: Severities = ()
    watch_until_s: float | None = None
    watch_reasons: tuple[Reason, ...] = ()
    distances: tuple[tuple[float, float], ...] = ()
    judged_s: float | None = None
    after_pause: bool = False
    level: Level | None = None
    reasons: tuple[Reason, ...] = ()


def initial_state(settings: Settings) -> AlertState:
    """State before the first frame."""
    return AlertState(settings)


def decide(state: AlertState, observation: Observation) -> tuple[AlertState, Alert]:
    """Decide what the operator is told at this frame.

    Parameters
    ----------
    state : AlertState
    observation : Observation

    Returns
    -------
    AlertState, Alert
    """
    settings = state.settings.alerting
    held = _stop_conditions(observation, settings)
    state = _with_recent(state, held, observation)
    margin_mm = _margin_mm(observation, settings)
    stops = tuple(
        reason for reason, severity in held if _is_due(state, reason, severity, margin_mm)
    )
    latched = state.latched + tuple(reason for reason in stops if reason not in state.latched)
    state = _with_distance(_with_worst(replace(state, latched=latched)), observation)
    seconds = _time_to_margin(state.distances, observation, settings)
    state = _with_watch(state, observation, seconds, tuple(reason for reason, _ in held))
    return _told(state, observation, stops, seconds)


def acknowledge(state: AlertState, observation: Observation) -> tuple[AlertState, Alert]:
    """A person has seen a latched STOP and clears it; the only way that it goes.

    What latched is remembered with the worst that it was until now, whatever this frame shows of
    it: it raises STOP again only when it gets worse than that. Any other reason raises STOP as
    ever, also one that this frame shows and that is not confirmed yet.

    Parameters
    ----------
    state : AlertState
    observation : Observation
        Of the frame that is shown.

    Returns
    -------
    AlertState, Alert
        With an event of kind `EventKind.ACKNOWLEDGE`.
    """
    cleared = replace(state, latched=(), worst=(), acknowledged=_acknowledged_too(state))
    told, alert = _told(cleared, observation, (), None)
    event = Event(
        observation.frame, observation.time_s, EventKind.ACKNOWLEDGE, alert.level, text="cleared"
    )
    return told, replace(alert, events=(event, *alert.events))


def started_anew(state: AlertState) -> AlertState:
    """Return the state after a person said that what is seen now is no cement.

    What was acknowledged is forgotten with the cement, and how bad it was; a STOP that nobody saw
    is not. So new cement raises STOP where it would in a new session.
    """
    return replace(
        initial_state(state.settings),
        latched=state.latched,
        level=state.level,
        reasons=state.reasons,
    )


def taken_back(before: AlertState, now: AlertState) -> AlertState:
    """Return the state after a person took back that they began anew.

    Parameters
    ----------
    before : AlertState
        Before they began anew.
    now : AlertState
        A STOP that was raised since stays, and what was acknowledged since stays so.
    """
    gone = {reason: worst for reason, worst in before.worst if reason not in now.latched}
    still = [reason for reason in before.latched if reason in now.latched]
    still += [reason for reason in now.latched if reason not in still]
    return replace(
        before,
        latched=tuple(still),
        worst=tuple((dict(now.worst) | _without(before.worst, gone)).items()),
        acknowledged=tuple((dict(now.acknowledged) | dict(before.acknowledged) | gone).items()),
        streaks=(),
        distances=(),
        watch_until_s=None,
        watch_reasons=(),
        level=now.level,
        reasons=now.reasons,
    )


def _without(severities: Severities, reasons: Container[Reason]) -> dict[Reason, float]:
    return {reason: severity for reason, severity in severities if reason not in reasons}


def _with_recent(state: AlertState, held: Severities, observation: Observation) -> AlertState:
    """Count the frames in which each condition held, and keep how bad it was.

    A frame in which a condition is absent or cannot be seen says nothing of how bad it is, and a
    picture that is shown again says nothing at all.
    """
    if observation.repeated:
        return state
    settings = state.settings.alerting
    if observation.cement is not None:
        before_s, limit_s = state.judged_s, state.settings.intensity.stale_after_s
        after_pause = before_s is not None and observation.time_s - before_s > limit_s
        state = replace(state, judged_s=observation.time_s, after_pause=after_pause)
    earlier, recent = dict(state.streaks), dict(state.recent)
    for reason, severity in held:
        recent[reason] = (*recent.get(reason, ()), severity)[-settings.confirm_frames :]
    streaks = tuple((reason, earlier.get(reason, 0) + 1) for reason, _ in held)
    return replace(state, streaks=streaks, recent=tuple(recent.items()))


def _is_due(state: AlertState, reason: Reason, severity: float, margin_mm: float) -> bool:
    """Whether a condition that holds raises STOP, or keeps it."""
    settings, seen = state.settings.alerting, dict(state.acknowledged)
    if reason in seen:
        return (
            _size(reason, _lasting(state, reason)) > _size(reason, seen[reason]) + settings.worse_by
        )
    confirmed = dict(state.streaks).get(reason, 0) >= settings.confirm_frames
    # What came while nothing could be seen waits for no second frame.
    confirmed |= state.after_pause and reason in dict(state.streaks)
    return confirmed or _is_clear(reason, severity, margin_mm, settings)


def _lasting(state: AlertState, reason: Reason) -> float:
    """How bad a condition was in all of its last frames: one frame's noise does not count."""
    return min(dict(state.recent)[reason])


def _with_worst(state: AlertState) -> AlertState:
    worst, seen = dict(state.worst), dict(state.acknowledged)
    for reason, _ in state.recent:
        known = worst.get(reason, seen.get(reason, -np.inf))
        worst[reason] = max(known, _lasting(state, reason))
    of_latched = tuple((reason, worst[reason]) for reason in state.latched if reason in worst)
    return replace(state, worst=of_latched)


def _size(reason: Reason, severity: float) -> float:
    """How bad a condition is along a line: of an area, the radius of a circle as large.

    The noise of an area is that of its edge, all around: the larger it is, the more.
    """
    return float(np.sqrt(severity / np.pi)) if reason is Reason.OUTSIDE_BODY else severity


def _acknowledged_too(state: AlertState) -> Severities:
    """What was acknowledged, and what is latched now: the worst of it, and what was seen last.

    The person saw that too, though it was not seen in frames running yet.
    """
    last = {reason: values[-1] for reason, values in state.recent}
    worst = {reason: max(bad, last.get(reason, bad)) for reason, bad in state.worst}
    return tuple((dict(state.acknowledged) | worst).items())


def _stop_conditions(observation: Observation, settings: AlertingSettings) -> Severities:
    """Stop conditions that hold in this frame, each with how bad it is."""
    held = []
    wall = _seen_distance(observation)
    if wall is not None:
        distance, sigma = wall
        if distance - settings.sigmas * sigma <= _margin_mm(observation, settings):
            held.append((Reason.POSTERIOR_MARGIN, -distance))
    veins = [tube for tube in observation.tubes if tube.confirmed]
    if veins:
        longest = max(tube.length_px for tube in veins)
        held.append((Reason.TUBULAR_FILLING, longest * _mm_per_px(observation)))
    outside_mm2 = _outside_mm2(observation)
    if outside_mm2 is not None and outside_mm2 >= settings.outside_area_mm2:
        held.append((Reason.OUTSIDE_BODY, outside_mm2))
    return tuple(held)


def _mm_per_px(observation: Observation) -> float:
    """Millimetres for a pixel; nominal ones where there are none, and pixels where nobody said."""
    known = observation.calibration.mm_per_px
    nominal = observation.nominal_mm_per_px
    return (nominal or 1.0) if known is None else known


def _seen_distance(observation: Observation) -> tuple[float, float] | None:
    """Distance to the wall and its standard deviation, mm, nominal ones where there are none.

    None where the wall rule does not hold, or nothing is known.
    """
    wall = observation.wall_distance
    if wall is None or Reason.VIEW in observation.unavailable:
        return None
    if wall.distance_mm is not None and wall.sigma_mm is not None:
        return wall.distance_mm, wall.sigma_mm
    if wall.distance_mm is not None or wall.sigma_px is None:
        return None
    nominal = _mm_per_px(observation)
    return wall.distance_px * nominal, wall.sigma_px * nominal


def _margin_mm(observation: Observation, settings: AlertingSettings) -> float:
    """How near cement may come: without millimetres only at or behind the wall is a sign."""
    return 0.0 if observation.calibration.mm_per_px is None else settings.margin_mm


def _is_clear(
    reason: Reason, severity: float, margin_mm: float, settings: AlertingSettings
) -> bool:
    """Whether a stop condition is past what one frame's noise can do.

    All cement was seen in two frames, but for a rim of new growth: only what that rim can bring
    about needs a second frame here. A tube is confirmed where it is found.
    """
    if reason is Reason.POSTERIOR_MARGIN:
        return -severity <= margin_mm - settings.clear_mm
    if reason is Reason.OUTSIDE_BODY:
        return severity >= 2.0 * settings.outside_area_mm2
    return True


def _outside_mm2(observation: Observation) -> float | None:
    known = observation.calibration.mm_per_px, observation.nominal_mm_per_px
    if observation.cement is None or known == (None, None):
        return None
    return observation.cement.outside_px * _mm_per_px(observation) ** 2


def _with_distance(state: AlertState, observation: Observation) -> AlertState:
    wall = observation.wall_distance
    window = state.settings.alerting.speed_window_s
    recent = keep_last(state.distances, observation.time_s, window)
    if wall is not None and wall.distance_mm is not None:
        recent = (*recent, (observation.time_s, wall.distance_mm))
    return replace(state, distances=recent)


def _time_to_margin(
    distances: tuple[tuple[float, float], ...],
    observation: Observation,
    settings: AlertingSettings,
) -> float | None:
    """Seconds until the front reaches the margin at its recent speed; None where it does not."""
    if len(distances) < settings.speed_min_frames or Reason.VIEW in observation.unavailable:
        return None
    times, values = np.array(distances).T
    if times[-1] - times[0] < settings.speed_window_s / 2 or times[-1] != observation.time_s:
        return None
    # The slower of the whole window and its last part: a front that has come to rest reaches
    # nothing any more.
    last = times >= times[-1] - settings.speed_window_s / 3
    speed = max(_slope(times, values), _slope(times[last], values[last]))
    left_mm = values[-1] - settings.margin_mm
    if left_mm <= 0.0 or speed > -settings.min_speed_mm_s:
        return None
    return float(left_mm / -speed)


def _slope(times: PointArray, values: PointArray) -> float:
    """Least squares: one frame's noise must not set the speed. 0.0 for a single value."""
    since = times - times.mean()
    return float(since @ values / max(float(since @ since), 1e-9))


def _with_watch(
    state: AlertState,
    observation: Observation,
    seconds: float | None,
    held: tuple[Reason, ...],
) -> AlertState:
    settings = state.settings.alerting
    reasons = list(held)
    wall = observation.wall_distance
    lateral = Reason.VIEW not in observation.unavailable
    if lateral and wall is not None and wall.distance_mm is not None and wall.sigma_mm is not None:
        near = wall.distance_mm - settings.sigmas * wall.sigma_mm <= settings.watch_mm
        if near and Reason.POSTERIOR_MARGIN not in reasons:
            reasons.append(Reason.POSTERIOR_MARGIN)
    if seconds is not None and seconds <= settings.predict_s:
        reasons.append(Reason.PREDICTED_BREACH)
    if reasons:
        until_s = observation.time_s + settings.release_s
        return replace(state, watch_until_s=until_s, watch_reasons=tuple(reasons))
    if state.watch_until_s is not None and observation.time_s > state.watch_until_s:
        return replace(state, watch_until_s=None, watch_reasons=())
    return state


def _told(
    state: AlertState, observation: Observation, stops: tuple[Reason, ...], seconds: float | None
) -> tuple[AlertState, Alert]:
    blind = observation.unavailable
    acknowledged = tuple(reason for reason, _ in state.acknowledged if reason not in state.latched)
    watched = () if state.watch_until_s is None else state.watch_reasons
    if stops:
        current, why = Level.STOP, stops
    elif blind:
        current, why = Level.UNKNOWN, blind
    elif acknowledged or watched:
        current, why = Level.WATCH, tuple(dict.fromkeys(acknowledged + watched))
    else:
        current, why = Level.CLEAR, ()
    level, reasons = current, why
    if state.latched:
        # What cannot be seen right now is said beside the STOP, not instead of it.
        level, reasons = Level.STOP, state.latched + blind
    events = _events(state, level, reasons, observation)
    alert = Alert(level, reasons, bool(state.latched), current, seconds, events, acknowledged)
    return replace(state, level=level, reasons=reasons), alert


def _events(
    state: AlertState, level: Level, reasons: tuple[Reason, ...], observation: Observation
) -> tuple[Event, ...]:
    """One event per change of level or new reason."""
    changed = level is not state.level
    new = tuple(reason for reason in reasons if changed or reason not in state.reasons)
    if changed and not new:
        return (_event(level, None, observation),)
    return tuple(_event(level, reason, observation) for reason in new)


_TECHNICAL = frozenset(
    {
        Reason.NO_CALIBRATION,
        Reason.NO_WALL,
        Reason.VIEW,
        Reason.MOTION,
        Reason.STALE,
        Reason.EXPOSURE,
        Reason.DECODE,
        Reason.STAGE_ERROR,
    }
)


def _event(level: Level, reason: Reason | None, observation: Observation) -> Event:
    wall = observation.wall_distance
    return Event(
        observation.frame,
        observation.time_s,
        EventKind.TECHNICAL if reason in _TECHNICAL else EventKind.ALERT,
        level,
        reason,
        None if wall is None else wall.distance_mm,
        None if wall is None else wall.sigma_mm,
        _place(reason, observation),
    )


def _place(reason: Reason | None, observation: Observation) -> Point | None:
    """Where in the frame the reason is to be seen."""
    veins = [tube for tube in observation.tubes if tube.confirmed]
    if reason is Reason.TUBULAR_FILLING and veins:
        column, row = veins[0].path_px[-1]
        return (float(column), float(row))
    if reason is Reason.OUTSIDE_BODY and observation.cement is not None:
        return observation.cement.outside_at_px
    if reason in (Reason.POSTERIOR_MARGIN, Reason.PREDICTED_BREACH):
        return None if observation.wall_distance is None else observation.wall_distance.at_px
    return None

"""The rules: ``decide(state, observation) -> (state, alert)``.

STOP latches: it stays until a person acknowledges it. What cannot be judged is UNKNOWN, with its
reasons, and never takes a latched STOP away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import AlertingSettings, Settings
from leakwatch.model import (
    Alert,
    Event,
    EventKind,
    Level,
    Observation,
    Point,
    PointArray,
    Reason,
)

# How bad a condition is, in a unit in which larger is worse; and by how much worse it must get
# after an acknowledgement to count as new (mm nearer, mm longer, mm2 more; nominal mm where there
# are none).
Severities = tuple[tuple[Reason, float], ...]


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
    acknowledged : tuple of (Reason, float)
        Stop conditions that a person has seen, and how bad they were then.
    watch_until_s : float or None
        A WATCH lasts until then, so that it does not flicker.
    watch_reasons : tuple of Reason
        Why that WATCH was given.
    distances : tuple of (float, float)
        (time_s, distance_mm) of the last moments, oldest first.
    level, reasons
        As shown last; None before the first frame.
    """

    settings: Settings
    latched: tuple[Reason, ...] = ()
    streaks: tuple[tuple[Reason, int], ...] = ()
    acknowledged: Severities = ()
    watch_until_s: float | None = None
    watch_reasons: tuple[Reason, ...] = ()
    distances: tuple[tuple[float, float], ...] = ()
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
    earlier = dict(state.streaks)
    streaks = tuple((reason, earlier.get(reason, 0) + 1) for reason, _ in held)
    confirmed = {reason for reason, frames in streaks if frames >= settings.confirm_frames}
    margin_mm = _margin_mm(observation, settings)
    confirmed |= {
        reason for reason, severity in held if _is_clear(reason, severity, margin_mm, settings)
    }
    seen = dict(state.acknowledged)
    stops = tuple(
        reason
        for reason, severity in held
        if reason in confirmed
        and severity > seen.get(reason, -np.inf) + (settings.worse_by if reason in seen else 0.0)
    )
    state = _with_distance(replace(state, streaks=streaks), observation)
    seconds = _time_to_margin(state.distances, observation, settings)
    state = _with_watch(state, observation, seconds, tuple(reason for reason, _ in held))
    latched = state.latched + tuple(reason for reason in stops if reason not in state.latched)
    return _told(replace(state, latched=latched), observation, stops, seconds)


def acknowledge(state: AlertState, observation: Observation) -> tuple[AlertState, Alert]:
    """A person has seen a latched STOP and clears it; the only way that it goes.

    What raised it is remembered with how bad it is now: it is shown as WATCH from here on, and
    raises STOP again when it gets worse. Any other reason raises STOP at once.

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
    settings = state.settings.alerting
    seen = dict(state.acknowledged)
    seen.update((reason, np.inf) for reason in state.latched if reason not in seen)
    seen.update(_stop_conditions(observation, settings))
    known = tuple((reason, worst) for reason, worst in seen.items() if np.isfinite(worst))
    cleared = replace(state, latched=(), acknowledged=known)
    cleared = _with_watch(cleared, observation, None, tuple(reason for reason, _ in known))
    told, alert = _told(cleared, observation, (), None)
    event = Event(
        observation.frame, observation.time_s, EventKind.ACKNOWLEDGE, alert.level, text="cleared"
    )
    return told, replace(alert, events=(event, *alert.events))


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
    recent = tuple(one for one in state.distances if observation.time_s - one[0] <= window)
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
    if stops:
        current, why = Level.STOP, stops
    elif blind:
        current, why = Level.UNKNOWN, blind
    elif state.watch_until_s is not None:
        current, why = Level.WATCH, state.watch_reasons
    else:
        current, why = Level.CLEAR, ()
    level, reasons = current, why
    if state.latched:
        # What cannot be seen right now is said beside the STOP, not instead of it.
        level, reasons = Level.STOP, state.latched + blind
    events = _events(state, level, reasons, observation)
    alert = Alert(level, reasons, bool(state.latched), current, seconds, events)
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

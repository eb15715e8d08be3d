"""Alert rules: ``decide(state, observation) -> (state, alert)``.

STOP latches: it stays until an operator acknowledges it. A frame that cannot be assessed is
UNKNOWN, with its reasons, and never removes a latched STOP. An acknowledged STOP remains as
WATCH: cement does not disappear, so that only a new baseline ends it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np

from leakwatch.alerting.margins import MarginChange, alerting_with_margin, margin_in_force
from leakwatch.config import AlertingSettings, Settings
from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.recent_values import keep_last
from leakwatch.core.results import Alert, Event, EventKind, Level, Observation, Reason

# How bad a condition is, in a unit in which larger is worse; and by how much worse it must get
# after an acknowledgement to count as new (mm nearer, mm longer, mm2 more; nominal mm where there
# are none).
Severities = tuple[tuple[Reason, float], ...]
# The same over the last frames in which each condition was met, oldest first.
Recent = tuple[tuple[Reason, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class AlertState:
    """State of the decisions after earlier frames.

    Parameters
    ----------
    settings : Settings
    latched : tuple of Reason
        Reasons of a STOP that is not acknowledged yet.
    streaks : tuple of (Reason, int)
        Consecutive frames in which a stop condition was met.
    recent : tuple of (Reason, tuple of float)
        Severity of each stop condition in the last `confirm_frames` frames in which it was met.
    worst : tuple of (Reason, float)
        Largest sustained severity of each latched condition.
    acknowledged : tuple of (Reason, float)
        Acknowledged stop conditions, with their largest severity until then.
    watch_until_s : float or None
        End of a WATCH, which is prolonged so that it does not flicker.
    watch_reasons : tuple of Reason
        Reasons of that WATCH.
    distances : tuple of (float, float)
        (time_s, distance_mm) of the last frames, oldest first.
    judged_s : float or None
        Time of the last new frame that was assessed.
    after_pause : bool
        Whether no frame was assessed for longer than `stale_after_s` before it.
    level, reasons
        As shown last; None before the first frame.
    margins : tuple of MarginChange
        Margins that the operator set, in order.
    margin_mm : float or None
        The last of them that is in force; None: that of the settings.
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
    assessed_s: float | None = None
    after_pause: bool = False
    level: Level | None = None
    reasons: tuple[Reason, ...] = ()
    margins: tuple[MarginChange, ...] = ()
    margin_mm: float | None = None

    @property
    def alerting(self) -> AlertingSettings:
        """Settings of the rules, with the margin in force."""
        return alerting_with_margin(self.settings.alerting, self.margin_mm)


def initial_state(settings: Settings) -> AlertState:
    """Return the state before the first frame."""
    return AlertState(settings)


def change_margin(state: AlertState, change: MarginChange) -> AlertState:
    """Return the state with a margin of the operator, which holds from its frame on."""
    return replace(state, margins=(*state.margins, change))


def decide(state: AlertState, observation: Observation) -> tuple[AlertState, Alert]:
    """Decide the alert for a frame.

    Parameters
    ----------
    state : AlertState
    observation : Observation

    Returns
    -------
    AlertState, Alert
    """
    state = replace(state, margin_mm=margin_in_force(state.margins, observation.frame))
    settings = state.alerting
    met = _stop_conditions(observation, settings)
    state = _update_recent(state, met, observation)
    margin_mm = _margin_mm(observation, settings)
    stops = tuple(reason for reason, severity in met if _is_due(state, reason, severity, margin_mm))
    latched = state.latched + tuple(reason for reason in stops if reason not in state.latched)
    state = _update_distances(_update_worst(replace(state, latched=latched)), observation)
    seconds = _time_to_margin(state.distances, observation, settings)
    state = _update_watch(state, observation, seconds, tuple(reason for reason, _ in met))
    return _reported(state, observation, stops, seconds)


def acknowledge(state: AlertState, observation: Observation) -> tuple[AlertState, Alert]:
    """Clear a latched STOP on behalf of the operator; nothing else does.

    Each latched reason is kept with its largest severity until now: it raises STOP again only when
    it becomes worse. Any other reason raises STOP as before, also one that this frame shows but
    that is not confirmed yet.

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
    cleared = replace(state, latched=(), worst=(), acknowledged=_merge_acknowledged(state))
    cleared_state, alert = _reported(cleared, observation, (), None)
    event = Event(
        observation.frame, observation.time_s, EventKind.ACKNOWLEDGE, alert.level, text="cleared"
    )
    return cleared_state, replace(alert, events=(event, *alert.events))


def restart_baseline(state: AlertState) -> AlertState:
    """Return the state after the operator took a new baseline.

    Acknowledged reasons and their severities are discarded; a STOP not yet acknowledged is kept.
    New cement raises STOP as in a new session.
    """
    return replace(
        initial_state(state.settings),
        latched=state.latched,
        level=state.level,
        reasons=state.reasons,
        margins=state.margins,
        margin_mm=state.margin_mm,
    )


def undo_restart(before: AlertState, now: AlertState) -> AlertState:
    """Return the state after the operator undid a new baseline.

    Parameters
    ----------
    before : AlertState
        Before the new baseline.
    now : AlertState
        A STOP that was raised since is kept, and so are acknowledgements.
    """
    gone = {reason: worst for reason, worst in before.worst if reason not in now.latched}
    still = [reason for reason in before.latched if reason in now.latched]
    still += [reason for reason in now.latched if reason not in still]
    return replace(
        before,
        latched=tuple(still),
        worst=tuple((dict(now.worst) | _drop_reasons(before.worst, gone)).items()),
        acknowledged=tuple((dict(now.acknowledged) | dict(before.acknowledged) | gone).items()),
        streaks=(),
        distances=(),
        watch_until_s=None,
        watch_reasons=(),
        level=now.level,
        reasons=now.reasons,
        margins=now.margins,
        margin_mm=now.margin_mm,
    )


def _drop_reasons(severities: Severities, reasons: Container[Reason]) -> dict[Reason, float]:
    return {reason: severity for reason, severity in severities if reason not in reasons}


def _update_recent(state: AlertState, met: Severities, observation: Observation) -> AlertState:
    """Count the frames in which each condition was met, and keep its severity.

    A frame in which a condition is absent or not visible gives no severity, and a repeated frame
    changes nothing.
    """
    if observation.repeated:
        return state
    settings = state.settings.alerting
    if observation.cement is not None:
        before_s, limit_s = state.assessed_s, state.settings.intensity.stale_after_s
        after_pause = before_s is not None and observation.time_s - before_s > limit_s
        state = replace(state, assessed_s=observation.time_s, after_pause=after_pause)
    earlier, recent = dict(state.streaks), dict(state.recent)
    for reason, severity in met:
        recent[reason] = (*recent.get(reason, ()), severity)[-settings.confirm_frames :]
    streaks = tuple((reason, earlier.get(reason, 0) + 1) for reason, _ in met)
    return replace(state, streaks=streaks, recent=tuple(recent.items()))


def _is_due(state: AlertState, reason: Reason, severity: float, margin_mm: float) -> bool:
    """Return whether a condition that is met raises STOP, or keeps it."""
    settings, seen = state.settings.alerting, dict(state.acknowledged)
    if reason in seen:
        return (
            _severity_along_line(reason, _sustained_severity(state, reason))
            > _severity_along_line(reason, seen[reason]) + settings.worse_by
        )
    confirmed = dict(state.streaks).get(reason, 0) >= settings.confirm_frames
    # A condition that arose while nothing was assessed needs no second frame.
    confirmed |= state.after_pause and reason in dict(state.streaks)
    return confirmed or _is_clear(reason, severity, margin_mm, settings)


def _sustained_severity(state: AlertState, reason: Reason) -> float:
    """Return the severity in all of the last frames: the noise of one frame does not count."""
    return min(dict(state.recent)[reason])


def _update_worst(state: AlertState) -> AlertState:
    worst, seen = dict(state.worst), dict(state.acknowledged)
    for reason, _ in state.recent:
        known = worst.get(reason, seen.get(reason, -np.inf))
        worst[reason] = max(known, _sustained_severity(state, reason))
    of_latched = tuple((reason, worst[reason]) for reason in state.latched if reason in worst)
    return replace(state, worst=of_latched)


def _severity_along_line(reason: Reason, severity: float) -> float:
    """Return a severity as a length: of an area, the radius of a circle of the same size.

    The noise of an area comes from its edge, so that it grows with the area.
    """
    return float(np.sqrt(severity / np.pi)) if reason is Reason.OUTSIDE_BODY else severity


def _merge_acknowledged(state: AlertState) -> Severities:
    """Return acknowledged and latched reasons with the larger of worst and last severity.

    The operator saw the last one too, even if it was not sustained yet.
    """
    last = {reason: values[-1] for reason, values in state.recent}
    worst = {reason: max(bad, last.get(reason, bad)) for reason, bad in state.worst}
    return tuple((dict(state.acknowledged) | worst).items())


def _stop_conditions(observation: Observation, settings: AlertingSettings) -> Severities:
    """Return the stop conditions that this frame meets, with their severities."""
    met = []
    wall = _distance_to_wall(observation)
    if wall is not None:
        distance, sigma = wall
        if distance - settings.sigmas * sigma <= _margin_mm(observation, settings):
            met.append((Reason.POSTERIOR_MARGIN, -distance))
    veins = [tube for tube in observation.tubes if tube.confirmed]
    if veins:
        longest = max(tube.length_px for tube in veins)
        met.append((Reason.TUBULAR_FILLING, longest * _mm_per_px(observation)))
    outside_mm2 = _outside_mm2(observation)
    if outside_mm2 is not None and outside_mm2 >= settings.outside_area_mm2:
        met.append((Reason.OUTSIDE_BODY, outside_mm2))
    return tuple(met)


def _mm_per_px(observation: Observation) -> float:
    """Return the pixel spacing: calibrated, else nominal, else 1.0."""
    known = observation.calibration.mm_per_px
    nominal = observation.nominal_mm_per_px
    return (nominal or 1.0) if known is None else known


def _distance_to_wall(observation: Observation) -> tuple[float, float] | None:
    """Return the distance to the wall and its standard deviation, mm, nominal if not calibrated.

    None if the wall rule is inactive, or if unknown.
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
    """Return the margin; without a calibration only cement at or behind the wall counts."""
    return 0.0 if observation.calibration.mm_per_px is None else settings.margin_mm


def _is_clear(
    reason: Reason, severity: float, margin_mm: float, settings: AlertingSettings
) -> bool:
    """Return whether a stop condition exceeds what noise of one frame can cause.

    Cement is detected in two frames, except for a rim of new growth: only what that rim can cause
    needs a second frame here. Tubular filling is confirmed where it is detected.
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


def _update_distances(state: AlertState, observation: Observation) -> AlertState:
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
    """Return the seconds until the front reaches the margin at its recent speed; None if never."""
    if len(distances) < settings.speed_min_frames or Reason.VIEW in observation.unavailable:
        return None
    times, values = np.array(distances).T
    if times[-1] - times[0] < settings.speed_window_s / 2 or times[-1] != observation.time_s:
        return None
    # The slower of the whole window and its last part: a front that has stopped reaches nothing.
    last = times >= times[-1] - settings.speed_window_s / 3
    speed = max(_slope(times, values), _slope(times[last], values[last]))
    left_mm = values[-1] - settings.margin_mm
    if left_mm <= 0.0 or speed > -settings.min_speed_mm_s:
        return None
    return float(left_mm / -speed)


def _slope(times: PointArray, values: PointArray) -> float:
    """Return the slope by least squares, so that noise of one frame does not set the speed."""
    since = times - times.mean()
    return float(since @ values / max(float(since @ since), 1e-9))


def _update_watch(
    state: AlertState,
    observation: Observation,
    seconds: float | None,
    met: tuple[Reason, ...],
) -> AlertState:
    settings = state.alerting
    reasons = list(met)
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


def _reported(
    state: AlertState, observation: Observation, stops: tuple[Reason, ...], seconds: float | None
) -> tuple[AlertState, Alert]:
    blind = observation.unavailable
    acknowledged = tuple(reason for reason, _ in state.acknowledged if reason not in state.latched)
    watch_reasons = () if state.watch_until_s is None else state.watch_reasons
    if stops:
        current, why = Level.STOP, stops
    elif blind:
        current, why = Level.UNKNOWN, blind
    elif acknowledged or watch_reasons:
        current, why = Level.WATCH, tuple(dict.fromkeys(acknowledged + watch_reasons))
    else:
        current, why = Level.CLEAR, ()
    level, reasons = current, why
    if state.latched:
        # What cannot be assessed now is shown beside the STOP, not instead of it.
        level, reasons = Level.STOP, state.latched + blind
    events = _events(state, level, reasons, observation)
    alert = Alert(
        level,
        reasons,
        bool(state.latched),
        current,
        seconds,
        events,
        acknowledged,
        state.margin_mm,
    )
    return replace(state, level=level, reasons=reasons), alert


def _events(
    state: AlertState, level: Level, reasons: tuple[Reason, ...], observation: Observation
) -> tuple[Event, ...]:
    """Return one event per change of level or new reason."""
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
        _location(reason, observation),
    )


def _location(reason: Reason | None, observation: Observation) -> Point | None:
    """Return where the reason is visible in the frame."""
    veins = [tube for tube in observation.tubes if tube.confirmed]
    if reason is Reason.TUBULAR_FILLING and veins:
        column, row = veins[0].path_px[-1]
        return (float(column), float(row))
    if reason is Reason.OUTSIDE_BODY and observation.cement is not None:
        return observation.cement.outside_at_px
    if reason in (Reason.POSTERIOR_MARGIN, Reason.PREDICTED_BREACH):
        return None if observation.wall_distance is None else observation.wall_distance.at_px
    return None

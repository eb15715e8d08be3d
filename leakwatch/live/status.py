"""Status of a live session as one frozen object, and what is displayed of it. Pure.

The window requests both on its own timer, with its own clock, so that it shows UNKNOWN when frames
stop arriving, even if every other thread has died.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from leakwatch.alerting.coverage import EMPTY_SUMMARY, RunSummary
from leakwatch.alerting.inactive_rules import InactiveRule
from leakwatch.config import Settings
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.core.results import Event, Level, Reason
from leakwatch.display.banner import (
    REASON_WORDS,
    Banner,
    acknowledged_warnings,
    keep_latched_stop,
    keep_rim,
    keys_of,
    level_banner,
    off_banner,
    strip_numbers,
    unknown_banner,
)
from leakwatch.display.last_assessed import last_assessed_text
from leakwatch.live.assessed_history import AssessedHistory, TimedDecision, is_assessed
from leakwatch.live.event_log import EventLogView
from leakwatch.live.exposure import Exposure
from leakwatch.live.latency_ledger import Latency
from leakwatch.sinks.alarm_outputs.alarm_worker import AlarmOutputState

_NO_HISTORY, _NO_MARKS = AssessedHistory(), Marks()
_NO_LATENCY, _NO_EXPOSURE = Latency(), Exposure()
_NO_LOG = EventLogView()


@dataclass(frozen=True, slots=True)
class Recording:
    """State of one output of the session.

    Parameters
    ----------
    name : str
    lost : int
        Frames that were discarded because the queue was full.
    failure : str
        Why it stopped; empty while it runs.
    ended : bool
        Ended by the operator.
    behind_s : float
        How long the oldest queued frame has been waiting to be written, s. Queued frames are lost
        if the program is killed.
    late : bool
        Whether `behind_s` exceeds `LiveSettings.behind_after_s`, which is reported.
    full : bool
        Whether the queue overflowed and has not been written out yet.
    """

    name: str
    lost: int = 0
    failure: str = ""
    ended: bool = False
    behind_s: float = 0.0
    late: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """Status of a session at one time.

    Parameters
    ----------
    decision : TimedDecision or None
        The latest decision; None before the first frame.
    history : AssessedHistory
        Results that are kept for later frames.
    decision_to_show : TimedDecision or None
        The image that stays on the screen when no new one arrives.
    can_undo : bool
        Whether a new baseline can be undone.
    link : LinkStatus
        Reported by the source.
    arrived_s : float or None
        ``time.monotonic()`` of the newest frame, analysed or not.
    frames, unknown, dropped : int
        Analysed; of these not assessed, or only in part; received but skipped because a newer
        frame was available.
    first_stop : Event or None
    stopped_s : float or None
        Time of the last STOP.
    exposure : Exposure
    latency : Latency
    recordings : tuple of Recording
        Running ones, and those that the operator ended and that failed or lost frames.
    alarm_outputs : tuple of AlarmOutputState
    notices : tuple of str
        Notices about them, oldest first.
    audio_paused_until_s : float or None
        On the same clock.
    warnings : tuple of str
        Inconsistencies of marks and calibration.
    tally : Tally
        Frames assessed and not assessed.
    inactive_rules : tuple of InactiveRule
        Inactive rules.
    ended : bool
        Whether no frame will follow.
    fault : str
        Why the session cannot continue; empty if it can, or if it ended normally.
    marks : Marks
        Current marks.
    margin_mm : float or None
        Margin from the next frame on; None before the session has started.
    log : EventLogView
        List of events.
    """

    decision: TimedDecision | None
    link: LinkStatus
    history: AssessedHistory = _NO_HISTORY
    decision_to_show: TimedDecision | None = None
    can_undo: bool = False
    arrived_s: float | None = None
    frames: int = 0
    unknown: int = 0
    dropped: int = 0
    first_stop: Event | None = None
    stopped_s: float | None = None
    exposure: Exposure = _NO_EXPOSURE
    latency: Latency = _NO_LATENCY
    recordings: tuple[Recording, ...] = ()
    alarm_outputs: tuple[AlarmOutputState, ...] = ()
    notices: tuple[str, ...] = ()
    audio_paused_until_s: float | None = None
    warnings: tuple[str, ...] = ()
    inactive_rules: tuple[InactiveRule, ...] = ()
    ended: bool = False
    fault: str = ""
    tally: RunSummary = EMPTY_SUMMARY
    marks: Marks = _NO_MARKS
    margin_mm: float | None = None
    log: EventLogView = _NO_LOG

    @property
    def is_recorded(self) -> bool:
        """Return whether any output is still being recorded."""
        return any(not one.ended for one in self.recordings)

    @property
    def behind_words(self) -> str:
        """Delay of the slowest recording as text; empty if there is none."""
        late = [one.behind_s for one in self.recordings if one.late and not one.failure]
        return text("{behind_s} s behind", behind_s=math.ceil(max(late))) if late else ""


class DisplayState(StrEnum):
    """State of the displayed image: live, or why it is not."""

    WAITING = "waiting"  # no frame yet
    LIVE = "live"
    FROZEN = "frozen"  # the same image repeated: last image hold
    OFF = "off"  # the source reports that the pedal is up
    SILENT = "silent"  # no frame, and the source cannot report why
    STALE = "stale"  # no frame, although fluoroscopy is on
    LATE = "late"  # frames arrive, but analysis is delayed
    LOST = "lost"  # connection lost
    ENDED = "ended"


class Alarm(StrEnum):
    """Alarm priority after IEC 60601-1-8."""

    NONE = "none"
    LOW = "low"  # a single tone
    MEDIUM = "medium"
    HIGH = "high"  # an unacknowledged STOP


# No alarm when the operator releases the pedal; an alarm for what the operator cannot notice.
ALARM_OF_STATE: dict[DisplayState, Alarm] = {
    DisplayState.WAITING: Alarm.NONE,
    DisplayState.LIVE: Alarm.NONE,
    DisplayState.FROZEN: Alarm.NONE,
    DisplayState.OFF: Alarm.NONE,
    DisplayState.SILENT: Alarm.LOW,
    DisplayState.STALE: Alarm.MEDIUM,
    DisplayState.LATE: Alarm.MEDIUM,
    DisplayState.LOST: Alarm.MEDIUM,
    DisplayState.ENDED: Alarm.LOW,
}
# Without a beam, or before one: the operator's choice, shown as calmly as the room.
_CALM = frozenset({DisplayState.WAITING, DisplayState.OFF, DisplayState.FROZEN, DisplayState.ENDED})
# What the operator can do about the others, where their texts do not say it.
_STATE_KEYS: dict[DisplayState, str] = {
    DisplayState.SILENT: text("press the pedal"),
    DisplayState.STALE: text("check the source"),
    DisplayState.LATE: text("wait"),
}
# Frames that cannot be assessed because of a fault, not because of what happens in the room.
_BROKEN = frozenset({Reason.STAGE_ERROR, Reason.DECODE})


@dataclass(frozen=True, slots=True)
class DisplayedStatus:
    """Status as the operator sees it at one time.

    Parameters
    ----------
    state : DisplayState
        Whether the image is live: any state but `DisplayState.LIVE` is dimmed.
    banner : Banner
        The level with its reasons as text.
    reasons : tuple of Reason
        The same as codes.
    alarm : Alarm
    age_s : float or None
        Age of the latest image; None if there is none.
    assessed_age_s : float or None
        Age of the last image that was assessed; None if there is none.
    last : str
        The last assessed result with its age; empty if it is current or there is none.
    """

    state: DisplayState
    banner: Banner
    reasons: tuple[Reason, ...]
    alarm: Alarm
    age_s: float | None
    assessed_age_s: float | None = None
    last: str = ""

    @property
    def level(self) -> Level:
        """Level of the banner."""
        return self.banner.level


def displayed_status(
    status: LiveStatus, now_s: float, settings: Settings, acknowledged_at: str = ""
) -> DisplayedStatus:
    """Return what to display at `now_s`: the latest decision, or UNKNOWN if it is not current.

    Parameters
    ----------
    status : LiveStatus
    now_s : float
        ``time.monotonic()``.
    settings : Settings
    acknowledged_at : str
        Time of day at which the last STOP was acknowledged; empty if unknown.
    """
    decision = status.decision
    age_s = None if decision is None else max(now_s - decision.received_s, 0.0)
    state = _display_state(status, age_s, now_s, _limit_s(status.link, settings))
    if decision is None:
        unknown = _state_banner(state, status, _state_text(state, status, None))
        return DisplayedStatus(state, unknown, (Reason.STALE,), ALARM_OF_STATE[state], None)
    banner, reasons = _decided(decision, state, status, age_s, settings, acknowledged_at)
    last = _last_text(status, state, now_s)
    warnings = (last, *banner.warnings, status.history.discarded_text(now_s))
    banner = replace(banner, warnings=tuple(filter(None, warnings)))
    assessed = status.history.assessed
    return DisplayedStatus(
        state,
        banner,
        reasons,
        _alarm(state, banner, decision.snapshot.alert.reasons),
        age_s,
        None if assessed is None else assessed.age_s(now_s),
        last,
    )


def _decided(
    decision: TimedDecision,
    state: DisplayState,
    status: LiveStatus,
    age_s: float | None,
    settings: Settings,
    acknowledged_at: str,
) -> tuple[Banner, tuple[Reason, ...]]:
    """Return banner and reasons of a decision, limited to what is current."""
    alert, observation = decision.snapshot.alert, decision.snapshot.observation
    reasons, why = alert.reasons, decision.detail
    if state is not DisplayState.LIVE:
        why = _state_text(state, status, age_s)
        alert, observation = strip_numbers(alert, observation)
        kept = reasons if alert.level in (Level.STOP, Level.UNKNOWN) else ()
        reasons = tuple(dict.fromkeys((*kept, Reason.STALE)))
    banner = level_banner(alert, observation, settings, acknowledged_at)
    if not why:
        return banner, reasons
    key = next(filter(None, keys_of(reasons)), "")
    if state is not DisplayState.LIVE:
        banner, key = _without_stale_warning(banner), _STATE_KEYS.get(state, "")
    unknown = replace(
        _state_banner(state, status, why, key),
        warnings=acknowledged_warnings(alert, observation, settings),
    )
    unknown = keep_rim(unknown, bool(alert.acknowledged))
    return keep_latched_stop(unknown, banner), reasons


def _state_banner(state: DisplayState, status: LiveStatus, why: str, key: str = "") -> Banner:
    """Return the banner of a time without assessment; calm if it is the operator's choice."""
    # An image that is frozen while the beam is on is nobody's choice.
    stalled = state is DisplayState.FROZEN and status.link.fluoroscopy_on
    return off_banner(why) if state in _CALM and not stalled else unknown_banner(why, key)


def _last_text(status: LiveStatus, state: DisplayState, now_s: float) -> str:
    """Return the last assessed result with its age; empty if it is current or there is none."""
    assessed, decision = status.history.assessed, status.decision
    if assessed is None or decision is None:
        return ""
    words = last_assessed_text(assessed.snapshot.observation, assessed.age_s(now_s))
    if state is not DisplayState.LIVE and assessed is status.decision_to_show:
        return text("LAST IMAGE, {result}", result=words)
    if state is DisplayState.LIVE and is_assessed(decision.snapshot.observation):
        return ""
    return text("LAST ASSESSED, {result}", result=words)


def with_drawing_fault(now: DisplayedStatus, what: str) -> DisplayedStatus:
    """Return what to display if the frame could not be drawn: image and level do not match.

    Parameters
    ----------
    now : DisplayedStatus
    what : str
        What went wrong.
    """
    banner = keep_latched_stop(
        unknown_banner(text("This frame cannot be displayed: {fault}", fault=what)), now.banner
    )
    stop = banner.level is Level.STOP
    reasons = tuple(dict.fromkeys((*now.reasons, Reason.STAGE_ERROR)))
    return replace(now, banner=banner, reasons=reasons, alarm=Alarm.HIGH if stop else Alarm.MEDIUM)


def no_frame_text(status: LiveStatus, now_s: float, settings: Settings) -> str:
    """Return why no frame arrives, for the recording; empty if one may still be in transit.

    Parameters
    ----------
    status : LiveStatus
    now_s : float
    settings : Settings
    """
    if status.decision is None:
        return ""
    age_s = max(now_s - status.decision.received_s, 0.0)
    state = _display_state(status, age_s, now_s, _limit_s(status.link, settings))
    silent = state in (DisplayState.OFF, DisplayState.SILENT, DisplayState.STALE, DisplayState.LOST)
    late = age_s > _limit_s(status.link, settings)
    return _state_text(state, status, None) if silent and late else ""


def _limit_s(link: LinkStatus, settings: Settings) -> float:
    """Return the age limit of a frame; a slowed replay has longer gaps between frames."""
    return settings.live.stale_after_s / min(link.speed, 1.0)


def _display_state(
    status: LiveStatus, age_s: float | None, now_s: float, limit_s: float
) -> DisplayState:
    if status.fault or status.link.link is Link.LOST:
        return DisplayState.LOST
    if status.ended:
        return DisplayState.ENDED
    if status.decision is None or age_s is None:
        return DisplayState.WAITING
    if age_s > limit_s:
        return _state_without_frame(status, now_s - limit_s)
    if status.link.fluoroscopy_on is False:
        return DisplayState.OFF
    snapshot = status.decision.snapshot
    frozen = Reason.STALE in snapshot.observation.unavailable
    return DisplayState.FROZEN if frozen and snapshot.fault is None else DisplayState.LIVE


def _state_without_frame(status: LiveStatus, since_s: float) -> DisplayState:
    """Return why there was no decision for too long."""
    if status.arrived_s is not None and status.arrived_s >= since_s:
        return DisplayState.LATE
    if status.link.fluoroscopy_on is None:
        return DisplayState.SILENT
    return DisplayState.STALE if status.link.fluoroscopy_on else DisplayState.OFF


def _state_text(state: DisplayState, status: LiveStatus, age_s: float | None) -> str:
    link, stale = status.link.text, REASON_WORDS[Reason.STALE]
    texts: dict[DisplayState, str] = {
        DisplayState.WAITING: text("No frame yet: {link}", link=link),
        DisplayState.FROZEN: text(
            "Image frozen: fluoroscopy off (last image hold) or source stalled"
        ),
        DisplayState.OFF: text("Fluoroscopy off: no monitoring"),
        DisplayState.SILENT: text(
            "{no_frame}: fluoroscopy off, or connection lost", no_frame=stale
        ),
        DisplayState.STALE: stale,
        DisplayState.LATE: text("Analysis delayed"),
        DisplayState.LOST: status.fault or text("Connection lost: {link}", link=link),
        DisplayState.ENDED: text("End of sequence: {link}", link=link),
    }
    return texts[state] if age_s is None else _timed_texts(age_s).get(state, texts[state])


def _timed_texts(age_s: float) -> dict[DisplayState, str]:
    """Return the texts of states that say for how long they have lasted."""
    stale = REASON_WORDS[Reason.STALE]
    return {
        DisplayState.OFF: text("Fluoroscopy off for {age_s:.1f} s: no monitoring", age_s=age_s),
        DisplayState.SILENT: text(
            "{no_frame} for {age_s:.1f} s: fluoroscopy off, or connection lost",
            no_frame=stale,
            age_s=age_s,
        ),
        DisplayState.STALE: text("{no_frame} for {age_s:.1f} s", no_frame=stale, age_s=age_s),
        DisplayState.LATE: text("Analysis delayed by {age_s:.1f} s", age_s=age_s),
    }


def _without_stale_warning(banner: Banner) -> Banner:
    """Return the banner without the generic warning; the text of the state is more specific."""
    stale = f"⚠ {REASON_WORDS[Reason.STALE]}"
    return replace(banner, warnings=tuple(one for one in banner.warnings if one != stale))


def _alarm(state: DisplayState, banner: Banner, reasons: tuple[Reason, ...]) -> Alarm:
    if banner.level is Level.STOP:
        return Alarm.HIGH
    if state is not DisplayState.LIVE:
        return ALARM_OF_STATE[state]
    if banner.level is Level.CLEAR or banner.partly:
        return Alarm.NONE  # rules that were never set up are no news
    return Alarm.MEDIUM if _BROKEN & set(reasons) else Alarm.LOW

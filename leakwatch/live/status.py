"""What a session knows of itself, as one frozen object, and what of it is shown. Pure.

The window asks for both by its own timer, with its own clock. So it says UNKNOWN by itself when
frames stop coming, and goes on saying so when every other thread is dead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from leakwatch.alerting.coverage import EMPTY_SUMMARY, RunSummary
from leakwatch.alerting.inactive_rules import InactiveRule
from leakwatch.config import Settings
from leakwatch.core.marks import Marks
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.core.results import Event, Level, Reason
from leakwatch.display.banner import (
    REASON_WORDS,
    Banner,
    acknowledged_warnings,
    keep_latched_stop,
    last_assessed_text,
    level_banner,
    strip_numbers,
    unknown_banner,
)
from leakwatch.live.exposure import Exposure
from leakwatch.live.last_known import Known, Present, is_judged
from leakwatch.live.latency_ledger import Latency

_NOTHING_KNOWN, _NO_MARKS = Known(), Marks()
_NO_LATENCY, _NO_EXPOSURE = Latency(), Exposure()


@dataclass(frozen=True, slots=True)
class Recording:
    """How one output of the session fares.

    Parameters
    ----------
    name : str
    lost : int
        Frames that it could not take in time.
    failure : str
        Why it stopped; empty while it goes on.
    ended : bool
        A person ended it.
    behind_s : float
        For how long its oldest frame waits to be written, s. What waits is lost where the program
        is killed.
    late : bool
        That is longer than `LiveSettings.behind_after_s`, and is told.
    full : bool
        More than may wait did, and too little of it is written yet.
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
    """A session at one moment.

    Parameters
    ----------
    present : Present or None
        The latest decision; None before the first frame.
    known : Known
        What outlasts it.
    held : Present or None
        The picture that stays on the screen when no other comes.
    can_take_back : bool
        A person began anew, and may take that back.
    link : LinkStatus
        As the source sees it.
    arrived_s : float or None
        ``time.monotonic()`` of the newest frame, decided on or not.
    frames, unknown, dropped : int
        Decided on; of them not judged, or not in full; arrived but never looked at, since a newer
        one was there.
    first_stop : Event or None
    stopped_s : float or None
        When the last STOP was raised.
    exposure : Exposure
    latency : Latency
    recordings : tuple of Recording
        Those that run, and those that a person ended and that went wrong.
    told : tuple of str
        What was told of them as it happened, oldest first.
    audio_paused_until_s : float or None
        Of the same clock.
    doubts : tuple of str
        What of marks and calibration does not hold.
    tally : RunSummary
        What was watched, and what was not.
    rules_off : tuple of InactiveRule
        Rules that do not apply.
    ended : bool
        No frame follows.
    fault : str
        Why the session cannot go on; empty where it can, or where it simply ended.
    marks : Marks
        Those that hold now.
    """

    present: Present | None
    link: LinkStatus
    known: Known = _NOTHING_KNOWN
    held: Present | None = None
    can_take_back: bool = False
    arrived_s: float | None = None
    frames: int = 0
    unknown: int = 0
    dropped: int = 0
    first_stop: Event | None = None
    stopped_s: float | None = None
    exposure: Exposure = _NO_EXPOSURE
    latency: Latency = _NO_LATENCY
    recordings: tuple[Recording, ...] = ()
    told: tuple[str, ...] = ()
    audio_paused_until_s: float | None = None
    doubts: tuple[str, ...] = ()
    rules_off: tuple[InactiveRule, ...] = ()
    ended: bool = False
    fault: str = ""
    tally: RunSummary = EMPTY_SUMMARY
    marks: Marks = _NO_MARKS

    @property
    def is_recorded(self) -> bool:
        """Whether anything is kept of what comes."""
        return any(not one.ended for one in self.recordings)

    @property
    def behind_words(self) -> str:
        """By how much the slowest recording is behind; empty where none is."""
        late = [one.behind_s for one in self.recordings if one.late and not one.failure]
        return f"{math.ceil(max(late))} s behind" if late else ""


class Sight(StrEnum):
    """Whether the picture is the present, and if not, why."""

    WAITING = "waiting"  # no frame came yet
    PRESENT = "present"
    HELD = "held"  # the same picture again and again: last-image hold
    OFF = "off"  # the source says that the pedal is up
    SILENT = "silent"  # no frame, and the source cannot tell why
    STALE = "stale"  # no frame, although fluoroscopy is on
    LATE = "late"  # frames come, and are not decided on in time
    LOST = "lost"  # the link is gone
    ENDED = "ended"


class Alarm(StrEnum):
    """What should sound, by the priorities of IEC 60601-1-8."""

    NONE = "none"
    LOW = "low"  # a single tone
    MEDIUM = "medium"
    HIGH = "high"  # a STOP that nobody acknowledged


# A person who lifts the foot knows it: nothing sounds. What a person cannot know, does.
ALARM_OF_SIGHT: dict[Sight, Alarm] = {
    Sight.WAITING: Alarm.NONE,
    Sight.PRESENT: Alarm.NONE,
    Sight.HELD: Alarm.NONE,
    Sight.OFF: Alarm.NONE,
    Sight.SILENT: Alarm.LOW,
    Sight.STALE: Alarm.MEDIUM,
    Sight.LATE: Alarm.MEDIUM,
    Sight.LOST: Alarm.MEDIUM,
    Sight.ENDED: Alarm.LOW,
}
# Frames come, and cannot be judged: by what is broken, or by what is done in the room.
_BROKEN = frozenset({Reason.STAGE_ERROR, Reason.DECODE})


@dataclass(frozen=True, slots=True)
class Shown:
    """What the person is told now.

    Parameters
    ----------
    sight : Sight
        Whether the picture is the present: any other than `Sight.PRESENT` is to be dimmed.
    banner : Banner
        The level, with its reasons in words.
    reasons : tuple of Reason
        The same as data.
    alarm : Alarm
    age_s : float or None
        Of the latest picture; None where there is none.
    judged_age_s : float or None
        Of the last picture that was judged; None where none was.
    last : str
        What was judged last, with its age; empty where that is now, and where nothing was.
    """

    sight: Sight
    banner: Banner
    reasons: tuple[Reason, ...]
    alarm: Alarm
    age_s: float | None
    judged_age_s: float | None = None
    last: str = ""

    @property
    def level(self) -> Level:
        """The level of the banner."""
        return self.banner.level


def shown(status: LiveStatus, now_s: float, settings: Settings) -> Shown:
    """What to show at `now_s`: the latest decision, or UNKNOWN where it is not of the present.

    Parameters
    ----------
    status : LiveStatus
    now_s : float
        ``time.monotonic()``.
    settings : Settings
    """
    present = status.present
    age_s = None if present is None else max(now_s - present.received_s, 0.0)
    sight = _sight(status, age_s, now_s, _limit_s(status.link, settings))
    if present is None:
        unknown = unknown_banner(_words(sight, status, None))
        return Shown(sight, unknown, (Reason.STALE,), ALARM_OF_SIGHT[sight], None)
    banner, reasons = _decided(present, sight, status, age_s, settings)
    last = _last(status, sight, now_s)
    warnings = (last, *banner.warnings, status.known.forgotten_words(now_s))
    banner = replace(banner, warnings=tuple(filter(None, warnings)))
    judged = status.known.judged
    return Shown(
        sight,
        banner,
        reasons,
        _alarm(sight, banner, present.snapshot.alert.reasons),
        age_s,
        None if judged is None else judged.age_s(now_s),
        last,
    )


def _decided(
    present: Present, sight: Sight, status: LiveStatus, age_s: float | None, settings: Settings
) -> tuple[Banner, tuple[Reason, ...]]:
    """Banner and reasons of a decision, as far as it is of the present."""
    alert, observation = present.snapshot.alert, present.snapshot.observation
    reasons, why = alert.reasons, present.detail
    if sight is not Sight.PRESENT:
        why = _words(sight, status, age_s)
        alert, observation = strip_numbers(alert, observation)
        kept = reasons if alert.level in (Level.STOP, Level.UNKNOWN) else ()
        reasons = tuple(dict.fromkeys((*kept, Reason.STALE)))
    banner = level_banner(alert, observation, settings)
    if not why:
        return banner, reasons
    if sight is not Sight.PRESENT:
        banner = _without_stale_words(banner)
    acknowledged = acknowledged_warnings(alert, observation, settings)
    return keep_latched_stop(replace(unknown_banner(why), warnings=acknowledged), banner), reasons


def _last(status: LiveStatus, sight: Sight, now_s: float) -> str:
    """What was judged last, with its age; empty where that is the present, or nothing was."""
    judged, present = status.known.judged, status.present
    if judged is None or present is None:
        return ""
    words = last_assessed_text(judged.snapshot.observation, judged.age_s(now_s))
    if sight is not Sight.PRESENT:
        return f"LAST {'IMAGE' if judged is status.held else 'JUDGED'}, {words}"
    return "" if is_judged(present.snapshot.observation) else f"LAST JUDGED, {words}"


def not_drawn(now: Shown, what: str) -> Shown:
    """What to show where the frame could not be drawn: the picture is not that of the level.

    Parameters
    ----------
    now : Shown
    what : str
        What went wrong.
    """
    banner = keep_latched_stop(unknown_banner(f"This frame cannot be shown: {what}"), now.banner)
    stop = banner.level is Level.STOP
    reasons = tuple(dict.fromkeys((*now.reasons, Reason.STAGE_ERROR)))
    return replace(now, banner=banner, reasons=reasons, alarm=Alarm.HIGH if stop else Alarm.MEDIUM)


def silence_text(status: LiveStatus, now_s: float, settings: Settings) -> str:
    """Why no frame comes, for the record; empty where one may still be on its way.

    Parameters
    ----------
    status : LiveStatus
    now_s : float
    settings : Settings
    """
    if status.present is None:
        return ""
    age_s = max(now_s - status.present.received_s, 0.0)
    sight = _sight(status, age_s, now_s, _limit_s(status.link, settings))
    silent = sight in (Sight.OFF, Sight.SILENT, Sight.STALE, Sight.LOST)
    late = age_s > _limit_s(status.link, settings)
    return _words(sight, status, None) if silent and late else ""


def _limit_s(link: LinkStatus, settings: Settings) -> float:
    """A slowed down replay has longer pauses between its frames."""
    return settings.live.stale_after_s / min(link.speed, 1.0)


def _sight(status: LiveStatus, age_s: float | None, now_s: float, limit_s: float) -> Sight:
    if status.fault or status.link.link is Link.LOST:
        return Sight.LOST
    if status.ended:
        return Sight.ENDED
    if status.present is None or age_s is None:
        return Sight.WAITING
    if age_s > limit_s:
        return _sight_of_nothing(status, now_s - limit_s)
    if status.link.fluoroscopy_on is False:
        return Sight.OFF
    snapshot = status.present.snapshot
    held = Reason.STALE in snapshot.observation.unavailable
    return Sight.HELD if held and snapshot.fault is None else Sight.PRESENT


def _sight_of_nothing(status: LiveStatus, since_s: float) -> Sight:
    """Why nothing was decided on for too long."""
    if status.arrived_s is not None and status.arrived_s >= since_s:
        return Sight.LATE
    if status.link.fluoroscopy_on is None:
        return Sight.SILENT
    return Sight.STALE if status.link.fluoroscopy_on else Sight.OFF


def _words(sight: Sight, status: LiveStatus, age_s: float | None) -> str:
    since = "" if age_s is None else f" for {age_s:.1f} s"
    words = {
        Sight.WAITING: f"No frame yet: {status.link.text}",
        Sight.HELD: "The same picture is held: fluoroscopy off, or the source is frozen",
        Sight.OFF: f"Fluoroscopy off{since}: nothing is watched",
        Sight.SILENT: f"{REASON_WORDS[Reason.STALE]}{since}: fluoroscopy off, or the link is dead",
        Sight.STALE: f"{REASON_WORDS[Reason.STALE]}{since}",
        Sight.LATE: f"Analysis is late{since}",
        Sight.LOST: status.fault or f"Link lost: {status.link.text}",
        Sight.ENDED: f"No frame follows: {status.link.text}",
    }
    return words[sight]


def _without_stale_words(banner: Banner) -> Banner:
    """The words of `Sight` say it better."""
    stale = f"⚠ {REASON_WORDS[Reason.STALE]}"
    return replace(banner, warnings=tuple(one for one in banner.warnings if one != stale))


def _alarm(sight: Sight, banner: Banner, reasons: tuple[Reason, ...]) -> Alarm:
    if banner.level is Level.STOP:
        return Alarm.HIGH
    if sight is not Sight.PRESENT:
        return ALARM_OF_SIGHT[sight]
    if banner.level is Level.CLEAR or banner.partly:
        return Alarm.NONE  # what was never set up is known, and no news
    return Alarm.MEDIUM if _BROKEN & set(reasons) else Alarm.LOW

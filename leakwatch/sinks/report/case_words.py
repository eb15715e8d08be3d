"""Words of a report: events, headings of alerts, pauses."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from leakwatch.case_files.run_records import FrameRecord
from leakwatch.config import Settings
from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.display.banner import REASON_WORDS, level_banner
from leakwatch.display.quantities import wall_distance_text
from leakwatch.sinks.report.case_findings import Findings, KeyFrame
from leakwatch.sinks.report.recorded_frame import distance_of

NONE = text("none")


def join_comma(parts: Iterable[str]) -> str:
    """Return texts as a list, each still translated; "none" if there is none."""
    first, *others = [*parts] or [NONE]
    for other in others:
        first = text("{first}, {second}", first=first, second=other)
    return first


def alert_heading(key_frame: KeyFrame, settings: Settings) -> str:
    """Return number, time, level and all reasons of an alert, with the words of its picture.

    Parameters
    ----------
    key_frame : KeyFrame
    settings : Settings
    """
    return text("{number}. {alert}", number=key_frame.number, alert=alert_text(key_frame, settings))


def alert_text(key_frame: KeyFrame, settings: Settings) -> str:
    """Return time, level, all reasons and distance of an alert, as they were shown."""
    shown = key_frame.shown
    banner = level_banner(shown.snapshot.alert, shown.observation, settings)
    said = text(
        "{time_s:.2f} s, frame {frame}: {level}",
        time_s=shown.snapshot.frame.time_s,
        frame=shown.snapshot.frame.index,
        level=banner.word,
    )
    for place, reason in enumerate(banner.reasons):
        separated = text("{first}; {second}", first=said, second=reason)
        said = separated if place else text("{event}: {reason}", event=said, reason=reason)
    distance = distance_of(shown)
    if not distance or any(distance in reason for reason in banner.reasons):
        return said
    return text("{event} ({distance})", event=said, distance=distance)


def all_events(findings: Findings) -> tuple[Event, ...]:
    """Return the recorded events and the alerts that have none, in order of time."""
    missing = [
        event
        for key_frame in findings.key_frames
        for event in key_frame.events
        if event not in findings.events
    ]
    return tuple(sorted((*findings.events, *missing), key=lambda event: event.time_s))


def alert_note(key_frame: KeyFrame, events: tuple[Event, ...]) -> str:
    """Return what is known of an alert beside its frame; empty if there is nothing to say.

    Parameters
    ----------
    key_frame : KeyFrame
    events : tuple of Event
        As recorded.
    """
    earlier = text("This alert began before the recording, or in a frame that is not recorded.")
    notes = [earlier] if key_frame.events[-1] not in events else []
    acknowledged = acknowledged_text(key_frame, events)
    return join_with(" ", [*notes, acknowledged] if acknowledged else notes)


def acknowledged_text(key_frame: KeyFrame, events: tuple[Event, ...]) -> str:
    """Return when a STOP was acknowledged; empty for other alerts.

    Parameters
    ----------
    key_frame : KeyFrame
    events : tuple of Event
        All of the session.
    """
    last = key_frame.events[-1]
    if last.level is not Level.STOP:
        return ""
    later = [e for e in events if e.kind is EventKind.ACKNOWLEDGE and e.time_s >= last.time_s]
    if not later:
        return text("Not acknowledged.")
    return text(
        "Acknowledged at {time_s:.2f} s, {after_s:.1f} s later.",
        time_s=later[0].time_s,
        after_s=later[0].time_s - last.time_s,
    )


def pauses(lines: tuple[FrameRecord, ...], longest_s: float) -> tuple[tuple[float, float], ...]:
    """Return first and last second of each time without frames.

    Parameters
    ----------
    lines : tuple of FrameRecord
    longest_s : float
        A frame is current for this time; what is longer is a pause.
    """
    times = [line.time_s for line in lines]
    return tuple((a, b) for a, b in pairwise(times) if b - a > longest_s)


def baseline_frames(findings: Findings) -> set[int]:
    """Return indices of the frames during which the baseline was acquired."""
    least = findings.settings.baseline.min_frames
    return {
        line.frame
        for line in findings.lines
        if line.quality.get("registration_score") is not None
        and line.quality.get("baseline_frames", 0) < least
    }


def reported_events(findings: Findings) -> tuple[tuple[str, str], ...]:
    """Return kind and text of every event, as it was reported."""
    acquiring = baseline_frames(findings)
    return tuple(
        (event.kind.value, event_text((event,), event.frame in acquiring))
        for event in findings.events
    )


def event_text(events: tuple[Event, ...], acquiring: bool = False) -> str:
    """Return the text for the events of one frame.

    Parameters
    ----------
    events : tuple of Event
    acquiring : bool
        The frame could not be assessed because the baseline was being acquired.
    """
    last = events[-1]
    reasons = [reason_words(e.reason, acquiring) for e in events if e.reason is not None]
    notes = [event.text for event in events if event.text]
    shown = text(
        "{time_s:.2f} s, frame {frame}: {level}",
        time_s=last.time_s,
        frame=last.frame,
        level=last.kind.value if last.level is None else last.level.value,
    )
    for place, part in enumerate(dict.fromkeys(reasons + notes)):
        separated = text("{first}; {second}", first=shown, second=part)
        shown = separated if place else text("{event}: {reason}", event=shown, reason=part)
    distances = [event for event in events if event.distance_mm is not None]
    if not distances:
        return shown
    return text("{event} ({distance})", event=shown, distance=_event_distance(distances[-1]))


def reason_words(reason: Reason, acquiring: bool) -> str:
    """Return the words of a reason; acquiring the baseline is none to worry about."""
    if reason is Reason.EXPOSURE and acquiring:
        return text("Acquiring the baseline")
    return REASON_WORDS[reason]


def _event_distance(event: Event) -> str:
    return wall_distance_text(event.distance_mm or 0.0, event.distance_sigma_mm)

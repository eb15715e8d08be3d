"""List of what happened in a case: alerts, actions of the operator, and technical alarms. Pure.

Live, in a replay and in a report it comes from the same events, those of events.jsonl.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from leakwatch.core.messages import join_texts, text
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.display.banner import REASON_WORDS
from leakwatch.display.quantities import wall_distance_text


class Urgency(IntEnum):
    """Urgency of an event, by which events are chosen where not all can be shown."""

    NOTE = 0
    TECHNICAL = 1
    PAUSED = 2
    ACKNOWLEDGED = 3
    WATCH = 4
    STOP = 5


@dataclass(frozen=True, slots=True)
class EventRow:
    """One moment of the list.

    Parameters
    ----------
    frame : int
    time_s : float
    urgency : Urgency
    title : str
        What happened, in a word or two.
    text : str
        Reasons, or the words of a note; may be empty.
    value : str
        Distance at that moment, as the banner shows it; empty if unknown.
    at_px : (float, float) or None
        Where.
    """

    frame: int
    time_s: float
    urgency: Urgency
    title: str
    text: str
    value: str
    at_px: tuple[float, float] | None = None


_TITLES = {
    EventKind.ACKNOWLEDGE: text("Acknowledged"),
    EventKind.AUDIO_PAUSED: text("Pause"),
    EventKind.TECHNICAL: text("Technical"),
    EventKind.ANNOTATION: text("Note"),
}
_URGENCIES = {
    EventKind.ACKNOWLEDGE: Urgency.ACKNOWLEDGED,
    EventKind.AUDIO_PAUSED: Urgency.PAUSED,
    EventKind.TECHNICAL: Urgency.TECHNICAL,
    EventKind.ANNOTATION: Urgency.NOTE,
}


def is_listed(event: Event) -> bool:
    """Return whether an event belongs into the list: all but the end of a WATCH."""
    alarms = (Level.WATCH, Level.STOP)
    return event.kind is not EventKind.ALERT or event.level in alarms


def event_rows(
    events: Iterable[Event], acquiring: Container[int] = frozenset()
) -> tuple[EventRow, ...]:
    """Return the list of events, in their order; simultaneous reasons share a row.

    Parameters
    ----------
    events : iterable of Event
    acquiring : container of int
        Frames during which the baseline was acquired, which is why they are not assessed.
    """
    groups: list[list[Event]] = []
    for event in filter(is_listed, events):
        if groups and _belongs_to(event, groups[-1][0]):
            groups[-1].append(event)
        else:
            groups.append([event])
    return tuple(_row(group, acquiring) for group in groups)


def _belongs_to(event: Event, first: Event) -> bool:
    """Return whether an event belongs into the row of `first`."""
    if (event.frame, event.time_s) != (first.frame, first.time_s):
        return False
    if first.kind is EventKind.ACKNOWLEDGE:  # what remains of the STOP
        return event.kind is EventKind.ALERT and event.level is Level.WATCH
    # An action of the operator is a row of its own, and so is a message of the program.
    alarms = (EventKind.ALERT, EventKind.TECHNICAL)
    if event.kind not in alarms or event.level is None:
        return False
    return event.kind is first.kind and _alert_level(event) is _alert_level(first)


def _alert_level(event: Event) -> Level | None:
    return event.level if event.kind is EventKind.ALERT else None


def _row(events: Sequence[Event], acquiring: Container[int]) -> EventRow:
    first = events[0]
    level = _alert_level(first)
    stop = level is Level.STOP
    reasons = [_reason_text(event, acquiring) for event in events if event.reason is not None]
    acknowledged = first.kind is EventKind.ACKNOWLEDGE
    texts: list[str] = [event.text for event in events if event.text and not acknowledged]
    if first.kind is EventKind.AUDIO_PAUSED:
        texts = [text("Sound: {pause}", pause=one) for one in texts]
    # The text of a technical event states its reason in more detail.
    parts = list(dict.fromkeys(texts or reasons))
    places = [event.at_px for event in events if event.at_px is not None]
    return EventRow(
        first.frame,
        first.time_s,
        _URGENCIES.get(first.kind, Urgency.STOP if stop else Urgency.WATCH),
        _TITLES[first.kind] if level is None else level.value,
        join_texts(parts) if parts else "",
        _value(events),
        places[0] if places else None,
    )


def _reason_text(event: Event, acquiring: Container[int]) -> str:
    if event.reason is Reason.EXPOSURE and event.frame in acquiring:
        return text("Acquiring the baseline")
    return "" if event.reason is None else REASON_WORDS[event.reason]


def _value(events: Sequence[Event]) -> str:
    known = [event for event in events if event.distance_mm is not None]
    if not known:
        return ""
    return wall_distance_text(known[-1].distance_mm or 0.0, known[-1].distance_sigma_mm)


def signed_distance_text(distance_mm: float, sigma_mm: float | None) -> str:
    """Return a distance as on the axis of the trend, ``−2.3 ± 0.5 mm``."""
    sigma = "" if sigma_mm is None else f" ± {sigma_mm:.1f}"
    sign = "−" if round(distance_mm, 1) < 0.0 else ""
    return f"{sign}{abs(distance_mm):.1f}{sigma} mm"


def next_row(rows: Sequence[EventRow], frame: int) -> EventRow | None:
    """Return the first row after a frame; None after the last."""
    return next((row for row in rows if row.frame > frame), None)


def previous_row(rows: Sequence[EventRow], frame: int) -> EventRow | None:
    """Return the last row before a frame; None before the first."""
    return next((row for row in reversed(rows) if row.frame < frame), None)

"""List of what happened in a case: alerts, actions of the operator, and technical alarms. Pure.

Live, in a replay and in a report it comes from the same events, those of events.jsonl.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from leakwatch.core.messages import join_texts, text
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.display.banner import REASON_WORDS


class Urgency(IntEnum):
    """How urgent an event is, for the choice of what is shown where not all can be."""

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
        Distance at that moment; empty if unknown.
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
    EventKind.ACKNOWLEDGE: text("STOP acknowledged"),
    EventKind.AUDIO_PAUSED: text("Sound paused"),
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
    listed = [event for event in events if is_listed(event)]
    groups = groupby(listed, lambda one: (one.frame, one.time_s, one.kind, _alert_level(one)))
    return tuple(_row(list(group), acquiring) for _, group in groups)


def _alert_level(event: Event) -> Level | None:
    return event.level if event.kind is EventKind.ALERT else None


def _row(events: Sequence[Event], acquiring: Container[int]) -> EventRow:
    last = events[-1]
    level = _alert_level(last)
    stop = level is Level.STOP
    reasons = [_reason_text(event, acquiring) for event in events if event.reason is not None]
    texts = [event.text for event in events if event.text and event.kind is not _ACKNOWLEDGE]
    # The text of a technical event states its reason in more detail.
    parts = list(dict.fromkeys(texts or reasons))
    places = [event.at_px for event in events if event.at_px is not None]
    return EventRow(
        last.frame,
        last.time_s,
        _URGENCIES.get(last.kind, Urgency.STOP if stop else Urgency.WATCH),
        _TITLES[last.kind] if level is None else level.value,
        join_texts(parts) if parts else "",
        _value(events),
        places[0] if places else None,
    )


_ACKNOWLEDGE = EventKind.ACKNOWLEDGE


def _reason_text(event: Event, acquiring: Container[int]) -> str:
    if event.reason is Reason.EXPOSURE and event.frame in acquiring:
        return text("Acquiring the baseline")
    return "" if event.reason is None else REASON_WORDS[event.reason]


def _value(events: Sequence[Event]) -> str:
    known = [event for event in events if event.distance_mm is not None]
    return event_distance_text(known[-1]) if known else ""


def event_distance_text(event: Event) -> str:
    """Return the distance of an event; behind the wall, how far behind."""
    distance_mm, sigma_mm = event.distance_mm or 0.0, event.distance_sigma_mm
    sigma = "" if sigma_mm is None else f" ± {sigma_mm:.1f}"
    distance = f"{abs(distance_mm):.1f}{sigma} mm"
    if distance_mm < 0.0:
        return text("{distance} behind the wall", distance=distance)
    return distance


def next_row(rows: Sequence[EventRow], frame: int) -> EventRow | None:
    """Return the first row after a frame; None after the last."""
    return next((row for row in rows if row.frame > frame), None)


def previous_row(rows: Sequence[EventRow], frame: int) -> EventRow | None:
    """Return the last row before a frame; None before the first."""
    return next((row for row in reversed(rows) if row.frame < frame), None)

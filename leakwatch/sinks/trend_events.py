"""Events in the trend: numbered lines of STOPs and faults, and acknowledgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from leakwatch.core.messages import text, translate
from leakwatch.core.results import Event, EventKind, Level
from leakwatch.display import palette
from leakwatch.display.banner import REASON_WORDS
from leakwatch.display.event_list import EventRow, Urgency

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# On a bright page, as in the bright half of a flash.
STOP_COLOUR = palette.STOP.flash_ink
ACKNOWLEDGED_COLOUR = palette.ACKNOWLEDGED.bar
# Alerts that are listed; a run with more was acknowledged many times.
MOST_MOMENTS = 8
# For an alert without an image, if numbers refer to images.
UNNUMBERED = "–"
# Sign, colour and name of the other events, which have no number.
EVENT_SIGNS = {
    Urgency.WATCH: ("^", palette.WATCH.bar, Level.WATCH.value),
    Urgency.PAUSED: ("s", "#1F6B4A", text("sound paused")),
    Urgency.TECHNICAL: ("D", "#5B6876", text("technical")),
    Urgency.NOTE: ("o", "#0077A8", text("note")),
}
EVENT_HEIGHT = 0.99
# Sign of an acknowledgement, which has no number.
ACKNOWLEDGED_SIGN = "✓"


def mark_events(
    axes: Sequence[Axes], events: Sequence[Event], numbers: Mapping[int, int] | None
) -> None:
    """Draw STOPs, faults and acknowledgements, and list them above the page.

    Parameters
    ----------
    axes : sequence of Axes
        The last one is the strip of levels.
    events : sequence of Event
    numbers : mapping of int to int or None
        Numbers of alerts in a report, by frame; None: they are counted here.
    """
    _mark_alerts(axes, events, numbers)
    for event in events:
        if event.kind is EventKind.ACKNOWLEDGE:
            _mark_acknowledgement(axes, event.time_s)


def _mark_acknowledgement(axes: Sequence[Axes], time_s: float) -> None:
    for axis in axes[:-1]:
        axis.axvline(time_s, color=ACKNOWLEDGED_COLOUR, linewidth=1.0, linestyle=":")
    box = {"facecolor": "#FFFFFF", "edgecolor": ACKNOWLEDGED_COLOUR, "boxstyle": "square,pad=0.2"}
    axes[0].text(
        time_s,
        0.7,
        ACKNOWLEDGED_SIGN,
        transform=axes[0].get_xaxis_transform(),
        ha="center",
        fontsize=8,
        color=ACKNOWLEDGED_COLOUR,
        bbox=box,
    )


def _mark_alerts(
    axes: Sequence[Axes], events: Sequence[Event], numbers: Mapping[int, int] | None
) -> None:
    """Draw a numbered line for each STOP and each fault."""
    reported = [event for event in events if _is_reported(event)]
    moments = [(time_s, list(group)) for time_s, group in groupby(reported, lambda e: e.time_s)]
    acknowledged_s = [event.time_s for event in events if event.kind is EventKind.ACKNOWLEDGE]
    lines = []
    for place, (time_s, group) in enumerate(moments):
        frame = group[-1].frame
        number = f"{place + 1}" if numbers is None else f"{numbers.get(frame, UNNUMBERED)}"
        said = translate(_with_acknowledgement(group, acknowledged_s))
        lines.append(f"{number}  {time_s:.2f} s  {said}")
        for axis in axes[:3]:
            axis.axvline(time_s, color=STOP_COLOUR, linewidth=1.0)
        # Three heights, so that numbers of successive alerts do not overlap.
        height = 0.05 + 0.1 * (place % 3)
        along_time = axes[0].get_xaxis_transform()
        box = {"facecolor": "#FFFFFF", "edgecolor": STOP_COLOUR, "boxstyle": "circle,pad=0.2"}
        axes[0].text(
            time_s, height, number, transform=along_time, ha="center", fontsize=8, bbox=box
        )
    if len(lines) > MOST_MOMENTS:
        more = text("{count} more: see events.jsonl", count=len(lines) - MOST_MOMENTS)
        lines = [*lines[:MOST_MOMENTS], translate(more)]
    title = axes[0].set_title("\n".join(lines), loc="left", fontsize=9, color=STOP_COLOUR)
    title.set_parse_math(False)


def mark_signs(axis: Axes, rows: Sequence[EventRow]) -> None:
    """Draw a sign for each event that has neither number nor line, above the distance.

    Parameters
    ----------
    axis : Axes
    rows : sequence of EventRow
    """
    for urgency, (sign, colour, name) in EVENT_SIGNS.items():
        times = [row.time_s for row in rows if row.urgency is urgency]
        if times:
            heights, along_time = [EVENT_HEIGHT] * len(times), axis.get_xaxis_transform()
            (signs,) = axis.plot(times, heights, color=colour, label=translate(name))
            signs.set(marker=sign, linestyle="none", markersize=6, clip_on=False)
            signs.set_transform(along_time)
    if rows and axis.get_legend() is not None:
        axis.legend(loc="upper right", fontsize=8, ncols=5)


def _is_reported(event: Event) -> bool:
    fault = event.kind is EventKind.TECHNICAL and event.text is not None
    fault = fault and event.level is not None  # else it is a message, such as of the recording
    return fault or (event.kind is EventKind.ALERT and event.level is Level.STOP)


def _alert_text(events: Sequence[Event]) -> str:
    """Return level and reasons of simultaneous events."""
    reasons = [REASON_WORDS[event.reason] for event in events if event.reason is not None]
    level = events[-1].level
    shown = "" if level is None else level.value
    for place, reason in enumerate(reasons):
        separated = text("{first}; {second}", first=shown, second=reason)
        shown = separated if place else text("{level}: {reason}", level=shown, reason=reason)
    return shown


def _with_acknowledgement(events: Sequence[Event], acknowledged_s: Sequence[float]) -> str:
    """Return the text for simultaneous events, with when a STOP among them was acknowledged."""
    shown = _alert_text(events)
    later = [time_s for time_s in acknowledged_s if time_s >= events[-1].time_s]
    if events[-1].level is not Level.STOP or not later:
        return shown
    return text("{alert} (✓ acknowledged {time_s:.2f} s)", alert=shown, time_s=later[0])

"""What the report of a case says, for the page and the PDF: facts, moments, trend. No layout."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from leakwatch.alerting.coverage import NOTHING_COUNTED, Tally, counted_rules, tally_lines
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.core.active_rules import Rule
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.display.banner import REASON_WORDS, word_of
from leakwatch.display.picture import picture
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.sinks.overlay.canvas import draw
from leakwatch.sinks.overlay.layout import RgbImage
from leakwatch.sinks.report.case_findings import Findings, Moment
from leakwatch.sinks.trend_page import NAN, TrendPoint, trend_figure

# Pictures in a report: each alert of an ordinary case; one with more was acknowledged many times.
MOST_PICTURES = 12


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the first table.

    Parameters
    ----------
    name, value : str
        On one line, whoever typed what stands in it.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture with its words."""

    title: str
    image: RgbImage


def facts(findings: Findings) -> tuple[Fact, ...]:
    """What was watched, how, and what came of it."""
    lines, marks, session = findings.lines, findings.marks, findings.session
    shares = ", ".join(f"{word} {count}" for word, count in _shares(lines).items())
    seconds = lines[-1].time_s - lines[0].time_s if lines else 0.0
    calibration = session.calibration
    if calibration.mm_per_px is None:
        spacing = f"none: {calibration.source}"
    else:
        sigma = calibration.mm_per_px_sigma or 0.0
        spacing = f"{calibration.mm_per_px:.4f} ± {sigma:.4f} mm ({calibration.source})"
    found = (
        Fact("View", "not said" if marks.view is None else marks.view.value),
        Fact("Vertebra", marks.vertebra or "not said"),
        Fact("Frames", f"{len(lines)} in {seconds:.1f} s"),
        Fact("Frames by level", shares or "none"),
        *(Fact("Gap", line) for line in tally_lines(_tally(findings), findings.settings)),
        Fact("Alerts", _alert_counts(findings.events)),
        Fact("First STOP", _first_stop(findings.events)),
        Fact("Largest area", _largest(lines, "area_mm2", "mm²")),
        Fact("Largest volume (estimate)", _largest(lines, "volume_ml", "mL")),
        Fact("Smallest distance to the wall", _smallest_distance(lines)),
        Fact("Pixel at the vertebra", spacing),
        Fact("Source", session.source),
        Fact("Recording", session.state + (f": {session.reason}" if session.reason else "")),
        Fact("Identity", session.identity),
        Fact(
            "Folded again",
            f"{findings.same_level} of {findings.compared} frames get the level that was shown",
        ),
        Fact("Version", f"LeakWatch {session.version}"),
    )
    return tuple(replace(fact, value=escape_control_characters(fact.value)) for fact in found)


def _shares(lines: tuple[FrameRecord, ...]) -> dict[str, int]:
    """How many frames of each word of the banner, in the order of levels."""
    words = Counter((line.level, _is_partly(line)) for line in lines)
    order = [(level, partly) for level in Level for partly in (False, True)]
    return {word_of(*one): words[one] for one in order if one in words}


def _is_partly(line: FrameRecord) -> bool:
    """Whether rules watched in a frame that is UNKNOWN; what an older version wrote tells none."""
    return line.level is Level.UNKNOWN and bool(line.quality.get("rules"))


def _tally(findings: Findings) -> Tally:
    """What was watched, as it was written; nothing of lines of a version that did not write it."""
    tally = NOTHING_COUNTED
    learning = _learning_frames(findings)
    for line in findings.lines:
        if "rules" in line.quality:
            rules = [Rule(one) for one in line.quality["rules"]]
            missing = [Reason(one) for one in line.quality["unavailable"]]
            tally = counted_rules(tally, rules, missing, line.frame in learning)
    return tally


def _learning_frames(findings: Findings) -> set[int]:
    """Frames in which the image before cement was still learnt."""
    least = findings.settings.baseline.min_frames
    return {
        line.frame
        for line in findings.lines
        if line.quality.get("registration_score") is not None
        and line.quality.get("baseline_frames", 0) < least
    }


def scenes(findings: Findings) -> tuple[Scene, ...]:
    """The frames of the alerts with what was seen in them, `MOST_PICTURES` at most."""
    return tuple(
        Scene(moment_title(moment), _image(findings, moment))
        for moment in findings.moments[:MOST_PICTURES]
    )


def moment_title(moment: Moment) -> str:
    """Number, time, level and reasons of an alert."""
    return f"{moment.number}. {event_words(moment.events)}"


def told_events(findings: Findings) -> tuple[tuple[str, str], ...]:
    """Kind and words of every event, as it was told."""
    learning = _learning_frames(findings)
    return tuple(
        (event.kind.value, event_words((event,), event.frame in learning))
        for event in findings.events
    )


def event_words(events: tuple[Event, ...], learning: bool = False) -> str:
    """Events of one frame in words.

    Parameters
    ----------
    events : tuple of Event
    learning : bool
        The frame could not be judged since there was no baseline yet.
    """
    last = events[-1]
    reasons = [_reason_words(event, learning) for event in events if event.reason is not None]
    texts = [event.text for event in events if event.text]
    level = last.kind.value if last.level is None else last.level.value
    words = "; ".join(dict.fromkeys(reasons + texts))
    distances = [event for event in events if event.distance_mm is not None]
    distance = f" ({_event_distance(distances[-1])})" if distances else ""
    told = f": {words}{distance}" if words else distance
    return escape_control_characters(f"{last.time_s:.2f} s, frame {last.frame}: {level}{told}")


def _reason_words(event: Event, learning: bool) -> str:
    if event.reason is Reason.EXPOSURE and learning:
        return "Learning the image before cement"
    return "" if event.reason is None else REASON_WORDS[event.reason]


def _event_distance(event: Event) -> str:
    return _distance_words(event.distance_mm or 0.0, event.distance_sigma_mm)


def trend(findings: Findings) -> Figure | None:
    """Distance, area, volume and level over time, as they were written; None without a frame."""
    calibration = findings.session.calibration
    in_mm = calibration.mm_per_px is not None
    points = [_point(line, in_mm) for line in findings.lines]
    if not points:
        return None
    numbers = {moment.events[-1].frame: moment.number for moment in findings.moments}
    return trend_figure(points, findings.events, calibration, findings.settings, numbers)


def _point(line: FrameRecord, in_mm: bool) -> TrendPoint:
    distance = line.distance_mm if in_mm else line.quality.get("distance_px")
    return TrendPoint(
        line.time_s,
        NAN if distance is None else distance,
        NAN if line.distance_sigma_mm is None else line.distance_sigma_mm,
        NAN if line.area_mm2 is None else line.area_mm2,
        NAN if line.volume_ml is None else line.volume_ml,
        line.level,
        _is_partly(line),
    )


def _image(findings: Findings, moment: Moment) -> RgbImage:
    frame = moment.snapshot.frame
    # How long the decision took when it was watched, not when it was folded again.
    took_ms = [line.latency_ms for line in findings.lines if line.frame == frame.index]
    told = replace(moment.snapshot, latency_ms=took_ms[0] if took_ms else NAN)
    shown = picture(told, findings.marks, findings.settings)
    return draw(shown, findings.greys.apply(frame.pixels))


def _first_stop(events: tuple[Event, ...]) -> str:
    for event in events:
        if event.kind is EventKind.ALERT and event.level is Level.STOP:
            return event_words((event,))
    return "none"


def _largest(lines: tuple[FrameRecord, ...], name: str, unit: str) -> str:
    values = [value for line in lines if (value := getattr(line, name)) is not None]
    return f"{np.max(values):.2f} {unit}" if values else "not known"


def _smallest_distance(lines: tuple[FrameRecord, ...]) -> str:
    known = [line for line in lines if line.distance_mm is not None]
    if not known:
        return "not known"
    least = min(known, key=lambda line: line.distance_mm or 0.0)
    words = _distance_words(least.distance_mm or 0.0, least.distance_sigma_mm)
    return f"{words}, at {least.time_s:.2f} s"


def _distance_words(distance_mm: float, sigma_mm: float | None = None) -> str:
    sigma = "" if sigma_mm is None else f" ± {sigma_mm:.1f}"
    return f"{abs(distance_mm):.1f}{sigma} mm{' behind the wall' if distance_mm < 0.0 else ''}"


def _alert_counts(events: tuple[Event, ...]) -> str:
    """Moments of each level, and what a person did about them."""
    alerts = [event for event in events if event.kind is EventKind.ALERT]
    counts = [
        (len({event.frame for event in alerts if event.level is level}), level.value)
        for level in (Level.STOP, Level.WATCH)
    ]
    told = ", ".join(f"{count} {word}" for count, word in counts if count) or "none"
    cleared = sum(event.kind is EventKind.ACKNOWLEDGE for event in events)
    return f"{told}; acknowledged: {cleared}" if cleared else told

"""Contents of the report of a case, for the page and the PDF: facts, alerts, events, trend."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from leakwatch.alerting.coverage import EMPTY_SUMMARY, RunSummary, add_written_frame, summary_lines
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.case_files.session_file import SessionFile
from leakwatch.core.active_rules import Rule
from leakwatch.core.messages import counted, text
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.core.spacing import Calibration
from leakwatch.core.volume import FactorSource
from leakwatch.display.banner import REASON_WORDS, level_word
from leakwatch.display.picture import make_overlay
from leakwatch.display.trend_samples import BLIND, TrendSample
from leakwatch.display.volume_facts import volume_words
from leakwatch.sinks.overlay.canvas import draw
from leakwatch.sinks.overlay.layout import RgbImage
from leakwatch.sinks.report.case_findings import Findings, KeyFrame
from leakwatch.sinks.trend_page import draw_trend_figure

# Images in a report: all alerts of an ordinary case; more alerts mean many acknowledgements.
MOST_PICTURES = 12

_NONE, _UNKNOWN, _NOT_SPECIFIED = text("none"), text("unknown"), text("not specified")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the first table.

    Parameters
    ----------
    name, value : str
        Untrusted text: translate and escape it where it is shown.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Scene:
    """An image with its title."""

    title: str
    image: RgbImage


def facts(findings: Findings) -> tuple[Fact, ...]:
    """Return what was monitored, how, and the results."""
    lines, marks, session = findings.lines, findings.marks, findings.session
    seconds = lines[-1].time_s - lines[0].time_s if lines else 0.0
    return (
        Fact(text("View"), _NOT_SPECIFIED if marks.view is None else marks.view.value),
        Fact(text("Vertebra"), marks.vertebra or _NOT_SPECIFIED),
        Fact(text("Frames"), text("{count} in {seconds:.1f} s", count=len(lines), seconds=seconds)),
        Fact(text("Frames by level"), _shares_text(lines)),
        *(Fact(text("Gap"), line) for line in summary_lines(_tally(findings), findings.settings)),
        Fact(text("Alerts"), _alert_counts(findings.events)),
        Fact(text("First STOP"), _first_stop(findings.events)),
        Fact(text("Largest area"), _largest(lines, "area_mm2", "mm²")),
        Fact(text("Largest volume"), _largest_volume(lines)),
        Fact(text("Shortest distance to the wall"), _shortest_distance(lines)),
        Fact(text("Pixel spacing at the vertebra"), _spacing_text(session.calibration)),
        Fact(text("Source"), session.source),
        Fact(text("Recording"), _recording_text(session)),
        Fact(text("Identity"), session.identity),
        Fact(
            text("Analysed again"),
            text(
                "{count} of {total} frames have the level that was shown",
                count=findings.same_level,
                total=findings.compared,
            ),
        ),
        Fact(text("Version"), f"LeakWatch {session.version}"),
    )


def _spacing_text(calibration: Calibration) -> str:
    if calibration.mm_per_px is None:
        return text("none: {source}", source=calibration.source)
    return text(
        "{mm_per_px:.4f} ± {sigma:.4f} mm ({source})",
        mm_per_px=calibration.mm_per_px,
        sigma=calibration.mm_per_px_sigma or 0.0,
        source=calibration.source,
    )


def _recording_text(session: SessionFile) -> str:
    if not session.reason:
        return session.state
    return text("{state}: {reason}", state=session.state, reason=session.reason)


def _shares_text(lines: tuple[FrameRecord, ...]) -> str:
    shares = _shares(lines).items()
    return _join(text("{level} {count}", level=level, count=count) for level, count in shares)


def _join(parts: Iterable[str]) -> str:
    first, *others = [*parts] or [_NONE]
    for other in others:
        first = text("{first}, {second}", first=first, second=other)
    return first


def _shares(lines: tuple[FrameRecord, ...]) -> dict[str, int]:
    """Return the number of frames for each word of the banner, in the order of levels."""
    words = Counter((line.level, _is_partly(line)) for line in lines)
    order = [(level, partly) for level in Level for partly in (False, True)]
    return {level_word(*one): words[one] for one in order if one in words}


def _is_partly(line: FrameRecord) -> bool:
    """Return whether rules were active in an UNKNOWN frame; False for lines of older versions."""
    return line.level is Level.UNKNOWN and bool(line.quality.get("rules"))


def _tally(findings: Findings) -> RunSummary:
    """Return what was monitored, as recorded; nothing for lines of older versions."""
    tally = EMPTY_SUMMARY
    acquiring = _baseline_frames(findings)
    for line in findings.lines:
        if "rules" in line.quality:
            rules = [Rule(one) for one in line.quality["rules"]]
            missing = [Reason(one) for one in line.quality["unavailable"]]
            tally = add_written_frame(tally, rules, missing, line.frame in acquiring)
    return tally


def _baseline_frames(findings: Findings) -> set[int]:
    """Return indices of the frames during which the baseline was acquired."""
    least = findings.settings.baseline.min_frames
    return {
        line.frame
        for line in findings.lines
        if line.quality.get("registration_score") is not None
        and line.quality.get("baseline_frames", 0) < least
    }


def scenes(findings: Findings) -> tuple[Scene, ...]:
    """Return images of the alerts with the findings in them, at most `MOST_PICTURES`."""
    return tuple(
        Scene(key_frame_title(key_frame), _image(findings, key_frame))
        for key_frame in findings.key_frames[:MOST_PICTURES]
    )


def more_alerts_text(count: int) -> str:
    """Return the text for alerts without an image."""
    return counted(
        "{count} more alert is in the list of events.",
        "{count} more alerts are in the list of events.",
        count,
    )


def key_frame_title(key_frame: KeyFrame) -> str:
    """Return number, time, level and reasons of an alert."""
    return text("{number}. {event}", number=key_frame.number, event=event_text(key_frame.events))


def reported_events(findings: Findings) -> tuple[tuple[str, str], ...]:
    """Return kind and text of every event, as it was reported."""
    acquiring = _baseline_frames(findings)
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
    reasons = [_reason_text(event, acquiring) for event in events if event.reason is not None]
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


def _reason_text(event: Event, acquiring: bool) -> str:
    if event.reason is Reason.EXPOSURE and acquiring:
        return text("Acquiring the baseline")
    return "" if event.reason is None else REASON_WORDS[event.reason]


def _event_distance(event: Event) -> str:
    return _distance_text(event.distance_mm or 0.0, event.distance_sigma_mm)


def trend(findings: Findings) -> Figure | None:
    """Draw distance, area, volume and level over time, as recorded; None without a frame."""
    calibration = findings.session.calibration
    in_mm = calibration.mm_per_px is not None
    samples = [_sample(line, in_mm) for line in findings.lines]
    if not samples:
        return None
    numbers = {key_frame.events[-1].frame: key_frame.number for key_frame in findings.key_frames}
    return draw_trend_figure(samples, findings.events, calibration, findings.settings, numbers)


def _sample(line: FrameRecord, in_mm: bool) -> TrendSample:
    return TrendSample(
        line.time_s,
        line.distance_mm if in_mm else line.quality.get("distance_px"),
        line.distance_sigma_mm,
        line.area_mm2,
        line.volume_ml,
        _amount(line),
        line.level,
        _is_partly(line),
        _is_assessed(line),
        line.quality.get("margin_mm"),
    )


def _is_assessed(line: FrameRecord) -> bool:
    """Return whether a frame was assessed; lines of older versions have only their level."""
    missing = line.quality.get("unavailable")
    return line.level is not Level.UNKNOWN if missing is None else not BLIND & set(missing)


def _amount(line: FrameRecord) -> float | None:
    """Return the amount of cement; None in lines of older versions."""
    amount: float | None = (line.quality.get("volume") or {}).get("amount_mm2")
    return amount


def _image(findings: Findings, key_frame: KeyFrame) -> RgbImage:
    frame = key_frame.snapshot.frame
    # Show the duration of the decision in the session, not in this analysis.
    took_ms = [line.latency_ms for line in findings.lines if line.frame == frame.index]
    recorded = replace(key_frame.snapshot, latency_ms=took_ms[0] if took_ms else math.nan)
    shown = make_overlay(recorded, findings.marks, findings.settings)
    return draw(shown, findings.greys.apply(frame.pixels))


def _first_stop(events: tuple[Event, ...]) -> str:
    for event in events:
        if event.kind is EventKind.ALERT and event.level is Level.STOP:
            return event_text((event,))
    return _NONE


def _largest(lines: tuple[FrameRecord, ...], name: str, unit: str) -> str:
    values = [value for line in lines if (value := getattr(line, name)) is not None]
    return f"{np.max(values):.2f} {unit}" if values else _UNKNOWN


def _largest_volume(lines: tuple[FrameRecord, ...]) -> str:
    """Return the largest volume with its source, or why none is known."""
    told = [(line.volume_ml or 0.0, one) for line in lines if (one := line.quality.get("volume"))]
    known = [(ml, one) for ml, one in told if ml > 0.0 and one.get("source")]
    if known:
        ml, one = max(known, key=lambda pair: pair[0])
        return volume_words(ml, one.get("sigma_ml"), FactorSource(one["source"]))
    reasons = [str(one["why"]) for _, one in told if one.get("why")]
    return text("unknown: {why}", why=reasons[-1]) if reasons else _UNKNOWN


def _shortest_distance(lines: tuple[FrameRecord, ...]) -> str:
    known = [line for line in lines if line.distance_mm is not None]
    if not known:
        return _UNKNOWN
    least = min(known, key=lambda line: line.distance_mm or 0.0)
    return text(
        "{distance}, at {time_s:.2f} s",
        distance=_distance_text(least.distance_mm or 0.0, least.distance_sigma_mm),
        time_s=least.time_s,
    )


def _distance_text(distance_mm: float, sigma_mm: float | None = None) -> str:
    sigma = "" if sigma_mm is None else f" ± {sigma_mm:.1f}"
    distance = f"{abs(distance_mm):.1f}{sigma} mm"
    return text("{distance} behind the wall", distance=distance) if distance_mm < 0.0 else distance


def _alert_counts(events: tuple[Event, ...]) -> str:
    """Return the number of alerts of each level, and of those acknowledged."""
    alerts = [event for event in events if event.kind is EventKind.ALERT]
    counts = [
        (len({event.frame for event in alerts if event.level is level}), level.value)
        for level in (Level.STOP, Level.WATCH)
    ]
    shown = _join(
        text("{count} {level}", count=count, level=level) for count, level in counts if count
    )
    cleared = sum(event.kind is EventKind.ACKNOWLEDGE for event in events)
    if not cleared:
        return shown
    return text("{alerts}; acknowledged: {count}", alerts=shown, count=cleared)

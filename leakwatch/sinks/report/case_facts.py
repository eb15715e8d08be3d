"""First table of a report: what was monitored, how, and the results."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product

from leakwatch.alerting.coverage import EMPTY_SUMMARY, RunSummary, add_written_frame, summary_lines
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.case_files.session_file import SessionFile
from leakwatch.core.active_rules import Rule
from leakwatch.core.messages import counted, join_texts, text
from leakwatch.core.results import EventKind, Level, Reason
from leakwatch.core.spacing import Calibration
from leakwatch.core.volume import FactorSource
from leakwatch.display.level_styles import is_acknowledged, level_word
from leakwatch.display.quantities import area_text, spacing_text, wall_distance_text
from leakwatch.display.volume_facts import volume_words
from leakwatch.sinks.report.case_findings import Findings
from leakwatch.sinks.report.case_words import (
    NONE,
    alert_text,
    all_events,
    baseline_frames,
    event_text,
    join_comma,
    pauses,
    reason_words,
)

_UNKNOWN, _NOT_SPECIFIED = text("unknown"), text("not specified")
# Pauses that are listed; more are counted.
_MOST_PAUSES = 6


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


def facts(findings: Findings) -> tuple[Fact, ...]:
    """Return what was monitored, how, and the results."""
    lines, marks, session = findings.lines, findings.marks, findings.session
    seconds = lines[-1].time_s - lines[0].time_s if lines else 0.0
    return (
        Fact(text("View"), _NOT_SPECIFIED if marks.view is None else marks.view.value),
        Fact(text("Vertebra"), marks.vertebra or _NOT_SPECIFIED),
        Fact(text("Frames"), text("{count} in {seconds:.1f} s", count=len(lines), seconds=seconds)),
        Fact(text("Frames by level"), _shares_text(lines)),
        Fact(text("Frames by reason"), _reasons_text(findings)),
        Fact(text("Pauses"), _pauses_text(findings)),
        *(Fact(text("Gap"), line) for line in summary_lines(_tally(findings), findings.settings)),
        Fact(text("Alerts"), _alert_counts(findings)),
        Fact(text("First STOP"), _first_stop(findings)),
        Fact(text("Largest area"), _largest_area(lines)),
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
    spacing = spacing_text(calibration.mm_per_px, calibration.mm_per_px_sigma)
    return text("{spacing} mm ({source})", spacing=spacing, source=calibration.source)


def _recording_text(session: SessionFile) -> str:
    if not session.reason:
        return session.state
    return text("{state}: {reason}", state=session.state, reason=session.reason)


def _shares_text(lines: tuple[FrameRecord, ...]) -> str:
    shares = _shares(lines).items()
    return join_comma(text("{level} {count}", level=level, count=count) for level, count in shares)


def _shares(lines: tuple[FrameRecord, ...]) -> dict[str, int]:
    """Return the number of frames for each word of the banner, in the order of levels."""
    words = Counter((line.level, is_partly(line), is_acknowledged_line(line)) for line in lines)
    order = product(Level, (False, True), (False, True))
    return {level_word(*one): words[one] for one in order if one in words}


def is_partly(line: FrameRecord) -> bool:
    """Return whether rules were active in an UNKNOWN frame; False for lines of older versions."""
    return line.level is Level.UNKNOWN and bool(line.quality.get("rules"))


def is_acknowledged_line(line: FrameRecord) -> bool:
    """Return whether a STOP was acknowledged and not over in a frame."""
    return is_acknowledged(line.level, is_partly(line), line.quality.get("acknowledged", ()))


def _tally(findings: Findings) -> RunSummary:
    """Return what was monitored, as recorded; nothing for lines of older versions."""
    tally = EMPTY_SUMMARY
    acquiring = baseline_frames(findings)
    for line in findings.lines:
        if "rules" in line.quality:
            rules = [Rule(one) for one in line.quality["rules"]]
            missing = [Reason(one) for one in line.quality["unavailable"]]
            tally = add_written_frame(tally, rules, missing, line.frame in acquiring)
    return tally


def _first_stop(findings: Findings) -> str:
    for key_frame in findings.key_frames:
        if key_frame.events[-1].level is Level.STOP:
            return alert_text(key_frame, findings.settings)
    # The frame of an alert may be missing from a recording that was stopped.
    stops = [e for e in findings.events if e.kind is EventKind.ALERT and e.level is Level.STOP]
    return event_text((stops[0],)) if stops else NONE


def _reasons_text(findings: Findings) -> str:
    """Return every reason of the session with its number of frames, the most frequent first."""
    acquiring = baseline_frames(findings)
    counts = Counter(
        reason_words(reason, line.frame in acquiring)
        for line in findings.lines
        for reason in line.reasons
    )
    shown = [
        counted("{reason}: {count} frame", "{reason}: {count} frames", count, reason=words)
        for words, count in counts.most_common()
    ]
    return join_texts(shown) if shown else NONE


def _pauses_text(findings: Findings) -> str:
    """Return the times without frames, such as those between two runs of the pedal."""
    found = pauses(findings.lines, findings.settings.live.stale_after_s)
    if not found:
        return NONE
    listed = join_comma(
        text("{first_s:.1f} to {last_s:.1f} s", first_s=first, last_s=last)
        for first, last in found[:_MOST_PAUSES]
    )
    whole_s = sum(last - first for first, last in found)
    shown = counted(
        "{count} without frames, {whole_s:.1f} s: {listed}",
        "{count} without frames, {whole_s:.1f} s in all: {listed}",
        len(found),
        whole_s=whole_s,
        listed=listed,
    )
    more = len(found) - _MOST_PAUSES
    return text("{pauses}, and {count} more", pauses=shown, count=more) if more > 0 else shown


def _largest_area(lines: tuple[FrameRecord, ...]) -> str:
    areas = [line.area_mm2 for line in lines if line.area_mm2 is not None]
    return area_text(max(areas)) if areas else _UNKNOWN


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
        distance=wall_distance_text(least.distance_mm or 0.0, least.distance_sigma_mm),
        time_s=least.time_s,
    )


def _alert_counts(findings: Findings) -> str:
    """Return the number of alerts of each level, and of those acknowledged."""
    alerts = [event for event in all_events(findings) if event.kind is EventKind.ALERT]
    counts = [
        (len({event.frame for event in alerts if event.level is level}), level.value)
        for level in (Level.STOP, Level.WATCH)
    ]
    shown = join_comma(
        text("{count} {level}", count=count, level=level) for count, level in counts if count
    )
    cleared = sum(event.kind is EventKind.ACKNOWLEDGE for event in findings.events)
    if not cleared:
        return shown
    return text("{alerts}; acknowledged: {count}", alerts=shown, count=cleared)

"""Output of a report: report.json, report.html, and lines for the terminal."""

from __future__ import annotations

from pathlib import Path

from leakwatch.benchmark.report.numbers import interval_text, value_text
from leakwatch.benchmark.report.report_file import (
    PAGE_NAME,
    REPORT_NAME,
    CaseRow,
    Comparison,
    Estimate,
    Report,
    encode_report,
)
from leakwatch.benchmark.report.report_page import page
from leakwatch.benchmark.work.case_work import DONE
from leakwatch.core.errors import BenchError
from leakwatch.core.messages import counted, text
from leakwatch.files.private_files import replace_private_file

# Metrics printed to the terminal; the others are in the report.
SAID = ("stop_sensitivity", "false_stops_per_injection", "delay_s", "distance_mae_mm")


def write_report(report: Report, out: Path) -> tuple[str, ...]:
    """Write both files into `out`, and return their names.

    Raises
    ------
    BenchError
        One cannot be written.
    """
    files = {REPORT_NAME: encode_report(report), PAGE_NAME: page(report, out).encode()}
    for name, data in files.items():
        try:
            replace_private_file(out / name, data)
        except OSError as error:
            raise BenchError(
                text(
                    "{path} cannot be written: {reason}. Free some disk space; completed cases are "
                    "kept.",
                    path=out / name,
                    reason=error.strerror,
                )
            ) from error
    return tuple(files)


def unscored_cases(report: Report) -> tuple[CaseRow, ...]:
    """Return the cases without a score."""
    return tuple(row for row in report.cases if row.status != DONE)


def report_lines(report: Report) -> tuple[str, ...]:
    """Return a summary in a few lines, for a terminal."""
    lost = unscored_cases(report)
    cases = counted("{count} case", "{count} cases", len(report.cases))
    if lost:
        cases = text("{cases}, {count} of them not scored", cases=cases, count=len(lost))
    lines: list[str] = [
        text("{cases}; detector: {detector}", cases=cases, detector=report.detector)
    ]
    lines += [_line(one) for one in report.summary if one.key in SAID and one.cases]
    lines += [text("not scored: {case}: {why}", case=row.name, why=row.why) for row in lost]
    if report.against is not None:
        lines += _comparison_lines(report, report.against)
    return tuple(lines)


def _comparison_lines(report: Report, against: Comparison) -> list[str]:
    apart = len(against.apart)
    common = sum(row.name not in against.apart for row in report.cases)
    if not common:
        return [text("no comparison: no case is the same in the earlier report")]
    lines: list[str] = []
    if apart:
        compared = counted("{count} case", "{count} cases", common)
        lines = [
            text(
                "compared: {cases}; not the same in both: {different}",
                cases=compared,
                different=apart,
            )
        ]
    moved = [one for one in against.changes if one.verdict != "no difference shown"]
    lines += [
        text(
            "{verdict}: {metric}: {old} to {new}",
            verdict=one.verdict,
            metric=one.title,
            old=value_text(one.old, one.unit, one.cases),
            new=value_text(one.new, one.unit, one.cases),
        )
        for one in moved
    ]
    return lines if moved else [*lines, text("no difference from the earlier report shown")]


def _line(one: Estimate) -> str:
    value, interval = value_text(one.value, one.unit, one.cases), interval_text(one.low, one.high)
    return f"{one.title}: {value}{f' ({interval})' if interval else ''}"

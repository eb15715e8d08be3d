"""Write report.json and report.html, and say the outcome in some lines."""

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
from leakwatch.core.plural import counted_noun

# What a person looks at first; the rest is in the report.
SAID = ("stop_sensitivity", "false_stops_per_injection", "delay_s", "distance_mae_mm")


def write_report(report: Report, out: Path) -> tuple[str, ...]:
    """Write both files into `out`; their names.

    Raises
    ------
    BenchError
        One cannot be written.
    """
    files = {REPORT_NAME: encode_report(report), PAGE_NAME: page(report, out).encode()}
    for name, data in files.items():
        try:
            (out / name).write_bytes(data)
        except OSError as error:
            raise BenchError(
                f"{out / name} cannot be written: {error.strerror}. Free some space; what is done "
                "stays."
            ) from error
    return tuple(files)


def unjudged(report: Report) -> tuple[CaseRow, ...]:
    """Cases that have no score."""
    return tuple(row for row in report.cases if row.status != DONE)


def report_lines(report: Report) -> tuple[str, ...]:
    """The outcome in a few lines, for a terminal."""
    lost = unjudged(report)
    some = f", {len(lost)} of them not judged" if lost else ""
    lines = [f"{counted_noun(len(report.cases), 'case')}{some}; detector: {report.detector}"]
    lines += [_line(one) for one in report.summary if one.key in SAID and one.cases]
    lines += [f"not judged: {row.name}: {row.why}" for row in lost]
    if report.against is not None:
        lines += _comparison_lines(report, report.against)
    return tuple(lines)


def _comparison_lines(report: Report, against: Comparison) -> list[str]:
    apart = len(against.apart)
    common = sum(row.name not in against.apart for row in report.cases)
    if not common:
        return ["nothing is compared: no case is the same in the earlier report"]
    compared = counted_noun(common, "case")
    lines = [f"compared: {compared}; not the same in both: {apart}"] if apart else []
    moved = [one for one in against.changes if one.verdict != "no difference shown"]
    lines += [
        f"{one.verdict}: {one.title}: {value_text(one.old, one.unit, one.cases)} to "
        f"{value_text(one.new, one.unit, one.cases)}"
        for one in moved
    ]
    return lines if moved else [*lines, "no difference shown against the earlier report"]


def _line(one: Estimate) -> str:
    value, interval = value_text(one.value, one.unit, one.cases), interval_text(one.low, one.high)
    return f"{one.title}: {value}{f' ({interval})' if interval else ''}"

"""Report of a session with two planes: the worse of both first, then each plane in full."""

from __future__ import annotations

from dataclasses import replace

from leakwatch.case_files.planes_file import PlaneSummary, summarise_plane, worse_text
from leakwatch.core.messages import text
from leakwatch.sinks.report.case_facts import Fact
from leakwatch.sinks.report.case_findings import Findings
from leakwatch.sinks.report.case_report import CaseReport, make_case_report


def make_planes_report(first: Findings, second: Findings, offset_s: float | None) -> CaseReport:
    """Return the contents of the report of both planes.

    Parameters
    ----------
    first, second : Findings
    offset_s : float or None
        By how many seconds the first frame of the second plane is later; None if not recorded.
    """
    planes = [
        summarise_plane(number, one.marks.view, one.lines, one.events, later_s)
        for number, (one, later_s) in enumerate(((first, 0.0), (second, offset_s or 0.0)))
    ]
    both = Fact(text("Both planes"), worse_text(planes))
    other = _report_of(planes[1], second, (_times(offset_s, planes[0].name),))
    if first.settings == second.settings:
        other = replace(other, settings="")
    return replace(_report_of(planes[0], first, (both,)), second=other)


def _report_of(plane: PlaneSummary, findings: Findings, more: tuple[Fact, ...]) -> CaseReport:
    report = make_case_report(findings)
    named = (*more, Fact(text("Plane"), plane.name))
    return replace(report, name=f"{findings.name}, {plane.name}", facts=(*named, *report.facts))


def _times(offset_s: float | None, first: str) -> Fact:
    if offset_s is None:
        return Fact(
            text("Times"), text("from its own first frame; not placed in {plane}", plane=first)
        )
    return Fact(
        text("Times"),
        text(
            "from its own first frame, {offset_s:+.2f} s after that of {plane}",
            offset_s=offset_s,
            plane=first,
        ),
    )

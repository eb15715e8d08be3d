"""Judge LeakWatch and the naive detector on a set of cases, and write the table of the docs.

    leakwatch simulate --suite standard --out out/suite
    python benchmarks/standard_suite.py out/suite

What is done is not done again while neither cases nor program changed. Both reports lie in
OUT/leakwatch and OUT/naive; the table goes to docs/reference/standard-suite.md, or with `--print`
to the terminal.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from leakwatch.benchmark.report.benchmark_scoring import make_report
from leakwatch.benchmark.report.numbers import NOT_REACHED, interval_text, number_text
from leakwatch.benchmark.report.report_file import CaseRow, Estimate, LeakGroup, Report
from leakwatch.benchmark.report.report_folder import report_lines, unjudged, write_report
from leakwatch.benchmark.report.make_report_page import outcome
from leakwatch.benchmark.work.benchmark_run import Request, carry_out, make_plan
from leakwatch.benchmark.work.detector import LEAKWATCH, NAIVE, parse_detector
from leakwatch.case_files.settings_file import load_settings
from leakwatch.core.errors import BenchError, LeakWatchError

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "reference" / "standard-suite.md"

# What LeakWatch is to reach over all cases, by metric.
WANTED = {
    "stop_sensitivity": "≥ 0.95, and ≥ 0.90 in each kind of leak",
    "false_stops_per_injection": "≤ 0.05",
    "delay_s": "≤ 0.3",
    "distance_mae_mm": "≤ 0.5",
    "within_1_sigma": "0.60 to 0.80",
}
WRONG = ("missed", "late", "false STOP")

HEAD = """\
# The standard suite

{cases} simulated injections over real anatomy from CT, judged by `leakwatch bench`: LeakWatch, and
the detector that anybody writes first (subtract a picture, threshold, measure). Each value stands
with its 95 % interval over cases. What each metric is: [metrics.md](metrics.md).

**The cement is simulated.** So are noise, scatter, motion and the C-arm. The figures tell how
detectors compare, and what a change is worth; they do not tell how often a leak in a patient would
be found. The cases lie over two CTs, and cases over the same anatomy are alike, which the intervals
do not know: they are too narrow for other anatomy. LeakWatch was improved with cases of the same
simulator.

LeakWatch {version}, program {program}. To get the same:

```sh
leakwatch simulate --suite standard --jobs 2 --out out/suite
python benchmarks/standard_suite.py out/suite
```

Written by `benchmarks/standard_suite.py`; do not edit.
"""


def main() -> int:
    """Judge, and write the page; exit code 3 where a case could not be judged."""
    arguments = _arguments()
    try:
        ours, naive = (judged(name, arguments) for name in (LEAKWATCH, NAIVE))
        text = page(ours, naive)
    except LeakWatchError as error:
        print(f"standard_suite: {error}", file=sys.stderr)
        return 2
    if arguments.print:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
        print(f"written: {PAGE.relative_to(REPOSITORY)}")
    return 3 if unjudged(ours) or unjudged(naive) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", type=Path, help="folder that `leakwatch simulate --suite` made")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "out" / "standard-suite")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--print", action="store_true", help="do not write the page, print it")
    return parser.parse_args()


def judged(name: str, arguments: argparse.Namespace) -> Report:
    """The report of one detector; written below OUT as well."""
    out = arguments.out / name
    settings = load_settings(None)
    plan = make_plan(
        Request(arguments.cases, out, parse_detector(name), settings, jobs=arguments.jobs)
    )
    for number, case in enumerate(carry_out(plan), start=1):
        print(f"{name}: {number} of {len(plan.to_do)}: {case.name}", file=sys.stderr)
    report = make_report(plan)
    write_report(report, out)
    print("\n".join(report_lines(report)), file=sys.stderr)
    return report


def page(ours: Report, naive: Report) -> str:
    """The whole page.

    Parameters
    ----------
    ours, naive : Report
        Over the same cases.

    Raises
    ------
    BenchError
        They are not.
    """
    if [row.name for row in ours.cases] != [row.name for row in naive.cases]:
        raise BenchError("the two reports are not of the same cases. Run both again.")
    head = HEAD.format(cases=len(ours.cases), version=ours.version, program=ours.program[:12])
    parts = [head, *_overall(ours, naive), "", *_by_leak(ours, naive), "", *_wrong(ours)]
    return "\n".join(parts) + "\n"


def _overall(ours: Report, naive: Report) -> Iterator[str]:
    yield "## All cases together\n"
    yield from _head("", "naive", "LeakWatch", "wanted")
    for theirs, one in zip(naive.summary, ours.summary, strict=True):
        title = f"{one.title}{f', {one.unit}' if one.unit else ''}"
        yield _row(title, _cell(theirs), _cell(one), WANTED.get(one.key, ""))


def _by_leak(ours: Report, naive: Report) -> Iterator[str]:
    yield "## By leak\n"
    yield "A kind is the place that the cement reaches, and the way that it takes. Few cases of a"
    yield "kind give wide intervals.\n"
    yield from _head(
        "leak",
        "cases",
        "STOP sensitivity: naive",
        "LeakWatch",
        "false STOPs per injection: naive",
        "LeakWatch",
        "delay s: LeakWatch",
        "distance MAE mm: LeakWatch",
        "within 1 sigma: LeakWatch",
    )
    for theirs, group in zip(naive.by_leak, ours.by_leak, strict=True):
        before, now = _by_key(theirs), _by_key(group)
        cells = [
            _cell(values[key])
            for key in ("stop_sensitivity", "false_stops_per_injection")
            for values in (before, now)
        ]
        measured = ("delay_s", "distance_mae_mm", "within_1_sigma")
        yield _row(group.kind, str(group.cases), *cells, *(_cell(now[key]) for key in measured))


def _wrong(ours: Report) -> Iterator[str]:
    yield "## What LeakWatch got wrong\n"
    wrong = [row for row in ours.cases if outcome(row) in WRONG]
    lost = unjudged(ours)
    if not wrong and not lost:
        yield "No STOP was missed, late or false."
        return
    yield from _head("case", "leak", "outcome", "delay s", "distance MAE mm")
    for row in [*wrong, *lost]:
        values = (number_text(row.delay_s), number_text(row.distance_mae_mm))
        yield _row(row.name, row.kind, _said(row), *values)


def _said(row: CaseRow) -> str:
    reasons = ", ".join(row.reasons)
    return f"{outcome(row)} ({reasons})" if reasons else outcome(row)


def _by_key(group: LeakGroup) -> dict[str, Estimate]:
    return {one.key: one for one in group.estimates}


def _cell(one: Estimate) -> str:
    if not one.cases:
        return "–"
    value = NOT_REACHED if one.value is None else number_text(one.value)
    interval = interval_text(one.low, one.high)
    return f"{value} ({interval})" if interval else value


def _head(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield _row(*["---"] * len(titles))


def _row(*cells: str) -> str:
    return f"| {' | '.join(_escaped(cells))} |"


def _escaped(cells: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|") for cell in cells]


if __name__ == "__main__":
    sys.exit(main())

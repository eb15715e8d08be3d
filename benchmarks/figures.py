"""Measure the figures of docs/reference/figures.md, and print its tables.

Run by `make figures`. Requires the cases with real anatomy in the folder LEAKWATCH_SHARED
(default: ../shared), or other cases with truth in a folder given as the argument.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from leakwatch.benchmark.cases.case_truth import case_truth
from leakwatch.benchmark.latency import Latency, measure
from leakwatch.benchmark.metrics.metrics import Score, records, score
from leakwatch.benchmark.work.naive import naive_records
from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.case_files.settings_file import load_settings
from leakwatch.case_files.truth_file import load_truth, truth_path
from leakwatch.config import Settings
from leakwatch.core.marks import Marks
from leakwatch.runner.stored_run import AnalysisRun, open_run

SIDES_PX = (512, 768, 1024)  # of the frames whose decision times are measured
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Row:
    """Results of one case by both detectors."""

    name: str
    ours: Score
    naive: Score | None


def main() -> int:
    """Print the table; exit code 2 without cases."""
    arguments = _arguments()
    cases = sorted(arguments.cases.rglob(f"*{CASE_SUFFIX}"))
    if not cases:
        print(f"no *{CASE_SUFFIX} below {arguments.cases}; set LEAKWATCH_SHARED", file=sys.stderr)
        return 2
    settings = load_settings(arguments.settings)
    rows = [row(path, settings, arguments.wall_only, not arguments.quick) for path in cases]
    print_cases(rows)
    print_summary(rows)
    if not arguments.quick:
        print_times([measure(cases[0], settings, side_px) for side_px in SIDES_PX])
    return 0


def _arguments() -> argparse.Namespace:
    shared = Path(os.environ.get("LEAKWATCH_SHARED", REPOSITORY.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, nargs="?", default=shared / "cases")
    parser.add_argument("--settings", type=Path, default=None)
    parser.add_argument("--wall-only", action="store_true", help="use no mark but the wall")
    parser.add_argument("--quick", action="store_true", help="no naive detector, no times")
    return parser.parse_args()


def row(case_path: Path, settings: Settings, wall_only: bool, with_naive: bool) -> Row:
    """Evaluate both detectors on one case."""
    truth = case_truth(load_truth(truth_path(case_path)))
    name = case_path.name.removesuffix(CASE_SUFFIX)
    with _opened(case_path, settings, wall_only) as run:
        marks = run.marks
        ours = score(truth, records(run.iter_snapshots()), marks.reference_frame)
    if not with_naive:
        return Row(name, ours, None)
    with _opened(case_path, settings, False) as run:
        naive = score(truth, list(naive_records(run)), marks.reference_frame)
    return Row(name, ours, naive)


@contextmanager
def _opened(case_path: Path, settings: Settings, wall_only: bool) -> Iterator[AnalysisRun]:
    """Return a run; with `wall_only`, the wall is the only mark."""
    run = open_run(case_path, settings)
    try:
        given = run.marks
        wall = Marks(given.view, given.reference_frame, None, given.posterior_wall_px)
        yield replace(run, marks=wall) if wall_only else run
    finally:
        run.source.close()


def print_cases(rows: list[Row]) -> None:
    """Print one line per case."""
    print("| case | due | STOP | delay s | distance mm | bias | in sigma | area | shift mm |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for one in rows:
        ours = one.ours
        cells = (
            one.name,
            _whole(ours.stop.due_frame),
            _stop(ours),
            _number(ours.stop.delay_s),
            _number(ours.distance_mae_mm),
            _number(ours.distance_bias_mm),
            _number(ours.within_1_sigma),
            _number(ours.area_ratio),
            _number(ours.shift_p95_mm),
        )
        print(f"| {' | '.join(cells)} |")
    print()


def _stop(one: Score) -> str:
    reasons = ", ".join(reason.value for reason in one.stop.reasons)
    return f"{_whole(one.stop.stop_frame)} {reasons}{' (false)' if one.stop.false else ''}"


def print_summary(rows: list[Row]) -> None:
    """Print the second table of docs/reference/figures.md."""
    naive = [one.naive for one in rows if one.naive is not None]
    ours = [one.ours for one in rows]
    print("| | naive OpenCV | LeakWatch | wanted |")
    print("| --- | --- | --- | --- |")
    for label, of, wanted in SUMMARY:
        print(f"| {label} | {of(naive) if naive else '-'} | {of(ours)} | {wanted} |")


def print_times(measured: list[Latency]) -> None:
    """Print the tables of decision times: of all stages, and of each."""
    print(
        "\n| frames | floor ms | p50 ms | p99 ms | p50 floors | p99 floors | p99 / p50"
        " | largest / p50 |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for one in measured:
        cells = (
            f"{one.side_px} x {one.side_px}",
            f"{one.floor_ms:.2f}",
            f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}",
            f"{one.p50:.1f}",
            f"{one.p99:.1f}",
            f"{one.p99_ms / one.p50_ms:.2f}",
            f"{one.largest_share:.2f}",
        )
        print(f"| {' | '.join(cells)} |")
    sides = " | ".join(f"ms at {one.side_px}" for one in measured)
    print(f"\n| stage | {sides} |")
    print(f"| --- |{' --- |' * len(measured)}")
    for stage in measured[-1].stages_ms:
        times = " | ".join(f"{one.stages_ms.get(stage, 0.0):.2f}" for one in measured)
        print(f"| {stage} | {times} |")


def _due(scores: list[Score]) -> str:
    due = [one.stop for one in scores if one.stop.due_frame is not None]
    return f"{sum(stop.given_in_time for stop in due)} of {len(due)}"


def _false(scores: list[Score]) -> str:
    return f"{sum(one.stop.false for one in scores)} of {len(scores)}"


def _median(field: str) -> Callable[[list[Score]], str]:
    def text(scores: list[Score]) -> str:
        values = [value for one in scores if (value := getattr(one, field)) is not None]
        return f"{np.median(values):.2f}" if values else "-"

    return text


def _each(field: str) -> Callable[[list[Score]], str]:
    def text(scores: list[Score]) -> str:
        return ", ".join(_number(getattr(one, field)) for one in scores)

    return text


SUMMARY = (
    ("due STOPs given, delay <= 1.0 s", _due, "all"),
    ("false STOPs", _false, "0"),
    ("distance error, median of case means, mm", _median("distance_mae_mm"), "<= 0.5"),
    ("area, program / truth, median of cases", _median("area_ratio"), "0.9 to 1.1"),
    ("shift error p95 by case, mm", _each("shift_p95_mm"), "<= 0.2; <= 0.4"),
)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _whole(value: int | None) -> str:
    return "-" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())

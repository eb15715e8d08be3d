"""Scoring of the detectors' results for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from leakwatch import __version__
from leakwatch.benchmark.cases.case_truth import CaseTruth, Values
from leakwatch.benchmark.metrics.metrics import Score, distance_errors, score
from leakwatch.benchmark.metrics.threshold_sweep import score_raised
from leakwatch.benchmark.pictures.overlay import OVERLAY_NAME
from leakwatch.benchmark.report.estimates import by_leak, changes, summary, threshold_curve
from leakwatch.benchmark.report.report_file import (
    CaseRow,
    Comparison,
    DistanceBin,
    Report,
    ThresholdStops,
)
from leakwatch.benchmark.work.benchmark_run import Plan, case_folder, read_work
from leakwatch.benchmark.work.case_work import DONE, FAILED, UNREADABLE, CaseWork, Job
from leakwatch.benchmark.work.detector import LEAKWATCH
from leakwatch.benchmark.work.fingerprint import program_hash
from leakwatch.case_files.run_records import FrameRecord, read_frames
from leakwatch.core.errors import CaseError
from leakwatch.core.messages import text
from leakwatch.sinks.recording.recorder import FRAMES_NAME

# Bins of the distance error over the true distance.
BIN_MM, FARTHEST_MM = 1.0, 25.0
TAILS = (5, 50, 95)
DIGITS = 6  # more than the precision of any value


def make_report(plan: Plan, against: Report | None = None) -> Report:
    """Score every case of a completed plan.

    Parameters
    ----------
    plan : Plan
    against : Report or None
        An earlier report to compare with.
    """
    rows = [CaseRow(one.name, UNREADABLE, one.why) for one in plan.bench_set.unusable]
    errors: list[tuple[Values, Values]] = []
    for job in plan.jobs:
        row, of_distance = _row(job, case_folder(plan.request.out, job.case.name))
        rows.append(row)
        errors += [] if of_distance is None else [of_distance]
    rows.sort(key=lambda row: row.name)
    request = plan.request
    settings: dict[str, Any] = {}
    if request.detector.name == LEAKWATCH:
        settings = msgspec.to_builtins(request.settings)
    return Report(
        version=__version__,
        program=program_hash(),
        detector=request.detector.name,
        wall_only=request.wall_only,
        settings=settings,
        dose_unit=plan.bench_set.dose_unit,
        summary=summary(rows),
        by_leak=by_leak(rows),
        thresholds=threshold_curve(rows),
        distances=distance_bins(errors),
        cases=tuple(rows),
        against=None if against is None else compare(against, rows),
    )


def compare(old: Report, rows: Sequence[CaseRow]) -> Comparison:
    """Compare every metric with an earlier report, over the cases with the same files."""
    before = {row.name: row for row in old.cases}
    now = {row.name: row for row in rows}
    common = [
        name
        for name, row in now.items()
        if name in before and row.inputs and row.inputs == before[name].inputs
    ]
    apart = sorted((before.keys() | now.keys()) - set(common))
    same = [_drop_other_masks(before[name], now[name]) for name in common]
    moved = changes([old for old, _ in same], [new for _, new in same])
    return Comparison(old.detector, old.program, moved, tuple(apart))


def _drop_other_masks(old: CaseRow, new: CaseRow) -> tuple[CaseRow, CaseRow]:
    """Drop Dice if the masks differ, since that is not a change of the detector."""
    if old.masks == new.masks:
        return old, new
    without = [msgspec.structs.replace(row, mask_dice=None) for row in (old, new)]
    return without[0], without[1]


def distance_bins(errors: Sequence[tuple[Values, Values]]) -> tuple[DistanceBin, ...]:
    """Return the distribution of the error by true distance.

    Parameters
    ----------
    errors : sequence of (ndarray, ndarray)
        True distance and error of each case, ``(frames,)``, mm.
    """
    return tuple(_bins(errors))


def _bins(errors: Sequence[tuple[Values, Values]]) -> Iterator[DistanceBin]:
    if not errors:
        return
    true = np.concatenate([one for one, _ in errors])
    error = np.concatenate([one for _, one in errors])
    case = np.concatenate([np.full(len(one), i) for i, (one, _) in enumerate(errors)])
    known = np.isfinite(error) & (true < FARTHEST_MM)
    places = np.floor(true[known] / BIN_MM).astype(int)
    for place in np.unique(places):
        here = places == place
        low, middle, high = np.percentile(error[known][here], TAILS)
        cases = len(np.unique(case[known][here]))
        yield DistanceBin(
            float(place * BIN_MM),
            int(here.sum()),
            cases,
            round(float(low), 4),
            round(float(middle), 4),
            round(float(high), 4),
        )


def _row(job: Job, folder: Path) -> tuple[CaseRow, tuple[Values, Values] | None]:
    """Return the row of one case, and its true distances with their errors."""
    case, truth = job.case, job.case.truth
    work = read_work(folder) or CaseWork(job.fingerprint, FAILED, text("it has no results"))
    row = CaseRow(
        name=case.name,
        status=work.status,
        why=work.why,
        inputs=job.inputs,
        masks=job.masks,
        seconds=work.seconds,
        leak=truth.leak,
        leak_path=case.leak_path,
        dose=case.dose,
        frames=truth.frames,
        due=truth.due_frame is not None,
        due_frame=truth.due_frame,
        injected_ml=None if truth.injected_ml is None else float(truth.injected_ml[-1]),
        pictures=work.pictures,
        overlay=OVERLAY_NAME if (folder / OVERLAY_NAME).is_file() else None,
    )
    if work.status != DONE:
        return row, None
    try:
        records = read_frames(folder / FRAMES_NAME)
        scored = score(truth, records, case.reference_frame)
    except (CaseError, ValueError) as error:
        failed = msgspec.structs.replace(
            row, status=FAILED, why=text("cannot be scored: {why}", why=str(error))
        )
        return failed, None
    thresholds = tuple(_threshold(truth, factor, raised) for factor, raised in work.raised)
    dice = float(np.mean([value for _, value in work.dice])) if work.dice else None
    scored_row = msgspec.structs.replace(
        row, thresholds=thresholds, mask_dice=dice, **_values(scored)
    )
    return scored_row, _true_and_error(truth, records)


def _values(scored: Score) -> dict[str, Any]:
    """Return the fields of a `CaseRow` that come from a score, by name."""
    stop = scored.stop
    values = {
        "stop_frame": stop.stop_frame,
        "reasons": stop.reasons,
        "in_time": stop.given_in_time,
        "false": stop.false,
        "delay_s": stop.delay_s,
        "delay_frames": stop.delay_frames,
        "delay_ml": stop.delay_ml,
        "at_risk_s": stop.at_risk_s,
    }
    values |= {field.name: getattr(scored, field.name) for field in fields(Score)}
    del values["stop"]
    return {
        key: round(value, DIGITS) + 0.0 if isinstance(value, float) else value
        for key, value in values.items()
    }


def _threshold(truth: CaseTruth, factor: float, raised: tuple[int, ...]) -> ThresholdStops:
    in_time, false = score_raised(truth, raised)
    return ThresholdStops(factor, raised, in_time, false)


def _true_and_error(
    truth: CaseTruth, records: Sequence[FrameRecord]
) -> tuple[Values, Values] | None:
    if truth.distance_mm is None:
        return None
    return truth.distance_mm, distance_errors(truth, records)[0]

"""Metrics over cases, with intervals from a seeded bootstrap over cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from leakwatch.benchmark.cases.case_truth import Values
from leakwatch.benchmark.report.metric_table import (
    BY_LEAK,
    FALSE_STOPS,
    METRICS,
    SENSITIVITY,
    Kind,
    Metric,
    Parts,
)
from leakwatch.benchmark.report.report_file import (
    CaseRow,
    Change,
    Estimate,
    LeakGroup,
    ThresholdPoint,
    ThresholdStops,
)

# With this number, another seed changes the ends of an interval by less than 10 % of its width.
DRAWS, SEED = 2000, 20260101
CONFIDENCE = 0.95
TAILS = (100 * (1 - CONFIDENCE) / 2, 100 * (1 + CONFIDENCE) / 2)

Draws = npt.NDArray[np.intp]
IntervalKind = Literal["bootstrap", "exact"] | None
Verdict = Literal["better", "worse", "no difference shown"]


def draw_samples(cases: int) -> Draws:
    """Return the cases of each bootstrap sample, ``(DRAWS, cases)``; the same at each call."""
    return np.random.default_rng(SEED).integers(0, cases, (DRAWS, cases))


def summary(rows: Sequence[CaseRow]) -> tuple[Estimate, ...]:
    """Estimate every metric over all cases."""
    return tuple(estimate(metric, rows) for metric in METRICS)


def by_leak(rows: Sequence[CaseRow]) -> tuple[LeakGroup, ...]:
    """Estimate metrics for each kind of leak, and for cases without one."""
    groups: dict[str, list[CaseRow]] = {}
    for row in rows:
        if row.leak is not None:
            groups.setdefault(row.kind, []).append(row)
    return tuple(
        LeakGroup(kind, len(some), tuple(estimate(metric, some) for metric in BY_LEAK))
        for kind, some in sorted(groups.items())
    )


def threshold_curve(rows: Sequence[CaseRow]) -> tuple[ThresholdPoint, ...]:
    """Return sensitivity and false STOPs at every threshold."""
    factors = sorted({one.factor for row in rows for one in row.thresholds})
    return tuple(
        ThresholdPoint(
            factor,
            estimate(_at(factor, SENSITIVITY, _given_at), rows),
            estimate(_at(factor, FALSE_STOPS, _false_at), rows),
        )
        for factor in factors
    )


def _at(
    factor: float, metric: Metric, of: Callable[[CaseRow, ThresholdStops | None], Parts]
) -> Metric:
    def parts(row: CaseRow) -> Parts:
        return of(row, next((one for one in row.thresholds if one.factor == factor), None))

    # An injection may have several false STOPs: a mean of counts, not a share.
    kind = metric.kind if metric is SENSITIVITY else Kind.MEAN
    return replace(metric, kind=kind, parts=parts)


def _given_at(row: CaseRow, stops: ThresholdStops | None) -> Parts:
    if stops is None or not row.due:
        return SENSITIVITY.parts(row)
    return float(stops.in_time), 1.0


def _false_at(row: CaseRow, stops: ThresholdStops | None) -> Parts:
    return None if stops is None else (float(stops.false), 1.0)


def estimate(metric: Metric, rows: Sequence[CaseRow]) -> Estimate:
    """Estimate one metric over `rows`.

    Parameters
    ----------
    metric : Metric
    rows : sequence of CaseRow
    """
    parts = _parts(metric, rows)
    parts = parts[np.isfinite(parts[:, 1])]
    if not len(parts):
        return Estimate(metric.key, metric.title, metric.unit, None, None, None, 0)
    value = float(_combine(metric, parts[None])[0])
    low, high, interval = _interval(metric, parts)
    return Estimate(
        metric.key,
        metric.title,
        metric.unit,
        _known(value),
        _known(low),
        _known(high),
        len(parts),
        interval,
    )


def changes(old: Sequence[CaseRow], new: Sequence[CaseRow]) -> tuple[Change, ...]:
    """Compare every metric of `new` with `old`: the same cases, in the same order.

    The bootstrap is paired: a sample contains the same cases of both.
    """
    return tuple(_change(metric, old, new) for metric in METRICS)


def _change(metric: Metric, old: Sequence[CaseRow], new: Sequence[CaseRow]) -> Change:
    before, after = _parts(metric, old), _parts(metric, new)
    both = np.isfinite(before[:, 1]) & np.isfinite(after[:, 1])
    before, after, cases = before[both], after[both], int(both.sum())
    was, now = (float(_combine(metric, parts[None])[0]) for parts in (before, after))
    low = high = math.nan
    if cases > 1:
        draws = draw_samples(cases)
        # There is no difference between two delays that both were not reached.
        with np.errstate(invalid="ignore"):
            moved = _combine(metric, after[draws]) - _combine(metric, before[draws])
        low, high = _tails(moved)
    return Change(
        metric.key,
        metric.title,
        metric.unit,
        _known(was),
        _known(now),
        _known(now - was),
        _known(low),
        _known(high),
        cases,
        _verdict(metric, was, now, low, high),
    )


def _verdict(metric: Metric, was: float, now: float, low: float, high: float) -> Verdict:
    if not (low > 0.0 or high < 0.0):
        return "no difference shown"
    return "better" if abs(now - metric.ideal) < abs(was - metric.ideal) else "worse"


def _parts(metric: Metric, rows: Sequence[CaseRow]) -> Values:
    """Return numerator and denominator of each case, ``(n, 2)``; NaN if it does not contribute."""
    parts = [metric.parts(row) or (math.nan, math.nan) for row in rows]
    return np.array(parts, np.float64).reshape(-1, 2)


def _combine(metric: Metric, parts: Values) -> Values:
    """Combine samples of cases, ``(samples, cases, 2)``, into one number each; NaN if none."""
    numerators, denominators = parts[..., 0], parts[..., 1]
    if metric.kind is Kind.MEDIAN:
        medians: Values = np.median(numerators, axis=1) if parts.size else np.full(1, np.nan)
        return medians
    above, below = numerators.sum(axis=1), denominators.sum(axis=1)
    ratios: Values = np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0.0)
    return ratios


def _tails(values: Values) -> tuple[float, float]:
    """Return the central 95 % of `values`, with infinite ends but without missing values."""
    known = values[~np.isnan(values)]
    if not len(known):
        return math.nan, math.nan
    low, high = np.percentile(known, TAILS, method="closest_observation")
    return float(low), float(high)


def _interval(metric: Metric, parts: Values) -> tuple[float, float, IntervalKind]:
    """Return a bootstrap interval; an exact one if all cases agree, as all samples would be equal.

    Shares: Clopper and Pearson 1934; rates without an event: Poisson.
    """
    happened, over = float(parts[:, 0].sum()), float(parts[:, 1].sum())
    if metric.kind is Kind.SHARE and happened in (0.0, over):
        found = stats.binomtest(int(happened), int(over)).proportion_ci(CONFIDENCE, "exact")
        return float(found.low), float(found.high), "exact"
    if metric.kind is Kind.RATE and happened == 0.0 and over > 0.0:
        return 0.0, -math.log((1.0 - CONFIDENCE) / 2) / over, "exact"
    if len(parts) < 2:
        return math.nan, math.nan, None
    return *_tails(_combine(metric, parts[draw_samples(len(parts))])), "bootstrap"


def _known(value: float) -> float | None:
    return round(value, 6) + 0.0 if math.isfinite(value) else None

"""Every metric over cases: its name, its unit, and what one case gives to it. The only table.

Formulas: docs/reference/metrics.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from leakwatch.bench.case_work import DONE, UNREADABLE
from leakwatch.bench.report_file import CaseRow


class Kind(StrEnum):
    """How cases become one number.

    `SHARE`, `RATE` and `MEAN` are the sum of numerators over the sum of denominators: of yes and
    no, of events over time, of values that count once each. `MEDIAN` is that of the numerators.
    """

    SHARE = "share"
    RATE = "rate"
    MEAN = "mean"
    MEDIAN = "median"


# Numerator and denominator of a case; None: it says nothing of this metric.
Parts = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Parameters
    ----------
    key, title, unit : str
    kind : Kind
    aim : float
        A value nearer to it is better.
    parts : callable
        What a case gives.
    """

    key: str
    title: str
    unit: str
    kind: Kind
    aim: float
    parts: Callable[[CaseRow], Parts]


def _given(row: CaseRow) -> Parts:
    """A detector that failed gave no STOP."""
    if not row.due or row.status == UNREADABLE:
        return None
    return float(row.in_time), 1.0


def _false(row: CaseRow) -> Parts:
    return (float(row.false), 1.0) if row.status == DONE else None


def _false_a_minute(row: CaseRow) -> Parts:
    if row.status != DONE or row.at_risk_s is None:
        return None
    return float(row.false), row.at_risk_s / 60.0


def _delay(field: str) -> Callable[[CaseRow], Parts]:
    """A STOP that was due and never came, or came falsely, is later than all others."""

    def parts(row: CaseRow) -> Parts:
        if not row.due or row.status == UNREADABLE:
            return None
        value = getattr(row, field)
        if row.stop_frame is None or row.false:
            return math.inf, 1.0
        return None if value is None else (float(value), 1.0)

    return parts


def _value(field: str) -> Callable[[CaseRow], Parts]:
    read = attrgetter(field)

    def parts(row: CaseRow) -> Parts:
        value = read(row)
        return None if value is None else (float(value), 1.0)

    return parts


# Normal errors: what a standard deviation, and two, shall cover.
ONE_SIGMA, TWO_SIGMA = 0.6827, 0.9545

SENSITIVITY = Metric("stop_sensitivity", "STOP sensitivity", "", Kind.SHARE, 1.0, _given)
FALSE_STOPS = Metric(
    "false_stops_per_injection", "false STOPs per injection", "", Kind.SHARE, 0.0, _false
)


def _mean(key: str, title: str, unit: str, aim: float) -> Metric:
    return Metric(key, title, unit, Kind.MEAN, aim, _value(key))


METRICS = (
    SENSITIVITY,
    FALSE_STOPS,
    Metric(
        "false_stops_per_minute", "false STOPs per minute", "/min", Kind.RATE, 0.0, _false_a_minute
    ),
    Metric("delay_s", "delay, median", "s", Kind.MEDIAN, 0.0, _delay("delay_s")),
    Metric("delay_frames", "delay, median", "frames", Kind.MEDIAN, 0.0, _delay("delay_frames")),
    Metric("delay_ml", "delay, median", "mL", Kind.MEDIAN, 0.0, _delay("delay_ml")),
    _mean("distance_mae_mm", "distance, mean absolute error", "mm", 0.0),
    _mean("distance_bias_mm", "distance, bias", "mm", 0.0),
    _mean("distance_p95_mm", "distance, 95th percentile of the error", "mm", 0.0),
    _mean("within_1_sigma", "distance, errors within 1 sigma", "", ONE_SIGMA),
    _mean("within_2_sigma", "distance, errors within 2 sigma", "", TWO_SIGMA),
    _mean("distance_seen_share", "distance, share of frames that have one", "", 1.0),
    _mean("mask_dice", "mask, Dice", "", 1.0),
    _mean("area_ratio", "area, seen over true", "", 1.0),
    _mean("area_error", "area, relative error", "", 0.0),
    _mean("volume_ratio", "volume, seen over injected", "", 1.0),
    _mean("volume_error", "volume, relative error", "", 0.0),
    _mean("shift_p95_mm", "shift, 95th percentile of the error", "mm", 0.0),
    _mean("unknown_share", "share of time UNKNOWN", "", 0.0),
    _mean("latency_p50_ms", "decision time, median", "ms", 0.0),
    _mean("latency_p99_ms", "decision time, 99th percentile", "ms", 0.0),
)

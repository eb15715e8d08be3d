"""Every metric over cases: name, unit, formula, and what one case gives to it. The only table.

docs/reference/metrics.md is written from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from leakwatch.benchmark.metrics.metrics import IN_TIME_S, SIZE_FROM_SHARE
from leakwatch.benchmark.report.report_file import CaseRow
from leakwatch.benchmark.work.case_work import DONE, UNREADABLE


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
    formula, left_out : str
        Of one case, for the documentation: what is counted, and what is not.
    """

    key: str
    title: str
    unit: str
    kind: Kind
    aim: float
    parts: Callable[[CaseRow], Parts]
    formula: str
    left_out: str


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


def _delay(field: str, needs: str) -> Callable[[CaseRow], Parts]:
    """A STOP that was due and never came, or came falsely, is later than all others."""

    def parts(row: CaseRow) -> Parts:
        if not row.due or row.status == UNREADABLE or getattr(row, needs) is None:
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

_UNREAD = "cases that cannot be read"
_NOT_DUE = f"cases in which no STOP is due; {_UNREAD}"
_NO_DISTANCE = "frames in which truth or detector has no distance"

SENSITIVITY = Metric(
    "stop_sensitivity",
    "STOP sensitivity",
    "",
    Kind.SHARE,
    1.0,
    _given,
    f"1 where the STOP is not false and t_STOP − t_due ≤ {IN_TIME_S:g} s, else 0. A detector that "
    "failed on the case gave none",
    _NOT_DUE,
)
FALSE_STOPS = Metric(
    "false_stops_per_injection",
    "false STOPs per injection",
    "",
    Kind.SHARE,
    0.0,
    _false,
    "1 where the first STOP comes before one is right, or none ever is, else 0. It stays until a "
    "person clears it, so that there is no second",
    "cases that cannot be read, or on which the detector failed",
)


def _of_delay(key: str, unit: str, needs: str, formula: str, left_out: str) -> Metric:
    text = f"{formula}; +∞ where the STOP never came or was false"
    parts = _delay(key, needs)
    return Metric(key, "delay, median", unit, Kind.MEDIAN, 0.0, parts, text, left_out)


def _mean(key: str, title: str, unit: str, aim: float, formula: str, left_out: str) -> Metric:
    return Metric(key, title, unit, Kind.MEAN, aim, _value(key), formula, left_out)


_SIZED = (
    f"frames with less than {SIZE_FROM_SHARE:g} of the final {{}}, since a first drop is smaller "
    "than the blur of the picture; frames in which the detector has none"
)
_AREA, _VOLUME = _SIZED.format("area"), _SIZED.format("volume")

METRICS = (
    SENSITIVITY,
    FALSE_STOPS,
    Metric(
        "false_stops_per_minute",
        "false STOPs per minute",
        "/min",
        Kind.RATE,
        0.0,
        _false_a_minute,
        "false STOPs over the minutes in which one could have come: until the first STOP, until a "
        "STOP is right, or to the end",
        "as above",
    ),
    _of_delay("delay_s", "s", "frames", "t_STOP − t_due; below 0 where it came early", _NOT_DUE),
    _of_delay("delay_frames", "frames", "frames", "frame of STOP − frame due", _NOT_DUE),
    _of_delay(
        "delay_ml",
        "mL",
        "injected_ml",
        "mL injected by the STOP − mL injected by the due frame",
        f"{_NOT_DUE}; sets that do not tell what was injected",
    ),
    _mean(
        "distance_mae_mm",
        "distance, mean absolute error",
        "mm",
        0.0,
        "mean of |d − d*| over frames",
        _NO_DISTANCE,
    ),
    _mean(
        "distance_bias_mm",
        "distance, bias",
        "mm",
        0.0,
        "mean of d − d* over frames; above 0: seen farther than it is, the unsafe side",
        _NO_DISTANCE,
    ),
    _mean(
        "distance_p95_mm",
        "distance, 95th percentile of the error",
        "mm",
        0.0,
        "95th percentile of |d − d*| over frames",
        _NO_DISTANCE,
    ),
    _mean(
        "within_1_sigma",
        "distance, errors within 1 sigma",
        "",
        ONE_SIGMA,
        f"share of frames with |d − d*| ≤ σ; {ONE_SIGMA:.0%} of normal errors are",
        f"{_NO_DISTANCE}, or the detector no σ",
    ),
    _mean(
        "within_2_sigma",
        "distance, errors within 2 sigma",
        "",
        TWO_SIGMA,
        f"share of frames with |d − d*| ≤ 2 σ; {TWO_SIGMA:.0%} of normal errors are",
        f"{_NO_DISTANCE}, or the detector no σ",
    ),
    _mean(
        "distance_seen_share",
        "distance, share of frames that have one",
        "",
        1.0,
        "share of frames with a d, among those with a d*",
        "frames without a true distance",
    ),
    _mean(
        "mask_dice",
        "mask, Dice",
        "",
        1.0,
        "mean over drawn frames of 2 |A ∩ A*| / (|A| + |A*|)",
        "frames that nobody drew, or without cement; detectors that give no masks",
    ),
    _mean("area_ratio", "area, seen over true", "", 1.0, "median of A / A* over frames", _AREA),
    _mean(
        "area_error",
        "area, relative error",
        "",
        0.0,
        "median of |A / A* − 1| over frames",
        _AREA,
    ),
    _mean(
        "volume_ratio",
        "volume, seen over injected",
        "",
        1.0,
        "median of V / V* over frames",
        _VOLUME,
    ),
    _mean(
        "volume_error",
        "volume, relative error",
        "",
        0.0,
        "median of |V / V* − 1| over frames",
        _VOLUME,
    ),
    _mean(
        "volume_form_error",
        "volume, relative error but for one factor a case",
        "",
        0.0,
        "median of |r / median(r) − 1| over frames, where r = V / V*: what is left when "
        "the cement's opacity, which no picture tells, is taken out",
        _VOLUME,
    ),
    _mean(
        "shift_p95_mm",
        "shift, 95th percentile of the error",
        "mm",
        0.0,
        "95th percentile of ‖s − s*‖ over frames, both from the frame of the marks, times the "
        "spacing at the vertebra",
        "frames without a shift",
    ),
    _mean(
        "unknown_share",
        "share of frames UNKNOWN",
        "",
        0.0,
        "share of frames shown as UNKNOWN; a STOP that was not cleared goes before it",
        "",
    ),
    _mean(
        "latency_p50_ms",
        "decision time, median",
        "ms",
        0.0,
        "median of the time from the decoded frame to the decision, as the detector tells it; with "
        "more than one case at a time they share the machine",
        "detectors that tell 0 in all lines",
    ),
    _mean(
        "latency_p99_ms",
        "decision time, 99th percentile",
        "ms",
        0.0,
        "99th percentile of the same",
        "as above",
    ),
)

# Of these every kind of leak has its own figures.
BY_LEAK = tuple(
    metric
    for metric in METRICS
    if metric.key
    in (
        "stop_sensitivity",
        "false_stops_per_injection",
        "delay_s",
        "distance_mae_mm",
        "within_1_sigma",
    )
)

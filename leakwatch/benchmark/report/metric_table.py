"""Table of all metrics: name, unit, formula, and contribution of a case.

docs/reference/metrics.md is generated from it.
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
    """Combination of cases into one number.

    `SHARE`, `RATE` and `MEAN` are the sum of numerators over the sum of denominators: of yes and
    no, of events over time, of values. `MEDIAN` is that of the numerators.
    """

    SHARE = "share"
    RATE = "rate"
    MEAN = "mean"
    MEDIAN = "median"


# Numerator and denominator of a case; None: it does not contribute to this metric.
Parts = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Parameters
    ----------
    key, title, unit : str
    kind : Kind
    ideal : float
        Best value: a value nearer to it is better.
    parts : callable
        Contribution of a case.
    formula, excluded : str
        Of one case, for the documentation: what is counted, and what is excluded.
    """

    key: str
    title: str
    unit: str
    kind: Kind
    ideal: float
    parts: Callable[[CaseRow], Parts]
    formula: str
    excluded: str


def _given(row: CaseRow) -> Parts:
    """Return whether a due STOP was given in time; a detector that failed gave none."""
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
    """Return a function for delays, with infinity for a missed STOP and after a false one."""

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


# Shares of normally distributed errors within one and two standard deviations.
ONE_SIGMA, TWO_SIGMA = 0.6827, 0.9545

_UNREAD = "cases that cannot be read"
_NOT_DUE = f"cases without a due STOP; {_UNREAD}"
_NO_DISTANCE = "frames without a distance by truth or detector"

SENSITIVITY = Metric(
    "stop_sensitivity",
    "STOP sensitivity",
    "",
    Kind.SHARE,
    1.0,
    _given,
    f"1 if the STOP is not false and t_STOP − t_due ≤ {IN_TIME_S:g} s, else 0; also 0 if the "
    "detector failed on the case",
    _NOT_DUE,
)
FALSE_STOPS = Metric(
    "false_stops_per_injection",
    "false STOPs per injection",
    "",
    Kind.SHARE,
    0.0,
    _false,
    "1 if the first STOP is too early, or none is ever due, else 0. It is latched, so that there "
    "is no second one",
    "cases that cannot be read, or on which the detector failed",
)


def _of_delay(key: str, unit: str, needs: str, formula: str, excluded: str) -> Metric:
    text = f"{formula}; +∞ if the STOP was missed or false"
    parts = _delay(key, needs)
    return Metric(key, "delay, median", unit, Kind.MEDIAN, 0.0, parts, text, excluded)


def _mean(key: str, title: str, unit: str, ideal: float, formula: str, excluded: str) -> Metric:
    return Metric(key, title, unit, Kind.MEAN, ideal, _value(key), formula, excluded)


_SIZED = (
    f"frames with less than {SIZE_FROM_SHARE:g} of the final {{}}, since a first drop is smaller "
    "than the blur of the image; frames without a value by the detector"
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
        "false STOPs over the time in which one was possible, in minutes: until the first STOP, "
        "until a STOP is not false, or to the end",
        "as above",
    ),
    _of_delay("delay_s", "s", "frames", "t_STOP − t_due; below 0 if early", _NOT_DUE),
    _of_delay("delay_frames", "frames", "frames", "frame of STOP − frame due", _NOT_DUE),
    _of_delay(
        "delay_ml",
        "mL",
        "injected_ml",
        "mL injected by the STOP − mL injected by the due frame",
        f"{_NOT_DUE}; data sets without the injected volume",
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
        "mean of d − d* over frames; above 0: measured farther than it is, the unsafe side",
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
        f"share of frames with |d − d*| ≤ σ; {ONE_SIGMA:.0%} for normally distributed errors",
        f"{_NO_DISTANCE}, or without σ by the detector",
    ),
    _mean(
        "within_2_sigma",
        "distance, errors within 2 sigma",
        "",
        TWO_SIGMA,
        f"share of frames with |d − d*| ≤ 2 σ; {TWO_SIGMA:.0%} for normally distributed errors",
        f"{_NO_DISTANCE}, or without σ by the detector",
    ),
    _mean(
        "distance_seen_share",
        "distance, share of frames with one",
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
        "mean over frames with a drawn mask of 2 |A ∩ A*| / (|A| + |A*|)",
        "frames without a drawn mask or without cement; detectors without masks",
    ),
    _mean("area_ratio", "area, detected over true", "", 1.0, "median of A / A* over frames", _AREA),
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
        "volume, detected over injected",
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
        "volume, relative error after scaling",
        "",
        0.0,
        "median of |r / median(r) − 1| over frames, with r = V / V*: the error without the unknown "
        "attenuation of the cement",
        _VOLUME,
    ),
    _mean(
        "shift_p95_mm",
        "shift, 95th percentile of the error",
        "mm",
        0.0,
        "95th percentile of ‖s − s*‖ over frames, both from the reference frame, times the pixel "
        "spacing at the vertebra",
        "frames without a shift",
    ),
    _mean(
        "unknown_share",
        "share of frames UNKNOWN",
        "",
        0.0,
        "share of frames shown as UNKNOWN; a latched STOP takes precedence",
        "",
    ),
    _mean(
        "latency_p50_ms",
        "decision time, median",
        "ms",
        0.0,
        "median of the time from the decoded frame to the decision, as stated by the detector; "
        "parallel cases share the machine",
        "detectors with 0 in all lines",
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

# Metrics reported for each kind of leak.
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

"""Metrics over cases and their intervals, against numbers that are reached by another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from leakwatch.benchmark.report.estimates import (
    CONFIDENCE,
    by_leak,
    changes,
    estimate,
    summary,
    threshold_curve,
)
from leakwatch.benchmark.report.metric_table import METRICS, SENSITIVITY, Metric
from leakwatch.benchmark.report.report_file import CaseRow, Change, Estimate, ThresholdStops
from leakwatch.benchmark.work.case_work import DONE, FAILED, UNREADABLE

METRIC = {metric.key: metric for metric in METRICS}


def row(name: str = "one", **values: object) -> CaseRow:
    known: dict[str, object] = {"status": DONE, "frames": 100, "leak": "epidural", "inputs": "x"}
    return CaseRow(name, **(known | values))  # type: ignore[arg-type]


def due(delay_s: float | None, **values: object) -> CaseRow:
    """A case in which a STOP was due, and came `delay_s` later, or never."""
    stop = None if delay_s is None else 50
    in_time = delay_s is not None and delay_s <= 1.0
    known = {"due": True, "stop_frame": stop, "in_time": in_time, "delay_s": delay_s}
    return row(**(known | values))


def of(key: str, rows: list[CaseRow]) -> Estimate:
    return estimate(METRIC[key], rows)


def test_sensitivity_counts_failures_as_missed_and_leaves_out_what_was_not_due() -> None:
    rows = [due(0.1), due(1.4), due(None), row(), due(None, status=FAILED)]
    rows.append(due(None, status=UNREADABLE))
    one = of("stop_sensitivity", rows)
    assert (one.value, one.cases) == (0.25, 4)


def test_a_share_of_which_all_agree_has_the_exact_interval() -> None:
    one = of("stop_sensitivity", [due(0.1)] * 20)
    # The rule of Clopper and Pearson for n of n: (alpha / 2) ** (1 / n).
    assert (one.value, one.high, one.interval) == (1.0, 1.0, "exact")
    assert one.low == pytest.approx(0.025 ** (1 / 20), abs=1e-6)


def test_no_false_stop_in_so_many_minutes_has_the_poisson_interval() -> None:
    one = of("false_stops_per_minute", [row(at_risk_s=30.0)] * 10)
    # No event in 5 minutes: exp(-5 r) = 0.025.
    assert (one.value, one.low, one.interval) == (0.0, 0.0, "exact")
    assert one.high == pytest.approx(-math.log(0.025) / 5.0, abs=1e-6)


def test_false_stops_per_minute_is_events_over_time_not_a_mean_of_rates() -> None:
    rows = [row(false=True, at_risk_s=6.0), row(at_risk_s=54.0)]
    assert of("false_stops_per_minute", rows).value == 1.0
    assert of("false_stops_per_injection", rows).value == 0.5


def test_the_bootstrap_agrees_with_scipy() -> None:
    values = np.random.default_rng(4).normal(1.0, 0.4, 40)
    one = of("distance_mae_mm", [row(distance_mae_mm=float(value)) for value in values])
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=CONFIDENCE, method="percentile", rng=1
    ).confidence_interval
    assert one.interval == "bootstrap"
    assert one.value == pytest.approx(values.mean(), abs=1e-6)
    width = theirs.high - theirs.low
    assert one.low == pytest.approx(theirs.low, abs=0.1 * width)
    assert one.high == pytest.approx(theirs.high, abs=0.1 * width)


def test_the_bootstrap_covers_what_it_promises() -> None:
    """Of 200 studies with 30 cases each, about 95 % have the truth in their interval."""
    rng, covered = np.random.default_rng(8), 0
    for _ in range(200):
        rows = [row(distance_mae_mm=float(value)) for value in rng.normal(0.5, 0.2, 30)]
        one = of("distance_mae_mm", rows)
        assert one.low is not None
        assert one.high is not None
        covered += one.low <= 0.5 <= one.high
    assert 0.88 <= covered / 200 <= 0.985


def test_one_case_has_no_interval() -> None:
    one = of("distance_mae_mm", [row(distance_mae_mm=0.4), row()])
    assert (one.value, one.low, one.high, one.interval, one.cases) == (0.4, None, None, None, 1)


def test_the_median_delay_counts_missed_and_false_stops_as_never() -> None:
    assert of("delay_s", [due(0.1), due(0.3), due(None)]).value == 0.3
    assert of("delay_s", [due(0.1), due(0.3), due(-2.0, false=True)]).value == 0.3
    half = of("delay_s", [due(0.1), due(None)])
    assert (half.value, half.cases) == (None, 2)
    three = of("delay_s", [due(0.1), due(0.2), due(0.3)] * 5 + [due(None)] * 5)
    assert three.value == pytest.approx(0.25)
    assert three.low is not None
    # In many samples half of the cases or more never had their STOP.
    assert three.high is None or three.high == 0.3


def test_a_delay_in_ml_asks_for_a_set_that_tells_them() -> None:
    labelled = [due(None), due(None), due(0.2)]
    assert of("delay_ml", labelled).cases == 0
    told = [due(None, injected_ml=3.0), due(0.2, injected_ml=3.0, delay_ml=0.1)] * 2
    told.append(due(0.2, injected_ml=3.0, delay_ml=0.3))
    one = of("delay_ml", [*labelled, *told])
    assert (one.value, one.cases) == (0.3, 5)


def test_by_leak_the_path_goes_before_the_place() -> None:
    rows = [
        due(0.1, leak="epidural", leak_path="basivertebral"),
        due(None, leak="epidural", leak_path="cortical_posterior"),
        due(0.2, leak="epidural"),
        row(leak="none", false=True, stop_frame=3),
        CaseRow("broken", UNREADABLE, "why"),
    ]
    groups = {group.kind: group for group in by_leak(rows)}
    assert list(groups) == [
        "epidural",
        "epidural: basivertebral",
        "epidural: cortical_posterior",
        "none",
    ]
    values = {
        kind: {one.key: one.value for one in group.estimates} for kind, group in groups.items()
    }
    assert values["epidural: basivertebral"]["stop_sensitivity"] == 1.0
    assert values["epidural: cortical_posterior"]["stop_sensitivity"] == 0.0
    assert values["none"]["stop_sensitivity"] is None
    assert values["none"]["false_stops_per_injection"] == 1.0


def test_the_curve_counts_every_false_stop() -> None:
    def at(in_time: bool, false: int) -> tuple[ThresholdStops, ...]:
        return (ThresholdStops(1.0, (), False, 0), ThresholdStops(2.0, (), in_time, false))

    rows = [due(None, thresholds=at(True, 3)), due(None, thresholds=at(False, 0))]
    set_alarm, fine = threshold_curve(rows)
    assert (set_alarm.factor, fine.factor) == (1.0, 2.0)
    assert (set_alarm.sensitivity.value, fine.sensitivity.value) == (0.0, 0.5)
    assert fine.false_stops_per_injection.value == 1.5


def change(key: str, old: list[CaseRow], new: list[CaseRow]) -> Change:
    (one,) = [one for one in changes(old, new) if one.key == key]
    return one


def test_a_change_is_paired_by_case() -> None:
    rng = np.random.default_rng(2)
    hard = rng.uniform(0.2, 5.0, 30)
    old = [row(distance_mae_mm=float(value)) for value in hard]
    new = [row(distance_mae_mm=float(value) - 0.05) for value in hard]
    one = change("distance_mae_mm", old, new)
    # Far less than the cases differ among themselves, and yet the same in each.
    assert one.change == pytest.approx(-0.05)
    assert (one.low, one.high) == (pytest.approx(-0.05), pytest.approx(-0.05))
    assert one.verdict == "better"


def test_better_is_nearer_to_the_aim_on_either_side() -> None:
    def rows(value: float) -> list[CaseRow]:
        return [row(within_1_sigma=value + 0.001 * i) for i in range(10)]

    assert change("within_1_sigma", rows(0.95), rows(0.70)).verdict == "better"
    assert change("within_1_sigma", rows(0.40), rows(0.60)).verdict == "better"
    assert change("within_1_sigma", rows(0.60), rows(0.95)).verdict == "worse"
    assert change("within_1_sigma", rows(0.60), rows(0.60)).verdict == "no difference shown"


def test_chance_is_no_change() -> None:
    rng = np.random.default_rng(5)
    old = [row(distance_mae_mm=float(value)) for value in rng.uniform(0.2, 5.0, 12)]
    new = [row(distance_mae_mm=float(value)) for value in rng.uniform(0.2, 5.0, 12)]
    assert change("distance_mae_mm", old, new).verdict == "no difference shown"


def test_no_cases_at_all_have_no_values() -> None:
    assert [one for one in summary([]) if one.value is not None or one.cases] == []
    assert all(one.verdict == "no difference shown" for one in changes([], []))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_every_metric_tells_its_formula_and_takes_a_row_without_values(metric: Metric) -> None:
    assert metric.formula
    assert metric.parts(CaseRow("broken", UNREADABLE)) is None
    assert metric is SENSITIVITY or estimate(metric, [CaseRow("a", UNREADABLE)]).cases == 0

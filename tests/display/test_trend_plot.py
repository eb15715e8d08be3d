"""What the trend shows: truth is the list of samples, made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from handmade import make_alert, make_observation

from leakwatch.config import Settings
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.display.event_list import event_rows
from leakwatch.display.history import History
from leakwatch.display.trend_levels import level_periods
from leakwatch.display.trend_plot import (
    LEAST_BOTTOM_MM,
    LEAST_TOP_MM,
    MOST_TICKS,
    MOST_TIME_TICKS,
    pointer_text,
    trend_plot,
)
from leakwatch.display.trend_samples import (
    MOST_SAMPLES,
    SampleRecord,
    TrendSample,
    sample_of,
    with_gaps,
)

SETTINGS = Settings()


def samples(*values, step_s=0.1):
    """Samples of successive frames; None is a frame that was not assessed."""
    return with_gaps(
        TrendSample(step_s * index, value, 0.4, 40.0, assessed=value is not None)
        for index, value in enumerate(values)
    )


def stretches(plot):
    return [curve.times_s.tolist() for curve in plot.distance]


def test_now_is_at_the_right_and_nearer_is_lower():
    plot = trend_plot(samples(10.0, 9.0, 8.0, 7.0, 6.0, 5.0, step_s=0.5), SETTINGS)
    (line,) = plot.distance
    assert plot.x(line.times_s[-1]) == pytest.approx(1.0)
    assert plot.x(line.times_s[0]) == pytest.approx(1.0 - 2.5 / SETTINGS.window.trend_s)
    heights = [plot.y(value) for value in line.values]
    assert (np.diff(heights) > 0.0).all()
    assert [plot.y(plot.high), plot.y(plot.low)] == [0.0, 1.0]
    assert (line.sigmas == 0.4).all()


def test_frames_that_are_missing_or_not_assessed_are_never_crossed_by_a_line():
    told = [(0.0, 9.0), (0.5, None), (1.0, 8.0), (1.5, 8.0), (27.5, 7.0), (27.6, 7.0)]
    given = with_gaps(
        TrendSample(at, value, None, 40.0, assessed=value is not None) for at, value in told
    )
    plot = trend_plot(given, SETTINGS)
    assert stretches(plot) == [[0.0], [1.0, 1.5], [27.5, 27.6]]
    assert [curve.times_s.tolist() for curve in plot.area] == stretches(plot)
    assert [(gap.start_s, gap.end_s, gap.without_frames) for gap in plot.gaps] == [
        (0.5, 1.0, False),
        (1.5, 27.5, True),
    ]


def test_a_repeated_last_image_is_not_assessed_whatever_it_still_measures():
    held = sample_of(make_observation(3, unavailable=(Reason.STALE,)), make_alert(Level.STOP))
    assert held.distance is not None
    assert not held.assessed
    partly = make_observation(3, unavailable=(Reason.NO_WALL,))
    assert sample_of(partly, make_alert(Level.UNKNOWN)).assessed


def test_a_frame_without_cement_is_no_gap():
    clear = TrendSample(0.1, None, None, 0.0)
    plot = trend_plot([TrendSample(0.0, 9.0), clear, TrendSample(0.2, 9.0)], SETTINGS)
    assert plot.gaps == ()
    assert stretches(plot) == [[0.0], [0.2]]


def test_a_slow_source_has_no_gap_between_its_frames():
    plot = trend_plot(samples(*[9.0] * 8, step_s=4.0), SETTINGS, whole=True)
    assert [len(line) for line in stretches(plot)] == [1, 7]
    assert len(plot.gaps) == 1  # before its rate was known


@pytest.mark.parametrize(
    ("distances", "ends"),
    [
        ([9.0, 8.0], (LEAST_BOTTOM_MM, LEAST_TOP_MM)),
        ([3.0, -3.0], (-4.0, LEAST_TOP_MM)),
        ([31.0, 2.0], (LEAST_BOTTOM_MM, 32.0)),
        ([500.0, -90.0], (-20.0, 60.0)),  # a wrong mark: clipped, and still drawn
    ],
)
def test_the_axis_reaches_below_the_wall_and_holds_every_value(distances, ends):
    plot = trend_plot(samples(*distances), SETTINGS)
    assert (plot.low, plot.high) == ends
    assert 0.0 in plot.ticks
    assert 2 <= len(plot.ticks) <= MOST_TICKS + 1
    assert all(plot.low <= tick <= plot.high for tick in plot.ticks)
    assert {0.0 <= plot.y(distance) <= 1.0 for distance in distances} == {True}


@pytest.mark.parametrize("seconds", [0.5, 7.0, 61.0, 1800.0, 40000.0, 900000.0])
def test_a_whole_case_has_few_round_ticks_of_time(seconds):
    plot = trend_plot([TrendSample(0.0, 9.0), TrendSample(seconds, 8.0)], SETTINGS, whole=True)
    assert plot.x(seconds) == pytest.approx(1.0)
    assert 1 <= len(plot.time_ticks) <= MOST_TIME_TICKS + 1
    assert plot.start_s == min(0.0, seconds - 1.0)


def test_the_margin_follows_what_the_operator_set():
    given = samples(*[9.0] * 6, step_s=0.5)
    given = (*given[:3], *(replace(one, margin_mm=8.0) for one in given[3:]))
    plot = trend_plot(given, SETTINGS)
    first, second = plot.margins
    assert (first.start_s, first.end_s, first.margin_mm) == (plot.start_s, 1.5, 5.0)
    assert (second.end_s, second.margin_mm) == (plot.end_s, 8.0)
    assert trend_plot(given, SETTINGS, in_mm=False).margins == ()


def test_an_empty_trend_has_axes_and_margin():
    plot = trend_plot([], SETTINGS)
    assert plot.distance == plot.area == plot.gaps == ()
    assert [one.margin_mm for one in plot.margins] == [5.0]
    assert plot.ticks


def test_time_without_assessment_until_now_is_a_gap_that_leaves_the_last_values_visible():
    given = samples(*[9.0] * 10)
    plot = trend_plot(given, SETTINGS, since_s=10.0, unseen_s=10.0)
    (gap,) = plot.gaps
    assert (gap.start_s, gap.end_s) == pytest.approx((0.9, 10.9))
    long = trend_plot(given, SETTINGS, since_s=300.0, unseen_s=300.0)
    assert long.x(long.gaps[0].start_s) == pytest.approx(0.5)
    assert long.unseen_s == 300.0


def test_events_within_the_time_are_marks():
    stop = Event(5, 0.5, EventKind.ALERT, Level.STOP, Reason.POSTERIOR_MARGIN, 4.2, 0.3)
    late = replace(stop, frame=900, time_s=90.0)
    plot = trend_plot(samples(*[9.0] * 10), SETTINGS, event_rows([stop, late]))
    assert [row.frame for row in plot.marks] == [5]


def test_the_pointer_reads_a_value_and_says_where_there_is_none():
    given = with_gaps(
        [
            TrendSample(0.0, 9.04, 0.4, 40.0, 1.26, level=Level.CLEAR),
            TrendSample(30.0, -1.2, 0.5, 50.0, level=Level.STOP),
            TrendSample(30.1, None, None, None, assessed=False),
            TrendSample(30.4, None, None, None, assessed=False),
        ]
    )
    plot = trend_plot(given, SETTINGS, whole=True)
    assert pointer_text(plot, 0.0) == "0:00: CLEAR, 9.0 ± 0.4 mm, 40 mm², 1.3 mL"
    assert pointer_text(plot, plot.x(15.0)) == "0:15: no frames"
    assert pointer_text(plot, plot.x(30.0)) == "0:30: STOP, −1.2 ± 0.5 mm, 50 mm²"
    assert pointer_text(plot, plot.x(30.2)) == "0:30: not assessed"
    assert pointer_text(trend_plot([], SETTINGS), 0.5) == ""


def test_a_long_case_is_kept_small_with_its_nearest_values_and_its_gaps():
    record, count = SampleRecord(), 40 * MOST_SAMPLES
    nearest = {7001: 0.5, 60017: -1.5}
    for index in range(count):
        distance = nearest.get(index, 9.0)
        gap = index == 33333
        time_s = 0.033 * index + (26.0 if index >= 33333 else 0.0)
        record.append(TrendSample(time_s, distance, after_gap=gap))
    kept = record.samples
    assert MOST_SAMPLES / 4 < len(kept) <= MOST_SAMPLES
    assert set(nearest.values()) <= {one.distance for one in kept}
    plot = trend_plot(kept, SETTINGS, whole=True)
    (gap,) = plot.gaps
    assert gap.end_s - gap.start_s == pytest.approx(26.0, abs=3.0 * plot.span_s / MOST_SAMPLES)
    assert len(plot.distance) == 2


def test_a_long_case_does_not_draw_over_what_was_not_assessed():
    record = SampleRecord()
    for index in range(30 * MOST_SAMPLES):
        assessed = not 20000 <= index < 30000
        distance = 9.0 if assessed else None
        record.append(TrendSample(0.033 * index, distance, assessed=assessed))
    plot = trend_plot(record.samples, SETTINGS, whole=True)
    ends = [(line[0], line[-1]) for line in stretches(plot)]
    assert not any(first < 0.033 * 25000 < last for first, last in ends)


def test_a_live_trend_survives_another_baseline_with_a_gap_and_no_other_patient():
    history = History(SETTINGS.window)
    for index in range(20):
        if index == 10:
            history.restart()
        history.append(make_observation(index), make_alert(Level.CLEAR))
    for shown in (history.samples, history.case_samples):
        assert len(trend_plot(shown, SETTINGS).distance) == 2
    assert history.before(history.samples[-1].time_s) is not None
    history.clear()
    assert history.samples == history.case_samples == ()


def test_the_last_minute_of_a_case_that_has_just_begun_has_no_times_before_it():
    plot = trend_plot(samples(9.0, 9.0, 9.0), SETTINGS)
    assert plot.start_s < 0.0
    assert min(plot.time_ticks) == 0.0


def test_an_acknowledged_stop_is_a_state_of_its_own():
    alert = make_alert(Level.WATCH, acknowledged=(Reason.POSTERIOR_MARGIN,))
    cleared = sample_of(make_observation(3), alert)
    assert cleared.acknowledged
    in_part = make_observation(4, unavailable=(Reason.VIEW,))
    alert = make_alert(Level.UNKNOWN, Reason.VIEW, acknowledged=(Reason.TUBULAR_FILLING,))
    assert sample_of(in_part, alert).acknowledged
    blind = make_observation(5, unavailable=(Reason.MOTION,))
    assert not sample_of(blind, alert).acknowledged
    plain = TrendSample(0.0, 4.0, level=Level.WATCH)
    told = [plain, TrendSample(0.1, 4.0, level=Level.WATCH, acknowledged=True)]
    assert [one.acknowledged for one in level_periods(told)] == [False, True]
    plot = trend_plot(told, SETTINGS, whole=True)
    assert "STOP acknowledged" in pointer_text(plot, plot.x(0.1))
    assert "acknowledged" not in pointer_text(plot, plot.x(0.0))

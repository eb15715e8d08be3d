"""Times of frames that arrive, against clocks made by hand."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest

from leakwatch.sources.arrival.arrival_times import Moment, moment_after, run_times_s, single_time_s

NOON = dt.datetime(2026, 1, 1, 12)  # noqa: DTZ001 - as the tags have it


def at(seconds: float) -> dict[str, dt.datetime]:
    return {"AcquisitionTime": NOON + dt.timedelta(seconds=seconds)}


def test_the_first_is_at_zero():
    assert single_time_s(None, 1000.0, at(3.0)) == 0.0
    assert run_times_s(None, 1000.0, (0.0, 0.1)) == (0.0, 0.1)


@pytest.mark.parametrize(
    ("clock_before", "clock_now", "arrived_after_s", "step_s"),
    [
        (at(0.25), at(0.375), 0.19, 0.125),  # the clock, not the network
        (at(0.25), at(0.375), 0.004, 0.125),
        (at(0.25), at(0.25), 0.13, 0.13),  # one time for a whole run
        (at(0.0), at(1.0), 0.13, 0.13),  # whole seconds
        (at(0.25), at(3600.375), 0.13, 0.13),  # a clock that was set
        (at(3600.25), at(0.375), 0.13, 0.13),
        (at(43199.9), at(-43199.975), 0.19, 0.125),  # midnight, and the day stands still
        (at(0.25), {}, 0.13, 0.13),
        ({}, {}, 0.0, 0.005),  # later in any case
        ({}, {}, 30.0, 30.0),
    ],
)
def test_the_clock_where_it_goes_with_the_arrival(clock_before, clock_now, arrived_after_s, step_s):
    before = Moment(7.0, 1000.0, clock_before)
    found = single_time_s(before, 1000.0 + arrived_after_s, clock_now)
    assert found == pytest.approx(7.0 + step_s)


@pytest.mark.parametrize("tick_s", [0.5, 0.4, 1.0, 100.0])
def test_a_clock_that_ticks_more_slowly_than_frames_come_counts_nothing_twice(tick_s):
    """At 7.5/s for 20 s; before it is known to stand still, it may be off by one tick."""
    before, times = None, []
    for index in range(150):
        received_s = 1000.0 + index / 7.5
        clock = at(0.25 + tick_s * (index / 7.5 // tick_s))
        times.append(single_time_s(before, received_s, clock))
        before = moment_after(before, times[-1], received_s, clock)
    assert times[-1] == pytest.approx(149 / 7.5, abs=0.5)
    assert max(after - one for one, after in pairwise(times[8:])) == pytest.approx(1 / 7.5)


def test_the_next_best_clock_where_the_best_has_one_time_for_a_whole_run():
    start, before = NOON + dt.timedelta(seconds=0.1), None
    for index in range(4):
        clock = {"AcquisitionDateTime": start, **at(0.25 + index / 8)}
        time_s = single_time_s(before, 1000.0 + index / 7, clock)
        before = moment_after(before, time_s, 1000.0 + index / 7, clock)
    # The first step is by arrival, those after it by the clock that ticks.
    assert before.time_s == pytest.approx(1 / 7 + 2 / 8)


def test_clocks_with_and_without_a_zone_are_not_compared():
    zoned = {"AcquisitionTime": (NOON + dt.timedelta(seconds=0.1)).replace(tzinfo=dt.UTC)}
    assert single_time_s(Moment(0.0, 0.0, at(0.05)), 0.2, zoned) == pytest.approx(0.2)


def test_a_run_was_taken_before_it_arrived():
    before = Moment(2.0, 1000.0)
    assert run_times_s(before, 1010.0, (0.0, 1.0, 3.0)) == pytest.approx((9.0, 10.0, 12.0))
    # Sent at once after another: it follows, and does not overlap.
    at_once = run_times_s(before, 1000.5, (0.0, 1.0, 3.0))
    assert at_once[0] == pytest.approx(2.0 + 1 / 15)
    assert at_once[2] - at_once[0] == pytest.approx(3.0)

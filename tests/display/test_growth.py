"""New growth: shapes whose change is known, wherever the anatomy has moved meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import CALIBRATION, UNCALIBRATED, make_alert, make_observation
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.config import WindowSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.recent_values import MAX_FRAMES_PER_S, max_frames_in
from leakwatch.core.results import Cement
from leakwatch.display import growth
from leakwatch.display.growth import recent_growth
from leakwatch.display.history import History

SETTINGS = WindowSettings()
LIMIT_PX = SETTINGS.growth_mm / CALIBRATION.mm_per_px


def box(left, top, right, bottom):
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return read_only(np.array(corners, np.float64))


def seen(*contours, shift=(0.0, 0.0), **changes):
    return make_observation(cement=Cement(contours, 1.0, 1.0, 0.1), shift_px=shift, **changes)


def test_only_the_side_that_grew_is_new():
    lines = recent_growth(seen(box(40, 40, 70, 60)), seen(box(40, 40, 60, 60)), SETTINGS)
    points = np.vstack(lines)
    assert len(lines) == 1
    assert points[:, 0].min() >= 60.0 + LIMIT_PX - 1.0
    assert (points[:, 0].max(), np.ptp(points[:, 1])) == (70.0, 20.0)


@given(st.floats(-20, 20), st.floats(-20, 20))
def test_a_breath_is_no_growth(right, down):
    before, now = box(40, 40, 60, 60), box(40, 40, 60, 60) + np.array([right, down])
    assert recent_growth(seen(now, shift=(right, down)), seen(before), SETTINGS) == ()


def test_noise_at_the_rim_is_no_growth():
    wider = box(40 - 0.8 * LIMIT_PX, 40, 60 + 0.8 * LIMIT_PX, 60)
    assert recent_growth(seen(wider), seen(box(40, 40, 60, 60)), SETTINGS) == ()


def test_first_cement_is_all_new_and_closed():
    (line,) = recent_growth(seen(box(40, 40, 60, 60)), seen(), SETTINGS)
    assert np.array_equal(line[0], line[-1])
    assert np.hypot(*np.diff(line, axis=0).T).sum() == pytest.approx(80.0)


def test_growth_across_the_contours_first_point_is_one_stretch():
    now = np.roll(box(40, 40, 70, 60), -2, axis=0)
    lines = recent_growth(seen(now), seen(box(40, 40, 60, 60)), SETTINGS)
    assert len(lines) == 1


def test_a_second_bolus_is_new_and_the_first_is_not():
    first, second = box(20, 40, 30, 50), box(60, 40, 70, 50)
    (line,) = recent_growth(seen(first, second), seen(first), SETTINGS)
    assert line[:, 0].min() >= 60.0


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (seen(box(40, 40, 60, 60)), None),
        (seen(box(40, 40, 60, 60)), make_observation(cement=None)),
        (make_observation(cement=None), seen(box(40, 40, 60, 60))),
        (seen(box(40, 40, 60, 60)), seen(shift=None)),
        (seen(), seen(box(40, 40, 60, 60))),
    ],
    ids=["no past", "not compared then", "not compared now", "not followed then", "none now"],
)
def test_nothing_is_said_where_nothing_is_known(now, before):
    assert recent_growth(now, before, SETTINGS) == ()


def test_without_millimetres_pixels_decide():
    now = seen(box(40, 40, 60 + 2.0 * SETTINGS.growth_px, 60), calibration=UNCALIBRATED)
    assert len(recent_growth(now, seen(box(40, 40, 60, 60)), SETTINGS)) == 1


def history_of(times):
    history = History(SETTINGS)
    for time_s in times:
        history.append(make_observation(1, time_s=time_s), make_alert())
    return history


def test_history_gives_the_frame_of_a_second_ago():
    history = history_of([0.0, 0.5, 1.0, 1.5, 2.0])
    assert history.before(2.0).time_s == 1.0
    assert history.before(0.9) is None


def test_what_is_too_old_is_not_a_second_ago():
    assert history_of([0.0, 5.0]).before(5.0) is None


def test_history_stays_small_where_time_stands_still():
    history = history_of([5.0] * (3 * MAX_FRAMES_PER_S))
    # As long as it keeps anything.
    assert len(history._seen) <= max_frames_in(2.0 * SETTINGS.growth_s)


def test_history_forgets_where_time_goes_back_and_stays_small():
    history = history_of([*np.arange(0.0, 100.0, 0.02), 3.0])
    assert [one.time_s for one in history.samples] == [3.0]
    long = history_of(np.arange(0.0, 100.0, 0.02))
    assert len(long.samples) <= 1.2 * SETTINGS.trend_s / 0.1
    assert long.samples[-1].time_s - long.samples[0].time_s <= SETTINGS.trend_s
    assert len(long._seen) <= 102


@given(
    st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), min_size=3, max_size=8),
    st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), min_size=1, max_size=40),
    st.floats(0.5, 20.0),
)
def test_each_point_is_compared_with_all_others(corners, others, limit_px):
    """As by all distances: those that are left out decide nothing."""
    points, there = growth._dense(np.array(corners)), np.array(others)
    distances = np.hypot(*(points[:, None] - there[None]).transpose(2, 0, 1)).min(axis=1)
    near = growth._lies_near(points, there, limit_px)
    clear = np.abs(distances - limit_px) > 1e-9
    assert np.array_equal(near[clear], (distances < limit_px)[clear])

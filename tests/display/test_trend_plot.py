"""The trend of the last minute, as lines in a unit square."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.config import Settings
from leakwatch.display.history import TrendSample
from leakwatch.display.trend_plot import LEAST_TOP_MM, trend_plot

SETTINGS = Settings()


def test_now_is_at_the_right_and_nearer_is_lower():
    moments = [TrendSample(0.5 * step, 10.0 - step, 0.4, 40.0) for step in range(6)]
    plot = trend_plot(moments, SETTINGS)
    (line,) = plot.distance
    assert line[-1][0] == 1.0
    assert line[0][0] == pytest.approx(1.0 - 2.5 / SETTINGS.window.trend_s)
    assert (np.diff(line[:, 1]) > 0.0).all()
    assert line[-1][1] == pytest.approx(plot.margin_y)  # 5 mm
    assert plot.top_mm == LEAST_TOP_MM


def test_unknown_and_a_pause_are_gaps_and_never_a_line_across():
    values = [(0.0, 9.0), (0.5, None), (1.0, 8.0), (1.5, 8.0), (9.0, 7.0)]
    plot = trend_plot([TrendSample(at, value, None, value) for at, value in values], SETTINGS)
    assert [len(line) for line in plot.distance] == [1, 2, 1]
    assert [len(line) for line in plot.area] == [1, 2, 1]


def test_behind_the_wall_stays_in_the_plot_and_far_away_too():
    plot = trend_plot(
        [TrendSample(0.0, -3.0, 0.4, 0.0), TrendSample(0.1, 31.0, 0.4, 950.0)], SETTINGS
    )
    assert plot.top_mm >= 31.0
    assert plot.area_top_mm2 >= 950.0
    assert plot.distance[0].min() >= 0.0
    assert plot.distance[0].max() <= 1.0


def test_an_empty_trend_has_its_margin():
    plot = trend_plot([], SETTINGS)
    assert plot.distance == plot.area == ()
    assert 0.0 < plot.margin_y < 1.0

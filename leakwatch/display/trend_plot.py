"""Trend of the last minute as lines in a unit square. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import PointArray, read_only
from leakwatch.display.history import TrendSample

# Least upper end of the scale, mm: a front that is far away is drawn at the top, and its last
# millimetres fill the plot.
LEAST_TOP_MM = 12.0
# Longer intervals between two frames are a gap in the line, s.
GAP_S = 1.0
# Largest share of the width for time that was not monitored: the last values stay visible.
MOST_UNSEEN = 0.5


@dataclass(frozen=True, slots=True)
class TrendPlot:
    """Lines of the trend; points are ``(n, 2)``, x to the right, y downwards, both 0 to 1.

    Parameters
    ----------
    distance, area : tuple of ndarray
        Stretches of each line.
    margin_y : float
        Position of the margin: what is below it is too near.
    top_mm, area_top_mm2 : float
        Value at the upper edge.
    span_s : float
        Time across the width.
    unseen_x : float
        From here to the right edge nothing was assessed; 1.0 if the right edge was.
    unseen_s : float
        Time without assessment; 0.0 if the right edge was assessed. The right edge is now, unless
        this is more than `MOST_UNSEEN` of the width: then the last values stay visible.
    """

    distance: tuple[PointArray, ...]
    area: tuple[PointArray, ...]
    margin_y: float
    top_mm: float
    area_top_mm2: float
    span_s: float
    unseen_x: float = 1.0
    unseen_s: float = 0.0


def trend_plot(
    samples: Sequence[TrendSample], settings: Settings, since_s: float = 0.0, unseen_s: float = 0.0
) -> TrendPlot:
    """Lay out the trend.

    Parameters
    ----------
    samples : sequence of Moment
        Oldest first.
    settings : Settings
    since_s : float
        Seconds since the last of them.
    unseen_s : float
        Seconds since the last frame that was assessed, if that is not the current one; else 0.0.
    """
    distances = [one.distance_mm for one in samples if one.distance_mm is not None]
    areas = [one.area_mm2 for one in samples if one.area_mm2 is not None]
    top_mm = max(LEAST_TOP_MM, *(2.0 * np.ceil(0.55 * one) for one in distances or [0.0]))
    area_top = max(100.0, *(100.0 * np.ceil(0.012 * one) for one in areas or [0.0]))
    span_s = settings.window.trend_s
    most_s = MOST_UNSEEN * span_s
    drawn_s = min(unseen_s, most_s)
    end_s = samples[-1].time_s + since_s - (unseen_s - drawn_s) if samples else 0.0

    def lines(value: Callable[[TrendSample], float | None], top: float) -> tuple[PointArray, ...]:
        points: list[list[tuple[float, float]]] = [[]]
        last_s = -np.inf
        for one in samples:
            known = value(one)
            if known is None or one.time_s - last_s > GAP_S:
                points.append([])
            if known is not None and one.time_s >= end_s - span_s:
                x, y = 1.0 - (end_s - one.time_s) / span_s, 1.0 - known / top
                points[-1].append((x, min(max(y, 0.0), 1.0)))
                last_s = one.time_s
        return tuple(read_only(np.array(stretch)) for stretch in points if stretch)

    return TrendPlot(
        lines(lambda one: one.distance_mm, top_mm),
        lines(lambda one: one.area_mm2, area_top),
        1.0 - settings.alerting.margin_mm / top_mm,
        float(top_mm),
        float(area_top),
        span_s,
        1.0 - drawn_s / span_s,
        unseen_s,
    )

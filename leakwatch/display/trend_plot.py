"""The trend of a minute as lines of a unit square, for whoever draws it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import PointArray, read_only
from leakwatch.display.history import Moment

# The scale of millimetres begins at least so high above the margin: a front that is far away is
# drawn at the top, and its last millimetres fill the plot.
LEAST_TOP_MM = 12.0
# Larger steps of time between two frames are a gap in the line, s.
GAP_S = 1.0
# What is not watched takes this share of the width at most: what was seen last stays in sight.
MOST_UNSEEN = 0.5


@dataclass(frozen=True, slots=True)
class TrendPlot:
    """What to draw; points are ``(n, 2)``, x to the right, y downwards, both 0 to 1.

    Parameters
    ----------
    distance, area : tuple of ndarray
        Stretches of each line.
    margin_y : float
        Where the margin lies: what is below it is too near.
    top_mm, area_top_mm2 : float
        What the upper edge means.
    span_s : float
        What the width means.
    unseen_x : float
        From here to the right edge nothing was judged; 1.0 where the right edge is judged.
    unseen_s : float
        For so long nothing was judged; 0.0 where it is. The right edge is now, unless this is
        more than `MOST_UNSEEN` of the width: then what was judged last stays in sight.
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
    moments: Sequence[Moment], settings: Settings, since_s: float = 0.0, unseen_s: float = 0.0
) -> TrendPlot:
    """Lay out the trend.

    Parameters
    ----------
    moments : sequence of Moment
        Oldest first.
    settings : Settings
    since_s : float
        Seconds since the last of them.
    unseen_s : float
        Seconds since the last frame that was judged, where that is not the present; else 0.0.
    """
    distances = [one.distance_mm for one in moments if one.distance_mm is not None]
    areas = [one.area_mm2 for one in moments if one.area_mm2 is not None]
    top_mm = max(LEAST_TOP_MM, *(2.0 * np.ceil(0.55 * one) for one in distances or [0.0]))
    area_top = max(100.0, *(100.0 * np.ceil(0.012 * one) for one in areas or [0.0]))
    span_s = settings.window.trend_s
    most_s = MOST_UNSEEN * span_s
    drawn_s = min(unseen_s, most_s)
    end_s = moments[-1].time_s + since_s - (unseen_s - drawn_s) if moments else 0.0

    def lines(value: Callable[[Moment], float | None], top: float) -> tuple[PointArray, ...]:
        points: list[list[tuple[float, float]]] = [[]]
        last_s = -np.inf
        for one in moments:
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

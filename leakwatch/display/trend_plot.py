"""Contents of the trend: curves, axes, margin, gaps and events. Pure.

The window and the report draw the same `TrendPlot`, each in its own way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.messages import text
from leakwatch.display.event_list import EventRow, signed_distance_text
from leakwatch.display.level_styles import level_word
from leakwatch.display.procedure_clocks import clock_text
from leakwatch.display.trend_samples import TrendSample

Values = npt.NDArray[np.float64]

# Least ends of the axis, mm: a front that is far away is drawn at the top, its last millimetres
# fill the plot, and the wall is never its lower edge.
LEAST_TOP_MM, LEAST_BOTTOM_MM = 12.0, -2.0
# Ends of the axis that no value exceeds, mm: no vertebra is deeper.
MOST_TOP_MM, MOST_BOTTOM_MM = 60.0, -20.0
# Largest share of the width for time that was not monitored: the last values stay visible.
MOST_UNSEEN = 0.5
# Distances between ticks; the least that gives no more ticks than `MOST_TICKS`.
STEPS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
STEPS_S = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
MOST_TICKS, MOST_TIME_TICKS = 8, 5
# A value under the pointer is that of a sample within this share of the width.
POINTER_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Curve:
    """Values without a gap between them.

    Parameters
    ----------
    times_s, values : ndarray
        ``(n,)``.
    sigmas : ndarray
        Their standard deviations, ``(n,)``; 0.0 if unknown.
    """

    times_s: Values
    values: Values
    sigmas: Values


@dataclass(frozen=True, slots=True)
class Gap:
    """Time that was not monitored.

    Parameters
    ----------
    start_s, end_s : float
    without_frames : bool
        No frame was received; else frames could not be assessed.
    """

    start_s: float
    end_s: float
    without_frames: bool


@dataclass(frozen=True, slots=True)
class MarginSpan:
    """Margin from one time to another."""

    start_s: float
    end_s: float
    margin_mm: float


@dataclass(frozen=True, slots=True)
class TrendPlot:
    """Trend over `start_s` to `end_s`.

    Parameters
    ----------
    start_s, end_s : float
    low, high : float
        Ends of the axis of the distance.
    in_mm : bool
        Whether distances are calibrated; else they are pixels, and there is no margin.
    samples : tuple of TrendSample
        Within the time, oldest first.
    distance, area : tuple of Curve
    area_top : float
        Upper end of the axis of the area, which begins at 0.
    ticks : tuple of float
        Of the distance.
    time_ticks : tuple of float
    margins : tuple of MarginSpan
        Oldest first.
    gaps : tuple of Gap
    marks : tuple of EventRow
        Events within the time.
    unseen_s : float
        Time without assessment until now; 0.0 if the right edge was assessed. The right edge is
        now, unless this is more than `MOST_UNSEEN` of the width.
    whole : bool
        Whether the whole case is shown.
    cursor_s : float or None
        Time of the displayed frame, if it is not the right edge.
    """

    start_s: float
    end_s: float
    low: float
    high: float
    in_mm: bool
    samples: tuple[TrendSample, ...]
    distance: tuple[Curve, ...]
    area: tuple[Curve, ...]
    area_top: float
    ticks: tuple[float, ...]
    time_ticks: tuple[float, ...]
    margins: tuple[MarginSpan, ...]
    gaps: tuple[Gap, ...]
    marks: tuple[EventRow, ...] = ()
    unseen_s: float = 0.0
    whole: bool = False
    cursor_s: float | None = None

    @property
    def span_s(self) -> float:
        """Time across the width."""
        return self.end_s - self.start_s

    def x(self, time_s: float) -> float:
        """Return the share of the width left of a time."""
        return (time_s - self.start_s) / self.span_s

    def y(self, distance: float) -> float:
        """Return the share of the height above a distance, within the plot."""
        share = (self.high - distance) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)

    def sample_at(self, share: float) -> TrendSample | None:
        """Return the sample at a share of the width; None if there is none near."""
        time_s = self.start_s + share * self.span_s
        if any(gap.start_s < time_s < gap.end_s for gap in self.gaps):
            return None
        near = min(self.samples, key=lambda one: abs(one.time_s - time_s), default=None)
        reach_s = POINTER_SHARE * self.span_s
        return None if near is None or abs(near.time_s - time_s) > reach_s else near

    def gap_at(self, share: float) -> Gap | None:
        """Return the gap at a share of the width."""
        time_s = self.start_s + share * self.span_s
        return next((gap for gap in self.gaps if gap.start_s < time_s < gap.end_s), None)


def trend_plot(
    samples: Sequence[TrendSample],
    settings: Settings,
    rows: Sequence[EventRow] = (),
    *,
    in_mm: bool = True,
    whole: bool = False,
    since_s: float = 0.0,
    unseen_s: float = 0.0,
    cursor_s: float | None = None,
) -> TrendPlot:
    """Lay out the trend.

    Parameters
    ----------
    samples : sequence of TrendSample
        Oldest first.
    settings : Settings
    rows : sequence of EventRow
        Of the case; those outside the time are not shown.
    in_mm : bool
        Whether distances are calibrated.
    whole : bool
        Show all samples; else the last `WindowSettings.trend_s`.
    since_s : float
        Seconds since the last of them.
    unseen_s : float
        Seconds since the last frame that was assessed, if that is not the current one; else 0.0.
    cursor_s : float or None
    """
    first_s, last_s = (samples[0].time_s, samples[-1].time_s) if samples else (0.0, 0.0)
    span_s = max(last_s - first_s, 1.0) if whole else settings.window.trend_s
    most_s = MOST_UNSEEN * span_s
    end_s = last_s + since_s - max(unseen_s - most_s, 0.0)
    start_s = min(first_s, end_s - 1.0) if whole else end_s - span_s
    shown = tuple(one for one in samples if start_s <= one.time_s <= end_s + 1e-9)
    low, high = _ends(shown, in_mm)
    areas = [one.area for one in shown if one.area is not None]
    gaps = _gaps(shown)
    if unseen_s > 0.0 and samples:
        gaps = _joined([*gaps, Gap(last_s + since_s - unseen_s, end_s, True)])
    return TrendPlot(
        start_s,
        end_s,
        low,
        high,
        in_mm,
        shown,
        curves_of(shown, lambda one: (one.distance, one.sigma)),
        curves_of(shown, lambda one: (one.area, None)),
        max(100.0, *(100.0 * math.ceil(0.012 * one) for one in areas or [0.0])),
        _ticks(low, high, STEPS, MOST_TICKS),
        _time_ticks(start_s, end_s),
        _margins(shown, settings, start_s, end_s) if in_mm else (),
        gaps,
        tuple(row for row in rows if start_s <= row.time_s <= end_s + 1e-9),
        unseen_s,
        whole,
        cursor_s,
    )


def _ends(samples: Sequence[TrendSample], in_mm: bool) -> tuple[float, float]:
    """Return the ends of the axis, at even numbers; all values lie within, if they are possible."""
    known = [(one.distance, one.sigma or 0.0) for one in samples if one.distance is not None]
    least = min((distance - sigma for distance, sigma in known), default=0.0)
    most = max((distance + sigma for distance, sigma in known), default=0.0)
    low = min(LEAST_BOTTOM_MM, 2.0 * math.floor(least / 2.0))
    high = max(LEAST_TOP_MM, 2.0 * math.ceil(most / 2.0))
    return (max(low, MOST_BOTTOM_MM), min(high, MOST_TOP_MM)) if in_mm else (low, high)


def _ticks(low: float, high: float, steps: Sequence[float], most: int) -> tuple[float, ...]:
    """Return round numbers between two ends."""
    fits = (one for one in steps if (high - low) / one <= most)
    step = next(fits, steps[-1] * math.ceil((high - low) / (most * steps[-1])))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(step * number for number in range(first, last + 1))


def _time_ticks(start_s: float, end_s: float) -> tuple[float, ...]:
    """Return round times from the first frame on."""
    return tuple(one for one in _ticks(start_s, end_s, STEPS_S, MOST_TIME_TICKS) if one >= 0.0)


def curves_of(
    samples: Sequence[TrendSample],
    values: Callable[[TrendSample], tuple[float | None, float | None]],
) -> tuple[Curve, ...]:
    """Return stretches of known values; neither a gap nor what was not assessed is crossed.

    Parameters
    ----------
    samples : sequence of TrendSample
    values : callable
        Returns a value and its standard deviation.
    """
    stretches: list[list[tuple[float, float, float]]] = [[]]
    for one in samples:
        value, sigma = values(one)
        if value is None or not one.assessed or one.after_gap:
            stretches.append([])
        if value is not None and one.assessed:
            stretches[-1].append((one.time_s, value, sigma or 0.0))
    return tuple(
        Curve(*(read_only(np.array(column)) for column in zip(*stretch, strict=True)))
        for stretch in stretches
        if stretch
    )


def _gaps(samples: Sequence[TrendSample]) -> tuple[Gap, ...]:
    found: list[Gap] = []
    for before, one in pairwise(samples):
        if one.after_gap:
            found.append(Gap(before.time_s, one.time_s, True))
        elif not before.assessed:
            found.append(Gap(before.time_s, one.time_s, False))
    return _joined(found)


def _joined(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """Return gaps of which none touches another one of its kind."""
    joined: list[Gap] = []
    for gap in gaps:
        last = joined[-1] if joined else None
        if last and last.without_frames is gap.without_frames and last.end_s >= gap.start_s:
            joined[-1] = Gap(last.start_s, max(gap.end_s, last.end_s), gap.without_frames)
        elif gap.end_s > gap.start_s:
            joined.append(gap)
    return tuple(joined)


def _margins(
    samples: Sequence[TrendSample], settings: Settings, start_s: float, end_s: float
) -> tuple[MarginSpan, ...]:
    usual_mm = settings.alerting.margin_mm
    runs = groupby(samples, lambda one: usual_mm if one.margin_mm is None else one.margin_mm)
    starts = [(margin_mm, next(run).time_s) for margin_mm, run in runs] or [(usual_mm, start_s)]
    ends = [time_s for _, time_s in starts[1:]] + [end_s]
    spans = [
        MarginSpan(time_s, end, margin_mm)
        for (margin_mm, time_s), end in zip(starts, ends, strict=True)
    ]
    return (MarginSpan(start_s, spans[0].end_s, spans[0].margin_mm), *spans[1:])


def pointer_text(plot: TrendPlot, share: float) -> str:
    """Return what the trend says at a share of its width; empty if nothing."""
    gap = plot.gap_at(share)
    if gap is not None:
        time = clock_text(plot.start_s + share * plot.span_s)
        if gap.without_frames:
            return text("{time}: no frames", time=time)
        return text("{time}: not assessed", time=time)
    one = plot.sample_at(share)
    if one is None:
        return ""
    level = level_word(one.level, one.partly, one.acknowledged)
    parts = [f"{clock_text(one.time_s)}: {level}"]
    if one.assessed and one.distance is not None:
        in_px = f"{one.distance:.0f} px"
        parts.append(signed_distance_text(one.distance, one.sigma) if plot.in_mm else in_px)
    if one.assessed and one.area is not None and plot.in_mm:
        parts.append(f"{one.area:.0f} mm²")
    if one.assessed and one.volume_ml:
        parts.append(f"{one.volume_ml:.1f} mL")
    return ", ".join(parts)

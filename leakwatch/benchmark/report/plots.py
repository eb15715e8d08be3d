"""Plots of a report, each as an SVG element."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from leakwatch.benchmark.cases.case_truth import Values
from leakwatch.benchmark.metrics.metrics import IN_TIME_S
from leakwatch.benchmark.report.metric_table import FALSE_STOPS, SENSITIVITY
from leakwatch.benchmark.report.report_file import CaseRow, Estimate, Report, ThresholdPoint

INK, BAND, ALARM, MISSED, RIM = "#14457A", "#9CBDE0", "#C2410C", "#B4121B", "#F3DEDC"
SIZE_IN = (6.4, 4.2)
# Infinite delays are drawn at the border, at this distance from the others.
RIM_SHARE = 0.12
# An error over fewer frames is drawn as a ring, since it may come from a single event.
FEW_FRAMES = 10
MAX_DOSES_NAMED = 8


def response_curve(report: Report) -> str | None:
    """Plot sensitivity over false STOPs per injection; the configured alarm with intervals."""
    known = {one.key: one for one in report.summary}
    headline = ThresholdPoint(1.0, known[SENSITIVITY.key], known[FALSE_STOPS.key])
    points = [one for one in report.thresholds or (headline,) if _place(one) is not None]
    if not points:
        return None
    figure, axes = _figure("false STOPs per injection", "STOP sensitivity")
    places = np.array([_place(one) for one in points], np.float64)
    if len(points) > 1:
        axes.plot(*places.T, "o-", color=INK, markersize=4, label="other thresholds")
        _label_factors(axes, points)
    for one in points:
        if one.factor == 1.0:
            _draw_set_alarm(axes, one)
    axes.set(xlim=(-0.04, max(1.0, 1.1 * places[:, 0].max())), ylim=(-0.04, 1.08))
    return _svg(figure, "response")


def _place(point: ThresholdPoint) -> tuple[float, float] | None:
    x, y = point.false_stops_per_injection.value, point.sensitivity.value
    return None if x is None or y is None else (x, y)


def _draw_set_alarm(axes: Axes, point: ThresholdPoint) -> None:
    across, up = point.false_stops_per_injection, point.sensitivity
    assert across.value is not None
    assert up.value is not None
    axes.errorbar(
        [across.value],
        [up.value],
        _error(up),
        _error(across),
        "s",
        color=ALARM,
        capsize=3,
        label="configured alarm",
    )


def delay_by_leak(report: Report) -> str | None:
    """Plot the delay of every case with a due STOP, by kind of leak."""
    due = [row for row in report.cases if row.due and row.frames is not None]
    kinds = sorted({row.kind for row in due}, reverse=True)
    if not due:
        return None
    figure, axes = _figure("delay from due to given, s", "")
    figure.set_figheight(max(SIZE_IN[1], 1.2 + 0.45 * len(kinds)))
    rim = _rim([row.delay_s for row in due])
    for place, kind in enumerate(kinds):
        _draw_delays(axes, [row for row in due if row.kind == kind], place, rim)
    axes.axvline(0.0, color="#777777", linewidth=0.8)
    if any(row.delay_s is None or row.false for row in due):
        _draw_rim(axes, rim)
    axes.axvline(IN_TIME_S, color=ALARM, linewidth=1.0, linestyle="--", label="still in time")
    axes.set_yticks(range(len(kinds)), kinds)
    axes.set_ylim(-0.6, len(kinds) - 0.4)
    return _svg(figure, "leak")


def delay_by_dose(report: Report) -> str | None:
    """Plot delay over dose; None for fewer than two known doses."""
    due = [row for row in report.cases if row.due and row.dose is not None]
    if len({row.dose for row in due}) < 2:
        return None
    figure, axes = _figure(f"dose, {report.dose_unit}", "delay from due to given, s")
    rim = _rim([row.delay_s for row in due])
    for rows, mark, label in _by_outcome(due):
        places = np.array([row.dose for row in rows], np.float64)
        colour = INK if mark == "o" else MISSED
        axes.plot(places, _delays(rows, mark, rim), mark, color=colour, alpha=0.6, label=label)
    medians = np.array(_median_delays(due)).T
    if np.isfinite(medians[1]).any():
        axes.plot(*medians, "_-", color=BAND, markersize=16, zorder=1, label="median")
    axes.axhline(IN_TIME_S, color=ALARM, linewidth=1.0, linestyle="--", label="still in time")
    doses = sorted({row.dose for row in due if row.dose is not None})
    axes.set_xscale("log")
    axes.minorticks_off()
    shown = doses if len(doses) <= MAX_DOSES_NAMED else [doses[0], doses[-1]]
    axes.set_xticks(shown, [f"{dose:g}" for dose in shown])
    return _svg(figure, "dose")


def _median_delays(due: Sequence[CaseRow]) -> list[tuple[float, float]]:
    """Return doses and median delays; NaN if half of the cases had no correct STOP."""
    found = []
    for dose in sorted({row.dose for row in due if row.dose is not None}):
        delays = [
            math.inf if row.delay_s is None or row.false else row.delay_s
            for row in due
            if row.dose == dose
        ]
        median = float(np.median(delays))
        found.append((dose, median if math.isfinite(median) else math.nan))
    return found


def distance_error(report: Report) -> str | None:
    """Plot the distance error over the true distance: median and central 90 % of frames."""
    bins = report.distances
    if not bins:
        return None
    figure, axes = _figure("true distance to the posterior wall, mm", "error, mm")
    middle = [one.from_mm + 0.5 for one in bins]
    median = [one.median_mm for one in bins]
    below = [one.median_mm - one.p5_mm for one in bins]
    above = [one.p95_mm - one.median_mm for one in bins]
    axes.errorbar(
        middle,
        median,
        [below, above],
        fmt="o",
        color=INK,
        ecolor=BAND,
        elinewidth=4,
        markersize=4,
        label="median, and central 90 % of frames",
    )
    few = [one for one in bins if one.frames < FEW_FRAMES]
    if few:
        places = [one.from_mm + 0.5 for one in few]
        axes.plot(
            places,
            [one.median_mm for one in few],
            "o",
            color=INK,
            markerfacecolor="white",
            markersize=4,
            zorder=3,
            label=f"fewer than {FEW_FRAMES} frames",
        )
    axes.axhline(0.0, color="#777777", linewidth=0.8)
    axes.axvline(5.0, color=ALARM, linewidth=1.0, linestyle="--", label="5 mm from the wall")
    return _svg(figure, "distance")


def _label_factors(axes: Axes, points: Sequence[ThresholdPoint]) -> None:
    """Write the factor beside each point, and one range for coincident points."""
    told: dict[tuple[float, float], list[str]] = {}
    for one in points:
        place = _place(one)
        if place is not None:
            told.setdefault(place, []).append(f"{one.factor:g}")
    for (x, y), factors in told.items():
        text = factors[0] if len(factors) == 1 else f"{factors[0]} to {factors[-1]}"
        axes.annotate(text, (x, y), (4, 5), textcoords="offset points", fontsize=7, color=INK)


def _error(one: Estimate) -> list[list[float]] | None:
    """Return both sides of an interval for `errorbar`."""
    if one.value is None or one.low is None or one.high is None:
        return None
    return [[max(one.value - one.low, 0.0)], [max(one.high - one.value, 0.0)]]


def _by_outcome(rows: Sequence[CaseRow]) -> list[tuple[list[CaseRow], str, str]]:
    """Return the non-empty groups given, missed and false, each with its marker and label."""
    missed = [row for row in rows if row.stop_frame is None]
    false = [row for row in rows if row.stop_frame is not None and row.false]
    given = [row for row in rows if row.stop_frame is not None and not row.false]
    found = [(given, "o", "given"), (missed, "x", "missed"), (false, "v", "false STOP before")]
    return [one for one in found if one[0]]


def _draw_delays(axes: Axes, rows: Sequence[CaseRow], place: int, rim: float) -> None:
    for some, mark, label in _by_outcome(rows):
        # Side by side, so that equal delays remain distinct.
        spread = place + 0.5 * (np.arange(len(some)) - (len(some) - 1) / 2) / max(len(rows), 4)
        delays = _delays(some, mark, rim)
        colour = INK if mark == "o" else MISSED
        shown = axes.get_legend_handles_labels()[1]
        axes.plot(delays, spread, mark, color=colour, label=None if label in shown else label)


def _delays(rows: Sequence[CaseRow], mark: str, rim: float) -> Values:
    return np.array([row.delay_s if mark == "o" else rim for row in rows], np.float64)


def _draw_rim(axes: Axes, rim: float) -> None:
    half = RIM_SHARE / 3 * max(rim, 1.0)
    axes.axvspan(rim - half, rim + half, color=RIM, zorder=0, label="no correct STOP")


def _rim(delays: Sequence[float | None]) -> float:
    known = [delay for delay in delays if delay is not None]
    low, high = min([0.0, *known]), max([IN_TIME_S, *known])
    return high + RIM_SHARE * (high - low)


def _figure(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure, salt: str) -> str:
    """Return the SVG element; its ids are salted, so that a page can contain several."""
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)

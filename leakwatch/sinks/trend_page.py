"""trend.png: distance, area, volume and level over time, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from leakwatch.config import Settings
from leakwatch.core.active_rules import Watch, watch_of
from leakwatch.core.errors import SinkError
from leakwatch.core.results import Event, EventKind, Level, Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.banner import LEVEL_STYLES, REASON_WORDS, style_of, word_of
from leakwatch.display.picture import RESEARCH_NOTICE, spacing_fact
from leakwatch.files.private_files import replaced_private_file
from leakwatch.files.untrusted_text import escape_control_characters

TREND_NAME = "trend.png"
# Hatches, so that the strip can be read without its colours.
HATCHES = {Level.CLEAR: "", Level.WATCH: "///", Level.STOP: "xx", Level.UNKNOWN: "..."}
PARTLY_HATCH = "--"
NAN = float("nan")
# Room for the legend above the curve, as a share of its height.
LEGEND_SHARE = 0.15
STOP_COLOUR = LEVEL_STYLES[Level.STOP].colour
# Moments that are told in words; a run with more was acknowledged many times.
MOST_MOMENTS = 8
# Of a moment without a picture, where numbers are those of pictures.
UNNUMBERED = "–"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """What one frame gives to the trend; NaN where it is not known.

    Parameters
    ----------
    time_s : float
    distance, sigma : float
        Millimetres; pixels where there are none.
    area : float
        Square millimetres; pixels where there are none.
    volume_ml : float
    level : Level
    partly : bool
        Some rules watched, and the others were not set up.
    """

    time_s: float
    distance: float
    sigma: float
    area: float
    volume_ml: float
    level: Level
    partly: bool = False


class Trend:
    """Keeps six numbers a frame and draws them when closed.

    Parameters
    ----------
    folder : Path
        Exists and may be written to; a trend.png of an earlier run in it is replaced.
    settings : Settings

    Raises
    ------
    SinkError
        An earlier file is in the way.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._path, self._settings = folder / TREND_NAME, settings
        self._points: list[TrendPoint] = []
        self._events: list[Event] = []
        self._calibration: Calibration | None = None
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise SinkError(f"{self._path} cannot be replaced: {error.strerror}") from error

    def append(self, snapshot: Snapshot) -> None:
        """Take one snapshot."""
        self._points.append(trend_point(snapshot))
        self._events.extend(snapshot.alert.events)
        self._calibration = snapshot.observation.calibration

    def close(self) -> None:
        """Draw and write the picture.

        Raises
        ------
        SinkError
            No frame came, or the file cannot be written.
        """
        if not self._points or self._calibration is None:
            raise SinkError(f"{self._path} was not written: there is no frame.")
        figure = trend_figure(self._points, self._events, self._calibration, self._settings)
        try:
            with replaced_private_file(self._path) as file:
                figure.savefig(file, format="png")
        except OSError as error:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            raise SinkError(f"{self._path} cannot be written: {error.strerror}") from error


def trend_point(snapshot: Snapshot) -> TrendPoint:
    """Take the numbers of one frame."""
    observation = snapshot.observation
    distance, sigma, area, volume_ml = None, None, None, None
    wall, cement = observation.wall_distance, observation.cement
    in_mm = observation.calibration.mm_per_px is not None
    if wall is not None:
        distance = wall.distance_mm if in_mm else wall.distance_px
        sigma = wall.sigma_mm if in_mm else wall.sigma_px
    if cement is not None:
        area, volume_ml = cement.area_mm2 if in_mm else cement.area_px, cement.volume_ml
    return TrendPoint(
        snapshot.frame.time_s,
        _known(distance),
        _known(sigma),
        _known(area),
        _known(volume_ml),
        snapshot.alert.level,
        watch_of(observation) is Watch.PARTLY,
    )


def _known(value: float | None) -> float:
    return NAN if value is None else value


def trend_figure(
    points: Sequence[TrendPoint],
    events: Sequence[Event],
    calibration: Calibration,
    settings: Settings,
    numbers: Mapping[int, int] | None = None,
) -> Figure:
    """Draw the trend of a run.

    Parameters
    ----------
    points : sequence of TrendPoint
        At least one.
    events : sequence of Event
    calibration : Calibration
        Its source is written beside the millimetres.
    settings : Settings
    numbers : mapping of int to int or None
        What a report calls the moments, by their frames; None: they are counted here.

    Returns
    -------
    Figure
        With an Agg canvas; no state of pyplot is touched.
    """
    figure = Figure(figsize=(11.0, 8.0), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(4, 1, sharex=True, height_ratios=(4, 2, 2, 1))
    _draw_distance(axes[0], points, calibration, settings)
    times = [point.time_s for point in points]
    area_unit = "px" if calibration.mm_per_px is None else "mm²"
    for axis, label, colour, values in (
        (axes[1], f"Cement area\n({area_unit})", "#0077A8", [point.area for point in points]),
        (axes[2], "Cement volume\n(mL, estimate)", "#7A3E9D", [p.volume_ml for p in points]),
    ):
        _draw_series(axis, label, colour, times, values)
    _draw_levels(axes[3], points)
    _mark_alerts(axes, events, numbers)
    _say_spacing(axes[0], calibration)
    figure.supxlabel(RESEARCH_NOTICE, fontsize=9, color="#555555")
    return figure


def _draw_distance(
    axis: Axes, points: Sequence[TrendPoint], calibration: Calibration, settings: Settings
) -> None:
    in_mm = calibration.mm_per_px is not None
    axis.set_ylabel(f"Cement to posterior\nwall ({'mm' if in_mm else 'px'})")
    times = np.array([point.time_s for point in points])
    distance = np.array([point.distance for point in points])
    if np.isnan(distance).all():
        _say(axis, "No distance was measured in this run")
        return
    sigma = np.nan_to_num(np.array([point.sigma for point in points]))
    if in_mm:
        margin = settings.alerting.margin_mm
        axis.axhspan(0.0, margin, color="#FFB000", alpha=0.15)
        axis.axhline(margin, color="#B37700", linestyle="--", label=f"margin {margin:g} mm")
    axis.axhline(0.0, color="#C2188B", linewidth=2.0, label="posterior wall")
    band = axis.fill_between(times, distance - sigma, distance + sigma, color="#333333", alpha=0.25)
    band.set_label("± 1 sigma")
    axis.plot(times, distance, color="#111111", marker=".", markersize=3, label="distance")
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + LEGEND_SHARE * (high - low))
    axis.legend(loc="upper right", fontsize=8, ncols=4)
    axis.grid(alpha=0.3)


def _say_spacing(axis: Axes, calibration: Calibration) -> None:
    spacing = spacing_fact(calibration)
    words = escape_control_characters(f"{spacing.name}: {spacing.value}")
    text = axis.text(0.005, 0.97, words, transform=axis.transAxes, va="top", fontsize=8)
    text.set_parse_math(False)


def _draw_series(
    axis: Axes, label: str, colour: str, times: Sequence[float], values: Sequence[float]
) -> None:
    axis.set_ylabel(label)
    axis.grid(alpha=0.3)
    if np.isnan(values).all():
        _say(axis, "not known")
        return
    axis.plot(times, values, color=colour, marker=".", markersize=3)
    axis.set_ylim(bottom=0.0)


def _say(axis: Axes, text: str) -> None:
    """Say why there is no curve; a scale without one would read as a measurement."""
    axis.set_yticks([])
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color="#555555")


def _draw_levels(axis: Axes, points: Sequence[TrendPoint]) -> None:
    """A strip of levels; each run of a level is a hatched box with its word."""
    axis.set_ylabel("Level")
    axis.set_yticks([])
    axis.set_ylim(0.0, 1.0)
    axis.set_xlabel("Time (s)")
    end_s = points[-1].time_s + (points[-1].time_s - points[0].time_s) / max(len(points) - 1, 1)
    runs = groupby(points, lambda p: (p.level, p.partly and p.level is Level.UNKNOWN))
    starts = [(shown, next(run).time_s) for shown, run in runs]
    ends = [start for _, start in starts[1:]] + [max(end_s, points[0].time_s + 1e-3)]
    axis.set_xlim(points[0].time_s, ends[-1])
    for ((level, partly), start), end in zip(starts, ends, strict=True):
        style, hatch = style_of(level, partly), PARTLY_HATCH if partly else HATCHES[level]
        axis.axvspan(start, end, facecolor=style.colour, edgecolor="#00000055", hatch=hatch)
        if end - start > 0.06 * (ends[-1] - points[0].time_s):
            box = {"facecolor": style.colour, "edgecolor": "none", "pad": 2.0}
            middle = (start + end) / 2.0
            word = word_of(level, partly)
            axis.text(middle, 0.5, word, ha="center", va="center", color=style.ink, bbox=box)


def _mark_alerts(
    axes: Sequence[Axes], events: Sequence[Event], numbers: Mapping[int, int] | None
) -> None:
    """A numbered line for each moment of STOP or of a fault, and above the page what came then."""
    told = [event for event in events if _is_told(event)]
    moments = [(time_s, list(group)) for time_s, group in groupby(told, lambda event: event.time_s)]
    lines = []
    for place, (time_s, group) in enumerate(moments):
        frame = group[-1].frame
        number = f"{place + 1}" if numbers is None else f"{numbers.get(frame, UNNUMBERED)}"
        lines.append(f"{number}  {time_s:.2f} s  {_moment_words(group)}")
        for axis in axes[:3]:
            axis.axvline(time_s, color=STOP_COLOUR, linewidth=1.0)
        # Three heights, so that moments which follow each other quickly can be told apart.
        height = 0.05 + 0.1 * (place % 3)
        along_time = axes[0].get_xaxis_transform()
        box = {"facecolor": "#FFFFFF", "edgecolor": STOP_COLOUR, "boxstyle": "circle,pad=0.2"}
        axes[0].text(
            time_s, height, number, transform=along_time, ha="center", fontsize=8, bbox=box
        )
    if len(lines) > MOST_MOMENTS:
        more = f"{len(lines) - MOST_MOMENTS} more: see events.jsonl"
        lines = [*lines[:MOST_MOMENTS], more]
    axes[0].set_title("\n".join(lines), loc="left", fontsize=9, color=STOP_COLOUR)


def _is_told(event: Event) -> bool:
    fault = event.kind is EventKind.TECHNICAL and event.text is not None
    return fault or (event.kind is EventKind.ALERT and event.level is Level.STOP)


def _moment_words(events: Sequence[Event]) -> str:
    """Level and reasons of events of one moment."""
    reasons = [REASON_WORDS[event.reason] for event in events if event.reason is not None]
    level = events[-1].level
    words = "" if level is None else level.value
    return f"{words}: {'; '.join(reasons)}" if reasons else words

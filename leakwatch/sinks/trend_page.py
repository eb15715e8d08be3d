"""trend.png: distance, area, volume and level over time, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.active_rules import Coverage, coverage_of
from leakwatch.core.arrays import Array
from leakwatch.core.errors import SinkError, needs_extra
from leakwatch.core.messages import text, translate
from leakwatch.core.results import Event, Level, Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.level_styles import level_style, level_word
from leakwatch.display.picture import RESEARCH_NOTICE, spacing_fact
from leakwatch.files.private_files import replaced_private_file, unfinished_private_file
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.sinks.trend_events import mark_events

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TREND_NAME = "trend.png"
# Hatches, so that the strip can be read without colours.
HATCHES = {Level.CLEAR: "", Level.WATCH: "///", Level.STOP: "xx", Level.UNKNOWN: "..."}
PARTLY_HATCH = "--"
NAN = float("nan")
# Space for the legend above the curve, as a share of its height.
LEGEND_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """Values of one frame in the trend; NaN if unknown.

    Parameters
    ----------
    time_s : float
    distance, sigma : float
        Millimetres; pixels if not calibrated.
    area : float
        Square millimetres; pixels if not calibrated.
    volume_ml : float
    level : Level
    partly : bool
        Some rules are active, and the others were not set up.
    amount : float
        Proportional to the volume by a factor that is unknown by itself.
    """

    time_s: float
    distance: float
    sigma: float
    area: float
    volume_ml: float
    level: Level
    partly: bool = False
    amount: float = NAN


class Trend:
    """Sink that stores six numbers per frame and draws them when closed.

    Parameters
    ----------
    folder : Path
        Exists and is writable; a trend.png of an earlier run in it is replaced.
    settings : Settings

    Raises
    ------
    SinkError
        An earlier file cannot be removed.
    MissingExtraError
        matplotlib is not installed; raised before the first frame.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._path, self._settings = folder / TREND_NAME, settings
        self._points: list[TrendPoint] = []
        self._events: list[Event] = []
        self._calibration: Calibration | None = None
        self._opening = Lock()
        self._abandoned = False
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise SinkError(
                text(
                    "{path} cannot be replaced: {reason}. Check permissions.",
                    path=self._path,
                    reason=error.strerror,
                )
            ) from error
        with needs_extra("report", TREND_NAME):
            import matplotlib.figure  # noqa: F401

    def append(self, snapshot: Snapshot) -> None:
        """Add one snapshot."""
        self._points.append(make_trend_point(snapshot))
        self._events.extend(snapshot.alert.events)
        self._calibration = snapshot.observation.calibration

    def close(self) -> None:
        """Draw and write the figure.

        Raises
        ------
        SinkError
            There is no frame, or the file cannot be written.
        """
        if not self._points or self._calibration is None:
            raise SinkError(
                text(
                    "{path} was not written: there is no frame. Check the source.", path=self._path
                )
            )
        figure = draw_trend_figure(self._points, self._events, self._calibration, self._settings)
        try:
            with ExitStack() as closing:
                with self._opening:
                    if self._abandoned:
                        raise SinkError(text("{path} was abandoned.", path=self._path))
                    file = closing.enter_context(replaced_private_file(self._path))
                figure.savefig(file, format="png")
        except OSError as error:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            raise SinkError(
                text(
                    "{path} cannot be written: {reason}. Check permissions and free disk space.",
                    path=self._path,
                    reason=error.strerror,
                )
            ) from error

    def abandon(self) -> None:
        """Remove the unfinished file, and create none from now on; for another thread."""
        with self._opening:
            self._abandoned = True
        with suppress(OSError):
            unfinished_private_file(self._path).unlink(missing_ok=True)


def make_trend_point(snapshot: Snapshot) -> TrendPoint:
    """Return the values of one frame."""
    observation = snapshot.observation
    distance, sigma, area, volume_ml, amount = None, None, None, None, None
    wall, cement = observation.wall_distance, observation.cement
    in_mm = observation.calibration.mm_per_px is not None
    if wall is not None:
        distance = wall.distance_mm if in_mm else wall.distance_px
        sigma = wall.sigma_mm if in_mm else wall.sigma_px
    if cement is not None:
        area, volume_ml = cement.area_mm2 if in_mm else cement.area_px, cement.volume_ml
        amount = cement.volume.amount_mm2
    return TrendPoint(
        snapshot.frame.time_s,
        _known(distance),
        _known(sigma),
        _known(area),
        _known(volume_ml),
        snapshot.alert.level,
        coverage_of(observation) is Coverage.PARTLY,
        _known(amount),
    )


def _known(value: float | None) -> float:
    return NAN if value is None else value


def draw_trend_figure(
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
        Its source is shown with it.
    settings : Settings
    numbers : mapping of int to int or None
        Numbers of alerts in a report, by frame; None: they are counted here.

    Returns
    -------
    Figure
        With an Agg canvas; the state of pyplot is not changed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 8.0), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(4, 1, sharex=True, height_ratios=(4, 2, 2, 1))
    _draw_distance(axes[0], points, calibration, settings)
    times = [point.time_s for point in points]
    area_unit = "px" if calibration.mm_per_px is None else "mm²"
    for axis, label, colour, values in (
        (
            axes[1],
            text("Cement area\n({unit})", unit=area_unit),
            "#0077A8",
            [point.area for point in points],
        ),
        (axes[2], *_volume_series(points)),
    ):
        _draw_series(axis, label, colour, times, values)
    _draw_levels(axes[3], points)
    mark_events(axes, events, numbers)
    _show_spacing(axes[0], calibration)
    figure.supxlabel(translate(RESEARCH_NOTICE), fontsize=9, color="#555555")
    return figure


def _volume_series(points: Sequence[TrendPoint]) -> tuple[str, str, list[float]]:
    """Return label, colour and values of the volume; if it is unknown, of its growth."""
    colour, volumes = "#7A3E9D", [point.volume_ml for point in points]
    amounts = np.array([point.amount for point in points])
    if not np.isnan(volumes).all() or np.isnan(amounts).all():
        return text("Cement volume\n(mL)"), colour, volumes
    return text("Cement growth\n(largest: 1)"), colour, relative(amounts)


def relative(amounts: Array) -> list[float]:
    """Return amounts as shares of the largest."""
    largest = float(np.nanmax(amounts))
    return [float(one) / largest for one in amounts] if largest > 0.0 else [NAN] * len(amounts)


def _draw_distance(
    axis: Axes, points: Sequence[TrendPoint], calibration: Calibration, settings: Settings
) -> None:
    in_mm = calibration.mm_per_px is not None
    name = text("Cement to posterior\nwall ({unit})", unit="mm" if in_mm else "px")
    axis.set_ylabel(translate(name))
    times = np.array([point.time_s for point in points])
    distance = np.array([point.distance for point in points])
    if np.isnan(distance).all():
        _explain_gap(axis, text("No distance was measured in this run"))
        return
    sigma = np.nan_to_num(np.array([point.sigma for point in points]))
    if in_mm:
        margin = settings.alerting.margin_mm
        limit = text("margin {margin_mm:g} mm", margin_mm=margin)
        axis.axhspan(0.0, margin, color="#FFB000", alpha=0.15)
        axis.axhline(margin, color="#B37700", linestyle="--", label=translate(limit))
    axis.axhline(0.0, color="#C2188B", linewidth=2.0, label=translate(text("posterior wall")))
    band = axis.fill_between(times, distance - sigma, distance + sigma, color="#333333", alpha=0.25)
    band.set_label(translate(text("± 1 standard deviation")))
    axis.plot(
        times,
        distance,
        color="#111111",
        marker=".",
        markersize=3,
        label=translate(text("distance")),
    )
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + LEGEND_SHARE * (high - low))
    axis.legend(loc="upper right", fontsize=8, ncols=4)
    axis.grid(alpha=0.3)


def _show_spacing(axis: Axes, calibration: Calibration) -> None:
    spacing = spacing_fact(calibration)
    shown = translate(text("{name}: {value}", name=spacing.name, value=spacing.value))
    shown = escape_control_characters(shown)
    drawn = axis.text(0.005, 0.97, shown, transform=axis.transAxes, va="top", fontsize=8)
    drawn.set_parse_math(False)


def _draw_series(
    axis: Axes, label: str, colour: str, times: Sequence[float], values: Sequence[float]
) -> None:
    axis.set_ylabel(translate(label))
    axis.grid(alpha=0.3)
    if np.isnan(values).all():
        _explain_gap(axis, text("unknown"))
        return
    axis.plot(times, values, color=colour, marker=".", markersize=3)
    axis.set_ylim(bottom=0.0)


def _explain_gap(axis: Axes, reason: str) -> None:
    """Write why there is no curve; a scale without one would look like a measurement."""
    axis.set_yticks([])
    axis.text(
        0.5,
        0.5,
        translate(reason),
        transform=axis.transAxes,
        ha="center",
        va="center",
        color="#555555",
    )


def _draw_levels(axis: Axes, points: Sequence[TrendPoint]) -> None:
    """Draw a strip of levels; each period of a level is a hatched box with its word."""
    axis.set_ylabel(translate(text("Level")))
    axis.set_yticks([])
    axis.set_ylim(0.0, 1.0)
    axis.set_xlabel(translate(text("Time (s)")))
    end_s = points[-1].time_s + (points[-1].time_s - points[0].time_s) / max(len(points) - 1, 1)
    runs = groupby(points, lambda p: (p.level, p.partly and p.level is Level.UNKNOWN))
    starts = [(shown, next(run).time_s) for shown, run in runs]
    ends = [start for _, start in starts[1:]] + [max(end_s, points[0].time_s + 1e-3)]
    axis.set_xlim(points[0].time_s, ends[-1])
    for ((level, partly), start), end in zip(starts, ends, strict=True):
        style, hatch = level_style(level, partly), PARTLY_HATCH if partly else HATCHES[level]
        bar = style.colours.bar
        axis.axvspan(start, end, facecolor=bar, edgecolor="#00000055", hatch=hatch)
        if end - start > 0.06 * (ends[-1] - points[0].time_s):
            box = {"facecolor": bar, "edgecolor": "none", "pad": 2.0}
            middle = (start + end) / 2.0
            word = translate(level_word(level, partly))
            axis.text(middle, 0.5, word, ha="center", va="center", color="#000000", bbox=box)

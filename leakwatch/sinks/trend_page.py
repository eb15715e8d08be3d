"""trend.png: distance, area, volume and level over time, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from leakwatch.config import Settings
from leakwatch.core.errors import SinkError, needs_extra
from leakwatch.core.messages import text, translate
from leakwatch.core.results import Event, Level, Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.event_list import event_rows
from leakwatch.display.level_styles import level_style, level_word
from leakwatch.display.picture import RESEARCH_NOTICE, spacing_fact
from leakwatch.display.trend_levels import level_periods
from leakwatch.display.trend_plot import Curve, Gap, TrendPlot, curves_of, trend_plot
from leakwatch.display.trend_samples import TrendSample, sample_of, with_gaps
from leakwatch.files.private_files import replaced_private_file, unfinished_private_file
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.sinks.trend_events import mark_events, mark_signs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TREND_NAME = "trend.png"
# Hatches, so that the strip can be read without colours.
HATCHES = {Level.CLEAR: "", Level.WATCH: "///", Level.STOP: "xx", Level.UNKNOWN: "..."}
PARTLY_HATCH, ACKNOWLEDGED_HATCH = "--", "\\\\"
# Space for the legend above the curve, as a share of its height.
LEGEND_SHARE = 0.25
# Share of the width from which a gap is explained within it.
GAP_WORDS_SHARE = 0.06


class Trend:
    """Sink that stores a sample per frame and draws them when closed.

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
        self._samples: list[TrendSample] = []
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
        self._samples.append(sample_of(snapshot.observation, snapshot.alert))
        self._events.extend(snapshot.alert.events)
        self._calibration = snapshot.observation.calibration

    def close(self) -> None:
        """Draw and write the figure.

        Raises
        ------
        SinkError
            There is no frame, or the file cannot be written.
        """
        if not self._samples or self._calibration is None:
            raise SinkError(
                text(
                    "{path} was not written: there is no frame. Check the source.", path=self._path
                )
            )
        figure = draw_trend_figure(self._samples, self._events, self._calibration, self._settings)
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


def draw_trend_figure(
    samples: Sequence[TrendSample],
    events: Sequence[Event],
    calibration: Calibration,
    settings: Settings,
    numbers: Mapping[int, int] | None = None,
) -> Figure:
    """Draw the trend of a run.

    Parameters
    ----------
    samples : sequence of TrendSample
        At least one, of successive frames.
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
    in_mm = calibration.mm_per_px is not None
    found = with_gaps(samples)
    plot = trend_plot(found, settings, event_rows(events), in_mm=in_mm, whole=True)
    _draw_distance(axes[0], plot)
    area = text("Cement area\n({unit})", unit="mm²" if in_mm else "px")
    _draw_series(axes[1], area, "#0077A8", plot.area)
    _draw_series(axes[2], *_volume_series(plot.samples))
    _draw_levels(axes[3], plot)
    for axis in axes[:3]:
        _draw_gaps(axis, plot)
    mark_events(axes, events, numbers)
    mark_signs(axes[0], plot.marks)
    _show_spacing(axes[0], calibration)
    figure.supxlabel(translate(RESEARCH_NOTICE), fontsize=9, color="#555555")
    return figure


def _volume_series(samples: Sequence[TrendSample]) -> tuple[str, str, tuple[Curve, ...]]:
    """Return label, colour and curves of the volume; if it is unknown, of its growth."""
    colour = "#7A3E9D"
    amounts = [one.amount for one in samples if one.amount is not None]
    if any(one.volume_ml is not None for one in samples) or not amounts:
        return (
            text("Cement volume\n(mL)"),
            colour,
            curves_of(samples, lambda s: (s.volume_ml, None)),
        )
    largest = max(amounts)
    label = text("Cement growth\n(largest: 1)")
    if largest <= 0.0:
        return label, colour, ()
    return label, colour, curves_of(samples, lambda one: (_share(one.amount, largest), None))


def _share(amount: float | None, largest: float) -> float | None:
    return None if amount is None else amount / largest


def _draw_distance(axis: Axes, plot: TrendPlot) -> None:
    name = text("Cement to posterior\nwall ({unit})", unit="mm" if plot.in_mm else "px")
    axis.set_ylabel(translate(name))
    if not plot.distance:
        _explain_gap(axis, text("No distance was measured in this run"))
        return
    for margin in plot.margins:
        times, values = (margin.start_s, margin.end_s), (margin.margin_mm, margin.margin_mm)
        axis.fill_between(times, 0.0, values, color="#FFB000", alpha=0.15, linewidth=0.0)
        limit = translate(text("margin {margin_mm:g} mm", margin_mm=margin.margin_mm))
        axis.plot(times, values, color="#B37700", linestyle="--", label=limit)
    axis.axhline(0.0, color="#C2188B", linewidth=2.0, label=translate(text("posterior wall")))
    for place, curve in enumerate(plot.distance):
        hidden = "_" if place else ""  # the legend names each kind once
        low, high = curve.values - curve.sigmas, curve.values + curve.sigmas
        band = axis.fill_between(curve.times_s, low, high, color="#333333", alpha=0.25)
        band.set_label(hidden + translate(text("± 1 standard deviation")))
        label = hidden + translate(text("distance"))
        (line,) = axis.plot(curve.times_s, curve.values, color="#111111", label=label)
        line.set(marker=".", markersize=3)
    axis.set_ylim(plot.low, plot.high + LEGEND_SHARE * (plot.high - plot.low))
    axis.set_yticks(plot.ticks)
    axis.legend(loc="upper right", fontsize=8, ncols=5)
    axis.grid(alpha=0.3)


def _show_spacing(axis: Axes, calibration: Calibration) -> None:
    spacing = spacing_fact(calibration)
    shown = translate(text("{name}: {value}", name=spacing.name, value=spacing.value))
    shown = escape_control_characters(shown)
    drawn = axis.text(0.005, 0.97, shown, transform=axis.transAxes, va="top", fontsize=8)
    drawn.set_parse_math(False)


def _draw_series(axis: Axes, label: str, colour: str, curves: Sequence[Curve]) -> None:
    axis.set_ylabel(translate(label))
    axis.grid(alpha=0.3)
    if not curves:
        _explain_gap(axis, text("unknown"))
        return
    for curve in curves:
        axis.plot(curve.times_s, curve.values, color=colour, marker=".", markersize=3)
    axis.set_ylim(bottom=0.0)


def _draw_gaps(axis: Axes, plot: TrendPlot) -> None:
    """Hatch what was not monitored, and state why where there is room."""
    for gap in plot.gaps:
        axis.axvspan(
            gap.start_s, gap.end_s, facecolor="none", edgecolor="#00000026", hatch="///", lw=0.0
        )
        seconds = gap.end_s - gap.start_s
        if axis.get_yticks().size and seconds > GAP_WORDS_SHARE * plot.span_s:
            middle, along_time = (gap.start_s + gap.end_s) / 2.0, axis.get_xaxis_transform()
            box = {"facecolor": "#FFFFFF", "edgecolor": "none", "pad": 2.0}
            axis.text(
                middle,
                0.5,
                translate(_gap_text(gap)),
                transform=along_time,
                ha="center",
                va="center",
                fontsize=8,
                color="#555555",
                bbox=box,
            )


def _gap_text(gap: Gap) -> str:
    seconds = gap.end_s - gap.start_s
    if gap.without_frames:
        return text("no frames\nfor {seconds:.0f} s", seconds=seconds)
    return text("not assessed\nfor {seconds:.0f} s", seconds=seconds)


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


def _draw_levels(axis: Axes, plot: TrendPlot) -> None:
    """Draw a strip of levels; each period of a level is a hatched box with its word."""
    axis.set_ylabel(translate(text("Level")))
    axis.set_yticks([])
    axis.set_ylim(0.0, 1.0)
    axis.set_xlabel(translate(text("Time (s)")))
    periods = level_periods(plot.samples)
    end_s = max(periods[-1].end_s, periods[0].start_s + 1e-3)
    axis.set_xlim(periods[0].start_s, end_s)
    for one in periods:
        style = level_style(*one.state)
        hatch = PARTLY_HATCH if one.partly else HATCHES[one.level]
        bar, edge = style.colours.bar, "#00000055"
        if one.acknowledged:  # hollow, as its sign in the list of events
            bar, edge, hatch = "#FFFFFF", style.colours.bar, ACKNOWLEDGED_HATCH
        axis.axvspan(one.start_s, one.end_s, facecolor=bar, edgecolor=edge, hatch=hatch)
        if one.end_s - one.start_s > 0.06 * (end_s - periods[0].start_s):
            box = {"facecolor": bar, "edgecolor": "none", "pad": 2.0}
            middle = (one.start_s + one.end_s) / 2.0
            # One word a line: a period may be short.
            word = translate(level_word(*one.state)).replace(" ", "\n")
            shown = axis.text(middle, 0.5, word, ha="center", va="center", color="#000000")
            shown.set(bbox=box, in_layout=False)  # it does not move the axes

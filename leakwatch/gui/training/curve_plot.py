"""Learning curve in the window: reaction, cement past the stop point, false STOPs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from leakwatch.config import TrainingSettings
from leakwatch.core.messages import text, translate
from leakwatch.display import palette
from leakwatch.gui.training.task_pages import text_label
from leakwatch.gui.widgets.facts_view import QUIET
from leakwatch.gui.widgets.fonts import font, scale_letters
from leakwatch.gui.widgets.overlay_items import AROUND_THE_IMAGE
from leakwatch.training.class_figures import Figures
from leakwatch.training.learning_curve import CurvePoint, curve, curve_title
from leakwatch.training.training_records import TrainingSession

OWN, MISSED, TARGET, CLASS = palette.TRAINEE, palette.MISSED, palette.TARGET, palette.DUE
# Least number of sessions across: the bar of a single one would fill the plot.
FEWEST = 8


class CurvePage(QWidget):
    """Three plots over the scored sessions of a trainee, one above the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.legend = text_label(22, bold=True), text_label(15)
        truth, own = text("by the truth of the case"), text("by LeakWatch's own STOP")
        missed, order = text("missed"), text("sessions from left to right")
        aim, everybody = text("target"), text("median of the class")
        self.legend.setText(
            f'<span style="color:{OWN}">●</span> {escape(translate(truth))} &nbsp; '
            f'<span style="color:{OWN}">○</span> {escape(translate(own))} &nbsp; '
            f'<span style="color:{MISSED}">✕</span> {escape(translate(missed))} &nbsp; '
            f'<span style="color:{TARGET}">– –</span> {escape(translate(aim))} &nbsp; '
            f'<span style="color:{CLASS}">···</span> '
            f"{escape(translate(everybody))} &nbsp; "
            f'<span style="color:{QUIET}">{escape(translate(order))}</span>'
        )
        self.plots = [
            _plot(text("Reaction (s)")),
            _plot(text("Past the stop point (mL)")),
            _plot(text("False STOPs")),
        ]
        self.plots[2].getAxis("left").setTickSpacing(1, 1)  # whole STOPs only
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 12, 18, 4)
        layout.addWidget(self.title)
        layout.addWidget(self.legend)
        for plot in self.plots:
            layout.addWidget(plot, 1)
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        scale_letters(self, scale)
        letters = font(round(13 * scale))
        for plot in self.plots:
            for name in ("left", "bottom"):
                plot.getAxis(name).setStyle(tickFont=letters)
            plot.getAxis("left").setWidth(round(78 * scale))
            plot.getAxis("left").label.setFont(letters)
            plot.getAxis("bottom").setHeight(round(24 * scale))

    def show_sessions(
        self,
        sessions: Sequence[TrainingSession],
        target: TrainingSettings | None = None,
        others: Figures | None = None,
    ) -> None:
        """Draw the curve of a trainee with these sessions, oldest first.

        Parameters
        ----------
        sessions : sequence of TrainingSession
        target : TrainingSettings or None
            With the target, a line in the plot.
        others : Figures or None
            Of the class without this trainee, another line.
        """
        points = curve(sessions)
        self.title.setText(escape(translate(curve_title(sessions, points))))
        for plot in self.plots:
            plot.clear()
            plot.setXRange(0.5, max(len(points), FEWEST) + 0.5, padding=0.0)
        _draw(self.plots[0], points, [point.reaction_s for point in points])
        _draw(self.plots[1], points, [point.past_ml for point in points])
        numbers = [point.number for point in points]
        false = [point.false_stops for point in points]
        self.plots[2].addItem(pg.BarGraphItem(x=numbers, height=false, width=0.5, brush=OWN))
        self.plots[2].setYRange(0.0, max([1, *false]), padding=0.1)
        if target is not None:
            aims = (target.target_reaction_s, target.target_past_ml, None)
            self._draw_lines(aims, TARGET, "target")
        if others is not None:
            reached = (others.reaction_s, others.past_ml, others.false_stops)
            self._draw_lines(reached, CLASS, "class")

    def _draw_lines(self, values: Sequence[float | None], colour: str, name: str) -> None:
        """Draw a level line into each plot; their styles differ without colour."""
        style = Qt.PenStyle.DashLine if name == "target" else Qt.PenStyle.DotLine
        for plot, value in zip(self.plots, values, strict=True):
            if value is not None:
                pen = pg.mkPen(colour, width=1.5, style=style)
                plot.addItem(pg.InfiniteLine(value, 0.0, pen=pen, name=name))
                low, high = plot.getViewBox().viewRange()[1]
                plot.setYRange(low, max(high, 1.1 * value), padding=0.0)


def _plot(label: str) -> pg.PlotWidget:
    plot = pg.PlotWidget(background=AROUND_THE_IMAGE)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.showGrid(x=False, y=True, alpha=0.25)
    for name in ("left", "bottom"):
        plot.getAxis(name).setTextPen(palette.OUTLINE)
    plot.getAxis("left").setLabel(translate(label))
    plot.getAxis("bottom").setTickSpacing(1, 1)
    return plot


def _draw(
    plot: pg.PlotWidget, points: Sequence[CurvePoint], values: Sequence[float | None]
) -> None:
    known = [(p, v) for p, v in zip(points, values, strict=True) if v is not None]
    line = [(p.number, v) for p, v in known]
    plot.plot([x for x, _ in line], [y for _, y in line], pen=pg.mkPen(OWN, width=1.5))
    # Above all values: a missed STOP has no time.
    high = 1.15 * max([1.0, *(value for _, value in known)])
    dots = pg.ScatterPlotItem(size=12, pen=pg.mkPen(OWN, width=2))
    for point, value in known:
        if not point.missed:
            dots.addPoints([point.number], [value], brush=None if point.by_leakwatch else OWN)
    plot.addItem(dots)
    heights = {point.number: value for point, value in known}
    missed = [point.number for point in points if point.missed]
    crosses = pg.ScatterPlotItem(size=15, symbol="x", pen=pg.mkPen(MISSED), brush=MISSED)
    crosses.addPoints(missed, [heights.get(number, high) for number in missed])
    plot.addItem(crosses)
    low = min([0.0, *(value for _, value in known)])
    plot.setYRange(low, high, padding=0.06)

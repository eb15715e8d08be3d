"""Trend of the last minute: distance with its margin, and area."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from leakwatch.core.arrays import PointArray
from leakwatch.core.messages import text, translate
from leakwatch.display.banner import age_text
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.trend_plot import TrendPlot
from leakwatch.gui.widgets.facts_view import INK, QUIET
from leakwatch.gui.widgets.fonts import font

# In a window of 1280 x 800, pixels.
LEAST_HEIGHT, LETTERS = 90, 12
DISTANCE, AREA = LINE_STYLES[LineKind.SHORTEST].colour, LINE_STYLES[LineKind.CEMENT].colour
MARGIN = LINE_STYLES[LineKind.MARGIN].colour
TOO_NEAR_ALPHA = 60


class TrendView(QWidget):
    """Widget that paints distance as a thick line and area as a dashed one, until now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: TrendPlot | None = None
        self._scale = 1.0
        self.setAccessibleName(translate(text("Trend of distance and area")))
        self.set_scale(1.0)

    @property
    def plot(self) -> TrendPlot | None:
        """The plot that is shown."""
        return self._plot

    def show_plot(self, plot: TrendPlot) -> None:
        """Show `plot`."""
        self._plot = plot
        self.update()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        self.setMinimumHeight(round(LEAST_HEIGHT * scale))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint frame, margin, area and distance."""
        plot = self._plot
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        letters = round(LETTERS * self._scale)
        inner = QRectF(0.0, 1.6 * letters, self.width(), self.height() - 1.7 * letters)
        painter.fillRect(inner, QColor("#151B22"))
        painter.setFont(font(letters))
        if plot is not None:
            self._paint_plot(painter, plot, inner)
        painter.end()

    def _paint_plot(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        near = QColor(MARGIN)
        near.setAlpha(TOO_NEAR_ALPHA)
        margin_y = inner.top() + plot.margin_y * inner.height()
        painter.fillRect(QRectF(0.0, margin_y, inner.width(), inner.bottom() - margin_y), near)
        painter.setPen(QPen(QColor(MARGIN), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(0.0, margin_y), QPointF(inner.width(), margin_y))
        area = QPen(QColor(AREA), 1.6 * self._scale, Qt.PenStyle.DashLine)
        self._paint_lines(painter, plot.area, inner, area)
        self._paint_lines(painter, plot.distance, inner, QPen(QColor(DISTANCE), 2.6 * self._scale))
        self._paint_unseen(painter, plot, inner)
        self._paint_words(painter, plot, inner)

    def _paint_unseen(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        """Hatch what was not monitored, with its duration."""
        if plot.unseen_x >= 1.0:
            return
        left = inner.left() + plot.unseen_x * inner.width()
        box = QRectF(left, inner.top(), inner.right() - left, inner.height())
        painter.fillRect(box, QBrush(QColor(QUIET).darker(160), Qt.BrushStyle.BDiagPattern))
        painter.setPen(QPen(QColor(QUIET), 1.0))
        painter.drawLine(box.topLeft(), box.bottomLeft())
        painter.setPen(QColor(INK))
        foot = inner.adjusted(4.0, 2.0, -4.0, -2.0)
        bottom = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        age = age_text(plot.unseen_s)
        shown = translate(text("not monitored for {age}", age=age))
        painter.fillRect(painter.boundingRect(foot, bottom, shown), QColor("#151B22"))
        painter.drawText(foot, bottom, shown)

    def _paint_words(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        top = QRectF(0.0, 0.0, inner.width(), inner.top())
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(INK))
        distance = text("━ to wall, ≤ {max_mm:g} mm", max_mm=plot.top_mm)
        painter.drawText(top, left, translate(distance))
        painter.setPen(QColor(AREA))
        area = text("╌ area ≤ {max_mm2:g} mm²", max_mm2=plot.area_top_mm2)
        painter.drawText(top, right, translate(area))
        painter.setPen(QColor(QUIET))
        inside = inner.adjusted(4.0, 2.0, -4.0, -2.0)
        span = text("last {span_s:g} s", span_s=plot.span_s)
        painter.drawText(inside, left | Qt.AlignmentFlag.AlignTop, translate(span))

    def _paint_lines(
        self, painter: QPainter, lines: tuple[PointArray, ...], inner: QRectF, pen: QPen
    ) -> None:
        painter.setPen(pen)
        for line in lines:
            x = inner.left() + line[:, 0] * inner.width()
            y = inner.top() + line[:, 1] * inner.height()
            points = [QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)]
            if len(points) == 1:
                painter.drawPoint(points[0])
            else:
                painter.drawPolyline(QPolygonF(points))

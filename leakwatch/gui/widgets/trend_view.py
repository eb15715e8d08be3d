"""Trend: distance with its standard deviation, margin, gaps and events; and area."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from leakwatch.core.messages import text, translate
from leakwatch.display import palette
from leakwatch.display.last_assessed import age_text
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.procedure_clocks import clock_text
from leakwatch.display.trend_plot import Curve, TrendPlot, pointer_text
from leakwatch.gui.widgets.event_signs import paint_sign, sign_colour
from leakwatch.gui.widgets.facts_view import INK, QUIET
from leakwatch.gui.widgets.fonts import font

# In a window of 1280 x 800, pixels.
LEAST_HEIGHT, LETTERS, SIGN = 120, 12, 5.0
DISTANCE, AREA = LINE_STYLES[LineKind.SHORTEST].colour, LINE_STYLES[LineKind.CEMENT].colour
MARGIN, WALL = LINE_STYLES[LineKind.MARGIN].colour, LINE_STYLES[LineKind.WALL].colour
BACKGROUND, GRID = palette.SUNKEN, palette.BUTTON_HOVER
TOO_NEAR_ALPHA, SIGMA_ALPHA = 60, 90
# Over the margin where nothing was monitored: red, green, blue, alpha.
DARKENED = (11, 14, 18, 150)


class TrendView(QWidget):
    """Widget that paints distance as a thick line and area as a dashed one, until now."""

    chosen = Signal(float)  # time of a click, s

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: TrendPlot | None = None
        self._scale = 1.0
        self._pointer: float | None = None
        self.setMouseTracking(True)
        self.setAccessibleName(translate(text("Trend of distance and area")))
        self.set_scale(1.0)

    @property
    def plot(self) -> TrendPlot | None:
        """Plot that is shown."""
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

    @property
    def pointed(self) -> str:
        """Value under the pointer; empty without one."""
        if self._plot is None or self._pointer is None:
            return ""
        return pointer_text(self._plot, self._pointer)

    def share_at(self, x: float) -> float | None:
        """Return the share of the plot's width left of a column; None beside the plot."""
        inner = self._inner()
        share = (x - inner.left()) / max(inner.width(), 1.0)
        return share if 0.0 <= share <= 1.0 else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the value under the pointer."""
        self._pointer = self.share_at(event.position().x())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Show the legend again."""
        self._pointer = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Report the time of a click."""
        share = self.share_at(event.position().x())
        if self._plot is not None and share is not None:
            self.chosen.emit(self._plot.start_s + share * self._plot.span_s)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint axes, margin, gaps, area, distance and events."""
        plot = self._plot
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(self._letters))
        inner = self._inner()
        painter.fillRect(inner, QColor(BACKGROUND))
        if plot is not None:
            self._paint_axes(painter, plot, inner)
            painter.save()
            painter.setClipRect(inner)
            self._paint_margins(painter, plot, inner)
            self._paint_gaps(painter, plot, inner)
            self._paint_curves(painter, plot, inner)
            self._paint_marks(painter, plot, inner)
            self._paint_margin_words(painter, plot, inner)
            painter.restore()
            self._paint_words(painter, plot, inner)
        painter.end()

    @property
    def _letters(self) -> int:
        return round(LETTERS * self._scale)

    def _inner(self) -> QRectF:
        """Return the plot without its axes."""
        letters = self._letters
        left, top, foot = 2.2 * letters, 1.6 * letters, 1.5 * letters
        return QRectF(left, top, self.width() - left - 1.0, self.height() - top - foot)

    def _paint_axes(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        letters = self._letters
        for tick in plot.ticks:
            y = _y(plot, inner, tick)
            wall = tick == 0.0
            painter.setPen(QPen(QColor(WALL if wall else GRID), 2.0 * self._scale if wall else 1.0))
            painter.drawLine(QPointF(inner.left(), y), QPointF(inner.right(), y))
            painter.setPen(QColor(QUIET))
            box = QRectF(0.0, y - letters, inner.left() - 0.4 * letters, 2.0 * letters)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, right, f"{tick:g}".replace("-", "−"))
        room = inner.width() / max(len(plot.time_ticks), 1)
        step = max(round(4.0 * letters / max(room, 1.0)), 1)
        for time_s in plot.time_ticks[::step]:
            x = _x(plot, inner, time_s)
            painter.setPen(QPen(QColor(GRID), 1.0))
            painter.drawLine(QPointF(x, inner.top()), QPointF(x, inner.bottom()))
            painter.setPen(QColor(QUIET))
            box = QRectF(x - 3.0 * letters, inner.bottom(), 6.0 * letters, 1.5 * letters)
            beyond = box.right() - self.width()
            box.translate(-max(beyond, 0.0), 0.0)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, clock_text(time_s))

    def _paint_margins(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        near = QColor(MARGIN)
        near.setAlpha(TOO_NEAR_ALPHA)
        for one in plot.margins:
            left, right = _x(plot, inner, one.start_s), _x(plot, inner, one.end_s)
            top = _y(plot, inner, one.margin_mm)
            painter.fillRect(QRectF(left, top, right - left, inner.bottom() - top), near)
            painter.setPen(QPen(QColor(MARGIN), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(left, top), QPointF(right, top))

    def _paint_margin_words(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        """Write the last margin below its line."""
        if not plot.margins:
            return
        last = plot.margins[-1]
        left = max(_x(plot, inner, last.start_s), inner.left())
        room = 8.5 * self._letters
        left = min(left, inner.right() - room)
        top = _y(plot, inner, last.margin_mm)
        box = QRectF(left + 4.0, top, room, 1.4 * self._letters)
        painter.setPen(QColor(MARGIN))
        shown = text("margin {margin_mm:g} mm", margin_mm=last.margin_mm)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, translate(shown))

    def _paint_gaps(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        """Hatch what was not monitored; the time until now is written."""
        for gap in plot.gaps:
            left = max(_x(plot, inner, gap.start_s), inner.left())
            right = min(_x(plot, inner, gap.end_s), inner.right())
            box = QRectF(left, inner.top(), right - left, inner.height())
            painter.fillRect(box, QColor(*DARKENED))
            painter.fillRect(box, QBrush(QColor(QUIET).darker(130), Qt.BrushStyle.BDiagPattern))
        if plot.unseen_s <= 0.0:
            return
        painter.setPen(QColor(INK))
        foot = inner.adjusted(4.0, 2.0, -4.0, -2.0)
        bottom = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        age = age_text(plot.unseen_s)
        shown = translate(text("not monitored for {age}", age=age))
        painter.fillRect(painter.boundingRect(foot, bottom, shown), QColor(BACKGROUND))
        painter.drawText(foot, bottom, shown)

    def _paint_curves(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        painter.setPen(QPen(QColor(AREA), 1.6 * self._scale, Qt.PenStyle.DashLine))
        for curve in plot.area:
            ys = inner.top() + (1.0 - curve.values / plot.area_top) * inner.height()
            _draw(painter, _points(plot, inner, curve, ys.tolist()))
        sigma = QColor(DISTANCE)
        sigma.setAlpha(SIGMA_ALPHA)
        for curve in plot.distance:
            upper, middle, lower = (
                _points(plot, inner, curve, [_y(plot, inner, value) for value in values.tolist()])
                for values in (
                    curve.values + curve.sigmas,
                    curve.values,
                    curve.values - curve.sigmas,
                )
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(sigma)
            painter.drawPolygon(QPolygonF(upper + lower[::-1]))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(DISTANCE), 2.6 * self._scale))
            _draw(painter, middle)

    def _paint_marks(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        """Draw the sign of each event, the most urgent last; and where the displayed frame is."""
        size = SIGN * self._scale
        for row in sorted(plot.marks, key=lambda one: one.urgency):
            x = _x(plot, inner, row.time_s)
            painter.setPen(QPen(QColor(sign_colour(row.urgency)), 1.0))
            painter.drawLine(QPointF(x, inner.top()), QPointF(x, inner.bottom()))
            paint_sign(painter, row.urgency, QPointF(x, inner.top() + 1.4 * size), size)
        for share, colour in ((self._cursor_share(plot), INK), (self._pointer, QUIET)):
            if share is not None:
                x = inner.left() + share * inner.width()
                painter.setPen(QPen(QColor(colour), 1.5 * self._scale))
                painter.drawLine(QPointF(x, inner.top()), QPointF(x, inner.bottom()))

    def _paint_words(self, painter: QPainter, plot: TrendPlot, inner: QRectF) -> None:
        top = QRectF(0.0, 0.0, self.width(), inner.top())
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(INK))
        if self.pointed:
            painter.drawText(top, left, translate(self.pointed))
            return
        unit = "mm" if plot.in_mm else "px"
        painter.drawText(top, left, translate(text("━ to wall, {unit}", unit=unit)))
        painter.setPen(QColor(AREA))
        area = text("╌ area ≤ {max_mm2:g} mm²", max_mm2=plot.area_top)
        if not plot.in_mm:
            area = text("╌ area ≤ {max_px:g} px", max_px=plot.area_top)
        painter.drawText(top, right, translate(area))

    @staticmethod
    def _cursor_share(plot: TrendPlot) -> float | None:
        return None if plot.cursor_s is None else plot.x(plot.cursor_s)


def _x(plot: TrendPlot, inner: QRectF, time_s: float) -> float:
    return inner.left() + plot.x(time_s) * inner.width()


def _y(plot: TrendPlot, inner: QRectF, distance: float) -> float:
    return inner.top() + plot.y(distance) * inner.height()


def _points(plot: TrendPlot, inner: QRectF, curve: Curve, ys: list[float]) -> list[QPointF]:
    xs = inner.left() + (curve.times_s - plot.start_s) / plot.span_s * inner.width()
    return [QPointF(x, y) for x, y in zip(xs.tolist(), ys, strict=True)]


def _draw(painter: QPainter, points: list[QPointF]) -> None:
    """Draw a line; a single value is a dot."""
    if len(points) == 1:
        painter.drawPoint(points[0])
    else:
        painter.drawPolyline(QPolygonF(points))

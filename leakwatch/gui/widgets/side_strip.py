"""Strips at the sides: measurements at the right, session or sequence at the left."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from leakwatch.core.messages import translate
from leakwatch.display.facts import Fact
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.picture import RESEARCH_NOTICE, FrameOverlay
from leakwatch.display.trend_plot import TrendPlot
from leakwatch.gui.widgets.facts_view import INK, QUIET, FactsView
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.trend_view import TrendView

# In a window of 1280 x 800, pixels.
WIDTH, LEFT_WIDTH, PADDING = 344, 270, 12
# How facts and trend share the height.
FACTS_SHARE, TREND_SHARE = 9, 4


class Strip(QWidget):
    """Facts at the top; trend and notice at the bottom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = FactsView()
        self.trend = TrendView()
        self.notice = QLabel(translate(RESEARCH_NOTICE))
        self.notice.setWordWrap(True)
        self.notice.setStyleSheet(f"color: {QUIET}")
        layout = QVBoxLayout(self)
        layout.addWidget(self.facts, FACTS_SHARE)
        layout.addWidget(self.trend, TREND_SHARE)
        layout.addWidget(self.notice)
        self.set_scale(1.0)

    def show_overlay(self, overlay: FrameOverlay | None, urgent: tuple[Fact, ...] = ()) -> None:
        """Show the facts of an overlay.

        Parameters
        ----------
        overlay : FrameOverlay or None
        urgent : tuple of Fact
            Of the session, shown below the distance.
        """
        facts = () if overlay is None else overlay.facts
        self.facts.show_facts((*facts[:1], *urgent, *facts[1:]))

    def show_trend(self, plot: TrendPlot) -> None:
        """Show the last minute."""
        self.trend.show_plot(plot)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        _pad(self, WIDTH, scale)
        self.notice.setFont(font(round(12 * scale)))
        for widget in (self.facts, self.trend):
            widget.set_scale(scale)


class RunStrip(QWidget):
    """Facts of the session, or of the replayed sequence; the meaning of the lines below them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts, self.legend = FactsView(), Legend()
        layout = QVBoxLayout(self)
        layout.addWidget(self.facts, 1)
        layout.addWidget(self.legend)
        self.set_scale(1.0)

    def show_facts(self, facts: tuple[Fact, ...], overlay: FrameOverlay | None = None) -> None:
        """Show `facts`, and the legend of an overlay."""
        self.facts.show_facts(facts)
        self.legend.show_lines(() if overlay is None else overlay.legend)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        _pad(self, LEFT_WIDTH, scale)
        self.facts.set_scale(scale)
        self.legend.set_scale(scale)


class Legend(QWidget):
    """Sample of each kind of line in the image, with its meaning."""

    ROW, SAMPLE = 19, 36

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[tuple[LineKind, str], ...] = ()
        self._scale = 1.0

    def show_lines(self, lines: tuple[tuple[LineKind, str], ...]) -> None:
        """List kinds of lines with their meanings."""
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()
            self.update()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of the rows that are shown."""
        return QSize(100, round(self.ROW * self._scale * len(self._lines)))

    def minimumSizeHint(self) -> QSize:
        """Return the same."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a row for each kind."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(round(13 * self._scale)))
        row, sample = self.ROW * self._scale, round(self.SAMPLE * self._scale)
        first = self.height() - row * len(self._lines)
        for place, (kind, words) in enumerate(self._lines):
            style, y = LINE_STYLES[kind], first + (place + 0.5) * row
            pen = QPen(QColor(style.colour), style.width * self._scale)
            if style.dash is not None:
                pen.setDashPattern([length / style.width for length in style.dash])
            painter.setPen(pen)
            painter.drawLine(0, int(y), sample, int(y))
            painter.setPen(QColor(INK))
            box = QRectF(sample + 10, y - row / 2, self.width(), row)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, translate(words))
        painter.end()


def _pad(strip: QWidget, width: int, scale: float) -> None:
    strip.setFixedWidth(round(width * scale))
    layout, padding = strip.layout(), round(PADDING * scale)
    assert layout is not None
    layout.setContentsMargins(padding, padding, padding, padding)

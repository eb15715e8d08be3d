"""The strip at the side: numbers with their doubts, the legend, and what this software is."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from leakwatch.facts import Fact
from leakwatch.gui.fonts import font
from leakwatch.lines import LINE_STYLES, LineKind
from leakwatch.present import RESEARCH_NOTICE, Picture

WIDTH = 300
QUIET, INK, WARN = "#9AA7B5", "#F2F5F8", "#FFC400"


class Strip(QWidget):
    """Facts from the top, legend and notice from the bottom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        self.facts = _label(13)
        self.legend = Legend(self)
        self.notice = _label(12)
        self.notice.setText(f'<span style="color:{QUIET}">{escape(RESEARCH_NOTICE)}</span>')
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.addWidget(self.facts)
        layout.addStretch(1)
        layout.addWidget(self.legend)
        layout.addWidget(self.notice)

    def show_picture(self, picture: Picture | None) -> None:
        """Show the facts and the kinds of lines of a picture; nothing for None."""
        facts = () if picture is None else picture.facts
        self.facts.setText("".join(fact_html(fact) for fact in facts))
        self.legend.show_lines(() if picture is None else picture.legend)


def fact_html(fact: Fact) -> str:
    """A fact as rich text; a doubtful one has a sign as well as a colour."""
    name = f"⚠ {fact.name}" if fact.warn else fact.name
    size, weight = (28, 700) if fact.large else (15, 400)
    name_colour, colour = (WARN, WARN) if fact.warn else (QUIET, INK)
    return (
        f'<p style="margin:0 0 7px 0">'
        f'<span style="color:{name_colour}; font-size:12px">{escape(name)}</span><br>'
        f'<span style="color:{colour}; font-size:{size}px; font-weight:{weight}">'
        f"{escape(fact.value)}</span></p>"
    )


class Legend(QWidget):
    """A sample of each kind of line in the picture, and what it is."""

    ROW, SAMPLE = 20, 40

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[tuple[LineKind, str], ...] = ()

    def show_lines(self, lines: tuple[tuple[LineKind, str], ...]) -> None:
        """List kinds of lines and what they are."""
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(WIDTH - 28, self.ROW * len(self._lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a row for each kind."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(13))
        for row, (kind, words) in enumerate(self._lines):
            style, y = LINE_STYLES[kind], (row + 0.5) * self.ROW
            pen = QPen(QColor(style.colour), style.width)
            if style.dash is not None:
                pen.setDashPattern([length / style.width for length in style.dash])
            painter.setPen(pen)
            painter.drawLine(0, int(y), self.SAMPLE, int(y))
            painter.setPen(QColor(INK))
            box = QRectF(self.SAMPLE + 12, y - 10, self.width(), 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()


def _label(pixels: int) -> QLabel:
    label = QLabel()
    label.setFont(font(pixels))
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    return label

"""The level, to be read from two metres: shape, word, reasons; a STOP flashes until cleared."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from leakwatch.banner import (
    TRIANGLE_HALF_WIDTH,
    Banner,
    Shape,
    shape_corners,
    unknown_banner,
)
from leakwatch.gui.fonts import font

# High priority flashes at 1.4 to 2.8 Hz, 20 to 60 % on (IEC 60601-1-8 in style; no claim).
FLASH_HALF_PERIOD_MS = 250
FLASH_DIMMED = 165  # percent, as QColor.darker takes it: the word stays readable
HEIGHT, PADDING = 120, 16


class BannerView(QWidget):
    """Paints a `Banner`; until it is given one, it says UNKNOWN."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._banner = unknown_banner("No frame yet")
        self._dimmed = False
        self._flash = QTimer(self)
        self._flash.setInterval(FLASH_HALF_PERIOD_MS)
        self._flash.timeout.connect(self._on_flash)

    @property
    def banner(self) -> Banner:
        """What is shown."""
        return self._banner

    @property
    def flashing(self) -> bool:
        """Whether the banner flashes now."""
        return self._flash.isActive()

    def show_banner(self, banner: Banner) -> None:
        """Show `banner`; repaints only where it differs."""
        if banner == self._banner:
            return
        self._banner = banner
        if banner.flashing and not self._flash.isActive():
            self._flash.start()
        elif not banner.flashing:
            self.stop_flashing()
        self.setAccessibleName(": ".join((banner.word, *banner.reasons[:1])))
        self.update()

    def stop_flashing(self) -> None:
        """Show the banner steadily and bright."""
        self._flash.stop()
        self._dimmed = False
        self.update()

    def _on_flash(self) -> None:
        self._dimmed = not self._dimmed
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint shape, word, reasons and warnings from left to right."""
        style, banner = self._banner.style, self._banner
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(style.colour)
        painter.fillRect(self.rect(), ground.darker(FLASH_DIMMED) if self._dimmed else ground)
        x = self._paint_shape(painter, ground)
        painter.setPen(QColor(style.ink))
        word = font(64, bold=True)
        painter.setFont(word)
        width = QFontMetricsF(word).horizontalAdvance(banner.word)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(x, 0.0, width + 4.0, self.height()), middle, banner.word)
        self._paint_texts(painter, x + width + 2 * PADDING)
        painter.end()

    def _paint_shape(self, painter: QPainter, ground: QColor) -> float:
        style, radius = self._banner.style, self.height() / 2 - 14
        outwards = TRIANGLE_HALF_WIDTH if style.shape is Shape.TRIANGLE else 1.0
        centre = (PADDING + outwards * radius, self.height() / 2)
        corners = [QPointF(x, y) for x, y in shape_corners(style.shape, centre, radius)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(style.ink))
        painter.drawPolygon(QPolygonF(corners))
        painter.setPen(ground)
        painter.setFont(font(int(1.1 * radius), bold=True))
        box = QRectF(centre[0] - radius, centre[1] - radius, 2 * radius, 2 * radius)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, style.symbol)
        return centre[0] + outwards * radius + PADDING

    def _paint_texts(self, painter: QPainter, left: float) -> None:
        width = self.width() - left - PADDING
        lines = [(text, 25, True) for text in self._banner.reasons[:2]]
        lines += [(text, 17, False) for text in self._banner.warnings[:2]]
        top = (self.height() - sum(1.3 * size for _, size, _ in lines)) / 2
        for text, size, bold in lines:
            fitting = size
            while fitting > 11 and _advance(text, fitting, bold) > width:
                fitting -= 1
            painter.setFont(font(fitting, bold))
            box = QRectF(left, top, width, 1.3 * size)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            top += 1.3 * size


def _advance(text: str, pixels: int, bold: bool) -> float:
    return QFontMetricsF(font(pixels, bold)).horizontalAdvance(text)

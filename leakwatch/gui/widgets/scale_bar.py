"""Scale bar over the image: a round length, for whatever zoom is shown."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from leakwatch.core.messages import translate
from leakwatch.core.spacing import Calibration
from leakwatch.display import palette
from leakwatch.display.ruler import scale_bar
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.ruler_layer import pixel_size

# In a window of 1280 x 800, pixels: longest bar, its height, letters, and distance to the edge.
LONGEST, HEIGHT, LETTERS, EDGE = 150, 7, 15, 12
INK, SHADE = palette.OVER, palette.SHADE


class ScaleBar(QLabel):
    """A bar at the lower right of an image, with its length.

    It is drawn once, and then painted with each frame by Qt alone.

    Parameters
    ----------
    parent : QWidget
        The widget of the image.

    Attributes
    ----------
    length_px : float
        Of the bar, pixels of the frame.
    words : str
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setStyleSheet("background: transparent; padding: 0;")  # unlike labels with words
        self._scale, self._bar = 1.0, 0.0
        self._shown: object = None
        self.length_px, self.words = 0.0, ""
        self.hide()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale, self._shown = scale, None

    @property
    def inked(self) -> QRect:
        """Part of the image that bar and words take up, in its pixels."""
        letters = QFontMetrics(font(round(LETTERS * self._scale), bold=True))
        wide = max(round(self._bar), letters.horizontalAdvance(self.words)) + 8
        return self.geometry().adjusted(self.width() - min(wide, self.width()), 0, 0, 0)

    def refresh(self, image: ImageView, calibration: Calibration | None) -> bool:
        """Follow the zoom of the image, its place on the screen, and the calibration.

        Without an image there is no bar: it would measure an empty view.

        Returns
        -------
        bool
            Whether the bar is elsewhere now: labels must keep away from it.

        Notes
        -----

        It keeps no reference to the image: Qt does not survive the order in which Python collects
        Qt objects in a reference cycle.
        """
        size, place = pixel_size(image.view), image.image_box.toRect()
        shown = image.has_image
        ratio = self.devicePixelRatioF()
        now = (shown, calibration, size, place.getRect(), self._scale, ratio)
        if now == self._shown:
            return False
        self._shown, before = now, (self.geometry(), self.isHidden())
        longest_px = LONGEST * self._scale * size if shown else 0.0
        self.length_px, said = scale_bar(calibration, longest_px)
        self.words, self._bar = translate(said), self.length_px / max(size, 1e-9)
        wide, high = round(2.2 * LONGEST * self._scale), round(3.4 * LETTERS * self._scale)
        edge = round(EDGE * self._scale)
        right, bottom = place.x() + place.width(), place.y() + place.height()
        self.setGeometry(right - wide - edge, bottom - high - edge, wide, high)
        self.setVisible(self.length_px > 0.0)
        self._draw()
        return (self.geometry(), self.isHidden()) != before

    def _draw(self) -> None:
        """Draw the bar with a halo, and its length above it."""
        ratio = self.devicePixelRatioF()
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(QColor(0, 0, 0, 0))
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        right, bottom = self.width() - 4.0, self.height() - 5.0
        left, top = right - self._bar, bottom - HEIGHT * self._scale
        ends = ((left, top), (left, bottom), (right, bottom), (right, top))
        for colour, width in ((SHADE, 5.0), (INK, 2.5)):
            painter.setPen(QPen(QColor(colour), width * max(self._scale, 1.0)))
            painter.drawPolyline([QPointF(x, y) for x, y in ends])
        painter.setFont(font(round(LETTERS * self._scale), bold=True))
        box = QRectF(0.0, 0.0, right, top - 2.0)
        at = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.setPen(QColor(SHADE))
        for right_px, down_px in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
            painter.drawText(box.translated(right_px, down_px), at, self.words)
        painter.setPen(QColor(INK))
        painter.drawText(box, at, self.words)
        painter.end()
        self.setPixmap(drawn)

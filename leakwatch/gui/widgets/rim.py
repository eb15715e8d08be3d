"""Rim around the image while a STOP stands: flashing with the banner, steady once acknowledged."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from leakwatch.display import palette
from leakwatch.display.level_styles import LevelStyle

# In a window of 1280 x 800, pixels: seen from the corner of the eye.
WIDTH = 9


class Rim(QWidget):
    """Widget over the edges of another; it lets the mouse through.

    Parameters
    ----------
    window : QWidget
        The window that both are in.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._style: LevelStyle | None = None
        self._bright = False
        self._scale = 1.0
        self.hide()

    @property
    def colour(self) -> str:
        """Colour that is shown; empty if there is no rim."""
        style = self._style
        if style is None or not style.rim:
            return ""
        return style.colours.flash_ground if self._bright else style.rim

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale

    def show_style(self, style: LevelStyle) -> None:
        """Show the rim of a level, or none."""
        if style != self._style:
            self._style = style
            self.setVisible(bool(style.rim))
            self.update()

    def flash(self, bright: bool) -> None:
        """Show one half of a flash."""
        self._bright = bright
        self.update()

    def place(self, around: QRect) -> None:
        """Lie over the edges of a rectangle of the window."""
        self.setGeometry(around)
        width = round(WIDTH * self._scale)
        inner = self.rect().adjusted(width, width, -width, -width)
        # Without the mask, all that is below it would be painted again with it.
        self.setMask(QRegion(self.rect()).subtracted(QRegion(inner)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the edges; the mask leaves out the rest."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.colour or palette.SHADE))
        painter.end()

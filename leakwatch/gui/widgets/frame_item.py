"""Frame as an item that Qt scales fast."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPixmap, QTransform
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsPixmapItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from leakwatch.display.grey_mapping import GreyImage


class FrameItem(QGraphicsPixmapItem):
    """Image of greys, converted to the format of the screen before it is scaled.

    Qt scales 32 bits per pixel by a loop of its own, and one byte per pixel by a general one, which
    takes fifteen times as long for an image that fills a screen.

    Parameters
    ----------
    parent : QGraphicsItem

    Attributes
    ----------
    image : ndarray or None
        uint8, as shown; None: nothing is.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.image: GreyImage | None = None

    def show_greys(self, grey: GreyImage) -> None:
        """Show `grey` in place of what is shown; `set_rect` says where."""
        self.image = grey
        self.setPixmap(grey_pixmap(grey))

    def clear(self) -> None:
        """Show nothing."""
        self.image = None
        self.setPixmap(QPixmap())

    def set_rect(self, rect: QRectF) -> None:
        """Fill a rectangle, in pixels of the frame."""
        if self.image is not None:
            rows, columns = self.image.shape
            place = QTransform.fromTranslate(rect.left(), rect.top())
            self.setTransform(place.scale(rect.width() / columns, rect.height() / rows))

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint without antialiasing: it is for lines, and slows an image down."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawPixmap(0, 0, self.pixmap())


def grey_pixmap(grey: GreyImage) -> QPixmap:
    """Return greys as Qt draws them fast."""
    rows, columns = grey.shape
    whole = np.ascontiguousarray(grey)
    image = QImage(whole.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
    # A copy in another format, so that the array may go.
    return QPixmap.fromImage(image.convertToFormat(QImage.Format.Format_RGB32))

"""Frame as an item that Qt scales fast."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPixmapItem

from leakwatch.display.grey_mapping import GreyImage

# Same value for red, green and blue, none transparent; rows that are converted at once, in a cache.
_GREY, _OPAQUE, _AT_ONCE = 0x010101, 0xFF000000, 64


class FrameItem(QGraphicsPixmapItem):
    """Image of greys, converted to the format of the screen before it is scaled.

    Qt scales 32 bits per pixel by a loop of its own, and one byte per pixel by a general one, which
    takes fifteen times as long for an image that fills a screen. It would convert with the
    interpreter held, and the analysis would wait; numpy releases it.

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
        # One is shown while the next one is written.
        self._images = (QImage(), QImage())

    def show_greys(self, grey: GreyImage) -> None:
        """Show `grey` in place of what is shown; `set_rect` says where."""
        self.image = grey
        rows, columns = grey.shape
        shown, free = self._images
        if (free.height(), free.width()) != grey.shape:
            free = QImage(columns, rows, QImage.Format.Format_RGB32)
        pixels = np.frombuffer(free.bits(), np.uint32).reshape(grey.shape)
        for first in range(0, rows, _AT_ONCE):
            part = pixels[first : first + _AT_ONCE]
            np.copyto(part, grey[first : first + _AT_ONCE])
            np.multiply(part, _GREY, out=part)
            np.bitwise_or(part, _OPAQUE, out=part)
        self._images = (free, shown)
        self.setPixmap(QPixmap.fromImage(free))

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

"""Grey images as Qt draws them."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from leakwatch.display.grey_mapping import GreyImage


def image_of(grey: GreyImage) -> QImage:
    """Return an image as a Qt image of its own."""
    rows, columns = grey.shape
    image = QImage(grey.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    return image.copy()  # the bytes belong to Python


def fitted(image: QImage, box: QRectF) -> QRectF:
    """Return the largest place of an image within a box."""
    share = min(box.width() / image.width(), box.height() / image.height())
    width, height = share * image.width(), share * image.height()
    return QRectF(box.center().x() - width / 2.0, box.center().y() - height / 2.0, width, height)

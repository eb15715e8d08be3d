"""Frame as an item that Qt scales fast."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QImage


class FrameItem(pg.ImageItem):  # type: ignore[misc] # pyqtgraph has no types
    """Image of greys, converted to the format of the screen before it is scaled.

    Qt scales 32 bits per pixel by a loop of its own, and one byte per pixel by a general one, which
    takes fifteen times as long for an image that fills a screen.
    """

    qimage: QImage

    def render(self) -> None:
        """Make the image that `paint` draws."""
        super().render()
        if not self._unrenderable:
            self.qimage = self.qimage.convertToFormat(QImage.Format.Format_RGB32)

"""Small picture of the whole frame in a corner of the image, with the part that is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from leakwatch.display import palette
from leakwatch.display.fitted_view import FrameRect
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.lines import LINE_STYLES, Line, LineKind

# Height as a share of the image's, bounds in a window of 1280 x 800 in pixels, and the gap to the
# edge: it is there to show where the part is, not to be measured in.
SHARE, LEAST, MOST, GAP = 0.24, 90, 170, 14
# Kinds of lines that are found again in so small a picture.
_DRAWN = (LineKind.OUTLINE, LineKind.WALL, LineKind.CEMENT, LineKind.TUBE)


class Overview(QWidget):
    """Widget over the image that does not take the mouse.

    Parameters
    ----------
    parent : QWidget
        The image.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._image: QImage | None = None
        self._lines: Sequence[Line] = ()
        self._frame, self._visible = FrameRect(0.0, 0.0, 1.0, 1.0), FrameRect(0.0, 0.0, 1.0, 1.0)
        self._flips = (1.0, 1.0)
        self._scale = 1.0
        self.hide()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale

    def flip(self, horizontally: bool, vertically: bool) -> None:
        """Flip the picture, as the image is flipped."""
        self._flips = (-1.0 if horizontally else 1.0, -1.0 if vertically else 1.0)
        self.update()

    def show_frame(self, grey: GreyImage, lines: Sequence[Line]) -> None:
        """Take another frame with its lines."""
        self._lines = lines
        rows, columns = grey.shape
        step = max(rows // max(self._side(), 1), 1)
        thin = np.ascontiguousarray(grey[::step, ::step])
        high, wide = thin.shape
        # A copy, because the array is gone before the image.
        self._image = QImage(thin.data, wide, high, wide, QImage.Format.Format_Grayscale8).copy()
        self._frame = FrameRect(-0.5, -0.5, columns, rows)

    def place(self, visible: FrameRect | None, taken: Sequence[QRectF]) -> None:
        """Show the visible part in a corner that is free; hide if all is visible, or none is free.

        Parameters
        ----------
        visible : FrameRect or None
        taken : sequence of QRectF
            Parts of the image that must not be covered, in its pixels.
        """
        parent = self.parentWidget()
        corner = None
        if parent is not None and visible is not None and self._image is not None:
            whole = visible.clip_to(self._frame) == self._frame
            corner = None if whole else self._free_corner(parent, taken)
        if corner is None or visible is None:
            self.hide()
            return
        self._visible = visible.clip_to(self._frame)
        self.setGeometry(corner.toRect())
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame, its lines and the part that is shown."""
        if self._image is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.translate(self.width() / 2.0, self.height() / 2.0)
        painter.scale(*self._flips)
        painter.translate(-self.width() / 2.0, -self.height() / 2.0)
        painter.drawImage(QRectF(self.rect()), self._image)
        for line in self._lines:
            if line.kind in _DRAWN:
                painter.setPen(QPen(QColor(LINE_STYLES[line.kind].colour), self._scale))
                corners = QPolygonF([self._at(x, y) for x, y in line.points_px.tolist()])
                if line.closed:
                    painter.drawPolygon(corners)
                else:
                    painter.drawPolyline(corners)
        part = self._visible
        box = QRectF(self._at(part.left, part.top), self._at(part.right, part.bottom))
        painter.setPen(QPen(QColor(palette.INK), 2.0 * self._scale))
        painter.drawRect(box)
        painter.restore()
        painter.setPen(QPen(QColor(palette.QUIET), self._scale))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _at(self, column: float, row: float) -> QPointF:
        frame = self._frame
        return QPointF(
            (column - frame.left) / frame.width * self.width(),
            (row - frame.top) / frame.height * self.height(),
        )

    def _side(self) -> int:
        parent = self.parentWidget()
        height = 0 if parent is None else parent.height()
        least, most = LEAST * self._scale, MOST * self._scale
        return round(min(max(SHARE * height, least), most))

    def _free_corner(self, parent: QWidget, taken: Sequence[QRectF]) -> QRectF | None:
        high = self._side()
        wide = high * self._frame.width / self._frame.height
        gap = GAP * self._scale
        # Lower corners are for messages and the scale bar.
        corners = [(parent.width() - wide - gap, gap), (gap, gap)]
        boxes = [QRectF(x, y, wide, high) for x, y in corners]
        # Where it is, unless that is taken: it must not jump about.
        now = QRectF(self.geometry())
        boxes.sort(key=lambda box: self.isVisible() and box.toRect() != now.toRect())
        free = [box for box in boxes if not any(box.intersects(one) for one in taken)]
        return free[0] if free else None

"""Small picture of the whole frame in a corner of the image, with the part that is shown."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsItem,
    QGraphicsPathItem,
    QGraphicsRectItem,
    QGraphicsScene,
    QGraphicsView,
    QWidget,
)

from leakwatch.display import palette
from leakwatch.display.fitted_view import FrameRect
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.lines import LINE_STYLES, Line, LineKind
from leakwatch.gui.widgets.frame_item import FrameItem
from leakwatch.gui.widgets.line_item import joined, path_of

# Height as a share of the image's, bounds in a window of 1280 x 800 in pixels, and the gap to the
# edge: it is there to show where the part is, not to be measured in.
SHARE, LEAST, MOST, GAP = 0.24, 90, 170, 14
# Kinds of lines that are found again in so small a picture.
_DRAWN = (LineKind.OUTLINE, LineKind.WALL, LineKind.CEMENT, LineKind.TUBE)


class Overview(QGraphicsView):
    """Widget over the image that does not take the mouse; painted by Qt alone, as the image is.

    Parameters
    ----------
    parent : QWidget
        The image.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        for show in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            show(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._grey: GreyImage | None = None
        self._lines: Sequence[Line] = ()
        self._frame, self._visible = FrameRect(0.0, 0.0, 1.0, 1.0), FrameRect(0.0, 0.0, 1.0, 1.0)
        self._filled_with: tuple[GreyImage | None, Sequence[Line]] = (None, ())
        self._flips = (1.0, 1.0)
        self._make_items()
        self.set_scale(1.0)
        self.hide()

    def _make_items(self) -> None:
        """Fill the scene: what is in pixels of the frame, and the edge, which is not flipped."""
        scene = QGraphicsScene(self)
        self._picture, self._edge = QGraphicsRectItem(), QGraphicsRectItem()
        self._picture.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self._image = FrameItem(self._picture)
        self._paths = {kind: QGraphicsPathItem(self._picture) for kind in _DRAWN}
        self._part = QGraphicsRectItem(self._picture)
        scene.addItem(self._picture)
        scene.addItem(self._edge)
        self.setScene(scene)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        for kind, path in self._paths.items():
            path.setPen(pg.mkPen(LINE_STYLES[kind].colour, width=scale))
        self._part.setPen(pg.mkPen(palette.INK, width=2.0 * scale))
        self._edge.setPen(pg.mkPen(palette.QUIET, width=scale))

    def flip(self, horizontally: bool, vertically: bool) -> None:
        """Flip the picture, as the image is flipped."""
        self._flips = (-1.0 if horizontally else 1.0, -1.0 if vertically else 1.0)

    def show_frame(self, grey: GreyImage, lines: Sequence[Line]) -> None:
        """Take another frame with its lines; `place` shows it."""
        self._grey, self._lines = grey, lines
        rows, columns = grey.shape
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
        if parent is not None and visible is not None and self._grey is not None:
            whole = visible.clip_to(self._frame) == self._frame
            corner = None if whole else self._free_corner(parent, taken)
        if corner is None or visible is None:
            self.hide()
            return
        self._visible = visible.clip_to(self._frame)
        if self.geometry() != corner.toRect():
            self.setGeometry(corner.toRect())
        self._fill()
        self.show()

    def _fill(self) -> None:
        """Put the frame, its lines and the part that is shown into the scene."""
        grey, frame, part = self._grey, self._frame, self._visible
        if grey is not self._filled_with[0] and grey is not None:
            step = max(grey.shape[0] // max(self._side(), 1), 1)
            self._image.show_greys(grey[::step, ::step])
            self._image.set_rect(QRectF(frame.left, frame.top, frame.width, frame.height))
        if self._lines is not self._filled_with[1]:
            for kind, item in self._paths.items():
                lines = [line for line in self._lines if line.kind is kind]
                item.setPath(path_of(joined(lines)))
        self._filled_with = (grey, self._lines)
        self._part.setRect(part.left, part.top, part.width, part.height)
        wide, high = float(self.width()), float(self.height())
        self.setSceneRect(0.0, 0.0, wide, high)
        self._edge.setRect(0.5, 0.5, wide - 1.0, high - 1.0)
        place = QTransform.fromTranslate(wide / 2.0, high / 2.0).scale(*self._flips)
        place.scale(wide / frame.width, high / frame.height)
        self._picture.setTransform(place.translate(*(-one for one in frame.centre)))

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

"""Lines over a frame, as items that Qt paints alone.

What is painted by Python code holds the interpreter, and the analysis waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem

from leakwatch.core.arrays import PointArray
from leakwatch.display.lines import Line

_NONE: PointArray = np.empty((0, 2))


class LineItem:
    """Polylines with a halo.

    Parameters
    ----------
    parent : QGraphicsItem
    order : float
        Lines of a higher order lie above those of a lower one.

    Attributes
    ----------
    points_px : ndarray
        ``(n, 2)``, with NaN between polylines.
    """

    def __init__(self, parent: QGraphicsItem, order: float) -> None:
        self._items = (QGraphicsPathItem(parent), QGraphicsPathItem(parent))
        for item in self._items:
            item.setZValue(order)
        self.points_px = _NONE

    @property
    def pen(self) -> QPen:
        """Pen of the line itself."""
        return self._items[1].pen()

    @property
    def halo(self) -> QPen:
        """Pen of what is drawn below it."""
        return self._items[0].pen()

    def set_pens(self, pen: QPen, halo: QPen) -> None:
        """Draw with these pens from now on."""
        for item, one in zip(self._items, (halo, pen), strict=True):
            item.setPen(one)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show `lines` in place of all that are shown."""
        if not lines and not len(self.points_px):
            return
        self.points_px = joined(lines)
        path = path_of(self.points_px)
        for item in self._items:
            item.setPath(path)


def path_of(points_px: PointArray, connect: str = "finite") -> QPainterPath:
    """Return a path; `connect` is "finite" (NaN divides polylines) or "pairs"."""
    if len(points_px) == 0:
        return QPainterPath()
    path: QPainterPath = pg.arrayToQPath(points_px[:, 0], points_px[:, 1], connect=connect)
    return path


def joined(lines: Sequence[Line]) -> PointArray:
    """Return one array for many polylines, with NaN between them and closed ones closed."""
    gap = np.full((1, 2), np.nan)
    pieces: list[PointArray] = []
    for line in lines:
        closing = [line.points_px[:1]] if line.closed else []
        pieces += [line.points_px, *closing, gap]
    return np.vstack(pieces[:-1]) if pieces else _NONE

"""Marks as pyqtgraph items: sides, handles, question marks and the cursor of the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF

from leakwatch.core.arrays import Point, PointArray
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.overlay_items import LABELS_Z
from leakwatch.marking.finding import Handle

# Over everything that the monitor draws.
_LINES_Z, _HANDLES_Z = LABELS_Z + 1, LABELS_Z + 2
_HALO_ALPHA, _WIDTH_FACTOR = 170, 1.25
UNSURE, OWN, FREE, CURSOR = "#FFC400", "#35D6FF", "#FFFFFF", "#FFFFFF"
_DASH = (2.0, 3.0)  # of an unsure side, in widths of the pen
# How a handle looks: symbol and size in pixels of the screen. Not by colour alone: what a person
# set is filled, what was found is hollow, and what is unsure has another shape.
_SYMBOLS = {"anchor": ("o", 13), "wall": ("s", 12), "found": ("o", 11), "tip": ("x", 15)}
_UNSURE_SYMBOL = ("d", 14)
_PICKED_MORE = 7
_CROSS_PX, _GAP_PX = 14.0, 4.0


@dataclass(frozen=True, slots=True)
class Side:
    """A side to draw.

    Parameters
    ----------
    name : str
    line_px : ndarray
        ``(n, 2)``.
    sure : bool
    """

    name: str
    line_px: PointArray
    sure: bool


class DrawnMarks:
    """Items of one view; `remove` takes them all away.

    Parameters
    ----------
    view : pg.ViewBox
    """

    def __init__(self, view: pg.ViewBox) -> None:
        self._view = view
        self._curves: list[pg.PlotCurveItem] = []
        self._questions: list[pg.TextItem] = []
        self._handles = pg.ScatterPlotItem(pxMode=True)
        self._handles.setZValue(_HANDLES_Z)
        self._cursor = pg.PlotCurveItem(pen=pg.mkPen(CURSOR, width=1.5), connect="pairs")
        self._cursor.setZValue(_HANDLES_Z + 1)
        self._label = pg.TextItem(anchor=(-0.12, -0.6), fill=pg.mkBrush("#000000"))
        self._label.setFont(font(17, bold=True))
        self._label.setZValue(_HANDLES_Z + 1)
        for item in (self._handles, self._cursor, self._label):
            view.addItem(item, ignoreBounds=True)
        self._label.hide()

    def show_sides(self, sides: Sequence[Side], by: Point) -> None:
        """Draw sides, moved by `by`; those that are unsure are dotted and have a question mark."""
        while len(self._curves) < len(sides):
            self._curves.append(self._curve())
        while len(self._questions) < len(sides):
            self._questions.append(self._question())
        for curve in self._curves[len(sides) :]:
            curve.setData([], [])
        for question in self._questions[len(sides) :]:
            question.hide()
        for side, curve, question in zip(sides, self._curves, self._questions, strict=False):
            line = side.line_px + np.array(by)
            style = LINE_STYLES[LineKind.WALL if side.name == "wall" else LineKind.OUTLINE]
            pen = pg.mkPen(style.colour, width=max(style.width, 2.0) * _WIDTH_FACTOR)
            if not side.sure:
                pen.setDashPattern(list(_DASH))
            curve.setPen(pen)
            curve.setData(line[:, 0], line[:, 1])
            question.setVisible(not side.sure)
            question.setPos(*line[len(line) // 2])

    def show_handles(self, handles: Sequence[Handle], by: Point, picked: int | None) -> None:
        """Draw handles; the one that is picked is larger."""
        spots = []
        for number, handle in enumerate(handles):
            symbol, size = _SYMBOLS[handle.kind] if handle.sure else _UNSURE_SYMBOL
            own = handle.kind != "found"
            colour = OWN if own else (FREE if handle.sure else UNSURE)
            spots.append(
                {
                    "pos": (handle.at_px[0] + by[0], handle.at_px[1] + by[1]),
                    "symbol": symbol,
                    "size": size + (_PICKED_MORE if number == picked else 0),
                    "pen": pg.mkPen("#000000" if own else colour, width=1.0 if own else 2.0),
                    "brush": pg.mkBrush(colour) if own else pg.mkBrush(0, 0, 0, 90),
                }
            )
        self._handles.setData(spots)

    def show_cursor(self, at: Point | None) -> None:
        """Draw the keyboard's cursor; None: it is not used."""
        if at is None:
            self._cursor.setData([], [])
            return
        size = self._pixel()
        reach, gap = _CROSS_PX * size, _GAP_PX * size
        x, y = at
        columns = [x - reach, x - gap, x + gap, x + reach, x, x, x, x]
        rows = [y, y, y, y, y - reach, y - gap, y + gap, y + reach]
        self._cursor.setData(np.array(columns), np.array(rows), connect="pairs")

    def show_label(self, text: str, at: Point | None) -> None:
        """Write something beside a place; empty: nothing."""
        self._label.setVisible(bool(text) and at is not None)
        if text and at is not None:
            self._label.setText(text, color="#FFFFFF")
            self._label.setPos(*at)

    def remove(self) -> None:
        """Take everything away."""
        for item in (*self._curves, *self._questions, self._handles, self._cursor, self._label):
            self._view.removeItem(item)
        self._curves, self._questions = [], []

    def reach_px(self, on_screen: float) -> float:
        """So many pixels of the screen in pixels of the frame."""
        return on_screen * self._pixel()

    def _pixel(self) -> float:
        width, _ = self._view.viewPixelSize()
        return float(abs(width))

    def _curve(self) -> pg.PlotCurveItem:
        halo = pg.mkPen((0, 0, 0, _HALO_ALPHA), width=6.0)
        curve = pg.PlotCurveItem(shadowPen=halo, antialias=True)
        curve.setZValue(_LINES_Z)
        self._view.addItem(curve, ignoreBounds=True)
        return curve

    def _question(self) -> pg.TextItem:
        item = pg.TextItem("?", color=UNSURE, anchor=(0.5, 1.5), fill=pg.mkBrush(0, 0, 0, 150))
        item.setFont(font(24, bold=True))
        item.setZValue(_LINES_Z)
        self._view.addItem(item, ignoreBounds=True)
        return item


def middle_of(view: pg.ViewBox) -> Point:
    """The middle of what a view shows, (column, row)."""
    centre: QPointF = view.viewRect().center()
    return (centre.x(), centre.y())

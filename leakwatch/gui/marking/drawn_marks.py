"""Marks as pyqtgraph items: sides, handles, question marks and the keyboard cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsPolygonItem

from leakwatch.core.arrays import Array, Point, PointArray
from leakwatch.display import palette
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.overlay_items import LABELS_Z, ImageView
from leakwatch.marking.finding import Handle

# Over everything that the monitor draws.
_LINES_Z, _HANDLES_Z = LABELS_Z + 1, LABELS_Z + 2
# Widths in a window of 1280 x 800, pixels: thin, so that the cortical line is seen on both sides.
_WIDTHS, _HALO_MORE, _HALO_ALPHA = {"wall": 1.8}, 1.6, 120
_WIDTH = 1.3
# What lies within a standard deviation of a side.
_WITHIN_ALPHA = 60
UNSURE, OWN, FREE, CURSOR = palette.WARN, palette.CEMENT, palette.SHORTEST, palette.SHORTEST
_DASH = (2.0, 3.0)  # of an uncertain side, in widths of the pen
# Letters, in a window of 1280 x 800, pixels.
_QUESTION, _LETTERS = 24, 17
# Symbol and size of a handle, pixels as well. Not by colour alone: points of the user are
# filled, detected ones are hollow, and uncertain ones have another shape.
_SYMBOLS = {"anchor": ("o", 13), "wall": ("s", 12), "found": ("o", 11), "tip": ("x", 15)}
_UNSURE_SYMBOL = ("d", 14)
_PICKED_MORE = 7
_CROSS_PX, _GAP_PX = 14.0, 4.0


@dataclass(frozen=True, slots=True)
class Side:
    """Side of a body to draw.

    Parameters
    ----------
    name : str
    line_px : ndarray
        ``(n, 2)``.
    reliable : bool
    precise : bool
        An imprecise one is dotted as well.
    within_px : ndarray or None
        ``(n,)``, its standard deviation across itself; None: not drawn.
    """

    name: str
    line_px: PointArray
    reliable: bool
    precise: bool = True
    within_px: Array | None = None


class DrawnMarks:
    """Items over one image, as large as what the monitor draws there; `remove` removes them all.

    Parameters
    ----------
    image : ImageView
    """

    def __init__(self, image: ImageView) -> None:
        self._image, self._view = image, image.view
        self._curves: list[pg.PlotCurveItem] = []
        self._questions: list[pg.TextItem] = []
        self._within: list[QGraphicsPolygonItem] = []
        self._drawn_at = 0.0  # scale
        self._handles = pg.ScatterPlotItem(pxMode=True)
        self._handles.setZValue(_HANDLES_Z)
        self._cursor = pg.PlotCurveItem(pen=pg.mkPen(CURSOR, width=1.5), connect="pairs")
        self._cursor.setZValue(_HANDLES_Z + 1)
        self._label = pg.TextItem(anchor=(-0.12, -0.6), fill=pg.mkBrush(palette.SHADE))
        self._label.setZValue(_HANDLES_Z + 1)
        for item in (self._handles, self._cursor, self._label):
            self._view.addItem(item, ignoreBounds=True)
        self._label.hide()

    def show_sides(self, sides: Sequence[Side], by: Point) -> None:
        """Draw sides, moved by `by`; uncertain ones are dotted, with a question mark.

        A band is drawn where the side is with its standard deviation.
        """
        self._show_within(sides, by)
        scale = self._drawn_at = self._image.line_scale
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
            width = _WIDTHS.get(side.name, _WIDTH) * scale
            pen = pg.mkPen(_colour(side), width=width)
            if not (side.reliable and side.precise):
                pen.setDashPattern(list(_DASH))
            curve.setPen(pen)
            halo = pg.mkPen((0, 0, 0, _HALO_ALPHA), width=width + _HALO_MORE * scale)
            curve.setShadowPen(halo)
            curve.setData(line[:, 0], line[:, 1])
            question.setFont(font(round(_QUESTION * self._image.scale), bold=True))
            question.setVisible(not side.reliable)
            question.setPos(*line[len(line) // 2])

    def _show_within(self, sides: Sequence[Side], by: Point) -> None:
        for item in self._within:
            self._view.removeItem(item)
        self._within = []
        for side in sides:
            if side.within_px is None or len(side.line_px) < 2:
                continue
            points = band(side.line_px + np.array(by), side.within_px)
            item = QGraphicsPolygonItem(QPolygonF([QPointF(x, y) for x, y in points]))
            item.setPen(QPen(Qt.PenStyle.NoPen))
            colour = QColor(_colour(side))
            colour.setAlpha(_WITHIN_ALPHA)
            item.setBrush(colour)
            item.setZValue(_LINES_Z - 0.5)
            self._view.addItem(item, ignoreBounds=True)
            self._within.append(item)

    @property
    def fits(self) -> bool:
        """Return whether the window is still as large as when the sides were drawn."""
        return self._drawn_at == self._image.line_scale

    def show_handles(self, handles: Sequence[Handle], by: Point, picked: int | None) -> None:
        """Draw handles; the selected one is larger."""
        spots, scale = [], self._image.scale
        for number, handle in enumerate(handles):
            symbol, size = _SYMBOLS[handle.kind] if handle.reliable else _UNSURE_SYMBOL
            own = handle.kind != "found"
            colour = OWN if own else (FREE if handle.reliable else UNSURE)
            spots.append(
                {
                    "pos": (handle.at_px[0] + by[0], handle.at_px[1] + by[1]),
                    "symbol": symbol,
                    "size": scale * (size + (_PICKED_MORE if number == picked else 0)),
                    "pen": pg.mkPen(
                        palette.SHADE if own else colour, width=scale * (1.0 if own else 1.6)
                    ),
                    "brush": pg.mkBrush(colour) if own else pg.mkBrush(0, 0, 0, 90),
                }
            )
        self._handles.setData(spots)

    def show_cursor(self, at: Point | None) -> None:
        """Draw the keyboard cursor; None: not in use."""
        if at is None:
            self._cursor.setData([], [])
            return
        self._cursor.setPen(pg.mkPen(CURSOR, width=1.5 * self._image.line_scale))
        size = self._pixel() * self._image.scale
        reach, gap = _CROSS_PX * size, _GAP_PX * size
        x, y = at
        columns = [x - reach, x - gap, x + gap, x + reach, x, x, x, x]
        rows = [y, y, y, y, y - reach, y - gap, y + gap, y + reach]
        self._cursor.setData(np.array(columns), np.array(rows), connect="pairs")

    def show_label(self, label: str, at: Point | None) -> None:
        """Draw a label beside a position; empty: none."""
        self._label.setVisible(bool(label) and at is not None)
        if label and at is not None:
            self._label.setFont(font(round(_LETTERS * self._image.scale), bold=True))
            self._label.setText(label, color=palette.OVER)
            self._label.setPos(*at)

    def remove(self) -> None:
        """Remove everything."""
        for item in (
            *self._within,
            *self._curves,
            *self._questions,
            self._handles,
            self._cursor,
            self._label,
        ):
            self._view.removeItem(item)
        self._within, self._curves, self._questions = [], [], []

    def reach_px(self, on_screen: float) -> float:
        """Convert pixels of a window of 1280 x 800 to pixels of the frame."""
        return on_screen * self._image.scale * self._pixel()

    def _pixel(self) -> float:
        width, _ = self._view.viewPixelSize()
        return float(abs(width))

    def _curve(self) -> pg.PlotCurveItem:
        curve = pg.PlotCurveItem(antialias=True)
        curve.setZValue(_LINES_Z)
        self._view.addItem(curve, ignoreBounds=True)
        return curve

    def _question(self) -> pg.TextItem:
        item = pg.TextItem("?", color=UNSURE, anchor=(0.5, 1.5), fill=pg.mkBrush(0, 0, 0, 150))
        item.setZValue(_LINES_Z)
        self._view.addItem(item, ignoreBounds=True)
        return item


def band(line_px: PointArray, within_px: Array) -> PointArray:
    """Return the polygon of all that is nearer to a line than `within_px` at each of its points."""
    along = np.gradient(line_px, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, np.newaxis]
    aside = np.stack([-along[:, 1], along[:, 0]], axis=1) * np.asarray(within_px)[:, np.newaxis]
    edge: PointArray = np.concatenate([line_px + aside, (line_px - aside)[::-1]])
    return edge


def _colour(side: Side) -> str:
    return LINE_STYLES[LineKind.WALL if side.name == "wall" else LineKind.OUTLINE].colour


def middle_of(view: pg.ViewBox) -> Point:
    """Return the centre of the visible part of a view, (column, row)."""
    centre: QPointF = view.viewRect().center()
    return (centre.x(), centre.y())

"""A `Picture` over its frame, as pyqtgraph items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPolygonF
from PySide6.QtWidgets import QGraphicsPolygonItem, QWidget

from leakwatch.grey import GreyImage
from leakwatch.gui.fonts import font
from leakwatch.gui.pane import Pane
from leakwatch.labels import Label
from leakwatch.lines import LINE_STYLES, Line, LineKind
from leakwatch.model import PointArray
from leakwatch.present import Picture

# Black would hide the frame's blanked corners in the window's background.
AROUND_THE_IMAGE = "#0B0E12"
BAND_ALPHA, HALO_ALPHA = 48, 170
# Lines on a screen that is looked at from two metres, against those of the video.
WIDTH_FACTOR = 1.25
BAND_Z, LINES_Z, LABELS_Z = 1, 2, 10


class ImageView:
    """The frame, filling its widget with square pixels, and the overlay on it.

    Frames are row-major with fixed levels: greys are made by `grey`, never by the view.

    Attributes
    ----------
    widget : QWidget
        What goes into a layout.
    pane : Pane
        The same; tells what the mouse does.
    view : pg.ViewBox
        Items of a layer go here, in pixels of the frame.
    """

    def __init__(self) -> None:
        self.pane = Pane(AROUND_THE_IMAGE)
        self.view = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False, defaultPadding=0.0)
        self.view.setMouseEnabled(x=False, y=False)
        self.pane.show_view(self.view)
        self.widget: QWidget = self.pane
        self.image = pg.ImageItem(axisOrder="row-major")
        self.view.addItem(self.image)
        self.overlay = Overlay(self.view)
        self._shape: tuple[int, int] | None = None

    def show_frame(self, grey: GreyImage | None, picture: Picture) -> None:
        """Show a frame and what was seen in it: never what was seen over another frame."""
        if grey is None:
            self.image.clear()
            self.overlay.show(picture)
            return
        self.image.setImage(grey, autoLevels=False, levels=(0, 255))
        if grey.shape != self._shape:
            self._shape = grey.shape
            rows, columns = grey.shape
            # Pixel centres are at integers.
            self.image.setRect(QRectF(-0.5, -0.5, columns, rows))
            self.view.setRange(QRectF(-0.5, -0.5, columns, rows), padding=0.0)
        self.overlay.show(picture)


class Overlay:
    """Items of one view: a curve for each kind of line, a band, and labels.

    Parameters
    ----------
    view : pg.ViewBox
    """

    def __init__(self, view: pg.ViewBox) -> None:
        self._view = view
        self._band = QGraphicsPolygonItem()
        colour = QColor(LINE_STYLES[LineKind.MARGIN].colour)
        colour.setAlpha(BAND_ALPHA)
        self._band.setBrush(colour)
        self._band.setPen(pg.mkPen(None))
        self._band.setZValue(BAND_Z)
        view.addItem(self._band, ignoreBounds=True)
        self.curves = {kind: self._curve(kind, order) for order, kind in enumerate(LINE_STYLES)}
        self.labels: list[pg.TextItem] = []
        self._leaders = pg.PlotCurveItem(pen=pg.mkPen("#FFFFFF", width=1), connect="pairs")
        self._leaders.setZValue(LABELS_Z - 1)
        view.addItem(self._leaders, ignoreBounds=True)

    def show(self, picture: Picture) -> None:
        """Replace what is shown by `picture`, all of it."""
        corners = [] if picture.band_px is None else picture.band_px.tolist()
        self._band.setPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        for kind, curve in self.curves.items():
            points = _joined([line for line in picture.lines if line.kind is kind])
            curve.setData(points[:, 0], points[:, 1], connect="finite")
        self._show_labels(picture.labels)

    def _curve(self, kind: LineKind, order: int) -> pg.PlotCurveItem:
        style = LINE_STYLES[kind]
        width = style.width * WIDTH_FACTOR
        pen = pg.mkPen(style.colour, width=width)
        halo = pg.mkPen((0, 0, 0, HALO_ALPHA), width=width + 2.0)
        if style.dash is not None:
            # Qt counts dashes in widths of the pen.
            pen.setDashPattern([length / style.width for length in style.dash])
        curve = pg.PlotCurveItem(pen=pen, shadowPen=halo, antialias=True, skipFiniteCheck=False)
        curve.setZValue(LINES_Z + 0.1 * order)
        self._view.addItem(curve, ignoreBounds=True)
        return curve

    def _show_labels(self, labels: Sequence[Label]) -> None:
        while len(self.labels) < len(labels):
            item = pg.TextItem(anchor=(0.5, 0.5), fill=pg.mkBrush("#000000"), ensureInBounds=True)
            item.setFont(font(20, bold=True))
            item.setZValue(LABELS_Z)
            self._view.addItem(item, ignoreBounds=True)
            self.labels.append(item)
        for item, label in zip(self.labels, labels, strict=False):
            item.setText(label.text, color="#FFFFFF")
            item.border = pg.mkPen(LINE_STYLES[label.kind].colour, width=1.5)
            item.setPos(*label.text_px)
        for place, item in enumerate(self.labels):
            item.setVisible(place < len(labels))
        ends = np.array([end for label in labels for end in (label.at_px, label.text_px)])
        ends = ends.reshape(-1, 2)
        self._leaders.setData(ends[:, 0], ends[:, 1], connect="pairs")


def _joined(lines: Sequence[Line]) -> PointArray:
    """One array for many polylines: NaN between them, closed ones closed."""
    gap = np.full((1, 2), np.nan)
    pieces: list[PointArray] = []
    for line in lines:
        closing = [line.points_px[:1]] if line.closed else []
        pieces += [line.points_px, *closing, gap]
    return np.vstack(pieces[:-1]) if pieces else np.empty((0, 2))

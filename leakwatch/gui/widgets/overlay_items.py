"""A `FrameOverlay` over its frame, as pyqtgraph items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPolygonF
from PySide6.QtWidgets import QGraphicsPolygonItem, QWidget

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.marks import Side
from leakwatch.core.messages import translate
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.labels import Label
from leakwatch.display.lines import LINE_STYLES, Line, LineKind
from leakwatch.display.picture import FrameOverlay
from leakwatch.gui.widgets.fonts import LEGIBLE, font
from leakwatch.gui.widgets.pane import Pane

# Black would hide the frame's blanked corners in the window's background.
AROUND_THE_IMAGE = "#0B0E12"
BAND_ALPHA, HALO_ALPHA = 48, 170
# Width of lines on a screen, read from two metres, relative to those of the video.
WIDTH_FACTOR = 1.25
BAND_Z, LINES_Z, LABELS_Z = 1, 2, 10
# Heights of letters in a window of 1280 x 800, pixels.
LABEL, LETTER = LEGIBLE, 30
# Closer shows pixels as large as fingers.
LARGEST_ZOOM = 8.0
# Distance of "A" and "P" from the edge, as a share of the frame's width.
SIDE_INSET = 0.03


class ImageView:
    """The frame, filling its widget with square pixels, and the overlay on it.

    Frames are row-major with fixed levels: greys are made by `grey_mapping`, never by the view.

    Attributes
    ----------
    widget : QWidget
        Widget for a layout.
    pane : Pane
        The same; reports mouse events.
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
        self.zoom, self.opacity = 1.0, 1.0
        self._shape: tuple[int, int] | None = None
        self._centre = (0.0, 0.0)

    def show_frame(self, grey: GreyImage | None, overlay: FrameOverlay) -> None:
        """Show a frame with its overlay, never with that of another frame."""
        if grey is None:
            self.image.clear()
            self.overlay.show(overlay)
            return
        self.image.setImage(grey, autoLevels=False, levels=(0, 255))
        if grey.shape != self._shape:
            self._shape = grey.shape
            rows, columns = grey.shape
            # Pixel centres are at integers.
            self.image.setRect(QRectF(-0.5, -0.5, columns, rows))
            self.overlay.place_sides(rows, columns)
            self.fit()
        self.overlay.show(overlay)

    @property
    def centre_px(self) -> Point:
        """Point in the middle of the view."""
        return self._centre

    def flip(self, horizontally: bool, vertically: bool) -> None:
        """Flip the image on the screen."""
        self.view.invertX(horizontally)
        self.view.invertY(not vertically)

    def dim(self, opacity: float) -> None:
        """Draw the frame dim, as if not live; 1.0 is bright. Lines stay bright."""
        if opacity != self.opacity:
            self.opacity = opacity
            self.image.setOpacity(opacity)

    def fit(self) -> None:
        """Show the whole frame."""
        if self._shape is not None:
            rows, columns = self._shape
            self.zoom_to(1.0, ((columns - 1) / 2.0, (rows - 1) / 2.0))

    def zoom_to(self, zoom: float, centre_px: Point) -> None:
        """Show a part of the frame.

        Parameters
        ----------
        zoom : float
            1.0 shows the whole frame, 2.0 half of each side.
        centre_px : Point
            Moves to the middle, but nothing beyond the edge of the frame is shown.
        """
        if self._shape is None:
            return
        rows, columns = self._shape
        self.zoom = min(max(zoom, 1.0), LARGEST_ZOOM)
        wide, high = columns / self.zoom, rows / self.zoom
        left = min(max(centre_px[0] - wide / 2.0, -0.5), columns - 0.5 - wide)
        top = min(max(centre_px[1] - high / 2.0, -0.5), rows - 0.5 - high)
        self._centre = (left + wide / 2.0, top + high / 2.0)
        self.view.setRange(QRectF(left, top, wide, high), padding=0.0)

    def zoom_by(self, factor: float, at_px: Point) -> None:
        """Zoom while `at_px` keeps its position on the screen."""
        before = self.zoom
        after = min(max(before * factor, 1.0), LARGEST_ZOOM)
        kept = before / after
        column = at_px[0] + (self._centre[0] - at_px[0]) * kept
        row = at_px[1] + (self._centre[1] - at_px[1]) * kept
        self.zoom_to(after, (column, row))

    def pan(self, right: float, down: float) -> None:
        """Move the view by shares of the visible part."""
        if self._shape is not None:
            rows, columns = self._shape
            column = self._centre[0] + right * columns / self.zoom
            self.zoom_to(self.zoom, (column, self._centre[1] + down * rows / self.zoom))


class Overlay:
    """Items of one view: a curve for each kind of line, a band, and labels.

    Parameters
    ----------
    view : pg.ViewBox
    """

    def __init__(self, view: pg.ViewBox) -> None:
        self._view, self._scale = view, 1.0
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
        self.sides = {side: self._letter() for side in Side}
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """Draw letters larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        for letter in self.sides.values():
            letter.setFont(font(round(LETTER * scale), bold=True))
        for item in self.labels:
            item.setFont(font(round(LABEL * scale), bold=True))

    def place_sides(self, rows: int, columns: int) -> None:
        """Position the letters of the sides in a frame of this size."""
        for side, item in self.sides.items():
            inset = SIDE_INSET if side is Side.LEFT else 1.0 - SIDE_INSET
            item.setPos(inset * columns, 0.5 * rows)

    def show(self, overlay: FrameOverlay) -> None:
        """Show `overlay` in place of everything shown."""
        corners = [] if overlay.band_px is None else overlay.band_px.tolist()
        self._band.setPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        for kind, curve in self.curves.items():
            points = _joined([line for line in overlay.lines if line.kind is kind])
            curve.setData(points[:, 0], points[:, 1], connect="finite")
        self._show_labels(overlay.labels)
        letters = dict(overlay.sides)
        for side, item in self.sides.items():
            item.setText(letters.get(side, ""))
            item.setVisible(side in letters)

    def _letter(self) -> pg.TextItem:
        item = pg.TextItem(anchor=(0.5, 0.5), color="#F2F5F8", fill=pg.mkBrush(0, 0, 0, 110))
        item.setZValue(LABELS_Z - 2)
        self._view.addItem(item, ignoreBounds=True)
        return item

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
            item.setFont(font(round(LABEL * self._scale), bold=True))
            item.setZValue(LABELS_Z)
            self._view.addItem(item, ignoreBounds=True)
            self.labels.append(item)
        for item, label in zip(self.labels, labels, strict=False):
            item.setText(translate(label.text), color="#FFFFFF")
            item.border = pg.mkPen(LINE_STYLES[label.kind].colour, width=1.5)
            item.setPos(*label.text_px)
        for place, item in enumerate(self.labels):
            item.setVisible(place < len(labels))
        ends = np.array([end for label in labels for end in (label.at_px, label.text_px)])
        ends = ends.reshape(-1, 2)
        self._leaders.setData(ends[:, 0], ends[:, 1], connect="pairs")


def _joined(lines: Sequence[Line]) -> PointArray:
    """Return one array for many polylines, with NaN between them and closed ones closed."""
    gap = np.full((1, 2), np.nan)
    pieces: list[PointArray] = []
    for line in lines:
        closing = [line.points_px[:1]] if line.closed else []
        pieces += [line.points_px, *closing, gap]
    return np.vstack(pieces[:-1]) if pieces else np.empty((0, 2))

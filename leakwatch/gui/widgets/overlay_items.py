"""A `FrameOverlay` over its frame, as items that Qt paints alone.

Python code that paints would hold the interpreter, and the analysis would wait for it. So what is
shown with each frame lies in the scene itself; items of a layer go into a `ViewBox` above it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPolygonItem, QGraphicsRectItem, QWidget

from leakwatch.core.arrays import Point
from leakwatch.display import palette
from leakwatch.display.fitted_view import (
    LARGEST_ZOOM,
    FrameRect,
    box_of,
    fitted_zoom,
    is_still_fitted,
    visible_rect,
)
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.picture import FrameOverlay
from leakwatch.gui.widgets.frame_item import FrameItem
from leakwatch.gui.widgets.line_item import LineItem
from leakwatch.gui.widgets.overlay_labels import (
    LABEL,
    LABELS_Z,
    LETTER,
    LabelItem,
    OverlayLabels,
)
from leakwatch.gui.widgets.overview import Overview
from leakwatch.gui.widgets.pane import Pane

__all__ = ["AROUND_THE_IMAGE", "LABEL", "LABELS_Z", "LETTER", "ImageView", "Overlay"]

# Black would hide the frame's blanked corners in the window's background.
AROUND_THE_IMAGE = palette.SCREEN
BAND_ALPHA, HALO_ALPHA = 48, 170
# Width of lines in a window of 1280 x 800, read from two metres, relative to those of the video.
WIDTH_FACTOR = 1.25
# The picture lies below the items of a layer.
PICTURE_Z, BAND_Z, LINES_Z = -200, 1, 2


class ImageView:
    """Frame that fills its widget with square pixels, and the overlay on it.

    Frames are row-major with fixed levels: greys are made by `grey_mapping`, never by the view.

    Attributes
    ----------
    widget : QWidget
        Widget for a layout.
    pane : Pane
        The same; reports mouse events.
    view : pg.ViewBox
        Items of a layer go here, in pixels of the frame.
    picture : QGraphicsItem
        Holds the frame and its overlay, in the same pixels.
    zoom : float
        1.0 shows the whole frame, 2.0 half of each side.
    follows : bool
        Whether the view is fitted to what was marked and found, and follows it.
    """

    def __init__(self) -> None:
        self.pane = Pane(AROUND_THE_IMAGE)
        self.view = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False, defaultPadding=0.0)
        self.view.setMouseEnabled(x=False, y=False)
        self.view.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.pane.show_view(self.view)
        self.pane.offer_resize(self._resized)
        self.widget: QWidget = self.pane
        self.picture = QGraphicsRectItem()
        self.picture.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.picture.setZValue(PICTURE_Z)
        self.pane.scene().addItem(self.picture)
        self.pane.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.image = FrameItem(self.picture)
        self.overlay = Overlay(self.picture)
        self.zoom, self.opacity, self.follows = 1.0, 1.0, False
        self._shape: tuple[int, int] | None = None
        self._centre: Point = (0.0, 0.0)
        self._scale, self._ratio = 1.0, 1.0
        self._box: FrameRect | None = None
        self._is_fitted = False  # to something that was found, and not to the whole frame
        self._overview = Overview(self.pane)
        self.has_overview = True  # a picture beside the image needs none
        self._taken: tuple[QRectF, ...] = ()

    def set_scale(self, scale: float) -> None:
        """Draw what lies over the frame larger or smaller than in a window of 1280 x 800."""
        self._scale, self._ratio = scale, self.pane.devicePixelRatioF()
        self.overlay.set_scale(scale, self._ratio)
        self._overview.set_scale(scale)

    @property
    def scale(self) -> float:
        """Size of letters and handles relative to a window of 1280 x 800."""
        return self._scale

    @property
    def line_scale(self) -> float:
        """Scale of pens over the frame, which Qt counts in pixels of the screen."""
        return self._scale * self._ratio

    def keep_free(self, taken: Sequence[QRectF]) -> None:
        """Keep the overview away from parts of the widget, in its pixels."""
        self._taken = tuple(taken)
        self.overlay.labels_of.keep_free([self._on_frame(one) for one in taken])
        self._place_overview()

    def show_frame(self, grey: GreyImage | None, overlay: FrameOverlay) -> None:
        """Show a frame with its overlay, never with that of another frame."""
        if grey is None:
            self.image.clear()
            self.overlay.show(overlay)
            self._overview.hide()
            return
        if self.pane.devicePixelRatioF() != self._ratio:  # moved to another screen
            self.set_scale(self._scale)
        self.image.show_greys(grey)
        # Of known truth nothing is shown during a case.
        lines = [line.points_px for line in overlay.lines if line.kind is not LineKind.TRUTH]
        self._box = box_of(lines)
        another = grey.shape != self._shape
        if another:
            rows, columns = self._shape = grey.shape
            # Pixel centres are at integers.
            self.image.set_rect(QRectF(-0.5, -0.5, columns, rows))
        if self.follows:
            self._follow(another)
        elif another:
            self.fit()
        self.overlay.show(overlay)
        self._overview.show_frame(grey, overlay.lines)
        self._place_overview()

    @property
    def centre_px(self) -> Point:
        """Point in the middle of the view."""
        return self._centre

    @property
    def visible(self) -> FrameRect | None:
        """Visible part of the frame, which may be larger than it; None without a frame."""
        if self._shape is None:
            return None
        return visible_rect(self.zoom, self._centre, self._shape, self._size())

    @property
    def has_image(self) -> bool:
        """Return whether a frame is drawn, not only what lies over it."""
        return self.image.image is not None

    @property
    def image_box(self) -> QRectF:
        """Part of the widget that the frame covers, in its pixels."""
        whole = QRectF(self.pane.rect())
        if self._shape is None:
            return whole
        rows, columns = self._shape
        return whole.intersected(self._on_widget(FrameRect(-0.5, -0.5, columns, rows)))

    @property
    def has_found(self) -> bool:
        """Return whether anything was marked or found, so that a view can be fitted to it."""
        return self._box is not None

    def flip(self, horizontally: bool, vertically: bool) -> None:
        """Flip the image on the screen."""
        self.view.invertX(horizontally)
        self.view.invertY(not vertically)
        self._move_picture()
        self._overview.flip(horizontally, vertically)
        self._place_overview()

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

    def fit_found(self) -> None:
        """Show what was marked and found, and follow it; the whole frame if that is nothing."""
        self.follows = True
        self._follow(moves=True)

    def zoom_to(self, zoom: float, centre_px: Point) -> None:
        """Show a part of the frame, and stay there.

        Parameters
        ----------
        zoom : float
            1.0 shows the whole frame, 2.0 half of each side.
        centre_px : Point
            Moves to the middle, but nothing beyond the edge of the frame is shown that need not be.
        """
        self.follows = False
        self._show_part(zoom, centre_px)

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
        visible = self.visible
        if visible is not None:
            column = self._centre[0] + right * visible.width
            self.zoom_to(self.zoom, (column, self._centre[1] + down * visible.height))

    def _follow(self, moves: bool) -> None:
        """Fit the view to what was found; leave it where it is still fitted unless it `moves`."""
        visible, box = self.visible, self._box
        if self._shape is None or visible is None:
            return
        if box is None:
            if moves:
                self._is_fitted = False
                rows, columns = self._shape
                self._show_part(1.0, ((columns - 1) / 2.0, (rows - 1) / 2.0))
        elif moves or not self._is_fitted or not is_still_fitted(visible, box, self._shape):
            self._is_fitted = True
            self._show_part(fitted_zoom(box, self._shape, self._size()), box.centre)

    def _show_part(self, zoom: float, centre_px: Point) -> None:
        if self._shape is None:
            return
        self.zoom = min(max(zoom, 1.0), LARGEST_ZOOM)
        part = visible_rect(self.zoom, centre_px, self._shape, self._size())
        self._centre = part.centre
        self.view.setRange(QRectF(part.left, part.top, part.width, part.height), padding=0.0)
        self._move_picture()
        rows, columns = self._shape
        frame = FrameRect(-0.5, -0.5, columns, rows)
        self.overlay.labels_of.keep_free([self._on_frame(one) for one in self._taken])
        self.overlay.labels_of.place(part, frame, self._size()[0] / part.width)
        self._place_overview()

    def _move_picture(self) -> None:
        """Let the picture follow the view."""
        self.pane.scene().prepareForPaint()
        self.picture.setTransform(self.view.childTransform())

    def _resized(self) -> None:
        if self.follows:
            self._follow(moves=True)
        elif self._shape is not None:
            self._show_part(self.zoom, self._centre)

    def _size(self) -> tuple[float, float]:
        return float(self.pane.width()), float(self.pane.height())

    def _place_overview(self) -> None:
        """Show where the visible part is, where that covers no line and no label."""
        if not self.has_overview:
            self._overview.hide()
            return
        boxes = [one for one in (*self.overlay.labels_of.placed, self._box) if one is not None]
        self._overview.place(self.visible, [*map(self._on_widget, boxes), *self._taken])

    def _on_frame(self, part: QRectF) -> FrameRect:
        """Return a part of the widget in pixels of the frame."""
        view = self.view
        corners = (part.topLeft(), part.bottomRight())
        first, second = (
            view.mapSceneToView(self.pane.mapToScene(corner.toPoint())) for corner in corners
        )
        box = QRectF(first, second).normalized()
        return FrameRect(box.left(), box.top(), box.width(), box.height())

    def _on_widget(self, box: FrameRect) -> QRectF:
        """Return a part of the frame in pixels of the widget."""
        corners = (QPointF(box.left, box.top), QPointF(box.right, box.bottom))
        first, second = (self.pane.mapFromScene(self.view.mapViewToScene(c)) for c in corners)
        return QRectF(first, second).normalized()


class Overlay:
    """Items of one view: lines of each kind, a band, and labels.

    Parameters
    ----------
    picture : QGraphicsItem
        Holds them, in pixels of the frame.

    Attributes
    ----------
    curves : dict of LineKind to LineItem
    labels_of : OverlayLabels
    """

    def __init__(self, picture: QGraphicsItem) -> None:
        self._band = QGraphicsPolygonItem(picture)
        colour = QColor(LINE_STYLES[LineKind.MARGIN].colour)
        colour.setAlpha(BAND_ALPHA)
        self._band.setBrush(colour)
        self._band.setPen(pg.mkPen(None))
        self._band.setZValue(BAND_Z)
        self.curves = {
            kind: LineItem(picture, LINES_Z + 0.1 * order) for order, kind in enumerate(LINE_STYLES)
        }
        self.labels_of = OverlayLabels(picture)
        self.set_scale(1.0)

    @property
    def labels(self) -> Sequence[LabelItem]:
        """Items of labels, visible or not."""
        return self.labels_of.items

    def set_scale(self, scale: float, ratio: float = 1.0) -> None:
        """Draw lines and letters larger or smaller than in a window of 1280 x 800.

        Parameters
        ----------
        scale : float
        ratio : float
            Pixels of the screen per unit of the window, which Qt leaves out for these pens.
        """
        for kind, curve in self.curves.items():
            style = LINE_STYLES[kind]
            width = style.width * WIDTH_FACTOR * scale * ratio
            pen = pg.mkPen(style.colour, width=width)
            if style.dash is not None:
                # Qt counts dashes in widths of the pen.
                pen.setDashPattern([length / style.width for length in style.dash])
            halo = pg.mkPen((0, 0, 0, HALO_ALPHA), width=width + 2.0 * scale * ratio)
            curve.set_pens(pen, halo)
        self.labels_of.set_scale(scale, ratio)

    def show(self, overlay: FrameOverlay) -> None:
        """Show `overlay` in place of everything shown."""
        corners = [] if overlay.band_px is None else overlay.band_px.tolist()
        self._band.setPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        for kind, curve in self.curves.items():
            curve.show_lines([line for line in overlay.lines if line.kind is kind])
        self.labels_of.show(overlay)

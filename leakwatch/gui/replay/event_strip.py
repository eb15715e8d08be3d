"""Thumbnails of events above the timeline, at their times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakMethod

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from leakwatch.display.event_list import EventRow
from leakwatch.gui.replay.replay_view import ReplayView
from leakwatch.gui.widgets.event_list_view import Pictures, row_words
from leakwatch.gui.widgets.event_signs import paint_sign, sign_colour
from leakwatch.gui.widgets.grey_images import fitted, image_of

# In a window of 1280 x 800, pixels.
HEIGHT, GAP, SIGN = 46, 4, 6.0


@dataclass(frozen=True, slots=True)
class Place:
    """Position of an event on the strip.

    Parameters
    ----------
    row : EventRow
    x : float
        Column of its time.
    box : QRectF or None
        Of its thumbnail; None without room for it.
    """

    row: EventRow
    x: float
    box: QRectF | None


class EventStrip(QWidget):
    """Strip with a sign for each event, and a thumbnail where there is room; a click goes there."""

    chosen = Signal(object)  # EventRow

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = 1.0
        self._rows: tuple[EventRow, ...] = ()
        self._shares: tuple[float, ...] = ()
        # Weakly: the method is that of the window, which Python cannot collect through Qt.
        self._pictures: WeakMethod[Pictures] | None = None
        self._images: dict[int, QImage] = {}
        self._given: tuple[object, ...] = ()
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_scale(1.0)

    def show_rows(
        self,
        rows: Sequence[EventRow],
        view: ReplayView,
        index_of: Callable[[EventRow], int],
        pictures: Pictures,
    ) -> None:
        """Show events on the same scale as the timeline below.

        Parameters
        ----------
        rows : sequence of EventRow
        view : ReplayView
            States the number of frames.
        index_of : callable
            Returns the index of the frame of an event.
        pictures : callable
            A bound method; returns its thumbnail.
        """
        now = (rows, view.total, view.folded, WeakMethod(pictures))
        if now == self._given:
            return
        self._given = now
        # An event of a recording is shown once its frame was analysed.
        known = [(row, index_of(row)) for row in rows if row.time_s <= view.duration_s + 1e-6]
        shares = tuple((index + 0.5) / max(view.total, 1) for _, index in known)
        shown = tuple(row for row, _ in known)
        if (shown, shares) != (self._rows, self._shares):
            if shown != self._rows:
                self._images.clear()
            self._rows, self._shares, self._pictures = shown, shares, now[-1]
            self.setVisible(bool(shown))
            self.update()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        self.setFixedHeight(round(HEIGHT * scale))
        self.update()

    def sizeHint(self) -> QSize:
        """Return a wide size."""
        return QSize(600, round(HEIGHT * self._scale))

    def places(self) -> tuple[Place, ...]:
        """Return where each event is: the most urgent get their thumbnail first."""
        side, gap = self.height() - 2.0 * GAP, GAP * self._scale
        taken: list[QRectF] = []
        boxes: dict[int, QRectF] = {}
        order = sorted(range(len(self._rows)), key=lambda one: -self._rows[one].urgency)
        for place in order:
            x = self._shares[place] * self.width()
            left = min(max(x - side / 2.0, 0.0), max(self.width() - side, 0.0))
            box = QRectF(left, GAP, side, side)
            around = box.adjusted(-gap, 0.0, gap, 0.0)
            free = not any(map(around.intersects, taken))
            if free and self._image(self._rows[place]) is not None:
                taken.append(box)
                boxes[place] = box
        return tuple(
            Place(row, self._shares[place] * self.width(), boxes.get(place))
            for place, row in enumerate(self._rows)
        )

    def row_at(self, x: float) -> EventRow | None:
        """Return the event of the thumbnail or the sign at a column."""
        reach = 2.0 * SIGN * self._scale
        for place in self.places():
            if place.box is not None and place.box.left() <= x <= place.box.right():
                return place.row
        near = min(self.places(), key=lambda one: abs(one.x - x), default=None)
        return None if near is None or abs(near.x - x) > reach else near.row

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the event under the mouse."""
        row = self.row_at(event.position().x())
        if row is not None:
            self.chosen.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show what the event under the mouse is."""
        row = self.row_at(event.position().x())
        QToolTip.showText(event.globalPosition().toPoint(), "" if row is None else row_words(row))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint thumbnails with their signs, and signs alone where there is no room."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = SIGN * self._scale
        for place in sorted(self.places(), key=lambda one: one.row.urgency):
            foot = QPointF(place.x, self.height() - radius)
            colour = QColor(sign_colour(place.row.urgency))
            if place.box is None:
                paint_sign(painter, place.row.urgency, foot, 0.8 * radius)
                continue
            image = self._image(place.row)
            assert image is not None
            box = fitted(image, place.box)
            painter.drawImage(box, image)
            painter.setPen(QPen(colour, 2.0 * self._scale))
            painter.drawRect(box)
            painter.drawLine(QPointF(place.x, box.bottom()), QPointF(place.x, self.height()))
            paint_sign(painter, place.row.urgency, box.topLeft() + QPointF(radius, radius), radius)
        painter.end()

    def _image(self, row: EventRow) -> QImage | None:
        if row.frame not in self._images:
            pictures = None if self._pictures is None else self._pictures()
            grey = None if pictures is None else pictures(row)
            if grey is None:
                return None  # asked again: its frame may come
            self._images[row.frame] = image_of(grey)
        return self._images[row.frame]

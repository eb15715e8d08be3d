"""Widget under the image, which reports mouse events in pixels of the frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakMethod, ref

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsView

from leakwatch.core.arrays import Point

WHEEL_NOTCH = 120.0  # Qt counts eighths of a degree, 15 degrees a notch


class Phase(StrEnum):
    """Kind of mouse event."""

    PRESS = "press"
    DRAG = "drag"
    RELEASE = "release"
    DOUBLE = "double"
    HOVER = "hover"


@dataclass(frozen=True, slots=True)
class Touch:
    """Mouse event on the image.

    Parameters
    ----------
    phase : Phase
    at_px : Point
        (column, row) in stored pixels of the frame, regardless of flips and zoom; may be outside
        of it.
    widget_at : Point
        In pixels of the widget.
    button : MouseButton
        The button that is down, or was released; ``NoButton`` if the mouse only moves.
    modifiers : KeyboardModifier
    """

    phase: Phase
    at_px: Point
    widget_at: Point
    button: Qt.MouseButton
    modifiers: Qt.KeyboardModifier


class Pane(pg.GraphicsView):  # type: ignore[misc] # pyqtgraph has no types
    """View that offers mouse events to a handler before pyqtgraph receives them.

    Handlers are weakly referenced: Qt does not survive the order in which Python collects Qt
    objects in a reference cycle.

    Parameters
    ----------
    background : str
    """

    def __init__(self, background: str) -> None:
        super().__init__(background=background)
        # Keys belong to the window.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self._view: Callable[[], pg.ViewBox | None] = lambda: None
        self._handler: Callable[[], Callable[[Touch], bool] | None] = lambda: None
        self._wheeled: Callable[[], Callable[[float, QPointF], object] | None] = lambda: None

    # As Qt paints, without Python: that of pyqtgraph would hold the interpreter for as long as
    # painting takes, and the analysis would wait. `ImageView` prepares the items itself.
    paintEvent = QGraphicsView.paintEvent

    def show_view(self, view: pg.ViewBox) -> None:
        """Fill the widget with `view`, which defines the coordinates."""
        self.setCentralItem(view)
        self._view = ref(view)

    def offer_touches(self, handler: Callable[[Touch], bool]) -> None:
        """Call `handler`, a bound method, with each event; it returns whether it handled it."""
        self._handler = WeakMethod(handler)

    def offer_wheel(self, handler: Callable[[float, QPointF], object]) -> None:
        """Call `handler`, a bound method, with notches of the wheel (forward) and position."""
        self._wheeled = WeakMethod(handler)

    def offer_resize(self, handler: Callable[[], object]) -> None:
        """Call `handler`, a bound method, after each change of size."""
        self._resized = WeakMethod(handler)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        # The base class calls this before there is a handler.
        handler = getattr(self, "_resized", lambda: None)()
        if handler is not None:
            handler()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._offer(Phase.PRESS, event, event.button()):
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._offer(Phase.RELEASE, event, event.button()):
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._offer(Phase.DOUBLE, event, event.button()):
            super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        buttons = event.buttons()
        phase = Phase.DRAG if buttons else Phase.HOVER
        if not self._offer(phase, event, _one_of(buttons)):
            super().mouseMoveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        handler = self._wheeled()
        if handler is not None:
            handler(event.angleDelta().y() / WHEEL_NOTCH, self.frame_point(event.position()))
        event.accept()

    def frame_point(self, position: QPointF) -> QPointF:
        """Return (column, row) of the frame under a position of the widget."""
        view = self._view()
        assert view is not None
        point: QPointF = view.mapSceneToView(self.mapToScene(position.toPoint()))
        return point

    def _offer(self, phase: Phase, event: QMouseEvent, button: Qt.MouseButton) -> bool:
        handler, position = self._handler(), event.position()
        if handler is None:
            return False
        at = self.frame_point(position)
        touch = Touch(
            phase, (at.x(), at.y()), (position.x(), position.y()), button, event.modifiers()
        )
        handled = handler(touch)
        if handled:
            event.accept()
        return handled


def _one_of(buttons: Qt.MouseButton) -> Qt.MouseButton:
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
        if buttons & button:
            return button
    return Qt.MouseButton.MiddleButton if buttons else Qt.MouseButton.NoButton

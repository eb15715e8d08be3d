"""The widget under the picture: tells where in the frame the mouse is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakMethod, ref

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from leakwatch.core.arrays import Point

WHEEL_NOTCH = 120.0  # Qt counts eighths of a degree, 15 degrees a notch


class Phase(StrEnum):
    """What the mouse does."""

    PRESS = "press"
    DRAG = "drag"
    RELEASE = "release"
    DOUBLE = "double"
    HOVER = "hover"


@dataclass(frozen=True, slots=True)
class Touch:
    """The mouse on the picture.

    Parameters
    ----------
    phase : Phase
    at_px : Point
        (column, row) in stored pixels of the frame, however it is flipped and zoomed; may lie
        outside of it.
    widget_at : Point
        In pixels of the widget.
    button : MouseButton
        The one that is down, or that has gone up; ``NoButton`` where the mouse only moves.
    modifiers : KeyboardModifier
    """

    phase: Phase
    at_px: Point
    widget_at: Point
    button: Qt.MouseButton
    modifiers: Qt.KeyboardModifier


class Pane(pg.GraphicsView):  # type: ignore[misc] # pyqtgraph has no types
    """Offers every movement of the mouse to whoever asked for them, before pyqtgraph sees it.

    It keeps nobody alive: objects of Qt that refer to each other in a circle are collected in an
    order that Qt does not survive.

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
        self._taker: Callable[[], Callable[[Touch], bool] | None] = lambda: None
        self._wheeled: Callable[[], Callable[[float, QPointF], object] | None] = lambda: None

    def show_view(self, view: pg.ViewBox) -> None:
        """Fill the widget with `view`, which gives the coordinates."""
        self.setCentralItem(view)
        self._view = ref(view)

    def offer_touches(self, taker: Callable[[Touch], bool]) -> None:
        """Tell `taker`, a bound method, what the mouse does; it says whether it is done with."""
        self._taker = WeakMethod(taker)

    def offer_wheel(self, taker: Callable[[float, QPointF], object]) -> None:
        """Tell `taker`, a bound method, of notches, away from the person, and where."""
        self._wheeled = WeakMethod(taker)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._taken(Phase.PRESS, event, event.button()):
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._taken(Phase.RELEASE, event, event.button()):
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._taken(Phase.DOUBLE, event, event.button()):
            super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        buttons = event.buttons()
        phase = Phase.DRAG if buttons else Phase.HOVER
        if not self._taken(phase, event, _one_of(buttons)):
            super().mouseMoveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        taker = self._wheeled()
        if taker is not None:
            taker(event.angleDelta().y() / WHEEL_NOTCH, self.frame_point(event.position()))
        event.accept()

    def frame_point(self, position: QPointF) -> QPointF:
        """(column, row) of the frame under a place of the widget."""
        view = self._view()
        assert view is not None
        point: QPointF = view.mapSceneToView(self.mapToScene(position.toPoint()))
        return point

    def _taken(self, phase: Phase, event: QMouseEvent, button: Qt.MouseButton) -> bool:
        taker, position = self._taker(), event.position()
        if taker is None:
            return False
        at = self.frame_point(position)
        touch = Touch(
            phase, (at.x(), at.y()), (position.x(), position.y()), button, event.modifiers()
        )
        taken = taker(touch)
        if taken:
            event.accept()
        return taken


def _one_of(buttons: Qt.MouseButton) -> Qt.MouseButton:
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
        if buttons & button:
            return button
    return Qt.MouseButton.MiddleButton if buttons else Qt.MouseButton.NoButton

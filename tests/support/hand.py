"""Mouse and keys of a person on the picture of a window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt

LEFT = Qt.MouseButton.LeftButton


class Hand:
    """Works on `window`."""

    def __init__(self, qtbot, window):
        self._bot, self._window = qtbot, window
        self._pane = window.image.pane

    def place(self, at):
        """Where a point of the frame is in the widget."""
        view = self._window.image.view
        return QPoint(self._pane.mapFromScene(view.mapViewToScene(QPointF(*at))))

    def click(self, at):
        """Click a point of the frame."""
        self._bot.mouseClick(self._pane.viewport(), LEFT, pos=self.place(at))
        self._window.tick()

    def drag(self, *points):
        """Press at the first point, and let go at the last."""
        port = self._pane.viewport()
        self._bot.mousePress(port, LEFT, pos=self.place(points[0]))
        for one in points[1:]:
            self._bot.mouseMove(port, self.place(one))
        self._bot.mouseRelease(port, LEFT, pos=self.place(points[-1]))
        self._window.tick()

    def keys(self, *keys, modifier=Qt.KeyboardModifier.NoModifier):
        """Press keys, one after the other."""
        for one in keys:
            self._bot.keyClick(self._window, one, modifier)

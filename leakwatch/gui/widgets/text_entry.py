"""A line of text that is typed over the image, such as a note."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from leakwatch.core.messages import text, translate
from leakwatch.display import palette
from leakwatch.gui.widgets.fonts import font

# A note of a line in the report.
MOST_LETTERS = 200
# In a window of 1280 x 800, pixels.
WIDTH, LETTERS, GAP = 520, 18, 8
# Dark, as the window: a white field would be brighter than a STOP in a dark room.
_STYLE = f"""
QLineEdit {{ background: {palette.SUNKEN}; color: {palette.INK}; border: 2px solid {palette.ACCENT};
    padding: 6px; }}
"""
# Left to the window: what ends the entry, and keys without a letter.
_OF_THE_WINDOW = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_F11)


class TextEntry(QLineEdit):
    """Line below the prompt of a window; letters do not reach the window's keys.

    Parameters
    ----------
    image : QWidget
        Of the window, or of one of its two planes, whose label named ``prompt`` it is below.
    scale : float
    """

    def __init__(self, image: QWidget, scale: float) -> None:
        super().__init__(image.window())
        self.setMaxLength(MOST_LETTERS)
        self.setStyleSheet(_STYLE)
        self.setFont(font(round(LETTERS * scale)))
        self.setFixedWidth(round(WIDTH * scale))
        self.setAccessibleName(translate(text("Text")))
        self._prompt = _prompt_over(image)
        if self._prompt is not None:
            self._prompt.installEventFilter(self)
            part = self._prompt.parentWidget()
            if part is not None:  # a plane has half the width of a window
                self.setFixedWidth(min(self.width(), part.width() - 4 * GAP))
        self._place()
        self.show()
        self.raise_()
        self.setFocus()

    @property
    def typed(self) -> str:
        """Text, without spaces around it."""
        return " ".join(self.text().split())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay below the prompt."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take every key but those that end the entry."""
        if event.key() in _OF_THE_WINDOW:
            event.ignore()
            return
        super().keyPressEvent(event)
        # A letter that does not fit must not become a key of the window.
        event.accept()

    def remove(self) -> None:
        """Remove the line, and give the keys back to the window."""
        if self._prompt is not None:
            self._prompt.removeEventFilter(self)
        window = self.parentWidget()
        self.hide()
        self.deleteLater()
        if window is not None:
            window.setFocus()

    def _place(self) -> None:
        prompt = self._prompt
        if prompt is not None:
            self.adjustSize()
            below = prompt.rect().bottomLeft() + QPoint(0, GAP)
            self.move(prompt.mapTo(prompt.window(), below))


def _prompt_over(image: QWidget) -> QLabel | None:
    """Return the prompt over an image: that of its own plane, where the window has two."""
    part: QWidget | None = image
    while part is not None:
        found = part.findChild(QLabel, "prompt")
        if found is not None:
            return found
        part = part.parentWidget()
    return None

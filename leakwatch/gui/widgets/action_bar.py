"""Buttons below the image, each labelled with its key."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from leakwatch.core.messages import text, translate
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.keys import KeyAction

# In a window of 1280 x 800, pixels: large enough for a finger in a glove.
HEIGHT, LETTERS, EDGE = 40, 14, 5


class ActionBar(QWidget):
    """One button for each action that has a label.

    Parameters
    ----------
    parent : QWidget or None
    """

    pressed = Signal(str)  # the text of the key

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        self._shown: tuple[tuple[str, str, str], ...] = ()
        self._grid = QGridLayout(self)
        self._scale, self._columns = 1.0, 0

    def show_actions(self, actions: Sequence[KeyAction]) -> None:
        """Make the buttons, unless they are the same as before."""
        wanted = tuple((one.text, one.button, one.what) for one in actions if one.button)
        if wanted == self._shown:
            return
        self._shown = wanted
        named = {action.text: action for action in actions if action.button}
        if list(named) == list(self.buttons) and all(map(self._is_shown, named.values())):
            return
        # Made anew, all would be missing until the next turn of the event loop.
        kept = list(self.buttons.values())
        for button in kept[len(named) :]:
            button.hide()  # it lives until the next turn of the event loop
            self._grid.removeWidget(button)
            button.deleteLater()
        self.buttons = {}
        for place, (name, action) in enumerate(named.items()):
            button = kept[place] if place < len(kept) else self._button()
            self.buttons[name] = button
            button.setProperty("key", name)
            button.setEnabled(True)
            button.setText(_label(action))
            button.setToolTip(action.tip)
            spoken = text("{what} ({key})", what=action.button, key=action.text)
            button.setAccessibleName(translate(spoken))
        self.set_scale(self._scale)

    def _is_shown(self, action: KeyAction) -> bool:
        return self.buttons[action.text].text() == _label(action)

    def enable(self, name: str, enabled: bool) -> None:
        """Grey out the button of a key that would do nothing."""
        button = self.buttons.get(name)
        if button is not None:
            button.setEnabled(enabled)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        for button in self.buttons.values():
            button.setFont(font(round(LETTERS * scale)))
            button.setFixedHeight(round(HEIGHT * scale))
        edge = round(EDGE * scale)
        self._grid.setContentsMargins(2 * edge, edge, 2 * edge, edge)
        self._grid.setSpacing(edge)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the buttons in the room that there is."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Put the buttons into as few rows as show all of their words."""
        buttons, gap = list(self.buttons.values()), round(EDGE * self._scale)
        columns = _columns(
            [one.sizeHint().width() + gap for one in buttons], self.width() - 3 * gap
        )
        if columns == self._columns and self._grid.count() == len(buttons):
            return
        self._columns = columns
        for place, button in enumerate(buttons):
            self._grid.addWidget(button, place // columns, place % columns)

    def _on_click(self) -> None:
        self.pressed.emit(self.sender().property("key"))

    def _button(self) -> QPushButton:
        button = QPushButton()
        # Keys belong to the window; a focused button would take the space bar.
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setMinimumWidth(1)
        # A closure here would keep the bar alive for ever.
        button.clicked.connect(self._on_click)
        return button


def _columns(widths: list[int], room: int) -> int:
    """Return the most columns, filled row by row, of which each fits its widest button."""
    for columns in range(len(widths), 1, -1):
        widest = (max(widths[column::columns]) for column in range(columns))
        if sum(widest) <= room:
            # As few as make no more rows, so that the last row is as full as the others.
            rows = -(-len(widths) // columns)
            return -(-len(widths) // rows)
    return 1


def _label(action: KeyAction) -> str:
    return f"{translate(action.text)}  {translate(action.button)}"

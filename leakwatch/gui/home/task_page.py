"""First page of the start window: tasks, recent cases, and where to drop a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from leakwatch.core.messages import join_with, sentence, text, translate
from leakwatch.gui.widgets.facts_view import QUIET
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.key_list import KeyList
from leakwatch.gui.widgets.keys import KeyAction
from leakwatch.gui.widgets.paged_window import MARGINS

# In a window of 1280 x 800, pixels.
BUTTON_SIZE, RECENT_WIDTH, ROW_HEIGHT = (370, 58), 400, 44
_DROP = text(
    "Drop a DICOM file, a video, a case or a folder here, or press O to open one. "
    "One click marks the vertebra; then it is replayed with what LeakWatch says."
)


class TaskPage(QWidget):
    """Large buttons in two columns; the list of recent cases beside them."""

    pressed = Signal(str)  # the name of the key
    opened = Signal(str)  # a recent path

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        self.title, self.drop, self.room = QLabel("LeakWatch"), QLabel(translate(_DROP)), QLabel()
        self.message, self.recent_title = QLabel(), QLabel(translate(text("Recent cases")))
        self.recent = KeyList()
        self.recent.setAccessibleName(translate(text("Recent cases")))
        self.recent.itemActivated.connect(self._on_activated)
        self._grid = QGridLayout()
        self._lay_out()

    def show_actions(self, actions: Sequence[KeyAction]) -> None:
        """Make one button for each action with a label."""
        for place, action in enumerate(actions):
            button = QPushButton()
            button.setText(f"{translate(action.text)}   {sentence(action.button)}")
            button.setToolTip(action.tip)
            button.setAccessibleName(translate(action.button))
            button.setAccessibleDescription(translate(action.what))
            button.setProperty("key", action.text)
            button.setObjectName("task")
            set_letters(button, 20, bold=True)
            button.clicked.connect(self._on_click)
            about = QLabel(translate(action.what))
            about.setWordWrap(True)
            about.setStyleSheet(f"color: {QUIET}")
            set_letters(about, 13)
            cell = QVBoxLayout()
            cell.setSpacing(4)
            cell.addWidget(button)
            cell.addWidget(about)
            cell.addStretch(1)
            self._grid.addLayout(cell, place // 2, place % 2)
            self.buttons[action.text] = button

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List paths; without any, there is no list."""
        self.recent.clear()
        for path in paths:
            item = QListWidgetItem(f"{path.name}\n{path.parent}")
            item.setToolTip(str(path))
            item.setData(Qt.ItemDataRole.UserRole, str(path))
            self.recent.addItem(item)
        for widget in (self.recent, self.recent_title):
            widget.setVisible(bool(paths))

    def show_message(self, message: str) -> None:
        """Show how the last task ended; empty: nothing to tell."""
        self.message.setText(translate(message))
        self.message.setVisible(bool(message))

    def show_room(self, parts: Sequence[str]) -> None:
        """Show the settings of the room in one line."""
        self.room.setText(translate(join_with("   ·   ", parts)))

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        scale_letters(self, scale)
        for button in self.buttons.values():
            button.setFixedSize(*(round(side * scale) for side in BUTTON_SIZE))
        self.recent.setFixedWidth(round(RECENT_WIDTH * scale))
        row_of_all = self.layout()
        assert row_of_all is not None
        row_of_all.setContentsMargins(*(round(side * scale) for side in MARGINS))
        row_of_all.setSpacing(round(MARGINS[0] * scale))
        self._grid.setHorizontalSpacing(round(22 * scale))
        self._grid.setVerticalSpacing(round(12 * scale))
        for row in range(self.recent.count()):
            self.recent.item(row).setSizeHint(QSize(0, round(ROW_HEIGHT * scale)))

    def _on_click(self) -> None:
        self.pressed.emit(self.sender().property("key"))

    def _on_activated(self, item: QListWidgetItem) -> None:
        self.opened.emit(item.data(Qt.ItemDataRole.UserRole))

    def _lay_out(self) -> None:
        letters = (
            (self.title, 34, True),
            (self.drop, 17, False),
            (self.room, 14, False),
            (self.message, 15, False),
            (self.recent_title, 17, True),
            (self.recent, 14, False),
        )
        for widget, pixels, bold in letters:
            set_letters(widget, pixels, bold)
        for label in (self.drop, self.message, self.room):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)  # they may contain names of files
        self.drop.setObjectName("drop")
        self.message.setObjectName("message")
        self.message.hide()
        left, right = QVBoxLayout(), QVBoxLayout()
        for part in (self.title, self.drop, self.message):
            left.addWidget(part)
        left.addSpacing(8)
        left.addLayout(self._grid)
        left.addStretch(1)
        left.addWidget(self.room)
        right.addWidget(self.recent_title)
        right.addWidget(self.recent, 1)
        row = QHBoxLayout(self)
        row.addLayout(left, 1)
        row.addLayout(right)

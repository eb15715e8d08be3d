"""Page with a list to choose from: cases of the library, or scenarios to simulate."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QLabel,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from leakwatch.core.messages import text, translate
from leakwatch.gui.widgets.background import Progress
from leakwatch.gui.widgets.facts_view import QUIET, WARN
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.key_list import KeyList
from leakwatch.gui.widgets.paged_window import MARGINS


class ListPage(QWidget):
    """Title, list, button and progress.

    Parameters
    ----------
    title, button : str
    empty : str
        Said where there is nothing to choose.
    """

    chosen = Signal(str)  # the key of the row

    def __init__(self, title: str, button: str, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._empty = empty
        self.title, self.state = QLabel(translate(title)), QLabel()
        self.rows, self.bar = KeyList(), QProgressBar()
        self.rows.setAccessibleName(translate(title))
        self.rows.itemActivated.connect(self.choose)
        self.button = QPushButton(translate(text("Enter   {what}", what=button)))
        self.button.setAccessibleName(translate(button))
        self.button.setToolTip(translate(text("{what} (Enter)", what=button)))
        self.button.setObjectName("begin")
        self.button.clicked.connect(self.choose)
        self.bar.setTextVisible(False)
        self.bar.hide()
        self._lay_out()

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """List rows.

        Parameters
        ----------
        rows : sequence of (str, str)
            Key and text of each.
        """
        self.rows.clear()
        for key, shown in rows:
            item = QListWidgetItem(shown)
            item.setData(Qt.ItemDataRole.UserRole, key)
            self.rows.addItem(item)
        self.rows.setCurrentRow(0)
        self.button.setEnabled(bool(rows))
        self.say("" if rows else self._empty)

    def choose(self) -> None:
        """Choose the selected row."""
        item = self.rows.currentItem()
        if self.button.isEnabled() and self.rows.count():
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def show_progress(self, progress: Progress) -> None:
        """Show how far the work is; nothing else can be chosen until then."""
        description, done, total = progress
        self.button.setEnabled(False)
        self.bar.show()
        self.bar.setRange(0, total or 0)
        self.bar.setValue(done)
        self.say(description)

    def end_progress(self, failure: str = "") -> None:
        """Show that the work ended, and why without a result."""
        self.bar.hide()
        self.button.setEnabled(self.rows.count() > 0)
        self.say(failure, warn=bool(failure))

    def say(self, message: str, warn: bool = False) -> None:
        """Show a message below the list."""
        self.state.setText(translate(message))
        self.state.setStyleSheet(f"color: {WARN if warn else QUIET}")

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        scale_letters(self, scale)
        around = self.layout()
        assert around is not None
        around.setContentsMargins(*(round(side * scale) for side in MARGINS))

    def _lay_out(self) -> None:
        set_letters(self.title, 28, bold=True)
        set_letters(self.rows, 15)
        set_letters(self.button, 18, bold=True)
        set_letters(self.state, 15)
        self.state.setWordWrap(True)
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addWidget(self.title)
        layout.addWidget(self.rows, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.state)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)

"""List that leaves letters to the keys of its window."""

from __future__ import annotations

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget


class KeyList(QListWidget):
    """List without the search by typed letters, which would swallow keys of the window."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle arrows and Enter only."""
        if event.text().strip() and event.text().isprintable():
            event.ignore()
        else:
            super().keyPressEvent(event)

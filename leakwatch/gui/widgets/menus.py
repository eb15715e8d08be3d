"""Menu bar of a window, filled from its table of keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from leakwatch.core.messages import translate
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.keys import KeyAction, KeyGroup

# Letters in a window of 1280 x 800, pixels.
LETTERS = 13


class MenuBar(QMenuBar):
    """One menu for each group of keys, and in it a `QAction` for each key.

    Keys themselves stay with the window (`keys.find`), which knows whether Shift counts and what a
    layer overrides; here they are shown, and told to screen readers.

    Parameters
    ----------
    parent : QWidget or None
    """

    opening = Signal()  # a menu opens: its window calls `show_groups`
    chosen = Signal(str)  # the name of the key

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.groups: dict[str, QMenu] = {}
        self._shown: dict[str, tuple[tuple[str, str], ...]] = {}
        self._scale = 1.0
        self.set_scale(1.0)

    def show_groups(self, groups: Sequence[KeyGroup]) -> None:
        """Fill the menus; those without a key now are hidden.

        Parameters
        ----------
        groups : sequence of KeyGroup
            Without keys that are overridden; see `keys.reachable`.
        """
        by_title = {group.title: group.actions for group in groups}
        for title in by_title:
            if title not in self.groups:
                self._add_menu(title)
        for title, menu in self.groups.items():
            self._fill(title, menu, by_title.get(title, ()))

    def key_actions(self) -> tuple[QAction, ...]:
        """Return every action that is in a menu."""
        return tuple(action for menu in self.groups.values() for action in menu.actions())

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        for part in (self, *self.groups.values()):
            part.setFont(font(round(LETTERS * scale)))

    def _add_menu(self, title: str) -> None:
        menu = self.addMenu(translate(title))
        menu.setFont(font(round(LETTERS * self._scale)))
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.opening)
        self.groups[title] = menu

    def _fill(self, title: str, menu: QMenu, actions: Sequence[KeyAction]) -> None:
        menu.menuAction().setVisible(bool(actions))
        wanted = tuple((one.text, one.what) for one in actions)
        if wanted == self._shown.get(title):
            return
        self._shown[title] = wanted
        for old in menu.actions():
            menu.removeAction(old)
            old.deleteLater()  # it may be the one that was just chosen
        for one in actions:
            menu.addAction(self._action(menu, one))

    def _action(self, menu: QMenu, one: KeyAction) -> QAction:
        what = translate(one.what).replace("&", "&&")
        action = QAction(f"{what[:1].upper()}{what[1:]}\t{translate(one.text)}", menu)
        action.setToolTip(one.tip)
        # Shown only: in any other context Qt would handle the key before the window does.
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setShortcuts(one.shortcuts)
        action.setProperty("key", one.text)
        # A closure here would keep the bar alive for ever.
        action.triggered.connect(self._on_choice)
        return action

    def _on_choice(self) -> None:
        self.chosen.emit(self.sender().property("key"))

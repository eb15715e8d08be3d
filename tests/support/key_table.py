"""What holds for the keys, menus and controls of every window."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QTableWidget,
    QWidget,
)

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QListWidget, QTableWidget)


def assert_key_table(window):
    """No key without an action, no action without a tooltip, no two with the same key."""
    window.fill_menus()
    table = window.key_actions()
    chords = Counter(chord for action in table for chord in action.chords)
    assert [chord for chord, count in chords.items() if count > 1] == []
    names = Counter(str(action.text) for action in table)
    assert [name for name, count in names.items() if count > 1 or not name] == []
    assert [action for action in table if not action.what] == []
    in_menus = {action.property("key"): action for action in window.menus.key_actions()}
    assert set(in_menus) == set(names)
    for action in table:
        shown = in_menus[str(action.text)]
        assert shown.toolTip()
        assert shown.text()
        assert tuple(shown.shortcuts()) == action.shortcuts


def controls(window):
    """Controls that a person can reach now, in the order of the focus chain."""
    found = [one for one in window.findChildren(QWidget) if isinstance(one, CONTROLS)]
    # A spin box and an editable list have an edit line of their own.
    own = [one for one in found if not isinstance(one.parent(), QAbstractSpinBox | QComboBox)]
    return [
        one for one in own if one.isVisibleTo(window) and not one.objectName().startswith("qt_")
    ]


def assert_accessible(window):
    """Each control tells a screen reader what it is, and each button the pointer."""
    assert [one for one in controls(window) if not one.accessibleName()] == []
    buttons = [one for one in controls(window) if isinstance(one, QAbstractButton)]
    assert [one.accessibleName() for one in buttons if not one.toolTip()] == []


def assert_focus_order(window):
    """Tab goes from top to bottom, and from left to right."""
    chain, one = [], window.nextInFocusChain()
    reachable = [one for one in controls(window) if one.focusPolicy() & Qt.FocusPolicy.TabFocus]
    while one is not window:
        if one in reachable:
            chain.append(one)
        one = one.nextInFocusChain()
    assert len(chain) == len(reachable)
    tops = [one.mapTo(window, one.rect().topLeft()) for one in chain]
    assert tops == sorted(tops, key=lambda at: (at.y() // 8, at.x()))

"""Keys of a window: one table says what each does, what the help says of it, and its button."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from itertools import zip_longest

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

Modifier = Qt.KeyboardModifier
Chord = tuple[Qt.Key, Qt.KeyboardModifier]

PLAIN = Modifier.NoModifier
# Says on which part of the keyboard a key is, and nothing that a person means.
_MEANINGLESS = Modifier.KeypadModifier | Modifier.GroupSwitchModifier


@dataclass(frozen=True, slots=True)
class KeyAction:
    """What a key does.

    Parameters
    ----------
    chords : tuple of (Key, KeyboardModifier)
        Any of them does it. Shift counts only where a chord with it is in the table: on some
        keyboards ``?`` and ``+`` need it, on some not.
    text : str
        The key as the help and the button name it; empty: neither does.
    what : str
        For the help.
    act : callable
    button : str
        On the bar below the picture; empty: no button.
    """

    chords: tuple[Chord, ...]
    text: str
    what: str
    act: Callable[[], object]
    button: str = ""


def key(
    code: Qt.Key, text: str, what: str, act: Callable[[], object], button: str = ""
) -> KeyAction:
    """A `KeyAction` of one plain key."""
    return KeyAction(((code, PLAIN),), text, what, act, button)


def find(actions: Iterable[KeyAction], event: QKeyEvent) -> KeyAction | None:
    """The action that a pressed key stands for."""
    pressed = Qt.Key(event.key())
    modifiers = event.modifiers() & ~_MEANINGLESS
    known = {chord: action for action in reversed(tuple(actions)) for chord in action.chords}
    exact = known.get((pressed, modifiers))
    return exact or known.get((pressed, modifiers & ~Modifier.ShiftModifier))


def help_html(actions: Iterable[KeyAction]) -> str:
    """The keys as a table of rich text, in two columns; keys without a name are left out."""
    cells = [
        f"<td style='padding:3px 16px 3px 0'><b>{escape(action.text)}</b></td>"
        f"<td style='padding:3px 40px 3px 0'>{escape(action.what)}</td>"
        for action in actions
        if action.text
    ]
    half = (len(cells) + 1) // 2
    rows = zip_longest(cells[:half], cells[half:], fillvalue="")
    return "<table>" + "".join(f"<tr>{left}{right}</tr>" for left, right in rows) + "</table>"

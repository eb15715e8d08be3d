"""Keys of a window: what each does, its description in the help, and its button."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from itertools import zip_longest

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from leakwatch.core.messages import translate

Modifier = Qt.KeyboardModifier
Chord = tuple[Qt.Key, Qt.KeyboardModifier]

PLAIN = Modifier.NoModifier
# Modifiers that only state on which part of the keyboard a key is.
_MEANINGLESS = Modifier.KeypadModifier | Modifier.GroupSwitchModifier


@dataclass(frozen=True, slots=True)
class KeyAction:
    """Key with its action.

    Parameters
    ----------
    chords : tuple of (Key, KeyboardModifier)
        Any of them triggers the action. Shift counts only if a chord with it is in the table: on
        some keyboards ``?`` and ``+`` need it, on some not.
    text : str
        Name of the key in the help and on the button; empty: in neither.
    what : str
        Description in the help.
    act : callable
    button : str
        Label on the bar below the image; empty: no button.
    """

    chords: tuple[Chord, ...]
    text: str
    what: str
    act: Callable[[], object]
    button: str = ""


def key(
    code: Qt.Key, text: str, what: str, act: Callable[[], object], button: str = ""
) -> KeyAction:
    """Return the `KeyAction` of one plain key."""
    return KeyAction(((code, PLAIN),), text, what, act, button)


def find(actions: Iterable[KeyAction], event: QKeyEvent) -> KeyAction | None:
    """Return the action of a pressed key."""
    pressed = Qt.Key(event.key())
    modifiers = event.modifiers() & ~_MEANINGLESS
    known = {chord: action for action in reversed(tuple(actions)) for chord in action.chords}
    exact = known.get((pressed, modifiers))
    return exact or known.get((pressed, modifiers & ~Modifier.ShiftModifier))


def help_html(actions: Iterable[KeyAction]) -> str:
    """Return the keys as a table of rich text, in two columns, without those that have no name."""
    cells = [
        f"<td style='padding:3px 16px 3px 0'><b>{escape(translate(action.text))}</b></td>"
        f"<td style='padding:3px 40px 3px 0'>{escape(translate(action.what))}</td>"
        for action in actions
        if action.text
    ]
    half = (len(cells) + 1) // 2
    rows = zip_longest(cells[:half], cells[half:], fillvalue="")
    return "<table>" + "".join(f"<tr>{left}{right}</tr>" for left, right in rows) + "</table>"

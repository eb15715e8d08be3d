"""Keys of a window: what each does, as a key, in a menu, on a button, in the help."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from html import escape
from itertools import zip_longest

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from leakwatch.core.messages import text as message
from leakwatch.core.messages import translate

Modifier = Qt.KeyboardModifier
Chord = tuple[Qt.Key, Qt.KeyboardModifier]

PLAIN = Modifier.NoModifier
# Letters of the help in a window of 1280 x 800, pixels; above a line and below it, behind its name,
# and between the columns, shares of the height of a letter.
HELP_PIXELS, _HELP_GAPS = 17, (0.15, 0.9, 2.2)
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
        Name of the key, as on its button; unique in a window.
    what : str
        Description, as in the menu.
    act : callable
    button : str
        Label on the bar below the image; empty: no button.
    help_line : tuple of (str, str) or None
        Name and description in the help, where one line describes several keys; two empty texts
        where the line of another key describes this one. None: `text` and `what`.
    """

    chords: tuple[Chord, ...]
    text: str
    what: str
    act: Callable[[], object]
    button: str = ""
    help_line: tuple[str, str] | None = None

    @property
    def tip(self) -> str:
        """Tooltip of everything that triggers the action, in the person's language."""
        return translate(message("{what} ({key})", what=self.what, key=self.text))

    @property
    def shortcuts(self) -> tuple[QKeySequence, ...]:
        """Chords, for the menu and for screen readers."""
        return tuple(QKeySequence(QKeyCombination(held, code)) for code, held in self.chords)


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Actions that share a menu.

    Parameters
    ----------
    title : str
        Of the menu.
    actions : tuple of KeyAction
    """

    title: str
    actions: tuple[KeyAction, ...]


def key(
    code: Qt.Key, text: str, what: str, act: Callable[[], object], button: str = ""
) -> KeyAction:
    """Return the `KeyAction` of one plain key."""
    return KeyAction(((code, PLAIN),), text, what, act, button)


def in_one_line(actions: Iterable[KeyAction], name: str, what: str) -> tuple[KeyAction, ...]:
    """Return actions that share one line in the help."""
    first, *others = actions
    rest = (replace(one, help_line=("", "")) for one in others)
    return (replace(first, help_line=(name, what)), *rest)


def find(actions: Iterable[KeyAction], event: QKeyEvent) -> KeyAction | None:
    """Return the action of a pressed key."""
    pressed = Qt.Key(event.key())
    modifiers = event.modifiers() & ~_MEANINGLESS
    known = {chord: action for action in reversed(tuple(actions)) for chord in action.chords}
    exact = known.get((pressed, modifiers))
    return exact or known.get((pressed, modifiers & ~Modifier.ShiftModifier))


def reachable(groups: Iterable[KeyGroup]) -> tuple[KeyGroup, ...]:
    """Return the groups without the keys that an earlier action takes, and without empty groups.

    A layer over the image overrides keys of its window.
    """
    taken: set[Chord] = set()
    left = []
    for group in groups:
        actions = []
        for action in group.actions:
            chords = tuple(chord for chord in action.chords if chord not in taken)
            taken.update(chords)
            if chords:
                actions.append(
                    action if chords == action.chords else replace(action, chords=chords)
                )
        if actions:
            left.append(KeyGroup(group.title, tuple(actions)))
    return tuple(left)


def help_lines(actions: Iterable[KeyAction]) -> tuple[tuple[str, str], ...]:
    """Return name and description of each line of the help."""
    lines = (action.help_line or (action.text, action.what) for action in actions)
    return tuple((name, what) for name, what in lines if name)


def help_html(lines: Iterable[tuple[str, str]], pixels: int = HELP_PIXELS) -> str:
    """Return lines of the help as a table of rich text, in two columns.

    Parameters
    ----------
    lines : iterable of (str, str)
        Name and description; see `help_lines`.
    pixels : int
        Height of the letters, which the gaps between the lines follow.
    """
    above, beside, between = (round(share * pixels) for share in _HELP_GAPS)
    named = f"<td style='padding:{above}px {beside}px {above}px 0'><b>"
    described = f"<td style='padding:{above}px {between}px {above}px 0'>"
    cells = [
        f"{named}{escape(translate(name))}</b></td>{described}{escape(translate(what))}</td>"
        for name, what in lines
    ]
    half = (len(cells) + 1) // 2
    rows = zip_longest(cells[:half], cells[half:], fillvalue="")
    return (
        "<table cellspacing='0'>"
        + "".join(f"<tr>{left}{right}</tr>" for left, right in rows)
        + "</table>"
    )

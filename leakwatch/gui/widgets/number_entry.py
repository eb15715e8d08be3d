"""A positive number that is typed into a layer, digit by digit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, key

# 12.34: hundredths of a millilitre or millimetre are finer than any scale.
_MOST_LETTERS = 5
_DIGITS = tuple((Qt.Key(Qt.Key.Key_0 + digit), str(digit)) for digit in range(10))


class NumberEntry:
    """Number as typed so far.

    Parameters
    ----------
    changed : callable
        Called after each key.

    Attributes
    ----------
    typed : str
    """

    def __init__(self, changed: Callable[[], object]) -> None:
        self._changed = changed
        self.typed = ""

    @property
    def value(self) -> float:
        """Number typed; 0.0 while there is none."""
        return float(self.typed) if self.typed.strip(".") else 0.0

    def type(self, sign: str) -> None:
        """Add a digit or the point."""
        if len(self.typed) < _MOST_LETTERS and not (sign == "." and "." in self.typed):
            self.typed += sign
        self._changed()

    def remove(self) -> None:
        """Remove the last digit."""
        self.typed = self.typed[:-1]
        self._changed()

    def clear(self) -> None:
        """Begin with an empty number."""
        self.typed = ""

    def keys(self, finish: Callable[[], object], what: str) -> tuple[KeyAction, ...]:
        """Return digits, point, and what ends the entry.

        Parameters
        ----------
        finish : callable
        what : str
            What Enter does.
        """
        code = Qt.Key
        point = ((code.Key_Period, PLAIN), (code.Key_Comma, PLAIN))
        return (
            *(
                KeyAction(
                    ((one, PLAIN),),
                    sign,
                    text("digit"),
                    partial(self.type, sign),
                    help_line=("", ""),
                )
                for one, sign in _DIGITS
            ),
            KeyAction(point, ".", text("decimal point"), partial(self.type, "."), "", ("", "")),
            key(code.Key_Backspace, text("Backspace"), text("remove the last digit"), self.remove),
            enter_key(finish, what, text("use")),
        )


def enter_key(finish: Callable[[], object], what: str, button: str) -> KeyAction:
    """Return the key that ends an entry, on both parts of the keyboard."""
    chords = ((Qt.Key.Key_Return, PLAIN), (Qt.Key.Key_Enter, PLAIN))
    return KeyAction(chords, text("Enter"), what, finish, button)

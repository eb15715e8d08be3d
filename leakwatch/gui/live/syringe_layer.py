"""Entry of what the syringe says: the keys of a number, bounded before it is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt

from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Snapshot
from leakwatch.core.volume import LEAST_ML, MOST_ML
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, key
from leakwatch.gui.widgets.pane import Touch
from leakwatch.gui.widgets.picture_layers import Stage

# 12.34: hundredths of a millilitre are finer than any scale.
_MOST_LETTERS = 5
_DIGITS = tuple((Qt.Key(Qt.Key.Key_0 + digit), str(digit)) for digit in range(10))


class SyringeLayer:
    """Layer in which the operator types a volume.

    Parameters
    ----------
    take : callable
        Receives the volume, mL, when it is possible and Enter is pressed.
    """

    def __init__(self, take: Callable[[float], None]) -> None:
        self._take, self._typed, self._problem = take, "", ""
        self._stage: Stage | None = None

    @property
    def typed(self) -> str:
        """The number as typed so far."""
        return self._typed

    @property
    def prompt(self) -> str:
        """What to type, what was typed, and why it was not taken."""
        lines = [
            text("Syringe: mL injected since the baseline, without what fills the cannula"),
            text("{typed}_ mL     Enter: use it     Esc: cancel", typed=self._typed),
        ]
        return join_with("\n", [*lines, self._problem] if self._problem else lines)

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Digits, point, and what ends the entry."""
        code = Qt.Key
        enter = ((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN))
        point = ((code.Key_Period, PLAIN), (code.Key_Comma, PLAIN))
        take = text("use the volume")
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
            KeyAction(enter, text("Enter"), take, self.finish, text("use")),
        )

    def opened(self, stage: Stage) -> None:
        """Begin with an empty number."""
        self._stage = stage

    def closed(self) -> None:
        """Nothing is drawn on the image."""

    def touched(self, touch: Touch) -> bool:
        """Leave the mouse to the window."""
        return False

    def showed(self, snapshot: Snapshot) -> None:
        """Do nothing: the volume is used from the next frame on."""

    def type(self, sign: str) -> None:
        """Add a digit or the point."""
        self._problem = ""
        if len(self._typed) < _MOST_LETTERS and not (sign == "." and "." in self._typed):
            self._typed += sign

    def remove(self) -> None:
        """Remove the last digit."""
        self._problem, self._typed = "", self._typed[:-1]

    def finish(self) -> None:
        """Use the volume if it is possible, else say why not, and go on."""
        ml = float(self._typed) if self._typed.strip(".") else 0.0
        if not LEAST_ML <= ml <= MOST_ML:
            self._problem = text(
                "{ml:g} mL is not possible. Type {least:g} to {most:g} mL.",
                ml=ml,
                least=LEAST_ML,
                most=MOST_ML,
            )
            self._typed = ""
            return
        self._take(ml)
        if self._stage is not None:
            self._stage.close()

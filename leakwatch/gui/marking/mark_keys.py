"""The keys of marking: everything that the mouse does, and more."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtCore import Qt

from leakwatch.gui.widgets.keys import PLAIN, KeyAction, Modifier, key

# The arrows move the cursor so far, pixels of the frame; with Shift so much further.
STEP_PX, LONG_STEP_PX = 1.0, 10.0
_WAYS = (
    (Qt.Key.Key_Left, "←", -1, 0),
    (Qt.Key.Key_Right, "→", 1, 0),
    (Qt.Key.Key_Up, "↑", 0, -1),
    (Qt.Key.Key_Down, "↓", 0, 1),
)


class Moves(Protocol):
    """What the arrows move."""

    def move(self, columns: int, rows: int, step: float) -> None: ...


class Marking(Moves, Protocol):
    """What the keys do; see `mark_layer.MarkLayer`."""

    def click_cursor(self) -> None: ...
    def pick(self, step: int) -> None: ...
    def delete(self) -> None: ...
    def anew(self) -> None: ...
    def draw(self) -> None: ...
    def end_drawing(self) -> None: ...
    def tip(self) -> None: ...
    def other_side(self) -> None: ...
    def level(self, step: int) -> None: ...
    def accept(self) -> None: ...
    def undo(self) -> None: ...
    def redo(self) -> None: ...
    def save(self) -> None: ...


def arrow_keys(moves: Moves) -> tuple[KeyAction, ...]:
    """A pixel, and with Shift ten; one line of the help tells of all four."""
    told = {
        (PLAIN, "←"): ("← ↑ → ↓", "move the cursor, or the point that is picked"),
        (Modifier.ShiftModifier, "←"): ("Shift ← ↑ → ↓", "the same, ten pixels"),
    }
    return tuple(
        KeyAction(
            ((way, modifier),),
            *told.get((modifier, arrow), ("", "")),
            partial(moves.move, x, y, step),
        )
        for modifier, step in ((PLAIN, STEP_PX), (Modifier.ShiftModifier, LONG_STEP_PX))
        for way, arrow, x, y in _WAYS
    )


def mark_keys(layer: Marking) -> tuple[KeyAction, ...]:
    """All keys of a `MarkLayer`."""
    code, shift, control = Qt.Key, Modifier.ShiftModifier, Modifier.ControlModifier
    return (
        key(code.Key_Space, "Space", "click where the cursor is", layer.click_cursor),
        *arrow_keys(layer),
        key(code.Key_Tab, "Tab", "pick the next point", partial(layer.pick, 1)),
        _several((code.Key_Backtab, shift), (code.Key_Backtab, PLAIN), text="Shift Tab",
                 what="pick the point before", act=partial(layer.pick, -1)),
        _several((code.Key_Delete, PLAIN), (code.Key_Backspace, PLAIN), text="Del",
                 what="take the picked point away", act=layer.delete),
        _several((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN), text="Enter",
                 what="end the wall that is drawn", act=layer.end_drawing),
        key(code.Key_N, "N", "another body: click again", layer.anew, "body"),
        key(code.Key_W, "W", "draw the posterior wall by hand", layer.draw, "draw wall"),
        key(code.Key_T, "T", "mark the tip of the cannula", layer.tip, "tip"),
        key(code.Key_O, "O", "anterior: left, or the other side", layer.other_side, "other side"),
        KeyAction(((code.Key_L, shift),), "Shift L", "vertebra: the next higher one",
                  partial(layer.level, -1)),
        key(code.Key_L, "L", "vertebra: the next lower one", partial(layer.level, 1), "vertebra"),
        key(code.Key_U, "U", "take as it is what is unsure", layer.accept, "take unsure"),
        KeyAction(((code.Key_Z, control),), "Ctrl Z", "undo", layer.undo, "undo"),
        _several((code.Key_Y, control), (code.Key_Z, control | shift), text="Ctrl Y", what="redo",
                 act=layer.redo, button="redo"),
        _several((code.Key_S, PLAIN), (code.Key_S, control), text="S", what="save the case",
                 act=layer.save, button="save"),
    )  # fmt: skip


def _several(
    *chords: tuple[Qt.Key, Qt.KeyboardModifier],
    text: str,
    what: str,
    act: Callable[[], object],
    button: str = "",
) -> KeyAction:
    return KeyAction(chords, text, what, act, button)

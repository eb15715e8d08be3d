"""Keys for marking: everything that the mouse does, and more."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, Modifier, in_one_line, key

# Steps of the cursor by arrows, pixels of the frame; the second with Shift.
STEP_PX, LONG_STEP_PX = 1.0, 10.0
_WAYS = (
    (Qt.Key.Key_Left, "←", -1, 0, text("cursor or point: left")),
    (Qt.Key.Key_Right, "→", 1, 0, text("cursor or point: right")),
    (Qt.Key.Key_Up, "↑", 0, -1, text("cursor or point: up")),
    (Qt.Key.Key_Down, "↓", 0, 1, text("cursor or point: down")),
)


class Moves(Protocol):
    """Something that arrows move."""

    def move(self, columns: int, rows: int, step: float) -> None: ...


class Marking(Moves, Protocol):
    """Actions of the keys; see `mark_layer.MarkLayer`."""

    def click_cursor(self) -> None: ...
    def pick(self, step: int) -> None: ...
    def delete(self) -> None: ...
    def mark_another(self) -> None: ...
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
    """Return arrows for one pixel, and with Shift for ten, with one line each in the help."""
    plain = [
        KeyAction(((way, PLAIN),), sign, what, partial(moves.move, x, y, STEP_PX))
        for way, sign, x, y, what in _WAYS
    ]
    held = [
        KeyAction(
            ((way, Modifier.ShiftModifier),),
            text("Shift {sign}", sign=sign),
            text("{what}, ten pixels", what=what),
            partial(moves.move, x, y, LONG_STEP_PX),
        )
        for way, sign, x, y, what in _WAYS
    ]
    shifted = text("Shift ← ↑ → ↓")
    return (
        *in_one_line(plain, "← ↑ → ↓", text("move the cursor, or the selected point")),
        *in_one_line(held, shifted, text("the same, ten pixels")),
    )


def mark_keys(layer: Marking) -> tuple[KeyAction, ...]:
    """Return all keys of a `MarkLayer`."""
    code, shift, control = Qt.Key, Modifier.ShiftModifier, Modifier.ControlModifier
    return (
        key(code.Key_Space, text("Space"), text("click at the cursor"), layer.click_cursor),
        *arrow_keys(layer),
        key(code.Key_Tab, text("Tab"), text("select the next point"), partial(layer.pick, 1)),
        _several((code.Key_Backtab, shift), (code.Key_Backtab, PLAIN), name=text("Shift Tab"),
                 what=text("select the previous point"), act=partial(layer.pick, -1)),
        _several((code.Key_Delete, PLAIN), (code.Key_Backspace, PLAIN), name=text("Del"),
                 what=text("remove the selected point"), act=layer.delete),
        _several((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN), name=text("Enter"),
                 what=text("finish drawing the wall"), act=layer.end_drawing),
        key(code.Key_N, "N", text("mark another vertebra"), layer.mark_another, text("body")),
        key(code.Key_W, "W", text("draw the posterior wall by hand"), layer.draw,
            text("draw wall")),
        key(code.Key_T, "T", text("mark the tip of the cannula"), layer.tip, text("tip")),
        key(code.Key_O, "O", text("anterior: left, or the other side"), layer.other_side,
            text("other side")),
        KeyAction(((code.Key_L, shift),), text("Shift L"), text("vertebra: the next higher one"),
                  partial(layer.level, -1)),
        key(code.Key_L, "L", text("vertebra: the next lower one"), partial(layer.level, 1),
            text("vertebra")),
        key(code.Key_U, "U", text("accept the uncertain edge after checking it"), layer.accept,
            text("accept uncertain")),
        KeyAction(((code.Key_Z, control),), text("Ctrl Z"), text("undo"), layer.undo, text("undo")),
        _several((code.Key_Y, control), (code.Key_Z, control | shift), name=text("Ctrl Y"),
                 what=text("redo"), act=layer.redo, button=text("redo")),
        _several((code.Key_S, PLAIN), (code.Key_S, control), name="S", what=text("save the case"),
                 act=layer.save, button=text("save")),
    )  # fmt: skip


def _several(
    *chords: tuple[Qt.Key, Qt.KeyboardModifier],
    name: str,
    what: str,
    act: Callable[[], object],
    button: str = "",
) -> KeyAction:
    return KeyAction(chords, name, what, act, button)

"""Window and level, inverting, turning and zooming: by keys, by the mouse, and by its wheel."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPointF, Qt

from leakwatch.core.arrays import Point
from leakwatch.display.window_level import (
    KEY_STEP,
    PRESETS,
    ViewSettings,
    dragged,
    preset,
    view_notices,
)
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, Modifier, key
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.pane import Phase, Touch

# One notch of the wheel, and one press of a key.
WHEEL_ZOOM, KEY_ZOOM, MOST_KEY_ZOOM = 1.2, 2.0, 5.0
PAN_STEP = 0.2  # of what is seen
_ARROWS = (
    (Qt.Key.Key_Left, (-1, 0)),
    (Qt.Key.Key_Right, (1, 0)),
    (Qt.Key.Key_Up, (0, -1)),
    (Qt.Key.Key_Down, (0, 1)),
)


class ViewKeys:
    """How a person wants to see the picture; changes `image` itself, and greys by `window_level`.

    Parameters
    ----------
    image : ImageView
    plain_arrows : bool
        Arrows alone change the greys too: nothing else wants them.

    Attributes
    ----------
    look : Look
        For whoever makes greys.
    focus_px : Point or None
        Where to zoom to by a key.
    """

    def __init__(self, image: ImageView, plain_arrows: bool = False) -> None:
        self._image, self._plain_arrows = image, plain_arrows
        self.view = ViewSettings()
        self.focus_px: Point | None = None
        self._drag: tuple[Touch, ViewSettings] | None = None

    def view_notices(self) -> tuple[str, ...]:
        """What a person must know who did not choose this look."""
        return view_notices(self.view, self._image.zoom)

    def key_actions(self) -> tuple[KeyAction, ...]:
        """The keys of the look."""
        code, control, alt = Qt.Key, Modifier.ControlModifier, Modifier.AltModifier
        plain = self._plain_arrows
        with_arrow = (control, PLAIN) if plain else (control,)
        drags = [
            KeyAction(
                tuple((arrow, held) for held in with_arrow), "", "", partial(self._step, *way)
            )
            for arrow, way in _ARROWS
        ]
        arrows = "← → ↑ ↓" if plain else "Ctrl ← → ↑ ↓"
        pans = [
            KeyAction(((arrow, alt),), "", "", partial(self._pan_step, *way))
            for arrow, way in _ARROWS
        ]
        over = ((code.Key_F, Modifier.ShiftModifier),)
        return (
            *(self._preset_key(number) for number in range(len(PRESETS))),
            key(code.Key_0, "0", "greys, turning and zoom as they were", self.reset),
            *_named(drags, arrows, "contrast and brightness (or drag on the picture)"),
            key(code.Key_I, "I", "invert: cement bright", self._invert),
            key(code.Key_F, "F", "mirror: left and right change places", self._mirror),
            KeyAction(over, "Shift F", "upside down", self._turn_over),
            key(code.Key_Z, "Z", "zoom in, and back (or the wheel)", self._zoom),
            *_named(pans, "Alt ← → ↑ ↓", "move what is zoomed (or the middle button)"),
        )

    def reset(self) -> None:
        """As it was at first."""
        self.view = ViewSettings()
        self._turn()
        self._image.fit()

    def wheeled(self, notches: float, at: QPointF) -> None:
        """Zoom where the mouse is."""
        self._image.zoom_by(WHEEL_ZOOM**notches, (at.x(), at.y()))

    def touched(self, touch: Touch, alone: bool) -> bool:
        """Drag greys, or what is zoomed.

        Parameters
        ----------
        touch : Touch
        alone : bool
            No layer is open, so that the left button is free.
        """
        if touch.phase is Phase.DOUBLE and alone:
            self.reset()
            return True
        mine = touch.button in (Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton)
        if touch.phase is Phase.PRESS and (mine or alone):
            self._drag = (touch, self.view)
            return True
        if self._drag is None:
            return False
        if touch.phase is Phase.RELEASE:
            self._drag = None
        elif touch.phase is Phase.DRAG:
            self._follow(touch, *self._drag)
        return True

    def _follow(self, touch: Touch, start: Touch, before: ViewSettings) -> None:
        right = (touch.widget_at[0] - start.widget_at[0]) / max(self._image.widget.width(), 1)
        down = (touch.widget_at[1] - start.widget_at[1]) / max(self._image.widget.height(), 1)
        if start.button is Qt.MouseButton.MiddleButton:
            self._pan(-right, -down)
            self._drag = (touch, before)
        else:
            self.view = dragged(before, right, down)

    def _preset_key(self, number: int) -> KeyAction:
        name, text = PRESETS[number][0], f"{number + 1}"
        return key(
            Qt.Key(Qt.Key.Key_1 + number), text, f"greys: {name}", partial(self._use, number)
        )

    def _use(self, number: int) -> None:
        self.view = preset(self.view, number)

    def _step(self, right: int, down: int) -> None:
        self.view = dragged(self.view, KEY_STEP * right, KEY_STEP * down)

    def _invert(self) -> None:
        self.view = replace(self.view, inverted=not self.view.inverted)

    def _mirror(self) -> None:
        self.view = replace(self.view, flipped_horizontally=not self.view.flipped_horizontally)
        self._turn()

    def _turn_over(self) -> None:
        self.view = replace(self.view, flipped_vertically=not self.view.flipped_vertically)
        self._turn()

    def _turn(self) -> None:
        self._image.turn(self.view.flipped_horizontally, self.view.flipped_vertically)

    def _zoom(self) -> None:
        """Twice, four times, and the whole frame again."""
        zoom = self._image.zoom * KEY_ZOOM
        if zoom > MOST_KEY_ZOOM:
            self._image.fit()
        else:
            self._image.zoom_to(zoom, self.focus_px or self._image.centre_px)

    def _pan_step(self, right: int, down: int) -> None:
        self._pan(PAN_STEP * right, PAN_STEP * down)

    def _pan(self, right: float, down: float) -> None:
        """Follow the screen, however the picture is turned."""
        across = -right if self.view.flipped_horizontally else right
        along = -down if self.view.flipped_vertically else down
        self._image.pan(across, along)


def _named(actions: list[KeyAction], text: str, what: str) -> tuple[KeyAction, ...]:
    """Four keys that the help names once."""
    return (replace(actions[0], text=text, what=what), *actions[1:])

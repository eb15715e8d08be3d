"""Window and level, inversion, flips and zoom by keys and mouse."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPointF, Qt

from leakwatch.core.arrays import Point
from leakwatch.core.messages import text
from leakwatch.display.window_level import (
    KEY_STEP,
    PRESETS,
    ViewSettings,
    apply_preset,
    drag_window,
    view_notices,
)
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, Modifier, in_one_line, key
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.pane import Phase, Touch

# One notch of the wheel, and one press of a key.
WHEEL_ZOOM, KEY_ZOOM, MOST_KEY_ZOOM = 1.2, 2.0, 5.0
PAN_STEP = 0.2  # of the visible part
# Key, its sign, its direction, and what it does to the greys and to the zoomed part.
_ARROWS = (
    (Qt.Key.Key_Left, "←", (-1, 0), text("more contrast"), text("move the view left")),
    (Qt.Key.Key_Right, "→", (1, 0), text("less contrast"), text("move the view right")),
    (Qt.Key.Key_Up, "↑", (0, -1), text("brighter"), text("move the view up")),
    (Qt.Key.Key_Down, "↓", (0, 1), text("darker"), text("move the view down")),
)


class ViewKeys:
    """Controls for the view; they change `image` itself, and `view` for the greys.

    Parameters
    ----------
    image : ImageView
    plain_arrows : bool
        Whether arrows alone change the greys, if nothing else uses them.

    Attributes
    ----------
    look : Look
        Window and level, for the mapping of greys.
    focus_px : Point or None
        Centre of a zoom by key.
    """

    def __init__(self, image: ImageView, plain_arrows: bool = False) -> None:
        self._image, self._plain_arrows = image, plain_arrows
        self.view = ViewSettings()
        self.focus_px: Point | None = None
        self._drag: tuple[Touch, ViewSettings] | None = None

    def view_notices(self) -> tuple[str, ...]:
        """Return the changes of the view that the operator must know."""
        return view_notices(self.view, 1.0 if self._image.follows else self._image.zoom)

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return the keys for the view."""
        code, alt = Qt.Key, Modifier.AltModifier
        pans = [
            KeyAction(
                ((arrow, alt),), text("Alt {sign}", sign=sign), what, partial(self._pan_step, *way)
            )
            for arrow, sign, way, _, what in _ARROWS
        ]
        over = ((code.Key_F, Modifier.ShiftModifier),)
        return (
            *(self._preset_key(number) for number in range(len(PRESETS))),
            key(code.Key_0, "0", text("reset greys, flips and zoom: fit the vertebra"), self.reset),
            *self._grey_keys(),
            key(code.Key_I, "I", text("invert: cement bright"), self._invert),
            key(code.Key_F, "F", text("flip horizontally"), self._flip_horizontally),
            KeyAction(over, text("Shift F"), text("flip vertically"), self._flip_vertically),
            key(
                code.Key_Z,
                "Z",
                text("zoom: closest, whole image, vertebra (or wheel)"),
                self._zoom,
            ),
            *in_one_line(
                pans, text("Alt ← → ↑ ↓"), text("move the zoomed part (or the middle button)")
            ),
        )

    def _grey_keys(self) -> tuple[KeyAction, ...]:
        """Return arrows with Ctrl, and alone where nothing else uses them."""
        plain = [
            KeyAction(((arrow, PLAIN),), sign, what, partial(self._step, *way))
            for arrow, sign, way, what, _ in _ARROWS
        ]
        held = [
            KeyAction(
                ((arrow, Modifier.ControlModifier),),
                text("Ctrl {sign}", sign=sign),
                what,
                partial(self._step, *way),
            )
            for arrow, sign, way, what, _ in _ARROWS
        ]
        greys = text("contrast and brightness (or drag on the image)")
        always = in_one_line(held, text("Ctrl ← → ↑ ↓"), greys)
        if not self._plain_arrows:
            return always
        return (*in_one_line(plain, "← → ↑ ↓", greys), *always)

    def reset(self) -> None:
        """Reset everything: the view is fitted to the vertebra again."""
        self.view = ViewSettings()
        self._flip()
        self._image.fit_found()

    def wheeled(self, notches: float, at: QPointF) -> None:
        """Zoom at the mouse."""
        self._image.zoom_by(WHEEL_ZOOM**notches, (at.x(), at.y()))

    def touched(self, touch: Touch, alone: bool) -> bool:
        """Drag greys, or the zoomed part.

        Parameters
        ----------
        touch : Touch
        alone : bool
            Whether no layer is open, so that the left button is free.
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
            self.view = drag_window(before, right, down)

    def _preset_key(self, number: int) -> KeyAction:
        what = text("greys: {preset}", preset=PRESETS[number][0])
        return key(Qt.Key(Qt.Key.Key_1 + number), f"{number + 1}", what, partial(self._use, number))

    def _use(self, number: int) -> None:
        self.view = apply_preset(self.view, number)

    def _step(self, right: int, down: int) -> None:
        self.view = drag_window(self.view, KEY_STEP * right, KEY_STEP * down)

    def _invert(self) -> None:
        self.view = replace(self.view, inverted=not self.view.inverted)

    def _flip_horizontally(self) -> None:
        self.view = replace(self.view, flipped_horizontally=not self.view.flipped_horizontally)
        self._flip()

    def _flip_vertically(self) -> None:
        self.view = replace(self.view, flipped_vertically=not self.view.flipped_vertically)
        self._flip()

    def _flip(self) -> None:
        self._image.flip(self.view.flipped_horizontally, self.view.flipped_vertically)

    def _zoom(self) -> None:
        """Zoom in at the closest point; from the closest to the whole frame, then to the fit."""
        image = self._image
        closer = image.zoom * KEY_ZOOM
        if image.follows or 1.0 < image.zoom <= MOST_KEY_ZOOM / KEY_ZOOM:
            image.zoom_to(closer, self.focus_px or image.centre_px)
        elif image.zoom > 1.0 and image.has_found:
            image.fit()
        else:
            image.fit_found()

    def _pan_step(self, right: int, down: int) -> None:
        self._pan(PAN_STEP * right, PAN_STEP * down)

    def _pan(self, right: float, down: float) -> None:
        """Move along the screen, however the image is flipped."""
        across = -right if self.view.flipped_horizontally else right
        along = -down if self.view.flipped_vertically else down
        self._image.pan(across, along)

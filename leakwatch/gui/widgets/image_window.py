"""Base of the windows: banner at the top, image with its layer, strips at the sides, keys."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from leakwatch.core.marks import Marks
from leakwatch.core.messages import text, translate
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.banner import keep_latched_stop, unknown_banner
from leakwatch.display.confirmation import SAID_S
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.keys import (
    PLAIN,
    KeyAction,
    KeyGroup,
    find,
    key,
    reachable,
)
from leakwatch.gui.widgets.menus import MenuBar
from leakwatch.gui.widgets.over_image import OverImage
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.paced_timer import PacedTimer
from leakwatch.gui.widgets.pane import Touch
from leakwatch.gui.widgets.pane_row import PaneRow
from leakwatch.gui.widgets.picture_layers import Layer, Stage, Tool
from leakwatch.gui.widgets.scale_bar import ScaleBar
from leakwatch.gui.widgets.screen_fit import fit_screen
from leakwatch.gui.widgets.side_strip import RunStrip, Strip
from leakwatch.gui.widgets.window_level_keys import ViewKeys
from leakwatch.gui.widgets.window_style import STYLE

_LOG = logging.getLogger(__name__)

SIZE = (1280, 800)
# The smallest window, as on a small screen with large letters of the system; never larger than the
# screen. Sizes of letters follow the window's size, in these bounds.
LEAST_SIZE = (640, 360)
LEAST_SCALE, LARGEST_SCALE = 0.45, 3.0
# Letters of the notices below the image, in a window of 1280 x 800, pixels.
SIGNS = 18


def scale_of(window: QWidget) -> float:
    """Return the scale of letters relative to a window of 1280 x 800."""
    scale = min(window.width() / SIZE[0], window.height() / SIZE[1])
    return min(max(scale, LEAST_SCALE), LARGEST_SCALE)


class ImageWindow(QMainWindow):
    """Window that asks by a timer what to show, so that it stays correct if other threads end.

    A subclass shows its contents in `refresh`, and names its keys in `window_keys`.

    Parameters
    ----------
    title : str
    tools : sequence of Tool
        Tools on the image, each with a key.

    Attributes
    ----------
    banner, image, strip, run_strip : BannerView, ImageView, Strip, RunStrip
    panes : PaneRow
        The image, and what is shown beside it or below it.
    view_keys : ViewKeys
        Controls for the view of the image.
    layer : Layer or None
        The layer that is open.
    """

    # Whether arrows alone change the greys, because they do nothing else.
    plain_arrows = False
    # Whether the details are shown from the start.
    has_details = False
    # Title of the menu with the keys of this kind of window.
    own_menu: str = text("Case")

    def __init__(self, title: str, tools: Sequence[Tool] = ()) -> None:
        super().__init__()
        self.setWindowTitle(translate(text("LeakWatch – {title}", title=title)))
        self.setStyleSheet(STYLE)
        fit_screen(self, SIZE, LEAST_SIZE)
        self.banner, self.image, self.strip = BannerView(), ImageView(), Strip()
        self.run_strip = RunStrip()
        self.menus = MenuBar()
        self.menus.opening.connect(self.fill_menus)
        self.menus.chosen.connect(self.press)
        self.setMenuBar(self.menus)
        self.panes = PaneRow(self.image.widget)
        self.scale_bar = ScaleBar(self.image.widget)
        self.panes.laid_out.connect(self._place_labels)
        self.show_details(self.has_details)
        self.image.follows = True
        self.view_keys = ViewKeys(self.image, self.plain_arrows)
        self.image.pane.offer_touches(self._touched)
        self.image.pane.offer_wheel(self.view_keys.wheeled)
        self.layer: Layer | None = None
        self._tool: Tool | None = None
        self._tools = tuple(tools)
        self._said, self._said_until_s = "", 0.0
        self.over = OverImage(self)
        self.help, self.prompt, self.signs = self.over.help, self.over.prompt, self.over.signs
        self.banner.flashed.connect(self.over.rim.flash)
        self.banner.styled.connect(self.over.rim.show_style)
        self._scale = 1.0
        self._timer = PacedTimer(self, self.has_news)
        self._timer.due.connect(self.tick)

    def refresh(self) -> None:
        """Show the current state; if it raises, the level is UNKNOWN."""
        raise NotImplementedError

    def has_news(self) -> bool:
        """Return whether `refresh` would show anything new, without delay."""
        return True

    def snapshot(self) -> Snapshot | None:
        """Return the displayed snapshot, with its pixels."""
        raise NotImplementedError

    def marks(self) -> Marks:
        """Return the current marks."""
        raise NotImplementedError

    def calibration(self) -> Calibration | None:
        """Return the calibration of the displayed image; None before the first."""
        shown = self.snapshot()
        return None if shown is None else shown.observation.calibration

    def window_keys(self) -> tuple[KeyAction, ...]:
        """Return the keys of this kind of window."""
        raise NotImplementedError

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """Return the keys that no layer overrides."""
        raise NotImplementedError

    def broken(self) -> None:
        """React to a failed `refresh`, beside showing UNKNOWN."""

    def start(self) -> None:
        """Keep the window up to date."""
        self.fill_menus()
        self._timer.start()

    def pause(self) -> None:
        """Stop updates, as when the window is hidden on purpose."""
        self._timer.stop()

    def tick(self) -> None:
        """Show the current state; if anything fails, never the previous one."""
        try:
            self.refresh()
            if self.scale_bar.refresh(self.image, self.calibration()):
                self._place_labels()
            self._show_signs()
        except Exception as error:  # noqa: BLE001
            what = f"{type(error).__name__}: {error}"
            unknown = unknown_banner(text("This frame cannot be displayed: {fault}", fault=what))
            shown = keep_latched_stop(unknown, self.banner.banner)
            if shown != self.banner.banner:
                self.banner.show_banner(shown, technical=True)
                _LOG.error("a frame cannot be shown", exc_info=True)
            self.broken()
        self._show_prompt()

    def image_notices(self) -> tuple[str, ...]:
        """Return what the operator must know of the image, beside its level."""
        return self.view_keys.view_notices()

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return every active key, in order of precedence."""
        return tuple(action for group in self.key_groups() for action in group.actions)

    def key_groups(self) -> tuple[KeyGroup, ...]:
        """Return the keys of `key_actions` by menu."""
        layer = () if self.layer is None else tuple(self.layer.keys)
        return reachable(
            (
                KeyGroup(text("Alarm"), self.alarm_keys()),
                KeyGroup(text("On the image"), layer),
                KeyGroup(text("Tools"), self._tool_keys()),
                KeyGroup(self.own_menu, self.window_keys()),
                KeyGroup(text("View"), self.view_keys.key_actions()),
                KeyGroup(text("Window"), self._own()),
            )
        )

    def fill_menus(self) -> None:
        """Bring the menus up to date with the keys."""
        self.menus.show_groups(self.key_groups())

    def bar_actions(self) -> tuple[KeyAction, ...]:
        """Return the actions with a button: of the layer if one is open, and of alarms."""
        if self.layer is None:
            return self.key_actions()
        return (*self.alarm_keys(), *self.layer.keys, *self._tool_keys(), *self._own())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle a key; see `key_actions`."""
        action = find(self.key_actions(), event)
        if action is None:
            super().keyPressEvent(event)
            return
        self._guarded(action.act)
        self.tick()

    def press(self, name: str) -> None:
        """Do what the key of this name does, when its button is clicked."""
        for action in self.key_actions():
            if action.text == name:
                self._guarded(action.act)
                self.tick()
                return

    def leave(self) -> None:
        """Close, on request by a key."""
        self.close()

    def end(self) -> None:
        """Close without asking, because the program ends."""
        self.close()

    @property
    def hint(self) -> str:
        """Text that the window adds to the prompt of a layer."""
        return ""

    @property
    def sign_pixels(self) -> int:
        """Height of the letters of `image_notices`, in a window of 1280 x 800."""
        return SIGNS

    def open_layer(self, layer: Layer, tool: Tool | None = None) -> None:
        """Open `layer` in place of the one that is open."""
        self.close_layer()
        self.layer, self._tool = layer, tool
        stage = Stage(self.image, self.snapshot, self.marks, self.close_layer)
        self._guarded(lambda: layer.opened(stage))
        self.fill_menus()
        self._show_prompt()

    def close_layer(self) -> None:
        """Close the layer, if one is open."""
        layer, self.layer, self._tool = self.layer, None, None
        if layer is not None:
            self._guarded(layer.closed)
            self.fill_menus()
        self._show_prompt()

    def say(self, message: str) -> None:
        """Show a message over the image for a while."""
        self._said, self._said_until_s = message, time.monotonic() + SAID_S
        self._show_prompt()

    def frame_shown(self, snapshot: Snapshot) -> None:
        """Notify the layer of a new frame."""
        layer = self.layer
        if layer is not None:
            self._guarded(lambda: layer.showed(snapshot))

    def toggle_help(self) -> None:
        """Show or hide the keys."""
        self.over.toggle_help(self.key_actions())
        self._place_labels()

    def toggle_details(self) -> None:
        """Show or hide what is not needed at a glance."""
        self.show_details(self.run_strip.isHidden())

    def show_details(self, shown: bool) -> None:
        """Show the details, or give their room to the image."""
        self.run_strip.setVisible(shown)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the updates."""
        self._timer.stop()
        self.close_layer()
        self.banner.stop_flashing()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale letters with the window, and reposition the labels over the image."""
        super().resizeEvent(event)
        self.set_scale(scale_of(self))
        self._place_labels()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        sides = (self.strip, self.run_strip, self.panes)
        for part in (self.menus, self.banner, *sides, self.over, self.image):
            part.set_scale(scale)
        self.scale_bar.set_scale(scale)
        self._scale = scale
        self.signs.setFont(font(round(self.sign_pixels * scale), bold=True))

    def lay_out(self, bottom: QWidget) -> None:
        """Lay out the window; `bottom` belongs to this kind of window."""
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.run_strip)
        middle.addWidget(self.panes, 1)
        middle.addWidget(self.strip)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addLayout(middle, 1)
        layout.addWidget(bottom)
        content = QWidget()
        content.setLayout(layout)
        self.setCentralWidget(content)

    def _own(self) -> tuple[KeyAction, ...]:
        escape = key(
            Qt.Key.Key_Escape, text("Esc"), text("close what is over the image"), self._escape
        )
        asked = ((Qt.Key.Key_Question, PLAIN), (Qt.Key.Key_F1, PLAIN))
        ask = KeyAction(asked, "?", text("show or hide these keys"), self.toggle_help, text("keys"))
        full = key(Qt.Key.Key_F11, "F11", text("full screen"), self._toggle_full_screen)
        more = text("show or hide details: source, spacing, latency, meaning of the lines")
        details = key(Qt.Key.Key_G, "G", more, self.toggle_details, text("details"))
        return (escape, details, ask, full, key(Qt.Key.Key_Q, "Q", text("close"), self.leave))

    def _toggle_full_screen(self) -> None:
        # It may be a page of another window.
        window = self.window()
        window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.menus.setVisible(window is self and not window.isFullScreen())

    def _tool_keys(self) -> tuple[KeyAction, ...]:
        return tuple(
            KeyAction(tool.chords, tool.text, tool.what, partial(self._use, tool), tool.button)
            for tool in self._tools
        )

    def _use(self, tool: Tool) -> None:
        if self._tool is tool:
            self.close_layer()
            return
        made = tool.make()
        if made is not None:
            self.open_layer(made, tool)

    def _escape(self) -> None:
        if self.help.isVisible():
            self.help.hide()
        else:
            self.close_layer()

    def _touched(self, touch: Touch) -> bool:
        layer = self.layer
        if layer is not None and self._guarded(lambda: layer.touched(touch)):
            return True
        return self.view_keys.touched(touch, alone=layer is None)

    def _guarded(self, work: Callable[[], object]) -> object:
        """Do what the user asked for; a layer that fails is closed, and monitoring continues."""
        try:
            return work()
        except Exception as error:
            layer, self.layer, self._tool = self.layer, None, None
            if layer is None:
                raise
            _LOG.exception("a layer over the image failed, and is closed")
            what = f"{type(error).__name__}: {error}"
            self.say(text("Closed because of an error: {what}", what=what))
            with suppress(Exception):
                layer.closed()
            return None

    def _show_prompt(self) -> None:
        layer = self.layer
        prompt = None if layer is None else self._guarded(lambda: layer.prompt)
        if self._said and time.monotonic() > self._said_until_s:
            self._said = ""
        parts = (self._said, prompt, self.hint)
        shown = "\n".join(translate(part) for part in parts if isinstance(part, str) and part)
        if shown != self.prompt.text():
            self.prompt.setText(shown)
            self.prompt.setVisible(bool(shown))
            self._place_labels()

    def _show_signs(self) -> None:
        shown = "   ".join(translate(one) for one in self.image_notices())
        if shown != self.signs.text():
            self.signs.setFont(font(round(self.sign_pixels * self._scale), bold=True))
            self.signs.setText(shown)
            self.signs.setVisible(bool(shown))
            self._place_labels()

    def showEvent(self, event: QShowEvent) -> None:
        """Place what lies over the image, once its size is known."""
        super().showEvent(event)
        self._place_labels()

    def _place_labels(self) -> None:
        panes, image = self.panes, self.image.widget
        measured = self.scale_bar.isVisible()
        self.over.place(
            QRect(panes.mapTo(self, panes.rect().topLeft()), panes.size()),
            QRect(image.mapTo(self, image.rect().topLeft()), image.size()),
            image.width() - self.scale_bar.inked.left() if measured else 0,
        )
        scale_bar = QRectF(self.scale_bar.geometry())
        self.image.keep_free([*self.over.covered(image), scale_bar])

"""What the windows share: banner on top, picture with its layer, numbers at the side, keys."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMainWindow, QVBoxLayout, QWidget

from leakwatch.core.marks import Marks
from leakwatch.core.results import Snapshot
from leakwatch.display.banner import keep_latched_stop, unknown_banner
from leakwatch.display.confirmation import SAID_S
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, find, help_html, key
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.pane import Touch
from leakwatch.gui.widgets.picture_layers import Layer, Stage, Tool
from leakwatch.gui.widgets.side_strip import RunStrip, Strip
from leakwatch.gui.widgets.window_level_keys import ViewKeys

_LOG = logging.getLogger(__name__)

# Faster than any source, so that a frame is shown less than a frame late.
TICK_MS = 16
SIZE = (1280, 800)
# Smaller, not everything can be read. Sizes of letters follow the window's size, in these bounds.
LEAST_SIZE = (1024, 640)
LEAST_SCALE, LARGEST_SCALE = 0.8, 3.0
# Letters of what stands below the picture, in a window of 1280 x 800, pixels.
SIGNS = 15

STYLE = """
QMainWindow, QWidget { background: #0B0E12; color: #F2F5F8; }
QPushButton { background: #232C37; border: 1px solid #3A4654; border-radius: 5px; }
QPushButton:hover { background: #2E3947; }
QPushButton:disabled { color: #5B6876; background: #151B22; border-color: #232C37; }
QToolTip { background: #232C37; color: #F2F5F8; border: 1px solid #3A4654; }
QLabel#help { background: #1B222B; border: 2px solid #9AA7B5; border-radius: 8px; padding: 22px; }
QLabel#signs { background: #0B0E12; color: #FFC400; padding: 4px 8px; }
QLabel#prompt { background: #1B222B; border: 2px solid #35D6FF; border-radius: 6px; padding: 8px; }
"""


def scale_of(window: QWidget) -> float:
    """How much larger or smaller than in a window of 1280 x 800 letters are drawn."""
    scale = min(window.width() / SIZE[0], window.height() / SIZE[1])
    return min(max(scale, LEAST_SCALE), LARGEST_SCALE)


class ImageWindow(QMainWindow):
    """A window that asks by a timer what to show; nobody tells it.

    So it goes on telling the truth when every other thread has ended. A window of its own kind
    says what to show in `refresh`, and names its keys in `window_keys`.

    Parameters
    ----------
    title : str
    tools : sequence of Tool
        What can be done on the picture, each by a key.

    Attributes
    ----------
    banner, image, strip, run_strip : BannerView, ImageView, Strip, RunStrip
    look_keys : LookKeys
        How the person wants to see the picture.
    layer : Layer or None
        What is worked with on the picture now.
    """

    # Whether arrows alone change the greys: where they do nothing else.
    plain_arrows = False

    def __init__(self, title: str, tools: Sequence[Tool] = ()) -> None:
        super().__init__()
        self.setWindowTitle(f"LeakWatch – {title}")
        self.setStyleSheet(STYLE)
        self.resize(*SIZE)
        self.setMinimumSize(*LEAST_SIZE)
        self.banner, self.image, self.strip = BannerView(), ImageView(), Strip()
        self.run_strip = RunStrip()
        self.view_keys = ViewKeys(self.image, self.plain_arrows)
        self.image.pane.offer_touches(self._touched)
        self.image.pane.offer_wheel(self.view_keys.wheeled)
        self.layer: Layer | None = None
        self._tool: Tool | None = None
        self._tools = tuple(tools)
        self._said, self._said_until_s = "", 0.0
        self.help = self._label("help", 17)
        self.prompt = self._label("prompt", 17)
        self.signs = self._label("signs", SIGNS)
        for label in (self.prompt, self.signs):  # names of files may stand in them
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._scale = 1.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    def refresh(self) -> None:
        """Show what holds now; may raise, and then the level is UNKNOWN."""
        raise NotImplementedError

    def snapshot(self) -> Snapshot | None:
        """The snapshot that is shown now, with its pixels."""
        raise NotImplementedError

    def marks(self) -> Marks:
        """Marks that hold now."""
        raise NotImplementedError

    def window_keys(self) -> tuple[KeyAction, ...]:
        """Keys of this kind of window."""
        raise NotImplementedError

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """Keys that no layer takes."""
        raise NotImplementedError

    def broken(self) -> None:
        """What this kind of window does where `refresh` raised, beside saying UNKNOWN."""

    def start(self) -> None:
        """Keep the window up to date."""
        self._timer.start()

    def pause(self) -> None:
        """Stop keeping it up to date, as when it is hidden on purpose."""
        self._timer.stop()

    def tick(self) -> None:
        """Show what holds now; whatever breaks, never what held before."""
        try:
            self.refresh()
            self._show_signs()
        except Exception as error:  # noqa: BLE001
            unknown = unknown_banner(f"This frame cannot be shown: {type(error).__name__}: {error}")
            told = keep_latched_stop(unknown, self.banner.banner)
            if told != self.banner.banner:
                self.banner.show_banner(told, technical=True)
                _LOG.error("a frame cannot be shown", exc_info=True)
            self.broken()
        self._show_prompt()

    def picture_signs(self) -> tuple[str, ...]:
        """What the person must know of the picture, beside its level."""
        return self.view_keys.view_notices()

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Every key that does something now, those first that go first."""
        layer = () if self.layer is None else tuple(self.layer.keys)
        own = (*self.view_keys.key_actions(), *self._own())
        return (*self.alarm_keys(), *layer, *self._tool_keys(), *self.window_keys(), *own)

    def bar_actions(self) -> tuple[KeyAction, ...]:
        """What gets a button: while a layer is open its own, beside those of an alarm."""
        if self.layer is None:
            return self.key_actions()
        return (*self.alarm_keys(), *self.layer.keys, *self._tool_keys(), *self._own())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything by keys; see `key_actions`."""
        action = find(self.key_actions(), event)
        if action is None:
            super().keyPressEvent(event)
            return
        self._guarded(action.act)
        self.tick()

    def press(self, text: str) -> None:
        """Do what the key of this name does: a button was pressed."""
        for action in self.key_actions():
            if action.text == text:
                self._guarded(action.act)
                self.tick()
                return

    def leave(self) -> None:
        """Close, as a person asked by a key."""
        self.close()

    def end(self) -> None:
        """Close without a question: the program is told to end."""
        self.close()

    @property
    def sign_pixels(self) -> int:
        """Height of the letters of `picture_signs`, in a window of 1280 x 800."""
        return SIGNS

    def open_layer(self, layer: Layer, tool: Tool | None = None) -> None:
        """Put `layer` on the picture, in place of the one that is there."""
        self.close_layer()
        self.layer, self._tool = layer, tool
        stage = Stage(self.image, self.snapshot, self.marks, self.close_layer)
        self._guarded(lambda: layer.opened(stage))
        self._show_prompt()

    def close_layer(self) -> None:
        """Take the layer away, if there is one."""
        layer, self.layer, self._tool = self.layer, None, None
        if layer is not None:
            self._guarded(layer.closed)
        self._show_prompt()

    def say(self, text: str) -> None:
        """Tell the person something for a moment, over the picture."""
        self._said, self._said_until_s = text, time.monotonic() + SAID_S
        self._show_prompt()

    def frame_shown(self, snapshot: Snapshot) -> None:
        """Tell the layer of a new frame."""
        layer = self.layer
        if layer is not None:
            self._guarded(lambda: layer.showed(snapshot))

    def toggle_help(self) -> None:
        """Show or hide the keys."""
        self.help.setText(help_html(self.key_actions()))
        self.help.setVisible(not self.help.isVisible())
        self._place_labels()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop asking."""
        self._timer.stop()
        self.close_layer()
        self.banner.stop_flashing()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let letters grow with the window, and keep what lies over the picture in its place."""
        super().resizeEvent(event)
        self.set_scale(scale_of(self))
        self._place_labels()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        for part in (self.banner, self.strip, self.run_strip, self.image.overlay):
            part.set_scale(scale)
        self.prompt.setFont(font(round(17 * scale)))
        self._scale = scale
        self.signs.setFont(font(round(self.sign_pixels * scale), bold=True))

    def lay_out(self, bottom: QWidget) -> None:
        """Put everything into its place; `bottom` is this kind of window's own."""
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.run_strip)
        middle.addWidget(self.image.widget, 1)
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
        escape = key(Qt.Key.Key_Escape, "Esc", "close what lies over the picture", self._escape)
        asked = ((Qt.Key.Key_Question, PLAIN), (Qt.Key.Key_F1, PLAIN))
        ask = KeyAction(asked, "?", "show or hide these keys", self.toggle_help, "keys")
        whole = key(Qt.Key.Key_F11, "F11", "whole screen, and back", self._toggle_whole_screen)
        return (escape, ask, whole, key(Qt.Key.Key_Q, "Q", "close", self.leave))

    def _toggle_whole_screen(self) -> None:
        # It may be a page of another window.
        window = self.window()
        window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)

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
        """Do what a person asked for; a layer that breaks is closed, and the monitor goes on."""
        try:
            return work()
        except Exception as error:
            layer, self.layer, self._tool = self.layer, None, None
            if layer is None:
                raise
            _LOG.exception("what lay over the picture broke, and is closed")
            self.say(f"This was closed, since it broke: {type(error).__name__}: {error}")
            with suppress(Exception):
                layer.closed()
            return None

    def _show_prompt(self) -> None:
        layer = self.layer
        prompt = None if layer is None else self._guarded(lambda: layer.prompt)
        if self._said and time.monotonic() > self._said_until_s:
            self._said = ""
        text = "\n".join(part for part in (self._said, prompt) if isinstance(part, str) and part)
        if text != self.prompt.text():
            self.prompt.setText(text)
            self.prompt.setVisible(bool(text))
            self._place_labels()

    def _show_signs(self) -> None:
        text = "   ".join(self.picture_signs())
        if text != self.signs.text():
            self.signs.setFont(font(round(self.sign_pixels * self._scale), bold=True))
            self.signs.setText(text)
            self.signs.setVisible(bool(text))
            self._place_labels()

    def _place_labels(self) -> None:
        for label in (self.signs, self.prompt, self.help):
            label.adjustSize()
            label.raise_()
        left, top = self.width() - self.help.width(), self.height() - self.help.height()
        self.help.move(left // 2, top // 2)
        area = self.image.widget.rect()
        corner = self.image.widget.mapTo(self, area.topLeft())
        self.prompt.move(corner.x() + 12, corner.y() + 12)
        below = self.image.widget.mapTo(self, area.bottomLeft())
        self.signs.move(below.x() + 12, below.y() - self.signs.height() - 8)

    def _label(self, name: str, pixels: int) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setFont(font(pixels))
        label.hide()
        return label

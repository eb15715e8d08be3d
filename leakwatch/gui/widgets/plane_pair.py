"""Base of the windows of two planes: one banner, two pictures side by side, one in focus."""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from leakwatch.core.messages import text, translate
from leakwatch.display import palette
from leakwatch.display.banner import Banner, keep_latched_stop, unknown_banner
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.gui.widgets.image_window import LEAST_SIZE, SIZE, scale_of
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, KeyGroup, find, key, reachable
from leakwatch.gui.widgets.menus import MenuBar
from leakwatch.gui.widgets.over_image import OverImage
from leakwatch.gui.widgets.paced_timer import PacedTimer
from leakwatch.gui.widgets.plane_part import PlanePart
from leakwatch.gui.widgets.screen_fit import fit_screen
from leakwatch.gui.widgets.window_style import STYLE

_LOG = logging.getLogger(__name__)

# The plane in focus has this rim; keys, buttons and the side strip refer to it.
RIM, FOCUS_COLOUR, OTHER_COLOUR = 3, palette.ACCENT, palette.SCREEN

Part = TypeVar("Part", bound=PlanePart)


class PlanePair(QMainWindow, Generic[Part]):
    """Window that asks both planes by a timer what to show.

    A subclass shows the common banner in `show_common`, and names its own keys in `own_actions`;
    all other keys are those of the plane in focus.

    Parameters
    ----------
    title : str

    Attributes
    ----------
    banner : BannerView
        Of both planes together.
    plane_windows : tuple of PlanePart
    focus : int
        Number of the plane that keys act on.
    """

    plane_windows: tuple[Part, Part]

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setWindowTitle(translate(text("LeakWatch – {title}", title=title)))
        self.setStyleSheet(STYLE)
        fit_screen(self, SIZE, LEAST_SIZE)
        self.banner = BannerView()
        self.menus = MenuBar()
        self.menus.opening.connect(self.fill_menus)
        self.menus.chosen.connect(self.press)
        self.setMenuBar(self.menus)
        self.focus = 0
        self.over = OverImage(self)
        self.help = self.over.help
        self._frames: list[QFrame] = []
        self._bottom: QWidget | None = None
        self._rim = RIM
        self.details, self.strips = QStackedWidget(), QStackedWidget()
        self._timer = PacedTimer(self, self.has_news)
        self._timer.due.connect(self.tick)

    def show_common(self) -> None:
        """Show the common banner, after both planes; if it raises, the level is UNKNOWN."""
        raise NotImplementedError

    def has_news(self) -> bool:
        """Return whether either plane would show anything new."""
        return any(one.has_news() for one in self.plane_windows)

    def own_actions(self) -> tuple[KeyAction, ...]:
        """Return the keys of both planes, which precede those of the plane in focus."""
        raise NotImplementedError

    def broken(self, shown: Banner) -> None:
        """React to a failed `show_common`, beside showing UNKNOWN."""

    @property
    def focused(self) -> Part:
        """Plane that keys act on."""
        return self.plane_windows[self.focus]

    @property
    def help_shown(self) -> bool:
        """Return whether the keys are shown."""
        return self.help.isVisible()

    def start(self) -> None:
        """Keep the window up to date."""
        self.fill_menus()
        self._timer.start()

    def pause(self) -> None:
        """Stop updates, as when the window is hidden on purpose."""
        self._timer.stop()

    def tick(self) -> None:
        """Show the current state of both planes; if anything fails, never the previous one."""
        try:
            for one in self.plane_windows:
                one.tick()  # shows UNKNOWN itself if its plane cannot be drawn
            self.show_common()
        except Exception as error:  # noqa: BLE001
            what = f"{type(error).__name__}: {error}"
            unknown = unknown_banner(text("This frame cannot be displayed: {fault}", fault=what))
            shown = keep_latched_stop(unknown, self.banner.banner)
            if shown != self.banner.banner:
                self.banner.show_banner(shown, technical=True)
                _LOG.error("the planes cannot be shown", exc_info=True)
            self.broken(shown)

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return every active key, in order of precedence: those of both planes come first."""
        return tuple(action for group in self.key_groups() for action in group.actions)

    def key_groups(self) -> tuple[KeyGroup, ...]:
        """Return the keys of `key_actions` by menu."""
        own = KeyGroup(text("Both planes"), self.own_actions())
        return reachable((own, *self.focused.key_groups()))

    def fill_menus(self) -> None:
        """Bring the menus up to date with the keys."""
        self.menus.show_groups(self.key_groups())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle a key; see `key_actions`."""
        action = find(self.key_actions(), event)
        if action is None:
            super().keyPressEvent(event)
            return
        action.act()
        self.tick()

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Leave Tab to `keyPressEvent`: Qt would move the focus of widgets, of which there is none.

        An `event` in Python would do that too; but Qt paints within it, with the interpreter held.
        """
        return False

    def press(self, name: str) -> None:
        """Do what the key of this name does, when its button is clicked."""
        action = next((one for one in self.key_actions() if one.text == name), None)
        if action is not None:
            action.act()
            self.tick()

    def focus_on(self, number: int) -> None:
        """Let keys, buttons and the side strip act on a plane; a layer on the other one closes."""
        if number != self.focus:
            self.focused.close_layer()
        self.focus = number
        for place, frame in enumerate(self._frames):
            colour = FOCUS_COLOUR if place == number else OTHER_COLOUR
            frame.setStyleSheet(f"QFrame#plane {{ border: {self._rim}px solid {colour}; }}")
        for stack in (self.details, self.strips):
            stack.setCurrentIndex(number)

    def go_to_other(self) -> None:
        """Go to the plane that is not in focus."""
        self.focus_on(1 - self.focus)

    def say(self, message: str) -> None:
        """Show a message over the picture of the plane in focus for a while."""
        self.focused.say(message)

    def toggle_details(self) -> None:
        """Show or hide what is not needed at a glance; it takes room from the pictures."""
        self.details.setVisible(self.details.isHidden())

    def toggle_help(self) -> None:
        """Show or hide the keys."""
        self.over.toggle_help(self.key_actions())
        self._place_help()

    def common_actions(self) -> tuple[KeyAction, ...]:
        """Return the keys that each window of two planes has."""
        code = Qt.Key
        other = text("go to the other plane (or click on its image)")
        details = text("show or hide details: source, spacing, latency, meaning of the lines")
        asked = ((code.Key_Question, PLAIN), (code.Key_F1, PLAIN))
        ask = text("show or hide these keys")
        close = text("close what is over the image")
        escape = (key(code.Key_Escape, text("Esc"), close, self.toggle_help),)
        return (
            key(code.Key_Tab, text("Tab"), other, self.go_to_other, text("other plane")),
            key(code.Key_G, "G", details, self.toggle_details, text("details")),
            KeyAction(asked, "?", ask, self.toggle_help, text("keys")),
            key(code.Key_F11, "F11", text("full screen"), self._toggle_full_screen),
            key(code.Key_Q, "Q", text("close"), self.close),
            *(escape if self.help_shown else ()),
        )

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.menus.setVisible(not self.isFullScreen())

    def end(self) -> None:
        """Close without asking, because the program ends."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the updates of both planes."""
        self._timer.stop()
        self.banner.stop_flashing()
        for one in self.plane_windows:
            one.end()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale letters with the window."""
        super().resizeEvent(event)
        self.set_scale(scale_of(self))
        self._place_help()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self.menus.set_scale(scale)
        self.banner.set_scale(scale)
        self.over.set_scale(scale)
        self._rim = max(round(RIM * scale), 1)
        for frame in self._frames:
            frame.setContentsMargins(self._rim, self._rim, self._rim, self._rim)
        self.focus_on(self.focus)
        for one in self.plane_windows:
            one.scale_to(scale)

    def _place_help(self) -> None:
        """Place the keys between banner and buttons."""
        below = 0 if self._bottom is None else self._bottom.height()
        # The image lies between what is above it and what is below it.
        top = self.banner.mapTo(self, self.banner.rect().bottomLeft()).y() + 1
        room = QRect(0, top, self.width(), max(self.height() - top - below, 1))
        self.over.place(room, room)

    def lay_out(self, bottom: QWidget) -> None:
        """Lay out the window; `bottom` belongs to this kind of window."""
        self._bottom = bottom
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.details)
        for one in self.plane_windows:
            frame = QFrame()
            frame.setObjectName("plane")
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.addWidget(one)
            middle.addWidget(frame, 1)
            self._frames.append(frame)
            self.details.addWidget(one.run_strip)
            self.strips.addWidget(one.strip)
        self.details.hide()
        middle.addWidget(self.strips)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addLayout(middle, 1)
        layout.addWidget(bottom)
        content = QWidget()
        content.setLayout(layout)
        self.setCentralWidget(content)
        self.focus_on(0)

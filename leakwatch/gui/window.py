"""The replay window: banner on top, image with overlay, numbers at the side, transport below."""

from __future__ import annotations

import logging
import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMainWindow, QVBoxLayout, QWidget

from leakwatch.banner import over_latched, unknown_banner
from leakwatch.gui.banner_view import BannerView
from leakwatch.gui.fonts import font
from leakwatch.gui.overlay import ImageView
from leakwatch.gui.replay import Replay, ReplayView
from leakwatch.gui.strip import Strip
from leakwatch.gui.transport import Transport
from leakwatch.present import Picture

_LOG = logging.getLogger(__name__)

# Faster than any source, so that a frame is shown less than a frame late.
TICK_MS = 16
SIZE = (1280, 800)

KEYS: tuple[tuple[str, str], ...] = (
    ("Space", "play or pause"),
    ("← →", "one frame back or on (with Shift: ten)"),
    ("+ –", "faster, slower"),
    ("Home End", "first frame, last frame"),
    ("A", "acknowledge: clear the latched STOP, as a person's action"),
    ("?", "show or hide these keys"),
    ("Q", "close"),
)

STYLE = """
QMainWindow, QWidget { background: #0B0E12; color: #F2F5F8; }
QPushButton { background: #232C37; border: 1px solid #3A4654; border-radius: 5px; }
QPushButton:hover { background: #2E3947; }
QPushButton:disabled { color: #5B6876; background: #151B22; border-color: #232C37; }
QToolTip { background: #232C37; color: #F2F5F8; border: 1px solid #3A4654; }
QLabel#help { background: #1B222B; border: 2px solid #9AA7B5; border-radius: 8px; padding: 22px; }
"""


class ReplayWindow(QMainWindow):
    """Pulls a `ReplayView` from `replay` by a timer and shows it.

    The window asks; nobody tells it. So it goes on telling the truth when the fold's thread ends.

    Parameters
    ----------
    replay : Replay
    title : str
        Name of the case.
    """

    def __init__(self, replay: Replay, title: str) -> None:
        super().__init__()
        self.replay = replay
        self.setWindowTitle(f"LeakWatch – {title}")
        self.setStyleSheet(STYLE)
        self.resize(*SIZE)
        self.banner, self.image, self.strip = BannerView(), ImageView(), Strip()
        self.transport = Transport()
        self._lay_out()
        self.help = self._help()
        self._connect()
        self._shown: Picture | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    def start(self) -> None:
        """Play from the first frame, and keep the window up to date."""
        self.replay.playback.toggle()
        self._timer.start()

    def tick(self) -> None:
        """Advance to now and show what there is."""
        try:
            self.show_view(self.replay.tick(time.monotonic()))
        # Whatever broke, nobody may go on reading the level that held before.
        except Exception as error:  # noqa: BLE001
            unknown = unknown_banner(f"This frame cannot be shown: {type(error).__name__}: {error}")
            told = over_latched(unknown, self.banner.banner)
            if told != self.banner.banner:
                self.banner.show_banner(told)
                _LOG.error("a frame cannot be shown", exc_info=True)

    def show_view(self, view: ReplayView) -> None:
        """Show everything of `view`."""
        self.banner.show_banner(view.banner)
        self.transport.show_view(view)
        if view.picture is not None and view.picture is not self._shown:
            self.image.show_frame(view.grey, view.picture)
            self.strip.show_picture(view.picture)
            self._shown = view.picture

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything by keys; see `KEYS`."""
        playback = self.replay.playback
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        actions = {
            Qt.Key.Key_Space: playback.toggle,
            Qt.Key.Key_Left: lambda: playback.step(-many),
            Qt.Key.Key_Right: lambda: playback.step(many),
            Qt.Key.Key_Plus: playback.faster,
            Qt.Key.Key_Equal: playback.faster,
            Qt.Key.Key_Minus: playback.slower,
            Qt.Key.Key_Home: lambda: playback.seek(0),
            Qt.Key.Key_End: playback.seek_end,
            Qt.Key.Key_A: self.acknowledge,
            Qt.Key.Key_Question: self.toggle_help,
            Qt.Key.Key_F1: self.toggle_help,
            Qt.Key.Key_Escape: self.help.hide,
            Qt.Key.Key_Q: self.close,
        }
        action = actions.get(Qt.Key(event.key()))
        if action is None:
            super().keyPressEvent(event)
            return
        action()
        self.show_view(self.replay.view())

    def acknowledge(self) -> None:
        """Clear the latched STOP of the frame that is shown."""
        self.replay.acknowledge()

    def toggle_help(self) -> None:
        """Show or hide the keys."""
        self.help.setVisible(not self.help.isVisible())
        self.help.adjustSize()
        self.help.move(
            (self.width() - self.help.width()) // 2, (self.height() - self.help.height()) // 2
        )
        self.help.raise_()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop asking."""
        self._timer.stop()
        self.banner.stop_flashing()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.image.widget, 1)
        middle.addWidget(self.strip)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addLayout(middle, 1)
        layout.addWidget(self.transport)
        content = QWidget()
        content.setLayout(layout)
        self.setCentralWidget(content)

    def _help(self) -> QLabel:
        rows = "".join(
            f"<tr><td style='padding:3px 22px 3px 0'><b>{keys}</b></td><td>{what}</td></tr>"
            for keys, what in KEYS
        )
        label = QLabel(f"<table>{rows}</table>", self)
        label.setObjectName("help")
        label.setFont(font(17))
        label.hide()
        return label

    def _connect(self) -> None:
        transport, playback = self.transport, self.replay.playback
        transport.play_pressed.connect(playback.toggle)
        transport.stepped.connect(playback.step)
        transport.slower_pressed.connect(playback.slower)
        transport.faster_pressed.connect(playback.faster)
        transport.timeline.sought.connect(playback.seek)
        transport.acknowledged.connect(self.acknowledge)
        transport.help_pressed.connect(self.toggle_help)

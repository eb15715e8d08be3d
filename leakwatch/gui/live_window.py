"""The window of a live session: banner, image with overlay, numbers, and one line of state."""

from __future__ import annotations

import logging
import math

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMainWindow, QSizePolicy, QVBoxLayout, QWidget

from leakwatch.banner import over_latched, unknown_banner
from leakwatch.grey import GreyMapping, grey_mapping
from leakwatch.gui.banner_view import BannerView
from leakwatch.gui.fonts import font
from leakwatch.gui.overlay import ImageView
from leakwatch.gui.strip import Strip
from leakwatch.gui.window import SIZE, STYLE, TICK_MS
from leakwatch.live.report_lines import status_line
from leakwatch.live.session import LiveSession
from leakwatch.live.status import LiveStatus, Shown, Sight, shown
from leakwatch.model import Frame, Level
from leakwatch.present import picture

_LOG = logging.getLogger(__name__)

# Frames that fix the greys.
GREY_FRAMES = 8
# How often the line of numbers is renewed, s: faster than anybody reads.
STATE_S = 0.2
# What is no picture of the present is drawn this dark.
DIMMED = 0.45


class LiveWindow(QMainWindow):
    """Pulls a `LiveStatus` from `session` by a timer and shows it.

    Keys: A acknowledge, B begin anew, M mark this moment, P pause the sound, Q close.

    Parameters
    ----------
    session : LiveSession
        Started.
    title : str
    """

    def __init__(self, session: LiveSession, title: str) -> None:
        super().__init__()
        self._session = session
        self.setWindowTitle(f"LeakWatch – {title}")
        self.setStyleSheet(STYLE)
        self.resize(*SIZE)
        self.banner, self.image, self.strip, self.state = (
            BannerView(),
            ImageView(),
            Strip(),
            QLabel(),
        )
        self._lay_out()
        self._drawn: object = None
        self._stated_s, self._stated = -math.inf, Level.UNKNOWN
        self._greys: GreyMapping | None = None
        self._grey_frames: list[Frame] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    def start(self) -> None:
        """Keep the window up to date."""
        self._timer.start()

    def tick(self) -> None:
        """Show what holds now; whatever breaks, never what held before."""
        try:
            status = self._session.status
            self.show_status(status, shown(status, self._session.now_s, self._session.settings))
        except Exception as error:  # noqa: BLE001
            unknown = unknown_banner(f"This frame cannot be shown: {type(error).__name__}: {error}")
            told = over_latched(unknown, self.banner.banner)
            if told != self.banner.banner:
                self.banner.show_banner(told)
                _LOG.error("a frame cannot be shown", exc_info=True)

    def show_status(self, status: LiveStatus, now: Shown) -> None:
        """Show everything."""
        self.banner.show_banner(now.banner)
        self.image.widget.setEnabled(now.sight is Sight.PRESENT)
        self.image.image.setOpacity(1.0 if now.sight is Sight.PRESENT else DIMMED)
        if self._session.now_s - self._stated_s >= STATE_S or now.level is not self._stated:
            self._stated_s, self._stated = self._session.now_s, now.level
            self.state.setText(status_line(status, now))
        present = status.present
        if present is None or present.snapshot is self._drawn:
            return
        self._drawn = present.snapshot
        marks, frame = self._session.marks, present.snapshot.frame
        drawn = picture(present.snapshot, marks, self._session.settings)
        self.image.show_frame(self._mapping(frame).apply(frame.pixels), drawn)
        self.strip.show_picture(drawn)
        self._session.drawn(present.received_s)

    def _mapping(self, frame: Frame) -> GreyMapping:
        """Fixed after the first frames; made again where the pixels mean something else."""
        kept = self._grey_frames
        if kept and kept[0].acquisition.pixel_format != frame.acquisition.pixel_format:
            kept.clear()
        if self._greys is None or len(kept) < GREY_FRAMES:
            kept.append(frame)
            self._greys = grey_mapping(kept)
        return self._greys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What a person does; see the class."""
        session = self._session
        actions = {
            Qt.Key.Key_A: session.acknowledge,
            Qt.Key.Key_B: session.start_anew,
            Qt.Key.Key_M: lambda: session.note("marked"),
            Qt.Key.Key_P: lambda: session.pause_audio(session.settings.live.audio_pause_s),
            Qt.Key.Key_Q: self.close,
        }
        action = actions.get(Qt.Key(event.key()))
        if action is None:
            super().keyPressEvent(event)
            return
        action()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop asking."""
        self._timer.stop()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        self.state.setFont(font(13))
        # A long line is cut off: it must never make the window wider than the screen.
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.state.setContentsMargins(14, 4, 14, 6)
        middle = QHBoxLayout()
        middle.addWidget(self.image.widget, 1)
        middle.addWidget(self.strip)
        whole = QVBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.banner)
        whole.addLayout(middle, 1)
        whole.addWidget(self.state)
        widget = QWidget()
        widget.setLayout(whole)
        self.setCentralWidget(widget)

"""The window of a live session: banner, image with overlay, numbers, and one line of state."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from leakwatch.grey import GreyMapping, grey_mapping
from leakwatch.gui.fonts import font
from leakwatch.gui.image_window import ImageWindow
from leakwatch.gui.keys import KeyAction, key
from leakwatch.gui.layers import Tool
from leakwatch.live.report_lines import status_line
from leakwatch.live.session import LiveSession
from leakwatch.live.status import LiveStatus, Shown, Sight, shown
from leakwatch.model import Frame, Level, Marks, Snapshot
from leakwatch.present import picture

# Frames that fix the greys.
GREY_FRAMES = 8
# How often the line of numbers is renewed, s: faster than anybody reads.
STATE_S = 0.2
# What is no picture of the present is drawn this dark.
DIMMED = 0.45


class LiveWindow(ImageWindow):
    """Pulls a `LiveStatus` from `session` by a timer and shows it.

    Parameters
    ----------
    session : LiveSession
        Started.
    title : str
    tools : sequence of Tool
    """

    def __init__(self, session: LiveSession, title: str, tools: Sequence[Tool] = ()) -> None:
        super().__init__(title, tools)
        self._session = session
        self.state = QLabel()
        self.state.setFont(font(13))
        # A long line is cut off: it must never make the window wider than the screen.
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.state.setContentsMargins(14, 4, 14, 6)
        self.lay_out(self.state)
        self._drawn: Snapshot | None = None
        self._stated_s, self._stated = -math.inf, Level.UNKNOWN
        self._greys: GreyMapping | None = None
        self._grey_frames: list[Frame] = []

    def refresh(self) -> None:
        """Ask the session."""
        status = self._session.status
        self.show_status(status, shown(status, self._session.now_s, self._session.settings))

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
        frame = present.snapshot.frame
        drawn = picture(present.snapshot, self._session.marks, self._session.settings)
        self.image.show_frame(self._mapping(frame).apply(frame.pixels), drawn)
        self.strip.show_picture(drawn)
        self._session.drawn(present.received_s)
        self.frame_shown(present.snapshot)

    def snapshot(self) -> Snapshot | None:
        """The latest."""
        return self._drawn

    def marks(self) -> Marks:
        """Those of the session."""
        return self._session.marks

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """Acknowledging and silence."""
        session, longest_s = self._session, self._session.settings.live.audio_pause_s
        return (
            key(
                Qt.Key.Key_A,
                "A",
                "acknowledge: clear the latched STOP, as a person's action",
                session.acknowledge,
            ),
            key(
                Qt.Key.Key_P,
                "P",
                f"pause the sound for {longest_s:g} s",
                lambda: session.pause_audio(longest_s),
            ),
        )

    def window_keys(self) -> tuple[KeyAction, ...]:
        """What a person does in a session."""
        session = self._session
        anew = "new baseline: what is seen now holds no cement"
        return (
            key(Qt.Key.Key_Space, "Space", "note this moment", lambda: session.note("marked")),
            key(Qt.Key.Key_B, "B", anew, session.start_anew),
        )

    def _mapping(self, frame: Frame) -> GreyMapping:
        """Fixed after the first frames; made again where the pixels mean something else."""
        kept = self._grey_frames
        if kept and kept[0].acquisition.pixel_format != frame.acquisition.pixel_format:
            kept.clear()
        if self._greys is None or len(kept) < GREY_FRAMES:
            kept.append(frame)
            self._greys = grey_mapping(kept)
        return self._greys

"""Replay window: image and numbers of one frame of a sequence, with transport controls."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt

from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.event_list import EventRow
from leakwatch.display.facts import needed_at_a_glance
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.picture import FrameOverlay
from leakwatch.gui.replay.replay_key_images import ReplayKeyImages
from leakwatch.gui.replay.replay_view import Replay, ReplayView
from leakwatch.gui.replay.transport import Transport
from leakwatch.gui.widgets.event_list_view import foot_text
from leakwatch.gui.widgets.event_pane import EventPane
from leakwatch.gui.widgets.image_window import SIZE, ImageWindow
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, Modifier, key
from leakwatch.gui.widgets.picture_layers import Tool
from leakwatch.gui.widgets.reference_keys import ReferenceKeys
from leakwatch.gui.widgets.ruler_layer import ruler_tool
from leakwatch.gui.widgets.weak_calls import weakly
from leakwatch.gui.widgets.window_style import STYLE
from leakwatch.sinks.key_images.key_image_worker import KeyImageWorker

__all__ = ["SIZE", "STYLE", "ReplayWindow"]


class ReplayWindow(ImageWindow):
    """Window that shows a `ReplayView`.

    Parameters
    ----------
    replay : Replay
    title : str
        Name of the case.
    tools : sequence of Tool
    key_images : KeyImageWorker or None
    folder : Path or None
        Of the record that is replayed, for key images.
    """

    own_menu = text("Replay")

    def __init__(
        self,
        replay: Replay,
        title: str,
        tools: Sequence[Tool] = (),
        key_images: KeyImageWorker | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__(title, (*tools, ruler_tool(replay.settings)))
        self.replay = replay
        self.banner.use(replay.settings.window)
        self.transport = Transport()
        self.references = ReferenceKeys(self.panes, replay.settings)
        self.key_images = ReplayKeyImages(self.current_replay, self.say, key_images, folder)
        self.events = EventPane(self.panes, self._thumbnail, weakly(self._go_to))
        self._shown: FrameOverlay | None = None
        self._trend_s, self._whole = -math.inf, False
        self.lay_out(self.transport)
        self._connect()

    def start(self) -> None:
        """Play from the first frame, and start the updates."""
        self.replay.playback.toggle()
        super().start()

    def refresh(self) -> None:
        """Advance to now and show the frame."""
        self.replay.view_settings = self.view_keys.view
        self.show_view(self.replay.tick(time.monotonic()))
        self._show_reference()
        self.key_images.refresh()

    def show_view(self, view: ReplayView) -> None:
        """Show everything of `view`."""
        self.banner.show_banner(view.banner)
        self.transport.show_view(view)
        self._show_events(view)
        if self.events.whole != self._whole:
            self._whole, self._trend_s = self.events.whole, time.monotonic()
            self.strip.show_trend(self.replay.trend(self._whole))
        if view.picture is not None and view.picture is not self._shown:
            self.image.show_frame(view.grey, view.picture)
            self._shown = view.picture
            self.view_keys.focus_px = view.picture.focus_px
            self._show_numbers(view, view.picture)
            self._tell_layer()

    def current_replay(self) -> Replay:
        """Return the replay: another one after other marks were saved."""
        return self.replay

    def snapshot(self) -> Snapshot | None:
        """Return the snapshot of the displayed frame, with its pixels."""
        return self.replay.snapshot()

    def calibration(self) -> Calibration | None:
        """Return the calibration of the displayed frame."""
        return self.replay.calibration()

    def marks(self) -> Marks:
        """Return the marks of the case."""
        return self.replay.marks

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """Return the key to acknowledge."""
        what = text("acknowledge: clear the latched STOP")
        return (key(Qt.Key.Key_A, "A", what, self.acknowledge),)

    def window_keys(self) -> tuple[KeyAction, ...]:
        """Return the keys of the transport controls."""
        go, code = self.replay.playback, Qt.Key
        shift = Modifier.ShiftModifier
        left, right = Qt.Key.Key_Left, Qt.Key.Key_Right
        faster = ((code.Key_Plus, PLAIN), (code.Key_Equal, PLAIN))
        return (
            key(code.Key_Space, text("Space"), text("play or pause"), go.toggle),
            KeyAction(((left, PLAIN),), "←", text("one frame back"), lambda: go.step(-1)),
            KeyAction(((right, PLAIN),), "→", text("one frame forward"), lambda: go.step(1)),
            KeyAction(
                ((left, shift),), text("Shift ←"), text("ten frames back"), lambda: go.step(-10)
            ),
            KeyAction(
                ((right, shift),), text("Shift →"), text("ten frames forward"), lambda: go.step(10)
            ),
            KeyAction(faster, "+", text("faster"), go.faster),
            key(code.Key_Minus, "–", text("slower"), go.slower),
            key(code.Key_Home, text("Home"), text("first frame"), lambda: go.seek(0)),
            key(code.Key_End, text("End"), text("last frame"), go.seek_end),
            *self.references.key_actions(),
            *self.key_images.key_actions(),
            *self._event_keys(),
        )

    def fill_menus(self) -> None:
        """Bring menus and buttons up to date with the keys."""
        super().fill_menus()
        self.transport.describe(self.key_actions())

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        super().set_scale(scale)
        self.transport.set_scale(scale)

    def acknowledge(self) -> None:
        """Acknowledge the latched STOP of the displayed frame."""
        self.replay.acknowledge()

    def _show_numbers(self, view: ReplayView, picture: FrameOverlay) -> None:
        self.strip.show_overlay(picture, needed_at_a_glance(picture.run_facts))
        facts = (*picture.run_facts, *self.key_images.facts())
        self.run_strip.show_facts(facts, picture)
        now_s, settings = time.monotonic(), self.replay.settings
        # At high speed, not every frame needs a trend.
        if not view.playing or now_s - self._trend_s >= settings.window.numbers_s:
            self._trend_s = now_s
            self.strip.show_trend(self.replay.trend(self.events.whole))

    def _event_keys(self) -> tuple[KeyAction, ...]:
        code, replay = Qt.Key, self.replay
        after, before = text("next event"), text("previous event")
        return (
            key(code.Key_PageDown, text("Page Down"), after, replay.go_to_next),
            key(code.Key_PageUp, text("Page Up"), before, replay.go_to_previous),
            *self.events.key_actions(),
        )

    def _show_events(self, view: ReplayView) -> None:
        replay, rows = self.replay, self.replay.rows
        self.transport.events.show_rows(rows, view, replay.index_of, self._thumbnail)
        self.events.show_rows(rows, foot_text(0, replay.dropped_thumbnails))
        if self.events.is_open:
            self.events.view.select(replay.current_row())

    def _thumbnail(self, row: EventRow) -> GreyImage | None:
        return self.replay.thumbnail(row)

    def _go_to(self, row: EventRow) -> None:
        self.replay.go_to(row)

    def _go_to_time(self, time_s: float) -> None:
        self.replay.playback.seek_time(time_s)

    def _show_reference(self) -> None:
        replay, look = self.replay, self.view_keys.view
        if replay.playback.index is None:
            return
        replay.references.index = replay.playback.index
        self.references.refresh(
            replay.references, replay.current, replay.grey_of, self.image, look, time.monotonic()
        )

    def _tell_layer(self) -> None:
        if self.layer is not None:
            snapshot = self.snapshot()
            if snapshot is not None:
                self.frame_shown(snapshot)

    # Looked up at each signal, since the replay may have changed; and methods, since a signal
    # connected to a closure would keep the window alive.
    def _toggle(self) -> None:
        self.replay.playback.toggle()

    def _step(self, frames: int) -> None:
        self.replay.playback.step(frames)

    def _slower(self) -> None:
        self.replay.playback.slower()

    def _faster(self) -> None:
        self.replay.playback.faster()

    def _seek(self, index: int) -> None:
        self.replay.playback.seek(index)

    def _connect(self) -> None:
        transport = self.transport
        transport.play_pressed.connect(self._toggle)
        transport.stepped.connect(self._step)
        transport.slower_pressed.connect(self._slower)
        transport.faster_pressed.connect(self._faster)
        transport.timeline.sought.connect(self._seek)
        transport.events.chosen.connect(self._go_to)
        self.strip.trend.chosen.connect(self._go_to_time)
        transport.acknowledged.connect(self.acknowledge)
        transport.help_pressed.connect(self.toggle_help)

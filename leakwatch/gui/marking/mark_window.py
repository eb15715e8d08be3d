"""The window of `leakwatch mark`: set a case up before anything is watched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QCloseEvent

from leakwatch.core.arrays import Array, read_only
from leakwatch.core.frame import Acquisition, Frame, PixelFormat
from leakwatch.core.marks import Marks
from leakwatch.core.results import Snapshot
from leakwatch.display.banner import unknown_banner
from leakwatch.display.facts import Fact
from leakwatch.display.grey_mapping import GreyMapping, grey_mapping
from leakwatch.display.picture import FrameOverlay
from leakwatch.gui.marking.mark_layer import MarkLayer
from leakwatch.gui.widgets.action_bar import ActionBar
from leakwatch.gui.widgets.image_window import ImageWindow
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.gui.widgets.picture_layers import Tool
from leakwatch.marking.marking_words import facts, setup_facts
from leakwatch.marking.one_click import Prepared, shown_picture
from leakwatch.marking.open_case import OpenCase

_BANNER = unknown_banner("Set-up: nothing is watched here")
# The average as stored values of 12 bits: what lies beyond these percentiles of the exposed part
# (gas, metal) is cut off.
_PERCENTILES, _TOP, _BITS = (0.5, 99.8), 4095.0, 12


class MarkWindow(ImageWindow):
    """Shows the frame that is marked, or the average, with the marks of an open case.

    Parameters
    ----------
    case : OpenCase
    snapshot : Snapshot
        Of the frame that is marked.
    title : str
    tools : sequence of Tool
        Others than marking, which is open from the beginning.

    Attributes
    ----------
    bar : ActionBar
    """

    def __init__(
        self, case: OpenCase, snapshot: Snapshot, title: str, tools: Sequence[Tool] = ()
    ) -> None:
        super().__init__(title, tools)
        self.case, self._snapshot = case, snapshot
        self._averaged, self._warned = True, False
        self._shows: tuple[object, object] | None = None
        self._greys: tuple[object, GreyMapping, Array] | None = None
        self._facts: tuple[Fact, ...] = ()
        self.strip.trend.hide()
        self.banner.show_banner(_BANNER)
        self.bar = ActionBar()
        self.bar.pressed.connect(self.press)
        self.lay_out(self.bar)

    def start(self) -> None:
        """Open marking, and keep the window up to date."""
        self.mark()
        super().start()

    def mark(self) -> None:
        """Put marking on the picture."""
        self.open_layer(MarkLayer(lambda snapshot: self.case))

    def refresh(self) -> None:
        """Show the picture that can be had by now, and what is known of the case."""
        if self.layer is None:
            self.mark()  # there is nothing else to do in this window
        self._show_picture()
        self._show_facts()
        self.bar.show_actions(self.key_actions())

    def snapshot(self) -> Snapshot | None:
        """The frame that is marked."""
        return self._snapshot

    def marks(self) -> Marks:
        """None: they are what is made here."""
        return Marks()

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """There is no alarm: nothing is watched."""
        return ()

    def window_keys(self) -> tuple[KeyAction, ...]:
        """What to look at."""
        what = "show the average of the frames without cement, or the frame"
        return (key(Qt.Key.Key_V, "V", what, self.toggle_average, "view"),)

    def toggle_average(self) -> None:
        """Show the average, or the frame that is marked."""
        self._averaged = not self._averaged

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        super().set_scale(scale)
        self.bar.set_scale(scale)

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is not saved is asked about, once."""
        if not self.case.is_saved and not self._warned:
            self._warned = True
            self.say("The marks are not saved. S saves; close once more to leave them")
            event.ignore()
            return
        self.case.close()
        super().closeEvent(event)

    def _show_picture(self) -> None:
        prepared = self.case.prepared if self._averaged else None
        source: object = "frame" if prepared is None else id(self.case.average)
        shows = (source, self.view_keys.view)
        if shows == self._shows:
            return
        self._shows = shows
        if self._greys is None or self._greys[0] != source:
            frame = self._snapshot.frame
            seen = frame if prepared is None else _as_frame(prepared, frame)
            self._greys = (source, grey_mapping([seen]), seen.pixels)
        _, mapping, pixels = self._greys
        greys = mapping.with_view(self.view_keys.view).apply(pixels)
        self.image.show_frame(greys, self._pictured(self._facts))
        across, down = (0.0, 0.0) if prepared is None else prepared.shift_px
        rows, columns = greys.shape
        self.image.image.setRect(QRectF(across - 0.5, down - 0.5, columns, rows))

    def _show_facts(self) -> None:
        case, prepared = self.case, self.case.prepared
        told = facts(case.draft, case.found)
        if case.was_saved and case.is_saved:
            told = (Fact("marks", "saved", large=True), *told[1:])
        if told != self._facts:
            self._facts = told
            self.strip.show_overlay(self._pictured(told))
        averaged = 0 if prepared is None else prepared.baseline_frames
        self.run_strip.show_facts(setup_facts(case.draft, case.calibration, case.frame, averaged))

    def _pictured(self, told: tuple[Fact, ...]) -> FrameOverlay:
        frame = self._snapshot.frame
        return FrameOverlay(frame.index, frame.time_s, _BANNER, None, (), (), told, (), ())


def _as_frame(prepared: Prepared, frame: Frame) -> Frame:
    """The average as a frame, which the greys of the window are made for; bone is dark."""
    shown = shown_picture(prepared)
    low, high = np.percentile(shown.attenuation[shown.seen], _PERCENTILES)
    beam = np.clip((high - shown.attenuation) / max(float(high - low), 1e-6), 0.0, 1.0)
    beam[~shown.seen] = 0.0
    binning = shown.grid.binning
    values = np.rint(_TOP * beam).astype(np.uint16)
    large = values.repeat(binning, axis=0).repeat(binning, axis=1)
    whole = np.zeros(frame.pixels.shape, np.uint16)
    whole[: large.shape[0], : large.shape[1]] = large
    size = frame.acquisition
    meaning = PixelFormat("MONOCHROME2", _BITS)
    acquisition = Acquisition(rows=size.rows, columns=size.columns, pixel_format=meaning)
    return Frame(frame.index, frame.time_s, read_only(whole), acquisition)

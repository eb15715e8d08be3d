"""Window of `leakwatch mark`, to set up a case before monitoring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout

from leakwatch.core.arrays import Array, read_only
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.frame import Acquisition, Frame, PixelFormat
from leakwatch.core.geometry import enlarge
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.banner import unknown_banner
from leakwatch.display.facts import Fact
from leakwatch.display.grey_mapping import GreyMapping, grey_mapping
from leakwatch.display.picture import FrameOverlay
from leakwatch.gui.marking.mark_layer import MarkLayer
from leakwatch.gui.widgets.action_bar import ActionBar
from leakwatch.gui.widgets.image_window import ImageWindow
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.gui.widgets.picture_layers import Tool
from leakwatch.gui.widgets.ruler_layer import ruler_tool
from leakwatch.marking.marking_words import facts, setup_facts
from leakwatch.marking.one_click import Prepared, displayed_image
from leakwatch.marking.open_case import OpenCase

_BANNER = unknown_banner(text("Set-up: no monitoring in this window"))
# The average as stored values of 12 bits, clipped at these percentiles of the exposed field, beyond
# which are gas and metal.
_PERCENTILES, _TOP, _BITS = (0.5, 99.8), 4095.0, 12


class MarkWindow(ImageWindow):
    """Window that shows the marked frame, or the average, with the marks of an open case.

    Parameters
    ----------
    case : OpenCase
    snapshot : Snapshot
        Of the marked frame.
    title : str
    tools : sequence of Tool
        Other than marking, which is open from the start.
    offers_replay : bool
        Whether a key saves and closes, for the case to be replayed.

    Attributes
    ----------
    bar : ActionBar
    wants_replay : bool
        Whether that key was pressed.
    """

    has_details = True
    own_menu = text("Case")

    def __init__(
        self,
        case: OpenCase,
        snapshot: Snapshot,
        title: str,
        tools: Sequence[Tool] = (),
        offers_replay: bool = False,
    ) -> None:
        ruler = ruler_tool(case.basis.settings, lambda _: case.calibration)
        super().__init__(title, (*tools, ruler))
        self.case, self._snapshot = case, snapshot
        self._offers_replay, self.wants_replay = offers_replay, False
        self._averaged, self._warned = True, False
        self._shows: tuple[object, object] | None = None
        self._greys: tuple[object, GreyMapping, Array] | None = None
        self._facts: tuple[Fact, ...] = ()
        self.strip.trend.hide()
        # A window to set up a case: a banner would look like monitoring. It is shown for faults.
        self.banner.hide()
        self.prompt.setWordWrap(True)
        beside = self.strip.layout()
        assert isinstance(beside, QVBoxLayout)
        beside.insertWidget(0, self.prompt)
        self.bar = ActionBar()
        self.bar.pressed.connect(self.press)
        self.lay_out(self.bar)

    def start(self) -> None:
        """Open marking, and start the updates."""
        self.mark()
        super().start()

    def mark(self) -> None:
        """Open the marking layer."""
        self.open_layer(MarkLayer(lambda snapshot: self.case))

    def refresh(self) -> None:
        """Show the available image, and the state of the case."""
        self.banner.hide()
        if self.layer is None:
            self.mark()  # there is nothing else to do in this window
        self._show_image()
        self._show_facts()
        self.bar.show_actions(self.key_actions())

    def snapshot(self) -> Snapshot | None:
        """Return the marked frame."""
        return self._snapshot

    def calibration(self) -> Calibration:
        """Return the calibration of the case."""
        return self.case.calibration

    def marks(self) -> Marks:
        """Return no marks: they are made here."""
        return Marks()

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """Return no keys: there is no monitoring."""
        return ()

    def window_keys(self) -> tuple[KeyAction, ...]:
        """Return the key to change the image."""
        what = text("show the average of the cement-free frames, or the frame")
        view = key(Qt.Key.Key_V, "V", what, self.toggle_average, text("view"))
        if not self._offers_replay:
            return (view,)
        replay = text("save, and replay with these marks")
        return (key(Qt.Key.Key_R, "R", replay, self.save_and_replay, text("replay")), view)

    def broken(self) -> None:
        """Show what cannot be displayed."""
        self.banner.show()

    @property
    def hint(self) -> str:
        """Key to go on with, once there is something to save."""
        marked = self._offers_replay and self.case.found.body is not None
        return text("R: save, and replay with these marks") if marked else ""

    def save_and_replay(self) -> None:
        """Save the marks and close; if they cannot be saved, say why."""
        try:
            self.case.save()
        except LeakWatchError as error:
            self.say(text("Not saved: {error}", error=str(error)))
            return
        self.wants_replay = True
        self.close()

    def toggle_average(self) -> None:
        """Show the average, or the marked frame."""
        self._averaged = not self._averaged

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        super().set_scale(scale)
        self.bar.set_scale(scale)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once about marks that are not saved."""
        if not self.case.is_saved and not self._warned:
            self._warned = True
            self.say(text("The marks are not saved. S saves; close again to discard them"))
            event.ignore()
            return
        self.case.close()
        super().closeEvent(event)

    def _show_image(self) -> None:
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
        self.image.show_frame(greys, self._overlay(self._facts))
        across, down = (0.0, 0.0) if prepared is None else prepared.shift_px
        rows, columns = greys.shape
        self.image.image.set_rect(QRectF(across - 0.5, down - 0.5, columns, rows))

    def _show_facts(self) -> None:
        case, prepared = self.case, self.case.prepared
        shown = facts(case.draft, case.found)
        if case.was_saved and case.is_saved:
            shown = (Fact(text("marks"), text("saved"), large=True), *shown[1:])
        if shown != self._facts:
            self._facts = shown
            self.strip.show_overlay(self._overlay(shown))
        averaged = 0 if prepared is None else prepared.baseline_frames
        self.run_strip.show_facts(setup_facts(case.draft, case.calibration, case.frame, averaged))

    def _overlay(self, shown: tuple[Fact, ...]) -> FrameOverlay:
        frame = self._snapshot.frame
        return FrameOverlay(frame.index, frame.time_s, _BANNER, None, (), (), shown, (), ())


def _as_frame(prepared: Prepared, frame: Frame) -> Frame:
    """Return the average as a frame with dark bone, for the mapping of greys."""
    shown = displayed_image(prepared)
    low, high = np.percentile(shown.attenuation[shown.seen], _PERCENTILES)
    beam = np.clip((high - shown.attenuation) / max(float(high - low), 1e-6), 0.0, 1.0)
    beam[~shown.seen] = 0.0
    values = np.rint(_TOP * beam).astype(np.uint16)
    whole = enlarge(values, shown.grid, *frame.pixels.shape)
    size = frame.acquisition
    meaning = PixelFormat("MONOCHROME2", _BITS)
    acquisition = Acquisition(rows=size.rows, columns=size.columns, pixel_format=meaning)
    return Frame(frame.index, frame.time_s, read_only(whole), acquisition)

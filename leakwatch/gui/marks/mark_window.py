"""The window of `leakwatch mark`: set a case up before anything is watched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from leakwatch.banner import Banner, unknown_banner
from leakwatch.grey import GreyImage, grey_mapping
from leakwatch.gui.fonts import font
from leakwatch.gui.image_window import ImageWindow
from leakwatch.gui.keys import KeyAction, key
from leakwatch.gui.layers import Tool
from leakwatch.gui.marks.mark_layer import MarkLayer
from leakwatch.gui.marks.open_case import OpenCase
from leakwatch.gui.marks.words import facts
from leakwatch.marking import shown_picture
from leakwatch.model import Frame, Marks, Snapshot
from leakwatch.present import Fact, Picture

_SAYS = "Set-up: nothing is watched here"
# Greys of the average: gas and metal beyond these percentiles of the exposed part are cut off.
_GREY_PERCENTILES = (1.0, 99.5)


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
    """

    def __init__(
        self, case: OpenCase, snapshot: Snapshot, title: str, tools: Sequence[Tool] = ()
    ) -> None:
        super().__init__(title, tools)
        self.case, self._snapshot = case, snapshot
        self._averaged = True
        self._shows: object = None
        self._facts: object = None
        self._framed = self._warned = False
        self.bar = QWidget()
        self._bar_of: object = None
        self._row = QHBoxLayout(self.bar)
        self._row.setContentsMargins(10, 6, 10, 8)
        self._row.setSpacing(6)
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
        self.banner.show_banner(self._banner())
        self._show_picture()
        self._show_facts()
        self._show_bar()

    def snapshot(self) -> Snapshot | None:
        """The frame that is marked."""
        return self._snapshot

    def marks(self) -> Marks:
        """Those that were given."""
        return Marks()

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """There is no alarm: nothing is watched."""
        return ()

    def window_keys(self) -> tuple[KeyAction, ...]:
        """What to look at."""
        return (key(Qt.Key.Key_V, "V", "the average, or the frame", self.toggle_average, "view"),)

    def toggle_average(self) -> None:
        """Show the average, or the frame that is marked."""
        self._averaged = not self._averaged

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is not saved is asked about, once."""
        if not self.case.is_saved and not self._warned:
            self._warned = True
            self.say("The marks are not saved. S saves; close once more to leave them")
            event.ignore()
            return
        self.case.close()
        super().closeEvent(event)

    def _banner(self) -> Banner:
        return unknown_banner(_SAYS)

    def _show_picture(self) -> None:
        prepared = self.case.prepared if self._averaged else None
        what: object = "frame"
        if prepared is not None:
            what = id(self.case.average)
        if what == self._shows:
            return
        self._shows = what
        frame = self._snapshot.frame
        if prepared is None:
            self._set_grey(grey_mapping([frame]).apply(frame.pixels), frame)
            return
        shown = shown_picture(prepared)
        low, high = np.percentile(shown.attenuation[shown.seen], _GREY_PERCENTILES)
        # Bone is dark, as fluoroscopy shows it.
        share = 1.0 - (shown.attenuation - low) / max(float(high - low), 1e-6)
        share[~shown.seen] = 0.0
        grey = (255.0 * np.clip(share, 0.0, 1.0)).astype(np.uint8)
        self._set_grey(grey, frame, prepared.shift_px, shown.grid.binning)

    def _set_grey(
        self, grey: GreyImage, frame: Frame, by: tuple[float, float] = (0.0, 0.0), pixel: int = 1
    ) -> None:
        """Put a picture where the frame lies, whose pixels may be those of the working grid."""
        image = self.image.image
        image.setImage(grey, autoLevels=False, levels=(0, 255))
        rows, columns = grey.shape
        image.setRect(QRectF(by[0] - 0.5, by[1] - 0.5, columns * pixel, rows * pixel))
        size = frame.acquisition
        if not self._framed:
            self._framed = True
            whole = QRectF(-0.5, -0.5, size.columns, size.rows)
            self.image.view.setRange(whole, padding=0.0)

    def _show_facts(self) -> None:
        case = self.case
        prepared = case.prepared
        averaged = 0 if prepared is None else prepared.baseline_frames
        told = facts(case.draft, case.found, case.calibration, case.frame, averaged)
        if case.saved is not None and case.is_saved:
            told = (Fact("marks", "saved", large=True), *told[1:])
        if told == self._facts:
            return
        self._facts = told
        index, time_s = self._snapshot.frame.index, self._snapshot.frame.time_s
        self.strip.show_picture(Picture(index, time_s, self._banner(), None, (), (), told, ()))

    def _show_bar(self) -> None:
        """A button for each key that has one."""
        actions = [one for one in self.key_actions() if one.button]
        named = [(one.text, one.button) for one in actions]
        if named == self._bar_of:
            return
        self._bar_of = named
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, (text, name) in enumerate(named):
            button = QPushButton(f"{text}  {name}")
            button.setFont(font(14))
            button.setStyleSheet("padding: 0 9px")
            button.setFixedHeight(34)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(partial(self._press, number))
            self._row.addWidget(button)
        self._row.addStretch(1)

    def _press(self, number: int) -> None:
        actions = [one for one in self.key_actions() if one.button]
        if number < len(actions):
            actions[number].act()
            self.tick()

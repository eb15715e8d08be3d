"""Calibration on the image: two clicks on an object of known size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt

from leakwatch.calibrating.measure import Measurement
from leakwatch.calibrating.still_image import StillImage, average_frames
from leakwatch.core.arrays import Point
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.frame import View
from leakwatch.core.messages import join_with, text, translate
from leakwatch.core.results import Snapshot
from leakwatch.gui.marking.case_layer import GRAB_PX, CaseLayer
from leakwatch.gui.marking.drawn_marks import Side, middle_of
from leakwatch.gui.marking.mark_keys import arrow_keys
from leakwatch.gui.marking.mark_layer import on_frame
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, key
from leakwatch.gui.widgets.pane import Phase, Touch
from leakwatch.gui.widgets.picture_layers import Stage
from leakwatch.marking import measuring
from leakwatch.marking.case_opening import write_spacing
from leakwatch.marking.finding import Handle
from leakwatch.marking.measuring import Measuring
from leakwatch.marking.open_case import OpenCase, moved_by

_CHANGES = text("Tab: another object.  + and –: its size")


class CalibrateLayer(CaseLayer):
    """Layer that measures the pixel spacing for an open case.

    Parameters
    ----------
    open_at : callable
        Returns the open case, or opens one on a snapshot.
    """

    def __init__(self, open_at: Callable[[Snapshot | None], OpenCase]) -> None:
        super().__init__(open_at)
        self._picture: StillImage | None = None
        self._now = Measuring()
        self._result: Measurement | str = ""
        self._held: int | None = None

    @property
    def prompt(self) -> str:
        """Measured quantity, the next step, and the result."""
        lines = [self._said] if self._said else []
        lines += [text("Measure: {object}", object=measuring.describe(self._now)), _CHANGES]
        if isinstance(self._result, str):
            lines.append(self._result)
        else:
            settings = self._case.basis.settings.calibration
            lines.append(measuring.compare(self._result, self._case.calibration, settings))
            lines.append(text("Enter: use it for this case.  G: write a file for the C-arm"))
        return join_with("\n", lines)

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Keys for clicks, and for the object."""
        code = Qt.Key
        more = ((code.Key_Plus, PLAIN), (code.Key_Equal, PLAIN))
        enter = ((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN))
        return (
            key(
                code.Key_Tab,
                text("Tab"),
                text("another kind of object"),
                self.next_kind,
                text("object"),
            ),
            KeyAction(
                more, "+", text("larger by 1 mm, or the next gauge"), partial(self.resize, 1.0)
            ),
            key(
                code.Key_Minus, "–", text("smaller by 1 mm, or a gauge"), partial(self.resize, -1.0)
            ),
            key(code.Key_PageUp, text("PgUp"), text("larger by 10 mm"), partial(self.resize, 10.0)),
            key(
                code.Key_PageDown,
                text("PgDn"),
                text("smaller by 10 mm"),
                partial(self.resize, -10.0),
            ),
            key(code.Key_Period, ".", text("larger by 0.1 mm"), partial(self.resize, 0.1)),
            key(code.Key_Comma, ",", text("smaller by 0.1 mm"), partial(self.resize, -0.1)),
            key(code.Key_Space, text("Space"), text("click at the cursor"), self.click_cursor),
            *arrow_keys(self),
            key(
                code.Key_E,
                "E",
                text("find edges near the points, or not"),
                self.toggle_edges,
                text("edges"),
            ),
            key(code.Key_Delete, text("Del"), text("remove the points"), self.clear),
            KeyAction(enter, text("Enter"), text("use it for this case"), self.keep, text("use")),
            key(code.Key_G, "G", text("write a calibration file"), self.write, text("write file")),
            key(
                code.Key_D,
                "D",
                text("back to the calibration of the header"),
                self.forget,
                text("by header"),
            ),
        )

    def opened(self, stage: Stage) -> None:
        """Measure on the displayed frame."""
        snapshot = self._begun(stage)
        if snapshot is not None:
            self._take(snapshot)

    def showed(self, snapshot: Snapshot) -> None:
        """Keep the frame on which points were set; without points, use the newest."""
        self._case.showed(snapshot)
        if self._picture is None or not self._now.points_px:
            self._take(snapshot)

    def touched(self, touch: Touch) -> bool:
        """Set a point, or drag one."""
        if self._drawn is None or self._picture is None:
            return False
        if touch.button is not Qt.MouseButton.LeftButton or touch.phase is Phase.HOVER:
            return False
        if touch.phase in (Phase.PRESS, Phase.DOUBLE):
            self._said, self._cursor = "", None
            self._held = self._picked = self._near(touch.at_px)
            if self._held is None:
                self._do(measuring.with_point(self._now, touch.at_px))
                self._held = self._picked = len(self._now.points_px) - 1
        elif touch.phase is Phase.DRAG and self._held is not None:
            self._do(measuring.with_point_moved(self._now, self._held, touch.at_px))
        elif touch.phase is Phase.RELEASE:
            self._held = None
        return True

    def next_kind(self) -> None:
        """Select another kind of object."""
        self._do(measuring.select_next_kind(self._now))

    def resize(self, step: float) -> None:
        """Change the size of the object."""
        self._do(measuring.resize(self._now, step))

    def toggle_edges(self) -> None:
        """Find edges near the points, or use the points themselves."""
        self._do(replace(self._now, by_hand=not self._now.by_hand))

    def clear(self) -> None:
        """Remove the points."""
        self._do(replace(self._now, points_px=()))

    def move(self, columns: int, rows: int, step: float) -> None:
        """Move the last point, or the cursor."""
        by = on_frame(self._stage, columns * step, rows * step)
        if self._picked is not None and self._picked < len(self._now.points_px):
            to = moved_by(self._now.points_px[self._picked], by)
            self._do(measuring.with_point_moved(self._now, self._picked, to))
        elif self._stage is not None:
            self._cursor = moved_by(self._cursor or middle_of(self._stage.image.view), by)
            self._show()

    def click_cursor(self) -> None:
        """Set a point at the cursor; the first time, show the cursor."""
        if self._picked is not None:  # the moved point is complete: continue with the next
            self._cursor, self._picked = self._now.points_px[-1], None
        elif self._cursor is None and self._stage is not None:
            self._cursor = middle_of(self._stage.image.view)
        elif self._cursor is not None:
            self._do(measuring.with_point(self._now, self._cursor))
        self._show()

    def keep(self) -> None:
        """Use the spacing for this case."""
        if isinstance(self._result, str):
            self._said = text("There is nothing to use yet")
            return
        self._case.take_spacing(self._result)
        self._said = text("In use: distances of this case are measured with it")

    def write(self) -> None:
        """Write a calibration file, for every case of this C-arm and view."""
        if isinstance(self._result, str):
            self._said = text("There is nothing to write yet")
            return
        try:
            self._said = write_spacing(self._result, self._case.basis, View.LATERAL)
        except LeakWatchError as error:
            self._said = text("Not written: {error}", error=str(error))

    def forget(self) -> None:
        """Return to the given calibration, or to that of the header."""
        self._case.forget_spacing()
        source = self._case.calibration.source
        self._said = text("Calibration: {source}", source=source)
        self._show()

    def _take(self, snapshot: Snapshot) -> None:
        try:
            self._picture = average_frames(
                [snapshot.frame], self._case.basis.settings, text("this frame")
            )
        except LeakWatchError as error:
            self._picture, self._result = None, str(error)
        self._do(self._now)

    def _do(self, now: Measuring) -> None:
        self._now, self._said = now, ""
        if self._picture is not None:
            settings, bend = self._case.basis.settings, self._case.calibration.distortion
            self._result = measuring.result(now, self._picture, bend, settings.calibration)
        self._show()

    def _near(self, at: Point) -> int | None:
        # Two edges of a cannula may be near each other: half a fingertip.
        return self._nearest(self._now.points_px, at, GRAB_PX / 2)

    def _show(self) -> None:
        if self._drawn is None:
            return
        handles = [Handle("anchor", n, at) for n, at in enumerate(self._now.points_px)]
        result, here = self._result, (0.0, 0.0)
        sides: tuple[Side, ...] = ()
        if not isinstance(result, str):
            sides = (Side("measured", result.ends_px, True),)
            spacing = result.spacing
            label = translate(
                text(
                    "{length_mm:g} mm / {length_px:.1f} px",
                    length_mm=spacing.size_mm,
                    length_px=spacing.size_px,
                )
            )
            middle = result.ends_px.mean(axis=0)
            self._drawn.show_label(label, (float(middle[0]), float(middle[1])))
        else:
            self._drawn.show_label("", None)
        self._drawn.show_sides(sides, here)
        self._drawn.show_handles(handles, here, self._picked)
        self._drawn.show_cursor(self._cursor)

"""Rulers and angles on the image: clicks, in frame coordinates, each of one image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.messages import join_with, text, translate
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display import palette
from leakwatch.display.ruler import (
    Measure,
    MeasureKind,
    measured_text,
    movement,
    view_change,
    where_text,
)
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, key
from leakwatch.gui.widgets.overlay_items import LABELS_Z
from leakwatch.gui.widgets.pane import Phase, Touch
from leakwatch.gui.widgets.picture_layers import Stage, Tool

# Pixels of the screen: a press this near to an end grabs it; one that moves less is a click.
GRAB_PX, CLICK_PX = 14.0, 4.0
COLOUR, HALO = palette.OVER, (0, 0, 0, 190)
_DASH, _LETTERS, _END_PX = (4.0, 4.0), 20, 11
_Z = LABELS_Z + 3
Noted = Callable[[str, Point], object]


class RulerLayer:
    """Layer in which clicks draw rulers and angles; closing it removes them.

    Parameters
    ----------
    settings : Settings
    calibration : callable or None
        Returns the calibration for a displayed snapshot; None: that of its observation.
    note : callable or None
        Saves a measured length or angle with the case, as text and position; None: it cannot.
    """

    def __init__(
        self,
        settings: Settings,
        calibration: Callable[[Snapshot], Calibration] | None = None,
        note: Noted | None = None,
    ) -> None:
        self._settings, self._note = settings, note
        self._calibration = calibration or (lambda snapshot: snapshot.observation.calibration)
        self._stage: Stage | None = None
        self._now: Snapshot | None = None
        self._kind = MeasureKind.RULER
        self._measures: list[Measure] = []
        self._drawn: list[_Drawn] = []
        self._held: tuple[int, int] | None = None  # measure and point
        self._pressed: tuple[Point, Point] | None = None  # in the frame, on the screen
        self._cursor: Point | None = None
        self._said = ""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Measurements drawn, the newest last."""
        return tuple(self._measures)

    @property
    def prompt(self) -> str:
        """Instruction to click, with what is measured and on which image."""
        ruler = text("Ruler: click both ends     Tab: angle     Del: last one     Esc: close")
        angle = text("Angle: click an end, the corner, an end     Tab: ruler     Esc: close")
        lines: list[str] = [ruler if self._kind is MeasureKind.RULER else angle]
        lines += [self._said] if self._said else []
        lines += [
            text("{measured}  ({where})", measured=measured_text(one), where=self._where(one))
            for one in self._measures
            if one.is_complete
        ]
        return join_with("\n", lines)

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Keys of the layer."""
        code = Qt.Key
        remove = ((code.Key_Delete, PLAIN), (code.Key_Backspace, PLAIN))
        enter = ((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN))
        save = KeyAction(
            enter, text("Enter"), text("save the last one with the case"), self.save, text("save")
        )
        other, last = text("ruler or angle"), text("remove the last one")
        return (
            key(code.Key_Tab, text("Tab"), other, self.change_kind, other),
            KeyAction(remove, text("Del"), last, self.remove, text("remove")),
            *((save,) if self._note is not None else ()),
        )

    def opened(self, stage: Stage) -> None:
        """Begin without any."""
        self._stage, self._now = stage, stage.snapshot()

    def closed(self) -> None:
        """Remove all."""
        for one in self._drawn:
            one.remove()
        self._drawn, self._measures, self._stage, self._now = [], [], None, None

    def showed(self, snapshot: Snapshot) -> None:
        """Mark what was drawn on another image, and remove what belongs to another view."""
        # A live window may go on showing an earlier image than the one that came.
        shown = None if self._stage is None else self._stage.snapshot()
        self._now = snapshot = shown or snapshot
        changes = [view_change(one, snapshot, self._settings) for one in self._measures]
        gone = [why for why in changes if why]
        if gone:
            self._measures = [
                one for one, why in zip(self._measures, changes, strict=True) if not why
            ]
            self._held = self._pressed = None
            self._said = text("Removed: {why}", why=gone[-1])
        self._show()

    def touched(self, touch: Touch) -> bool:
        """Draw with the left button; the window handles the others."""
        if self._stage is None:
            return False
        if touch.phase is Phase.HOVER:
            self._cursor = touch.at_px
            self._show()
            return False
        if touch.button is not Qt.MouseButton.LeftButton:
            return False
        if touch.phase in (Phase.PRESS, Phase.DOUBLE):
            self._press(touch.at_px, touch.widget_at)
        elif touch.phase is Phase.DRAG:
            self._drag(touch.at_px)
        else:
            self._release(touch.at_px, touch.widget_at)
        self._show()
        return True

    def change_kind(self) -> None:
        """Measure angles instead of lengths, or the other way round."""
        ruler = self._kind is MeasureKind.RULER
        self._kind = MeasureKind.ANGLE if ruler else MeasureKind.RULER
        self._drop_unfinished()
        self._show()

    def remove(self) -> None:
        """Remove the last one."""
        self._said = ""
        if self._measures:
            self._measures.pop()
        self._show()

    def save(self) -> None:
        """Save the last complete one with the case."""
        complete = [one for one in self._measures if one.is_complete]
        if self._note is None or not complete:
            self._said = text("Nothing is measured yet")
            return
        last = complete[-1]
        name = text("ruler") if last.kind is MeasureKind.RULER else text("angle")
        said = text(
            "{name}: {measured}, {where}",
            name=name,
            measured=measured_text(last),
            where=where_text(last),
        )
        self._note(said, last.points_px[0])
        self._said = text("Saved with the case")

    def _press(self, at: Point, on_screen: Point) -> None:
        self._said, self._cursor, self._pressed = "", at, (at, on_screen)
        self._held = self._near(at)
        if self._held is None:
            self._add(at)

    def _drag(self, at: Point) -> None:
        self._cursor = at
        if self._held is not None:
            measure, place = self._held
            self._measures[measure] = self._measures[measure].with_point_moved(place, at)

    def _release(self, at: Point, on_screen: Point) -> None:
        held, pressed = self._held, self._pressed
        self._held = self._pressed = None
        if held is not None or pressed is None:
            return
        if math.dist(pressed[1], on_screen) >= CLICK_PX and self._is_unfinished():
            self._add(at)

    def _add(self, at: Point) -> None:
        """Add a point, on the image that is shown; points of two images make no measure."""
        assert self._stage is not None
        self._now = snapshot = self._stage.snapshot()
        if snapshot is None:
            self._said = text("There is no image yet")
            return
        if self._is_unfinished() and self._measures[-1].drawn_on.frame.index == (
            snapshot.frame.index
        ):
            self._measures[-1] = self._measures[-1].with_point(at)
            return
        if self._is_unfinished():
            # The anatomy may have moved between the clicks: what is drawn is of the newer image.
            first = self._measures.pop()
            moved = movement(first, snapshot)
            if moved:
                self._said = text("The image changed ({moved}): click again", moved=moved)
                return
            points = (*first.points_px, at)
        else:
            points = (at,)
        self._measures.append(Measure(self._kind, points, snapshot, self._calibration(snapshot)))

    def _is_unfinished(self) -> bool:
        return bool(self._measures) and not self._measures[-1].is_complete

    def _drop_unfinished(self) -> None:
        if self._is_unfinished():
            self._measures.pop()

    def _near(self, at: Point) -> tuple[int, int] | None:
        """Return the end under the mouse, of a measure on the image that is shown."""
        assert self._stage is not None
        reach = GRAB_PX * pixel_size(self._stage.image.view)
        for place, one in enumerate(self._measures):
            if not one.is_complete or self._is_past(one):
                continue
            for point, known in enumerate(one.points_px):
                if math.dist(known, at) <= reach:
                    return place, point
        return None

    def _where(self, measure: Measure) -> str:
        where = where_text(measure, first=1)
        moved = "" if self._now is None else movement(measure, self._now)
        return text("{where}, {moved}", where=where, moved=moved) if moved else where

    def _is_past(self, measure: Measure) -> bool:
        """Return whether another image than that of a measure is shown."""
        return self._now is None or self._now.frame.index != measure.drawn_on.frame.index

    def _show(self) -> None:
        stage = self._stage
        if stage is None:
            return
        while len(self._drawn) < len(self._measures):
            self._drawn.append(_Drawn(stage.image.view))
        while len(self._drawn) > len(self._measures):
            self._drawn.pop().remove()
        for one, drawn in zip(self._measures, self._drawn, strict=True):
            cursor = None if one.is_complete else self._cursor
            drawn.show(one, self._past_text(one), cursor)

    def _past_text(self, measure: Measure) -> str:
        """Return what to write beside a measure of another image than the one shown."""
        if not self._is_past(measure):
            return ""
        frame = text("frame {frame}", frame=measure.drawn_on.frame.index + 1)
        moved = "" if self._now is None else movement(measure, self._now)
        return join_with(", ", [frame, moved]) if moved else frame


class _Drawn:
    """Items of one measure: lines, ends, and its text.

    Parameters
    ----------
    view : pg.ViewBox
    """

    def __init__(self, view: pg.ViewBox) -> None:
        self._view = view
        self._line = pg.PlotCurveItem(shadowPen=pg.mkPen(HALO, width=5.0), antialias=True)
        brush, pen = pg.mkBrush(0, 0, 0, 90), pg.mkPen(COLOUR, width=2.0)
        self._ends = pg.ScatterPlotItem(size=_END_PX, symbol="o", pen=pen, brush=brush)
        self._label = pg.TextItem(anchor=(-0.05, 1.2), fill=pg.mkBrush(palette.SHADE))
        self._label.setFont(font(_LETTERS, bold=True))
        for order, item in enumerate((self._line, self._ends, self._label)):
            item.setZValue(_Z + 0.1 * order)
            view.addItem(item, ignoreBounds=True)

    def show(self, measure: Measure, past: str, cursor: Point | None) -> None:
        """Draw a measure.

        Parameters
        ----------
        measure : Measure
        past : str
            Its image, if that is not the one shown: it is then dashed.
        cursor : Point or None
            The point to come.
        """
        points = [*measure.points_px, *([cursor] if cursor is not None else [])]
        columns, rows = np.array(points, np.float64).T
        pen = pg.mkPen(COLOUR, width=2.0)
        if past:
            pen.setDashPattern(list(_DASH))
        self._line.setPen(pen)
        self._line.setData(columns, rows)
        self._ends.setData(pos=np.array(measure.points_px))
        shown = ""
        if measure.is_complete:
            shown = translate(measured_text(measure))
        if shown and past:
            shown = f"{shown}  ({translate(past)})"
        self._label.setText(shown, color=COLOUR)
        self._label.setVisible(bool(shown))
        self._label.setPos(*measure.points_px[-1])

    def remove(self) -> None:
        """Remove all items."""
        for item in (self._line, self._ends, self._label):
            self._view.removeItem(item)


def pixel_size(view: pg.ViewBox) -> float:
    """Return how many pixels of the frame a pixel of the screen covers."""
    width, _ = view.viewPixelSize()
    return float(abs(width))


def ruler_tool(
    settings: Settings,
    calibration: Callable[[Snapshot], Calibration] | None = None,
    note: Noted | None = None,
) -> Tool:
    """Return the tool of a window; parameters as of `RulerLayer`."""
    chords = ((Qt.Key.Key_Y, PLAIN),)
    what = text("measure: ruler or angle on the image")
    return Tool(chords, "Y", what, lambda: RulerLayer(settings, calibration, note))

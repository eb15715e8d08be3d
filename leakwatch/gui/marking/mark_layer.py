"""Marking of a vertebra on the image by a click, dragged points, or a drawn wall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt

from leakwatch.core.arrays import Array, Point
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Snapshot
from leakwatch.gui.marking.case_layer import GRAB_PX, CaseLayer
from leakwatch.gui.marking.drawn_marks import Side, middle_of
from leakwatch.gui.marking.mark_keys import mark_keys
from leakwatch.gui.widgets.keys import KeyAction
from leakwatch.gui.widgets.pane import Phase, Touch
from leakwatch.gui.widgets.picture_layers import Stage
from leakwatch.marking import draft as drafts
from leakwatch.marking.draft import Draft, Mode
from leakwatch.marking.finding import (
    POSTERIOR_WALL,
    FoundBody,
    Handle,
    handles,
    is_accepted,
    is_precise,
    named_parts,
)
from leakwatch.marking.marking_words import prompt
from leakwatch.marking.open_case import OpenCase, moved_by
from leakwatch.vision.vertebra.body_outline import Part

# A press that moves less than this is a click, not a drag, pixels of the screen.
STILL_PX = 4.0
# Spacing of points of a wall drawn in one stroke, pixels of the screen.
SWEEP_PX = 8.0


class MarkLayer(CaseLayer):
    """Layer that shows an open case on the image, for the user to change.

    Parameters
    ----------
    open_at : callable
        Returns the open case, or opens one on a snapshot.
    """

    def __init__(self, open_at: Callable[[Snapshot | None], OpenCase]) -> None:
        super().__init__(open_at)
        self._held: tuple[Handle, Point, Point] | None = None  # handle, pressed on screen, grip
        self._preview: Draft | None = None
        self._swept: Point | None = None  # last point of a stroke, or where the mouse was pressed
        self._start: Point | None = None  # shift of the anatomy when the layer was opened
        self._by: Point = (0.0, 0.0)
        self._followed = True
        self._waiting = ""

    @property
    def prompt(self) -> str:
        """Next step of the user, and what is uncertain."""
        resized = self._drawn is not None and not self._drawn.fits
        if resized or self._waiting != self._case.waiting:  # the average is ready, or failed
            self._show()
        draft = self._now
        lines = [prompt(draft, self._case.found_for(draft), self._case.waiting)]
        if not self._followed:
            lines.append(text("Registration failed in this frame"))
        return join_with("\n", [self._said, *lines] if self._said else lines)

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Keys for everything that the mouse does, and more."""
        return mark_keys(self)

    def opened(self, stage: Stage) -> None:
        """Show the contents of the case."""
        snapshot = self._begun(stage)
        if snapshot is not None:
            self._follow(snapshot)
        self._show()

    def showed(self, snapshot: Snapshot) -> None:
        """Move the marks with the anatomy."""
        self._case.showed(snapshot)
        self._follow(snapshot)
        self._show()

    def touched(self, touch: Touch) -> bool:
        """Click, or drag a handle; the window handles the other buttons."""
        if self._drawn is None or not self._followed:
            return False
        if touch.phase is Phase.DOUBLE:  # the second press of two quick clicks
            touch = replace(touch, phase=Phase.PRESS)
        if touch.button is not Qt.MouseButton.LeftButton or touch.phase is Phase.HOVER:
            return False
        at = moved_by(touch.at_px, (-self._by[0], -self._by[1]))
        if touch.phase is Phase.PRESS:
            self._press(at, touch.widget_at)
        elif touch.phase is Phase.DRAG:
            self._drag(at, touch.widget_at)
        else:
            self._release(at)
        return True

    @property
    def _now(self) -> Draft:
        return self._case.draft if self._preview is None else self._preview

    @property
    def _handles(self) -> tuple[Handle, ...]:
        return handles(self._now, self._case.found_for(self._now))

    def _press(self, at: Point, on_screen: Point) -> None:
        self._said, self._cursor, self._swept = "", None, at
        near = self._near(at)
        self._picked = near
        if near is not None:
            handle = self._handles[near]
            grip = (handle.at_px[0] - at[0], handle.at_px[1] - at[1])
            self._held = handle, on_screen, grip
        self._show()

    def _drag(self, at: Point, on_screen: Point) -> None:
        if self._held is None:
            self._draw_on(at)
            return
        handle, pressed, grip = self._held
        away = np.hypot(on_screen[0] - pressed[0], on_screen[1] - pressed[1])
        if self._preview is None and away < STILL_PX:
            return
        self._preview = _moved(self._case.draft, handle, moved_by(at, grip))
        self._show()

    def _draw_on(self, at: Point) -> None:
        """Draw the wall in one stroke, with the button pressed."""
        assert self._drawn is not None
        draft = self._now
        if draft.mode is not Mode.WALL or self._swept is None:
            return
        if np.hypot(at[0] - self._swept[0], at[1] - self._swept[1]) < self._drawn.reach_px(
            SWEEP_PX
        ):
            return
        if self._preview is None:
            draft = drafts.add_click(draft, self._swept)
        self._preview, self._swept = drafts.add_click(draft, at), at
        self._show()

    def _release(self, at: Point) -> None:
        held, preview = self._held, self._preview
        self._held = self._preview = self._swept = None
        if preview is not None and preview.mode is Mode.WALL:
            self._do(drafts.finish_wall(drafts.with_fewer_wall_points(preview)))
        elif preview is not None:
            self._do(preview)
        elif held is None:
            self._click(at)
        elif held[0].kind == "found":
            # A click on a detected edge confirms it there.
            self._do(drafts.with_anchor(self._case.draft, held[0].at_px))
        self._show()

    def _near(self, at: Point) -> int | None:
        """Return the index of the nearest handle under the mouse."""
        if self._case.draft.mode in (Mode.WALL, Mode.TIP):
            return None
        return self._nearest([one.at_px for one in self._handles], at, GRAB_PX)

    def _click(self, at: Point) -> None:
        self._do(drafts.add_click(self._case.draft, at))

    def _do(self, draft: Draft) -> None:
        self._said = ""
        self._case.history.do(draft)
        self._show()

    def move(self, columns: int, rows: int, step: float) -> None:
        """Move the cursor, or the selected point."""
        by = on_frame(self._stage, columns * step, rows * step)
        known = self._handles
        if self._picked is not None and self._picked < len(known):
            handle = known[self._picked]
            to = moved_by(handle.at_px, by)
            self._do(_moved(self._case.draft, handle, to))
            self._picked = _nearest(self._handles, to)
            self._cursor = to
        else:
            assert self._stage is not None
            there = self._cursor or middle_of(self._stage.image.view)
            self._cursor = moved_by(there, by)
        self._show()

    def click_cursor(self) -> None:
        """Click at the cursor; the first time, show it."""
        if self._cursor is None:
            assert self._stage is not None
            middle = middle_of(self._stage.image.view)
            self._cursor = moved_by(middle, (-self._by[0], -self._by[1]))
        else:
            self._picked = None
            self._click(self._cursor)
        self._show()

    def pick(self, step: int) -> None:
        """Select the next point, or the previous one."""
        known = self._handles
        if not known:
            return
        before = -1 if self._picked is None and step > 0 else self._picked or 0
        self._picked = (before + step) % len(known)
        self._cursor = known[self._picked].at_px
        self._show()

    def delete(self) -> None:
        """Remove the selected point, or the last one of a wall being drawn."""
        known, draft = self._handles, self._case.draft
        if draft.mode is Mode.WALL and draft.wall_px:
            self._do(drafts.without_wall_point(draft, len(draft.wall_px) - 1))
        elif self._picked is not None and self._picked < len(known):
            handle = known[self._picked]
            if handle.kind == "anchor":
                self._do(drafts.without_anchor(draft, handle.index))
            elif handle.kind == "wall":
                self._do(drafts.without_wall_point(draft, handle.index))
            elif handle.kind == "tip":
                self._do(replace(draft, tip_px=None))
            self._picked = None
        self._show()

    def mark_another(self) -> None:
        """Mark another vertebra."""
        self._do(drafts.without_marks(self._case.draft))

    def draw(self) -> None:
        """Start drawing the wall."""
        self._do(drafts.start_wall(self._case.draft))

    def end_drawing(self) -> None:
        """Finish drawing the wall."""
        if self._case.draft.mode is Mode.WALL:
            self._do(drafts.finish_wall(self._case.draft))

    def tip(self) -> None:
        """Use the next click for the tip of the cannula."""
        self._do(replace(self._case.draft, mode=Mode.TIP))

    def other_side(self) -> None:
        """Exchange the anterior side; if unknown, set it to left."""
        body = self._case.found.body
        now = self._case.draft.anterior if body is None else body.anterior
        if body is not None and not body.side_known:
            now = self._case.draft.anterior
        self._do(drafts.exchange_side(self._case.draft, now))

    def level(self, step: int) -> None:
        """Select the next vertebra."""
        self._do(drafts.select_next_level(self._case.draft, step))

    def accept(self) -> None:
        """Accept uncertain edges."""
        self._do(replace(self._case.draft, accepted=True))

    def undo(self) -> None:
        """Undo a step."""
        self._said = "" if self._case.history.undo() else text("There is nothing to undo")
        self._show()

    def redo(self) -> None:
        """Redo a step."""
        self._said = "" if self._case.history.redo() else text("There is nothing to redo")
        self._show()

    def save(self) -> None:
        """Save the case."""
        try:
            self._said = self._case.save()
        except LeakWatchError as error:
            self._said = text("Not saved: {error}", error=str(error))
        if self._case.ends_with_saving and self._case.is_saved and self._stage is not None:
            self._stage.close()
        self._show()

    def _follow(self, snapshot: Snapshot) -> None:
        """Update the shift of the anatomy since the marked frame."""
        shift = snapshot.observation.shift_px
        self._followed = shift is not None or snapshot.frame.index == self._case.frame
        if shift is None:
            return
        if self._start is None:
            self._start = shift
        self._by = (shift[0] - self._start[0], shift[1] - self._start[1])

    def _show(self) -> None:
        drawn, draft = self._drawn, self._now
        if drawn is None:
            return
        self._waiting = self._case.waiting
        found = self._case.found_for(draft)
        drawn.show_sides(sides_of(draft, found) if self._followed else (), self._by)
        known = self._handles if self._followed else ()
        if self._picked is not None and self._picked >= len(known):
            self._picked = None
        drawn.show_handles(known, self._by, self._picked)
        cursor = self._cursor
        drawn.show_cursor(None if cursor is None else moved_by(cursor, self._by))


def on_frame(stage: Stage | None, right: float, down: float) -> Point:
    """Convert a step on the screen to one on the frame, however the image is flipped."""
    if stage is None:
        return (right, down)
    view = stage.image.view
    return (-right if view.xInverted() else right, down if view.yInverted() else -down)


def sides_of(draft: Draft, found: FoundBody) -> tuple[Side, ...]:
    """Return the sides to draw for a draft, with the second contour of uncertain ones."""
    if draft.mode is Mode.WALL:
        return (Side("wall", draft.wall, True),) if draft.wall_px else ()
    if found.body is None:
        return (Side("wall", draft.wall, True),) if draft.has_wall else ()
    sides = []
    for name, part in reversed(named_parts(found.body)):
        by_hand = name == POSTERIOR_WALL and draft.has_wall
        called = "wall" if name == POSTERIOR_WALL else name
        reliable = is_accepted(part, found.body, draft)
        if part.other_px is not None and not reliable:
            sides.append(Side(called, part.other_px, reliable))
        within_px = None if by_hand else _sigmas_px(part, found.mm_per_px)
        precise = by_hand or is_precise(part)
        sides.append(Side(called, part.line_px, reliable, precise, within_px))
    return tuple(sides)


def _sigmas_px(part: Part, mm_per_px: float | None) -> Array | None:
    """Return the standard deviation at each point of a side, pixels."""
    if mm_per_px is None:
        return None
    sigmas = np.full(len(part.line_px), part.sigma_mm)
    return (sigmas if part.sigmas_mm is None else part.sigmas_mm) / mm_per_px


def _moved(draft: Draft, handle: Handle, to: Point) -> Draft:
    if handle.kind == "anchor":
        return drafts.with_anchor_moved(draft, handle.index, to)
    if handle.kind == "wall":
        return drafts.with_wall_point_moved(draft, handle.index, to)
    if handle.kind == "tip":
        return replace(draft, tip_px=to)
    return drafts.with_anchor(draft, to)


def _nearest(known: Sequence[Handle], at: Point) -> int | None:
    if not known:
        return None
    away = [np.hypot(one.at_px[0] - at[0], one.at_px[1] - at[1]) for one in known]
    return int(np.argmin(away))

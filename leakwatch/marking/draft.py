"""What a person has said of a vertebral body so far, and every step back. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.frame import View
from leakwatch.core.geometry import distance_to_polyline
from leakwatch.core.marks import Marks, Side
from leakwatch.vision.vertebra.body_size import BODY_SIZES

LEVELS: tuple[str, ...] = tuple(BODY_SIZES)
# A point that is set again this near to one that was set moves that one, frame pixels.
SAME_PX = 3.0
_MOST_STEPS = 200  # back
_SWEPT_POINTS = 7  # of a wall that is drawn in one sweep: every four millimetres


# Of an outline that was made before, and how far from its wall, as a share of the depth.
_OUTLINE_POINTS, _OFF_WALL = 14, 0.25


class Mode(StrEnum):
    """What the next click is."""

    BODY = "body"  # the middle of the body
    POINTS = "points"  # a point on its edge
    WALL = "wall"  # a point of a wall that is drawn
    TIP = "tip"  # the tip of the cannula


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a person said; what is found follows from it.

    Parameters
    ----------
    click_px : Point or None
        In the middle of the body.
    anchors_px : tuple of Point
        Points on its edge.
    wall_px : tuple of Point
        The posterior wall as drawn by hand; empty: it is found.
    wall_drawn : bool
        Whether the drawing is ended.
    tip_px : Point or None
    anterior : Side or None
        None: it is looked for.
    level : str or None
    accepted : bool
        The person looked at what is unsure, and takes it as it is.
    mode : Mode
    """

    click_px: Point | None = None
    anchors_px: tuple[Point, ...] = ()
    wall_px: tuple[Point, ...] = ()
    wall_drawn: bool = False
    tip_px: Point | None = None
    anterior: Side | None = None
    level: str | None = None
    accepted: bool = False
    mode: Mode = Mode.BODY

    @property
    def has_wall(self) -> bool:
        """Whether a wall is drawn by hand, to its end."""
        return self.wall_drawn and len(self.wall_px) >= 2

    @property
    def anchors(self) -> PointArray:
        """``(n, 2)``."""
        return np.array(self.anchors_px, np.float64).reshape(-1, 2)

    @property
    def wall(self) -> PointArray:
        """``(n, 2)``."""
        return np.array(self.wall_px, np.float64).reshape(-1, 2)


def draft_of(marks: Marks) -> Draft:
    """Go on with marks that were made before.

    Of an outline its middle is taken, and some points of it away from the wall.
    """
    wall = () if marks.posterior_wall_px is None else _points(marks.posterior_wall_px)
    click: Point | None = None
    anchors: tuple[Point, ...] = ()
    if marks.body_outline_px is not None:
        low, high = marks.body_outline_px.min(axis=0), marks.body_outline_px.max(axis=0)
        click = _point((low + high) / 2)
        anchors = _on_outline(marks.body_outline_px, marks.posterior_wall_px)
    return Draft(
        click_px=click,
        anchors_px=anchors,
        wall_px=wall,
        wall_drawn=bool(wall),
        tip_px=marks.needle_tip_px,
        anterior=marks.anterior,
        level=marks.vertebra,
        mode=Mode.POINTS if wall else Mode.BODY,
    )


def clicked(draft: Draft, at: Point) -> Draft:
    """A click at a free place of the picture."""
    draft = replace(draft, accepted=False)
    if draft.mode is Mode.BODY:
        # Another body: what was said of the edge of the last one does not hold.
        return replace(
            draft, click_px=at, anchors_px=(), wall_px=(), wall_drawn=False, mode=Mode.POINTS
        )
    if draft.mode is Mode.WALL:
        return replace(draft, wall_px=(*draft.wall_px, at))
    if draft.mode is Mode.TIP:
        return replace(draft, tip_px=at, mode=Mode.POINTS)
    return with_anchor(draft, at)


def with_anchor(draft: Draft, at: Point) -> Draft:
    """A point on the edge; one that was set there before is moved."""
    others = tuple(one for one in draft.anchors_px if _apart(one, at) > SAME_PX)
    return replace(draft, anchors_px=(*others, at), accepted=False)


def without_anchor(draft: Draft, index: int) -> Draft:
    """Take a point away."""
    kept = draft.anchors_px[:index] + draft.anchors_px[index + 1 :]
    return replace(draft, anchors_px=kept, accepted=False)


def with_anchor_moved(draft: Draft, index: int, to: Point) -> Draft:
    """Move a point."""
    moved = (*draft.anchors_px[:index], to, *draft.anchors_px[index + 1 :])
    return replace(draft, anchors_px=moved, accepted=False)


def with_wall_point_moved(draft: Draft, index: int, to: Point) -> Draft:
    """Move a point of a drawn wall."""
    moved = (*draft.wall_px[:index], to, *draft.wall_px[index + 1 :])
    return replace(draft, wall_px=moved, accepted=False)


def without_wall_point(draft: Draft, index: int) -> Draft:
    """Take a point of a drawn wall away; two stay."""
    if len(draft.wall_px) <= 2 and draft.wall_drawn:
        return draft
    kept = draft.wall_px[:index] + draft.wall_px[index + 1 :]
    return replace(draft, wall_px=kept, accepted=False)


def drawing(draft: Draft) -> Draft:
    """Begin to draw the wall by hand, in place of the one that is there."""
    return replace(draft, wall_px=(), wall_drawn=False, mode=Mode.WALL, accepted=False)


def drawn(draft: Draft) -> Draft:
    """End the drawing; fewer than two points are no wall."""
    if len(draft.wall_px) < 2:
        return replace(draft, wall_px=(), wall_drawn=False, mode=_after(draft))
    return replace(draft, wall_drawn=True, mode=Mode.POINTS)


def with_fewer_wall_points(draft: Draft) -> Draft:
    """A wall that was drawn in one sweep, with points that can be taken hold of."""
    wall = draft.wall
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(wall, axis=0).T))])
    at = np.linspace(0.0, run[-1], min(len(wall), _SWEPT_POINTS))
    kept = np.stack([np.interp(at, run, axis) for axis in wall.T], axis=1)
    return replace(draft, wall_px=_points(kept))


def next_level(draft: Draft, step: int) -> Draft:
    """The next lower vertebra, or the next higher one; beyond the last: not known."""
    known = (None, *LEVELS)
    at = known.index(draft.level) if draft.level in known else 0
    return replace(draft, level=known[(at + step) % len(known)], accepted=False)


def other_side(draft: Draft, now: Side | None) -> Draft:
    """Anterior is on the other side than it is now; left where that is not known."""
    turned = Side.RIGHT if now is Side.LEFT else Side.LEFT
    return replace(draft, anterior=turned, accepted=False)


def anew(draft: Draft) -> Draft:
    """Forget what was marked; what is known of the patient's side and level stays."""
    return Draft(anterior=draft.anterior, level=draft.level)


class History:
    """A draft with all that it was before.

    Parameters
    ----------
    draft : Draft
        To begin with.
    """

    def __init__(self, draft: Draft) -> None:
        self._before: list[Draft] = []
        self._after: list[Draft] = []
        self.now = draft

    def do(self, draft: Draft) -> None:
        """Go on to `draft`; what was taken back before is forgotten."""
        if draft == self.now:
            return
        self._before = [*self._before[-_MOST_STEPS + 1 :], self.now]
        self._after.clear()
        self.now = draft

    def undo(self) -> bool:
        """A step back; False at the beginning."""
        if not self._before:
            return False
        self._after.append(self.now)
        self.now = self._before.pop()
        return True

    def redo(self) -> bool:
        """The step that was taken back; False where none was."""
        if not self._after:
            return False
        self._before.append(self.now)
        self.now = self._after.pop()
        return True


def marks_with(draft: Draft, marks: Marks) -> Marks:
    """Marks of a body, with what else the person said."""
    return replace(marks, needle_tip_px=draft.tip_px, view=View.LATERAL)


def _on_outline(outline: PointArray, wall: PointArray | None) -> tuple[Point, ...]:
    """Points along an outline; the wall, its ends, and what lies behind it are left out."""
    closed = np.vstack([outline, outline[:1]])
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    at = np.linspace(0.0, run[-1], _OUTLINE_POINTS, endpoint=False)
    points = np.stack([np.interp(at, run, axis) for axis in closed.T], axis=1)
    if wall is not None:
        away = distance_to_polyline(points, wall)
        points = points[away > _OFF_WALL * float(away.max())]
    return _points(points)


def _after(draft: Draft) -> Mode:
    return Mode.BODY if draft.click_px is None else Mode.POINTS


def _apart(one: Point, other: Point) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def _points(line: PointArray) -> tuple[Point, ...]:
    return tuple(_point(one) for one in line)


def _point(one: PointArray) -> Point:
    return (float(one[0]), float(one[1]))

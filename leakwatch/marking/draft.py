"""Draft of the marks of a vertebral body, with undo. No Qt."""

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
# A new point this near to an existing one moves that one, frame pixels.
SAME_PX = 3.0
_MOST_STEPS = 200  # of undo
_SWEPT_POINTS = 7  # of a wall drawn in one stroke: every four millimetres


# Points of a previous outline, and their distance from its wall, as a share of the depth.
_OUTLINE_POINTS, _OFF_WALL = 14, 0.25


class Mode(StrEnum):
    """Meaning of the next click."""

    BODY = "body"  # the centre of the body
    POINTS = "points"  # a point on its edge
    WALL = "wall"  # a point of the wall being drawn
    TIP = "tip"  # the tip of the cannula


@dataclass(frozen=True, slots=True)
class Draft:
    """Input of the user, from which a body is detected.

    Parameters
    ----------
    click_px : Point or None
        At the centre of the body.
    anchors_px : tuple of Point
        Points on its edge.
    wall_px : tuple of Point
        The posterior wall drawn by hand; empty: it is detected.
    wall_drawn : bool
        Whether the drawing is finished.
    tip_px : Point or None
    anterior : Side or None
        None: it is detected.
    level : str or None
    accepted : bool
        Whether the user checked uncertain edges and accepts them.
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
        """Return whether a wall drawn by hand is complete."""
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
    """Return a draft that continues previous marks.

    An outline contributes its centre, and some points away from the wall.
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


def add_click(draft: Draft, at: Point) -> Draft:
    """Return the draft after a click where there is no handle."""
    draft = replace(draft, accepted=False)
    if draft.mode is Mode.BODY:
        # Another body: the points on the edge of the last one are discarded.
        return replace(
            draft, click_px=at, anchors_px=(), wall_px=(), wall_drawn=False, mode=Mode.POINTS
        )
    if draft.mode is Mode.WALL:
        return replace(draft, wall_px=(*draft.wall_px, at))
    if draft.mode is Mode.TIP:
        return replace(draft, tip_px=at, mode=Mode.POINTS)
    return with_anchor(draft, at)


def with_anchor(draft: Draft, at: Point) -> Draft:
    """Return the draft with a point on the edge; a previous point there is moved."""
    others = tuple(one for one in draft.anchors_px if _apart(one, at) > SAME_PX)
    return replace(draft, anchors_px=(*others, at), accepted=False)


def without_anchor(draft: Draft, index: int) -> Draft:
    """Return the draft without a point."""
    kept = draft.anchors_px[:index] + draft.anchors_px[index + 1 :]
    return replace(draft, anchors_px=kept, accepted=False)


def with_anchor_moved(draft: Draft, index: int, to: Point) -> Draft:
    """Return the draft with a point moved."""
    moved = (*draft.anchors_px[:index], to, *draft.anchors_px[index + 1 :])
    return replace(draft, anchors_px=moved, accepted=False)


def with_wall_point_moved(draft: Draft, index: int, to: Point) -> Draft:
    """Return the draft with a point of a drawn wall moved."""
    moved = (*draft.wall_px[:index], to, *draft.wall_px[index + 1 :])
    return replace(draft, wall_px=moved, accepted=False)


def without_wall_point(draft: Draft, index: int) -> Draft:
    """Return the draft without a point of a drawn wall; two remain."""
    if len(draft.wall_px) <= 2 and draft.wall_drawn:
        return draft
    kept = draft.wall_px[:index] + draft.wall_px[index + 1 :]
    return replace(draft, wall_px=kept, accepted=False)


def start_wall(draft: Draft) -> Draft:
    """Return the draft ready to draw the wall by hand, replacing the current one."""
    return replace(draft, wall_px=(), wall_drawn=False, mode=Mode.WALL, accepted=False)


def finish_wall(draft: Draft) -> Draft:
    """Return the draft with the drawing finished; fewer than two points are discarded."""
    if len(draft.wall_px) < 2:
        return replace(draft, wall_px=(), wall_drawn=False, mode=_after(draft))
    return replace(draft, wall_drawn=True, mode=Mode.POINTS)


def with_fewer_wall_points(draft: Draft) -> Draft:
    """Return the draft with few enough points to drag, after a wall drawn in one stroke."""
    wall = draft.wall
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(wall, axis=0).T))])
    at = np.linspace(0.0, run[-1], min(len(wall), _SWEPT_POINTS))
    kept = np.stack([np.interp(at, run, axis) for axis in wall.T], axis=1)
    return replace(draft, wall_px=_points(kept))


def select_next_level(draft: Draft, step: int) -> Draft:
    """Return the draft with the next vertebra; beyond the last: not specified."""
    known = (None, *LEVELS)
    at = known.index(draft.level) if draft.level in known else 0
    return replace(draft, level=known[(at + step) % len(known)], accepted=False)


def exchange_side(draft: Draft, now: Side | None) -> Draft:
    """Return the draft with the other anterior side; left if unknown."""
    turned = Side.RIGHT if now is Side.LEFT else Side.LEFT
    return replace(draft, anterior=turned, accepted=False)


def without_marks(draft: Draft) -> Draft:
    """Return the draft without marks; anterior side and level are kept."""
    return Draft(anterior=draft.anterior, level=draft.level)


class History:
    """Draft with its previous states.

    Parameters
    ----------
    draft : Draft
        The first state.
    """

    def __init__(self, draft: Draft) -> None:
        self._before: list[Draft] = []
        self._after: list[Draft] = []
        self.now = draft

    def do(self, draft: Draft) -> None:
        """Continue with `draft`; undone steps are discarded."""
        if draft == self.now:
            return
        self._before = [*self._before[-_MOST_STEPS + 1 :], self.now]
        self._after.clear()
        self.now = draft

    def undo(self) -> bool:
        """Undo a step; False if there is none."""
        if not self._before:
            return False
        self._after.append(self.now)
        self.now = self._before.pop()
        return True

    def redo(self) -> bool:
        """Redo an undone step; False if there is none."""
        if not self._after:
            return False
        self._before.append(self.now)
        self.now = self._after.pop()
        return True


def marks_with(draft: Draft, marks: Marks) -> Marks:
    """Return the marks of a body with the other input of the user."""
    return replace(marks, needle_tip_px=draft.tip_px, view=View.LATERAL)


def _on_outline(outline: PointArray, wall: PointArray | None) -> tuple[Point, ...]:
    """Return points along an outline, without the wall, its ends, and what is behind it."""
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

"""Detection of the body of a draft, its uncertain sides, and its handles. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.errors import CaseError
from leakwatch.core.marks import Marks, Side
from leakwatch.core.messages import Message, text
from leakwatch.marking.draft import Draft, Mode, marks_with
from leakwatch.marking.one_click import (
    Basis,
    Prepared,
    anterior_side,
    is_outline_reliable,
    mark_body,
    mark_from_wall,
    marks_of,
)
from leakwatch.vision.vertebra.body_outline import Body, Part


@dataclass(frozen=True, slots=True)
class FoundBody:
    """Result of the detection for a draft.

    Parameters
    ----------
    body : Body or None
        On the marked frame.
    problem : str
        Why there is none; empty if nothing was requested yet.
    calibrated : bool
        Whether its standard deviations are calibrated millimetres.
    mm_per_px : float or None
        What its standard deviations were computed with; None without a body.
    """

    body: Body | None = None
    problem: str = ""
    calibrated: bool = False
    mm_per_px: float | None = None


NOTHING = FoundBody()
POSTERIOR_WALL = text("posterior wall")
# One point on a side reduces its standard deviation below this.
PRECISE_MM = 0.9


def find_from_draft(draft: Draft, prepared: Prepared, basis: Basis) -> FoundBody:
    """Find the body of a draft; the same draft gives the same body.

    Parameters
    ----------
    draft : Draft
    prepared : Prepared
    basis : Basis
    """
    try:
        body = _found(draft, prepared, basis)
    except CaseError as error:
        return FoundBody(problem=str(error))
    if body is None:
        return FoundBody(calibrated=prepared.picture.calibrated)
    return FoundBody(body, "", prepared.picture.calibrated, prepared.picture.mm_per_px)


def _found(draft: Draft, prepared: Prepared, basis: Basis) -> Body | None:
    if draft.has_wall:
        side = draft.anterior or _side_of_wall(draft, prepared)
        if side is None:
            raise CaseError(
                text("which side of the wall is anterior? Set it with O, or click the body.")
            )
        return mark_from_wall(
            prepared,
            draft.wall,
            basis,
            anterior=side,
            level=draft.level,
            hints_px=draft.anchors,
        )
    if draft.click_px is None:
        return None
    return mark_body(
        prepared,
        draft.click_px,
        basis,
        anterior=draft.anterior,
        level=draft.level,
        hints_px=draft.anchors,
    )


def _side_of_wall(draft: Draft, prepared: Prepared) -> Side | None:
    """Return the anterior side by a click in the body, else by the header or a cannula."""
    middle = draft.wall.mean(axis=0)
    if draft.click_px is not None:
        return Side.RIGHT if draft.click_px[0] > middle[0] else Side.LEFT
    return anterior_side(prepared, (float(middle[0]), float(middle[1])))


def uncertain_sides(body: Body) -> tuple[tuple[Message, Part], ...]:
    """Return the names and the sides that are uncertain."""
    named = named_parts(body)
    return tuple((name, part) for name, part in named if part.unsure is not None)


def is_accepted(part: Part, body: Body, draft: Draft) -> bool:
    """Return whether a side is reliable, or accepted by the user.

    No side is while the anterior side is unknown: the posterior wall may be the anterior one.
    """
    return body.side_known and (part.unsure is None or draft.accepted)


def is_precise(part: Part) -> bool:
    """Return whether a side is located as well as a point set on it would be."""
    return part.sigma_mm <= PRECISE_MM


def named_parts(body: Body) -> tuple[tuple[Message, Part], ...]:
    """Return the names and all four sides."""
    return (
        (POSTERIOR_WALL, body.wall),
        (text("superior endplate"), body.upper),
        (text("inferior endplate"), body.lower),
        (text("anterior wall"), body.front),
    )


def finished_marks(draft: Draft, found: FoundBody, frame: int) -> Marks:
    """Return the marks to save.

    An outline with an uncertain side is omitted, unless the user accepted it.

    Raises
    ------
    CaseError
        There is nothing to save, or the wall is uncertain.
    """
    body = found.body
    if draft.mode is Mode.WALL:
        raise CaseError(text("the wall is being drawn. Enter finishes it."))
    if body is None:
        missing = text("nothing is marked yet: click into the body first.")
        raise CaseError(found.problem or missing)
    if not body.side_known:
        raise CaseError(text("the anterior side is unknown. Set it with O."))
    if body.wall.unsure is not None and not draft.accepted:
        raise CaseError(
            text(
                "the posterior wall is uncertain. Set points on it, draw it (W), or check it and "
                "accept it (U)."
            )
        )
    with_outline = is_outline_reliable(body) or draft.accepted
    return marks_with(draft, marks_of(body, frame, draft.level, with_outline))


@dataclass(frozen=True, slots=True)
class Handle:
    """Point that can be dragged.

    Parameters
    ----------
    kind : str
        ``anchor`` and ``wall``: set by the user; ``found``: of a detected side; ``tip``.
    index : int
        Of an anchor or a point of a drawn wall; -1 else.
    at_px : Point
    reliable : bool
    """

    kind: str
    index: int
    at_px: Point
    reliable: bool = True


# Positions of handles along a side, as shares of it: away from the corners, where a point belongs
# to two sides.
_ALONG = (0.2, 0.5, 0.8)


def handles(draft: Draft, found: FoundBody) -> tuple[Handle, ...]:
    """Return everything that can be dragged, points of the user first."""
    own = [Handle("anchor", n, at) for n, at in enumerate(draft.anchors_px)]
    own += [Handle("wall", n, at) for n, at in enumerate(draft.wall_px)]
    if draft.tip_px is not None:
        own.append(Handle("tip", -1, draft.tip_px))
    if found.body is None or draft.mode is Mode.WALL:
        return tuple(own)
    set_ = draft.anchors
    for name, part in named_parts(found.body):
        if name == POSTERIOR_WALL and draft.has_wall:
            continue
        places = _along(part.line_px)
        reliable = found.body.side_known and part.unsure is None
        reach = 0.35 * float(np.hypot(*(part.line_px[-1] - part.line_px[0])))
        for at in places:
            # A point of the user is the handle there.
            if len(set_) and np.hypot(*(set_ - at).T).min() < 0.4 * reach:
                continue
            own.append(Handle("found", -1, (float(at[0]), float(at[1])), reliable))
    return tuple(own)


def _along(line: PointArray) -> PointArray:
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.array(_ALONG) * run[-1]
    return np.stack([np.interp(at, run, axis) for axis in line.T], axis=1)

"""From what a person said to a body: what is found, and what is wrong with it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.errors import CaseError
from leakwatch.core.marks import Marks, Side
from leakwatch.marking.draft import Draft, Mode, marks_with
from leakwatch.marking.one_click import (
    Basis,
    Prepared,
    anterior_side,
    mark_body,
    mark_from_wall,
    marks_of,
    outline_is_sure,
)
from leakwatch.vision.vertebra.body_outline import Body, Part


@dataclass(frozen=True, slots=True)
class Found:
    """What follows from a draft.

    Parameters
    ----------
    body : Body or None
        On the frame that is marked.
    problem : str
        Why there is none; empty where nothing was asked for yet.
    calibrated : bool
        Whether its standard deviations are millimetres.
    """

    body: Body | None = None
    problem: str = ""
    calibrated: bool = False


NOTHING = Found()


def find(draft: Draft, prepared: Prepared, basis: Basis) -> Found:
    """Find the body that a draft means; the same draft gives the same body.

    Parameters
    ----------
    draft : Draft
    prepared : Prepared
    basis : Basis
    """
    try:
        body = _found(draft, prepared, basis)
    except CaseError as error:
        return Found(problem=str(error))
    return Found(body, "", prepared.picture.calibrated)


def _found(draft: Draft, prepared: Prepared, basis: Basis) -> Body | None:
    if draft.has_wall:
        side = draft.anterior or _side_of_wall(draft, prepared)
        if side is None:
            raise CaseError("which side of the wall is anterior? Say it with O, or click the body.")
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
    """By a click in the body, else as for a click: tags, or a cannula."""
    middle = draft.wall.mean(axis=0)
    if draft.click_px is not None:
        return Side.RIGHT if draft.click_px[0] > middle[0] else Side.LEFT
    return anterior_side(prepared, (float(middle[0]), float(middle[1])))


def unsure_parts(body: Body) -> tuple[tuple[str, Part], ...]:
    """Sides that must not be relied on, by name."""
    named = named_parts(body)
    return tuple((name, part) for name, part in named if part.unsure is not None)


def is_taken(part: Part, body: Body, draft: Draft) -> bool:
    """Whether a side counts as sure: by itself, or as the person took it.

    Nothing does as long as nobody knows which side is anterior: the wall may be the front.
    """
    return body.side_known and (part.unsure is None or draft.accepted)


def named_parts(body: Body) -> tuple[tuple[str, Part], ...]:
    """All four sides."""
    return (
        ("posterior wall", body.wall),
        ("upper endplate", body.upper),
        ("lower endplate", body.lower),
        ("anterior wall", body.front),
    )


def finished_marks(draft: Draft, found: Found, frame: int) -> Marks:
    """The marks to keep.

    An outline with a side that is unsure is left out, as long as nobody took it as it is.

    Raises
    ------
    CaseError
        There is nothing to keep, or the wall is unsure.
    """
    body = found.body
    if draft.mode is Mode.WALL:
        raise CaseError("the wall is being drawn. Enter ends it.")
    if body is None:
        raise CaseError(found.problem or "nothing is marked yet: click into the body first.")
    if not body.side_known:
        raise CaseError("which side is anterior is not known. Say it with O.")
    if body.wall.unsure is not None and not draft.accepted:
        raise CaseError(
            "the posterior wall is unsure. Set points on it, draw it (W), or look at it and take "
            "it as it is (U)."
        )
    whole = outline_is_sure(body) or draft.accepted
    return marks_with(draft, marks_of(body, frame, draft.level, whole))


@dataclass(frozen=True, slots=True)
class Handle:
    """A point that can be dragged.

    Parameters
    ----------
    kind : str
        ``anchor`` and ``wall``: set by the person; ``found``: of a side that was found; ``tip``.
    index : int
        Of an anchor or a point of a drawn wall; -1 else.
    at_px : Point
    sure : bool
    """

    kind: str
    index: int
    at_px: Point
    sure: bool = True


# Places along a side, as shares of it, that can be taken hold of: away from the corners, where a
# point belongs to either of two sides.
_ALONG = (0.2, 0.5, 0.8)


def handles(draft: Draft, found: Found) -> tuple[Handle, ...]:
    """Everything that can be dragged, those of the person first."""
    own = [Handle("anchor", n, at) for n, at in enumerate(draft.anchors_px)]
    own += [Handle("wall", n, at) for n, at in enumerate(draft.wall_px)]
    if draft.tip_px is not None:
        own.append(Handle("tip", -1, draft.tip_px))
    if found.body is None or draft.mode is Mode.WALL:
        return tuple(own)
    set_ = draft.anchors
    for name, part in named_parts(found.body):
        if name == "posterior wall" and draft.has_wall:
            continue
        places = _along(part.line_px)
        sure = found.body.side_known and part.unsure is None
        reach = 0.35 * float(np.hypot(*(part.line_px[-1] - part.line_px[0])))
        for at in places:
            # Where the person has set a point, that one is the handle.
            if len(set_) and np.hypot(*(set_ - at).T).min() < 0.4 * reach:
                continue
            own.append(Handle("found", -1, (float(at[0]), float(at[1])), sure))
    return tuple(own)


def _along(line: PointArray) -> PointArray:
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.array(_ALONG) * run[-1]
    return np.stack([np.interp(at, run, axis) for axis in line.T], axis=1)

"""Texts for marking a vertebra: what to do next, and the state of the marks. No Qt."""

from __future__ import annotations

from leakwatch.core.marks import Side
from leakwatch.core.messages import Message, join_with, sentence, text
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.display.facts import Fact
from leakwatch.display.quantities import spacing_text
from leakwatch.marking.draft import Draft, Mode
from leakwatch.marking.finding import (
    POSTERIOR_WALL,
    FoundBody,
    is_accepted,
    is_precise,
    named_parts,
    uncertain_sides,
)

_BODY = text("Click the centre of the vertebral body")
# A wall marked on the anterior side never warns, so this question precedes all others.
_WHICH_SIDE = text(
    "Which side is anterior? Neither the header nor a cannula shows it\n"
    "O: anterior is left. O again: right. Nothing is saved until then"
)
_ASKED = {
    Mode.WALL: text("Click along the posterior wall, from end to end; Enter finishes it"),
    Mode.TIP: text("Click the tip of the cannula"),
}
# More warnings would cover the image.
_MOST_WARNINGS = 3
_SIDES = {Side.LEFT: text("left"), Side.RIGHT: text("right")}


def prompt(draft: Draft, found: FoundBody, waiting: str) -> str:
    """Return what the user does next, and what is uncertain.

    Parameters
    ----------
    draft : Draft
    found : FoundBody
    waiting : str
        What the user has to wait for; empty if nothing.
    """
    if waiting or draft.mode in _ASKED:
        return waiting or _ASKED[draft.mode]
    if found.body is None:
        return sentence(found.problem) or _BODY
    if not found.body.side_known:
        return _WHICH_SIDE
    uncertain = uncertain_sides(found.body)
    if not uncertain or draft.accepted:
        return _ready_text(draft, found)
    lines = [text("Uncertain (dotted): drag it to the edge, or click points on the edge")]
    for name, part in uncertain[:_MOST_WARNINGS]:
        lines.append(text("– {side}: {why}", side=name, why=_first_part(part.unsure)))
    if found.body.wall.unsure is not None:
        lines.append(text("W: draw the wall.  U: accept the uncertain edge after checking it"))
    else:
        lines.append(text("S saves the wall alone.  U: accept the outline after checking it"))
    return join_with("\n", lines)


def _ready_text(draft: Draft, found: FoundBody) -> Message:
    """Return the request to check; for an imprecise wall, with the advice to set a point."""
    ready = text("Check the contour. Drag to correct; S saves")
    body = found.body
    if body is None or draft.has_wall or draft.accepted or is_precise(body.wall):
        return ready
    sigma = _length_text(body.wall.sigma_mm, found)
    advice = text("Standard deviation of the wall: {sigma}. A point on it helps", sigma=sigma)
    return join_with("\n", [ready, advice])


def _length_text(length_mm: float, found: FoundBody) -> Message:
    if found.calibrated:
        return text("{length_mm:.1f} mm", length_mm=length_mm)
    return text("{length_mm:.1f} nominal mm", length_mm=length_mm)


def _first_part(reason: str | None) -> str:
    return (reason or "").split(";")[0]


def facts(draft: Draft, found: FoundBody) -> tuple[Fact, ...]:
    """Return the state of the marks, and their reliability."""
    shown = [_state_fact(draft, found)]
    if found.body is None or draft.mode is Mode.WALL:
        return tuple(shown)
    for name, part in named_parts(found.body):
        if name == POSTERIOR_WALL and draft.has_wall:
            how = text("drawn by hand")
        else:
            how = text("± {sigma}", sigma=_length_text(part.sigma_mm, found))
        uncertain = not is_accepted(part, found.body, draft)
        if uncertain:
            how = text("{how}, uncertain", how=how)
        elif not is_precise(part):
            how = text("{how}, check it", how=how)
        shown.append(Fact(name, how, warn=uncertain or not is_precise(part)))
    side = _side_text(draft, found)
    shown.append(Fact(text("anterior (O)"), side, warn=not found.body.side_known))
    return tuple(shown)


def setup_facts(
    draft: Draft, calibration: Calibration, frame: int, averaged: int
) -> tuple[Fact, ...]:
    """Return what marks and calibration are based on.

    Parameters
    ----------
    draft : Draft
    calibration : Calibration
    frame : int
        Index of the marked frame; shown counted from 1, as in all windows.
    averaged : int
        Number of averaged frames.
    """
    tip = draft.tip_px
    return (
        spacing_fact(calibration),
        Fact(text("vertebra (L)"), draft.level or text("not specified")),
        Fact(
            text("cannula tip (T)"),
            text("not marked") if tip is None else f"{tip[0]:.0f}, {tip[1]:.0f}",
        ),
        Fact(text("points set by hand"), str(len(draft.anchors_px) + len(draft.wall_px))),
        Fact(text("marked frame"), str(frame + 1)),
        Fact(text("frames averaged"), str(averaged or "…")),
    )


def _state_fact(draft: Draft, found: FoundBody) -> Fact:
    name = text("marks")
    if draft.mode is Mode.WALL:
        return Fact(name, text("drawing"), warn=True, large=True)
    if found.body is None:
        return Fact(name, text("none yet"), warn=True, large=True)
    if not found.body.side_known:
        return Fact(name, text("which side?"), warn=True, large=True)
    if draft.accepted or not uncertain_sides(found.body):
        return Fact(name, text("ready to save"), large=True)
    wall = found.body.wall.unsure is not None
    state = text("wall uncertain") if wall else text("outline uncertain")
    return Fact(name, state, warn=True, large=True)


def _side_text(draft: Draft, found: FoundBody) -> Message:
    if found.body is not None and not found.body.side_known:
        return text("unknown")
    if found.body is not None:
        side = _SIDES[found.body.anterior]
        return side if draft.anterior else text("{side}, detected", side=side)
    return _SIDES[draft.anterior] if draft.anterior else text("not specified")


def spacing_fact(calibration: Calibration) -> Fact:
    """Return the calibration and its source."""
    if calibration.mm_per_px is None or calibration.mm_per_px_sigma is None:
        return Fact(text("scale (C)"), text("none: {source}", source=calibration.source), warn=True)
    spacing = spacing_text(calibration.mm_per_px, calibration.mm_per_px_sigma)
    value = text("{spacing} mm per pixel ({source})", spacing=spacing, source=calibration.source)
    return Fact(text("scale (C)"), value, warn=calibration.rung is SpacingRung.NONE)

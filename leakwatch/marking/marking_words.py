"""What the window says while a vertebra is marked: what to do next, and what is known. No Qt."""

from __future__ import annotations

from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.display.facts import Fact
from leakwatch.marking.draft import Draft, Mode
from leakwatch.marking.finding import Found, is_taken, named_parts, unsure_parts

_BODY = "Click into the middle of the vertebral body"
# A wall on the front of the body never warns: no other question goes before this one.
_WHICH_SIDE = (
    "Which side is the front of the patient? Neither tags nor a cannula tell\n"
    "O: anterior is left. O once more: right. Until then nothing is saved"
)
_ASKED = {
    Mode.WALL: "Click along the posterior wall, from one end to the other; Enter ends it",
    Mode.TIP: "Click the tip of the cannula",
}
# One point on the wall brings it below, one sigma.
_SURE_MM = 0.9
# More doubts than these hide the picture that they are about.
_MOST_DOUBTS = 3


def prompt(draft: Draft, found: Found, waiting: str) -> str:
    """What the person does next, and what is unsure.

    Parameters
    ----------
    draft : Draft
    found : Found
    waiting : str
        What is waited for; empty where nothing is.
    """
    if waiting or draft.mode in _ASKED:
        return waiting or _ASKED[draft.mode]
    if found.body is None:
        return f"{found.problem[:1].upper()}{found.problem[1:]}" or _BODY
    if not found.body.side_known:
        return _WHICH_SIDE
    unsure = unsure_parts(found.body)
    if not unsure or draft.accepted:
        return _ready(draft, found)
    lines = ["Unsure (dotted): drag it to the edge, or click points on the edge"]
    lines += [f"– {name}: {_why(part.unsure)}" for name, part in unsure[:_MOST_DOUBTS]]
    if found.body.wall.unsure is not None:
        lines.append("W: draw the wall.  U: take it as it is, after you looked")
    else:
        lines.append("S saves the wall alone.  U: take the outline as it is")
    return "\n".join(lines)


def _ready(draft: Draft, found: Found) -> str:
    """A wall without any point of the person's is worth one."""
    told = "Look at it. Drag what is not right; S saves"
    body = found.body
    if body is None or draft.has_wall or draft.accepted or body.wall.sigma_mm <= _SURE_MM:
        return told
    unit = "mm" if found.calibrated else "nominal mm"
    return f"{told}\nThe wall is known to {body.wall.sigma_mm:.1f} {unit}: a point on it helps"


def _why(doubt: str | None) -> str:
    return (doubt or "").split(";")[0]


def facts(draft: Draft, found: Found) -> tuple[Fact, ...]:
    """What is marked, and how sure."""
    told = [_step_body(draft, found)]
    if found.body is None or draft.mode is Mode.WALL:
        return tuple(told)
    unit = "mm" if found.calibrated else "nominal mm"
    for name, part in named_parts(found.body):
        drawn = name == "posterior wall" and draft.has_wall
        how = "drawn by hand" if drawn else f"± {part.sigma_mm:.1f} {unit}"
        unsure = not is_taken(part, found.body, draft)
        told.append(Fact(name, f"{how}{', unsure' if unsure else ''}", warn=unsure))
    told.append(Fact("anterior (O)", _side(draft, found), warn=not found.body.side_known))
    return tuple(told)


def setup_facts(
    draft: Draft, calibration: Calibration, frame: int, averaged: int
) -> tuple[Fact, ...]:
    """What marks and millimetres rest on.

    Parameters
    ----------
    draft : Draft
    calibration : Calibration
    frame : int
        That is marked.
    averaged : int
        Frames that were averaged.
    """
    tip = draft.tip_px
    return (
        spacing_fact(calibration),
        Fact("vertebra (L)", draft.level or "not said"),
        Fact("cannula's tip (T)", "not marked" if tip is None else f"{tip[0]:.0f}, {tip[1]:.0f}"),
        Fact("points set by hand", str(len(draft.anchors_px) + len(draft.wall_px))),
        Fact("frame that is marked", str(frame)),
        Fact("frames averaged", str(averaged or "…")),
    )


def _step_body(draft: Draft, found: Found) -> Fact:
    if draft.mode is Mode.WALL:
        return Fact("marks", "drawing", warn=True, large=True)
    if found.body is None:
        return Fact("marks", "none yet", warn=True, large=True)
    if not found.body.side_known:
        return Fact("marks", "which side?", warn=True, large=True)
    unsure = unsure_parts(found.body)
    if draft.accepted or not unsure:
        return Fact("marks", "ready to save", large=True)
    wall = found.body.wall.unsure is not None
    return Fact("marks", "wall unsure" if wall else "outline unsure", warn=True, large=True)


def _side(draft: Draft, found: Found) -> str:
    if found.body is not None and not found.body.side_known:
        return "not known"
    if found.body is not None:
        return f"{found.body.anterior.value}{'' if draft.anterior else ', found'}"
    return draft.anterior.value if draft.anterior else "not said"


def spacing_fact(calibration: Calibration) -> Fact:
    """Millimetres, and where they are from."""
    if calibration.mm_per_px is None or calibration.mm_per_px_sigma is None:
        return Fact("mm per pixel (C)", f"none: {calibration.source}", warn=True)
    share = calibration.mm_per_px_sigma / calibration.mm_per_px
    value = f"{calibration.mm_per_px:.4f} ± {share:.1%}, {calibration.source}"
    return Fact("mm per pixel (C)", value, warn=calibration.rung is SpacingRung.NONE)

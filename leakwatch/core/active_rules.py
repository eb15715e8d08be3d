"""Alert rules that are active in a frame, and the extent of monitoring that follows.

What was not set up (a lateral view, a posterior wall, a calibration) makes single rules inactive;
the others still work. This is known from the start, and shown without alarm. What happens to the
image (frozen, covered, moved or damaged) makes all rules inactive, and raises an alarm.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from leakwatch.core.messages import text
from leakwatch.core.results import Condition, Observation, Reason


class Rule(StrEnum):
    """An alert rule."""

    MARGIN = "margin"  # cement within the margin of the posterior wall; needs millimetres
    WALL = "wall"  # cement at the posterior wall or posterior of it; needs no millimetres
    OUTSIDE = "outside"  # cement outside the vertebral body
    TUBE = "tube"  # tubular filling


class Coverage(StrEnum):
    """Extent of monitoring in a frame."""

    FULL = "full"
    PARTLY = "partly"
    NONE = "none"


# In order of precedence as an explanation: in another view, a marked wall would not help.
SET_UP = (Reason.VIEW, Reason.NO_WALL, Reason.NO_CALIBRATION)
_NEEDED = {
    Rule.MARGIN: frozenset(SET_UP),
    Rule.WALL: frozenset({Reason.VIEW, Reason.NO_WALL}),
    Rule.OUTSIDE: frozenset[Reason](),
    Rule.TUBE: frozenset[Reason](),
}


def find_active_rules(observation: Observation) -> tuple[Rule, ...]:
    """Return the rules active in a frame; none if the frame could not be assessed."""
    missing = set(observation.unavailable)
    if observation.cement is None or missing - set(SET_UP):
        return ()
    outlined = observation.outline_px is not None or bool(observation.found_px)
    return tuple(
        rule
        for rule, needed in _NEEDED.items()
        if not missing & needed and (outlined or rule is not Rule.OUTSIDE)
    )


def coverage_of(observation: Observation) -> Coverage:
    """Return the extent of monitoring in a frame."""
    if not find_active_rules(observation):
        return Coverage.NONE
    return Coverage.PARTLY if observation.unavailable else Coverage.FULL


def watches_all_but_wall(observation: Observation) -> bool:
    """Return whether nothing but the posterior wall is missing, since the view does not show it.

    Veins and outline are watched in millimetres, and every condition but the setting up holds:
    with another plane that watches the wall, nothing is unwatched.
    """
    missing = set(observation.unavailable)
    others = [one for one in observation.conditions if one.condition is not Condition.SET_UP]
    return (
        Reason.VIEW in missing
        and missing <= {Reason.VIEW, Reason.NO_WALL}
        and bool(others)
        and all(one.holds for one in others)
        and {Rule.TUBE, Rule.OUTSIDE} <= set(find_active_rules(observation))
    )


def find_inactive_reason(rule: Rule, unavailable: Collection[Reason]) -> Reason | None:
    """Return why a rule was inactive in an assessed frame; None if there was no body outline."""
    return next((one for one in SET_UP if one in unavailable and one in _NEEDED[rule]), None)


def partial_coverage_text(observation: Observation, margin_mm: float) -> str:
    """Return the text that states what is monitored in a partly monitored frame, and why.

    Parameters
    ----------
    observation : Observation
    margin_mm : float
        Margin of the inactive rule.

    Returns
    -------
    str
        Such as ``Veins and outline only: no posterior wall in this view``.
    """
    listed = _LISTED[frozenset(find_active_rules(observation)) - {Rule.MARGIN}]
    why = find_inactive_reason(Rule.MARGIN, observation.unavailable)
    if why is None:
        return listed
    if why is Reason.VIEW:
        reason = text("no posterior wall in this view")
    elif why is Reason.NO_CALIBRATION:
        reason = text("not calibrated, so no margin of {margin_mm:g} mm", margin_mm=margin_mm)
    elif observation.wall_px is None:
        reason = text("no posterior wall is marked")
    else:
        reason = text("the anterior side of the wall is unknown")
    return text("{coverage}: {reason}", coverage=listed, reason=reason)


_LISTED = {
    frozenset({Rule.TUBE}): text("Veins only"),
    frozenset({Rule.TUBE, Rule.OUTSIDE}): text("Veins and outline only"),
    frozenset({Rule.TUBE, Rule.WALL}): text("Veins and the wall itself only"),
    frozenset({Rule.TUBE, Rule.OUTSIDE, Rule.WALL}): text(
        "Veins, outline and the wall itself only"
    ),
}

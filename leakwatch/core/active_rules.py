"""Which rules worked in a frame, and which were off: partly watched is not blind. Pure.

What a person did not set up (a lateral view, a wall, millimetres) takes a rule away and leaves the
others. That is known from the start, and said calmly. What happens to the picture (a picture that
is held, hidden, moved or broken) takes all of them away, and is an alarm.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from leakwatch.core.results import Observation, Reason


class Rule(StrEnum):
    """A rule of alerting."""

    MARGIN = "margin"  # cement within the margin of the posterior wall, mm
    WALL = "wall"  # cement at the wall or behind it: a sign
    OUTSIDE = "outside"  # cement outside the body: a sign
    TUBE = "tube"  # cement that fills a tube


class Watch(StrEnum):
    """How much of the rules worked in a frame."""

    WHOLE = "whole"
    PARTLY = "partly"
    BLIND = "blind"


# In the order in which they explain that a rule is off: in another view no wall would help.
SET_UP = (Reason.VIEW, Reason.NO_WALL, Reason.NO_CALIBRATION)
_NEEDED = {
    Rule.MARGIN: frozenset(SET_UP),
    Rule.WALL: frozenset({Reason.VIEW, Reason.NO_WALL}),
    Rule.OUTSIDE: frozenset[Reason](),
    Rule.TUBE: frozenset[Reason](),
}


def working_rules(observation: Observation) -> tuple[Rule, ...]:
    """Return the rules that worked in a frame; none where nothing could be compared."""
    missing = set(observation.unavailable)
    if observation.cement is None or missing - set(SET_UP):
        return ()
    outlined = observation.outline_px is not None or bool(observation.found_px)
    return tuple(
        rule
        for rule, needed in _NEEDED.items()
        if not missing & needed and (outlined or rule is not Rule.OUTSIDE)
    )


def watch_of(observation: Observation) -> Watch:
    """Return whether a frame was watched as far as it was set up to be, or not at all."""
    if not working_rules(observation):
        return Watch.BLIND
    return Watch.PARTLY if observation.unavailable else Watch.WHOLE


def why_off(rule: Rule, unavailable: Collection[Reason]) -> Reason | None:
    """Return why a rule was off in a frame that was watched; None: no outline was there."""
    return next((one for one in SET_UP if one in unavailable and one in _NEEDED[rule]), None)


def partly_words(observation: Observation, margin_mm: float) -> str:
    """Say what is watched in a frame that is partly watched, and why no more is.

    Parameters
    ----------
    observation : Observation
    margin_mm : float
        Of the rule that is off.

    Returns
    -------
    str
        Such as ``Veins and outline only: no posterior wall in this view``.
    """
    rules = working_rules(observation)
    names = {Rule.TUBE: "veins", Rule.OUTSIDE: "outline", Rule.WALL: "the wall itself"}
    seen = [name for rule, name in names.items() if rule in rules]
    listed = seen[0] if len(seen) == 1 else f"{', '.join(seen[:-1])} and {seen[-1]}"
    why = why_off(Rule.MARGIN, observation.unavailable)
    words = {
        Reason.VIEW: "no posterior wall in this view",
        Reason.NO_WALL: "no posterior wall is marked"
        if observation.wall_px is None
        else "it is not known which side of the wall the body is on",
        Reason.NO_CALIBRATION: f"no millimetres, so no margin of {margin_mm:g} mm",
    }
    return f"{listed[0].upper()}{listed[1:]} only" + ("" if why is None else f": {words[why]}")

"""What a whole run really watched: frames judged, frames that were not and why, rules off. Pure.

"No STOP" means nothing of what nobody watched; so the last lines of a run say that first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from leakwatch.config import Settings
from leakwatch.core.active_rules import SET_UP, Rule, find_active_rules, find_inactive_reason
from leakwatch.core.plural import counted_noun
from leakwatch.core.results import Observation, Quality, Reason

Counts = tuple[tuple[Reason, int], ...]
OffCounts = tuple[tuple[tuple[Rule, Reason | None], int], ...]

# What to do about it; the largest cause comes first.
_REMEDIES: dict[Reason, str] = {
    Reason.VIEW: "Turn to the lateral view; say view = lateral in the case file where it is one.",
    Reason.NO_WALL: "Mark the posterior wall and its side (`leakwatch mark`, or M in the window).",
    Reason.NO_CALIBRATION: "Give mm_per_px in the case file, or a --calibration "
    "(`leakwatch calibrate`).",
    Reason.MOTION: "Keep C-arm and patient still, or begin anew in the new position.",
    Reason.STALE: "Fluoroscopy was off or the source repeated a picture: watch it live.",
    Reason.EXPOSURE: "Open the blades, take hands and tools off the field, keep the dose steady.",
    Reason.DECODE: "The source sends frames that cannot be read: see its own log.",
    Reason.STAGE_ERROR: "The program failed: keep the sequence, and report it.",
}
_CAUSES: dict[Reason, str] = {
    Reason.VIEW: "this is no lateral view, or nobody said that it is one",
    Reason.NO_WALL: "no posterior wall, or its side, is marked",
    Reason.NO_CALIBRATION: "no millimetres",
    Reason.MOTION: "the anatomy moved too much to compare",
    Reason.STALE: "no new picture",
    Reason.EXPOSURE: "the exposure changed, or what is watched was covered",
    Reason.DECODE: "frames could not be read",
    Reason.STAGE_ERROR: "the analysis failed",
}
_NO_OUTLINE = "no outline is marked, and none was found for sure"
_OUTLINE_REMEDY = "Mark the body's outline (`leakwatch mark`, or M in the window)."


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over the frames of a run.

    Parameters
    ----------
    frames : int
    learning : int
        Frames in which the image before cement was still learnt: they are judged by nothing.
    blind : tuple of (Reason, int)
        Later frames that were not judged, by their first reason.
    off : tuple of ((Rule, Reason or None), int)
        Later frames that were judged, but not by this rule; None: without an outline.
    """

    frames: int = 0
    learning: int = 0
    blind: Counts = ()
    off: OffCounts = ()

    @property
    def later(self) -> int:
        """Frames after the baseline."""
        return self.frames - self.learning

    @property
    def not_judged(self) -> int:
        """Of them, those that nothing judged."""
        return sum(count for _, count in self.blind)


NOTHING_COUNTED = Tally()


def is_learning(quality: Quality, settings: Settings) -> bool:
    """Return whether a frame that cannot be compared comes before there is a baseline."""
    seen = quality.registration_score is not None
    return seen and quality.baseline_frames < settings.baseline.min_frames


def counted(tally: Tally, observation: Observation, settings: Settings) -> Tally:
    """Return `tally` with one more frame."""
    learning = is_learning(observation.quality, settings)
    return counted_rules(tally, find_active_rules(observation), observation.unavailable, learning)


def counted_rules(
    tally: Tally, working: Collection[Rule], unavailable: Collection[Reason], learning: bool
) -> Tally:
    """Return `tally` with one more frame, from what is written of it.

    Parameters
    ----------
    tally : Tally
    working : collection of Rule
    unavailable : collection of Reason
    learning : bool
        There was no baseline yet.
    """
    tally = replace(tally, frames=tally.frames + 1)
    if learning and not working:
        return replace(tally, learning=tally.learning + 1)
    if not working:
        # What happened says more than what was not set up.
        reasons = [one for one in unavailable if one not in SET_UP] or list(unavailable)
        blind = dict(tally.blind)
        reason = reasons[0] if reasons else Reason.EXPOSURE
        blind[reason] = blind.get(reason, 0) + 1
        return replace(tally, blind=tuple(blind.items()))
    off = dict(tally.off)
    for rule in Rule:
        if rule not in working:
            key = rule, find_inactive_reason(rule, unavailable)
            off[key] = off.get(key, 0) + 1
    return replace(tally, off=tuple(off.items()))


def is_short(tally: Tally, settings: Settings) -> bool:
    """Return whether less was watched than a person may take "no STOP" for."""
    too_many = tally.not_judged > settings.alerting.not_judged_share * tally.later
    nothing = tally.frames > 0 and tally.later == 0
    return bool(tally.off) or too_many or nothing


def no_stop_words(not_watched: tuple[str, ...]) -> str:
    """Return what to say of a run without a STOP: no more than what was watched allows.

    Parameters
    ----------
    not_watched : tuple of str
        From `tally_lines`.
    """
    return "no STOP from what was watched; see the last lines" if not_watched else "no STOP"


def tally_lines(tally: Tally, settings: Settings) -> tuple[str, ...]:
    """Say which rule was off and which frames were not judged, why, and what to do.

    Parameters
    ----------
    tally : Tally
    settings : Settings

    Returns
    -------
    tuple of str
        Largest cause first; none where all was watched, see `is_short`.
    """
    if not is_short(tally, settings):
        return ()
    if tally.later == 0:
        return (
            f"NOT WATCHED: anything, in all of {counted_noun(tally.frames, 'frame')}: fewer than "
            "the image before cement is learnt from. Give a longer sequence.",
        )
    lines = [
        (count, _off_line(rules, why, count, tally, settings))
        for rules, why, count in _grouped(tally.off)
    ]
    if tally.blind and tally.not_judged > settings.alerting.not_judged_share * tally.later:
        lines.append((tally.not_judged, _blind_line(tally)))
    return tuple(line for _, line in sorted(lines, key=lambda one: -one[0]))


def _grouped(off: OffCounts) -> list[tuple[list[Rule], Reason | None, int]]:
    """Rules that were off in as many frames for the same reason are said together."""
    groups: dict[tuple[Reason | None, int], list[Rule]] = {}
    for (rule, why), count in off:
        groups.setdefault((why, count), []).append(rule)
    return [(rules, why, count) for (why, count), rules in groups.items()]


def _off_line(
    rules: list[Rule], why: Reason | None, count: int, tally: Tally, settings: Settings
) -> str:
    names = {
        Rule.MARGIN: f"the margin of {settings.alerting.margin_mm:g} mm",
        Rule.WALL: "the posterior wall",
        Rule.OUTSIDE: "cement outside the body",
        Rule.TUBE: "veins",
    }
    said = " and ".join(names[rule] for rule in rules)
    cause = _NO_OUTLINE if why is None else _CAUSES[why]
    remedy = _OUTLINE_REMEDY if why is None else _REMEDIES[why]
    frames = counted_noun(tally.later, "frame")
    return f"NOT WATCHED: {said}, in {count} of {frames}: {cause}. {remedy}"


def _blind_line(tally: Tally) -> str:
    causes = sorted(tally.blind, key=lambda one: -one[1])
    said = "; ".join(f"{count} {_CAUSES[reason]}" for reason, count in causes)
    remedy = _REMEDIES[causes[0][0]]
    frames = counted_noun(tally.later, "frame")
    return f"NOT JUDGED: {tally.not_judged} of {frames}: {said}. {remedy}"

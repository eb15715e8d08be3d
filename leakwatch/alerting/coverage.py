"""Coverage of a sequence: frames assessed and not assessed, and inactive rules. Pure.

"No STOP" means nothing for what was not monitored, so the summary of a session states that first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from leakwatch.config import Settings
from leakwatch.core.active_rules import SET_UP, Rule, find_active_rules, find_inactive_reason
from leakwatch.core.messages import Message, counted, join_with, text
from leakwatch.core.results import Observation, Quality, Reason

Counts = tuple[tuple[Reason, int], ...]
OffCounts = tuple[tuple[tuple[Rule, Reason | None], int], ...]

# What to do; the most frequent cause comes first.
_REMEDIES: dict[Reason, Message] = {
    Reason.VIEW: text(
        "Turn to the lateral view; set view = lateral in the case file if it is lateral."
    ),
    Reason.NO_WALL: text(
        "Mark the posterior wall and the anterior side (`leakwatch mark`, or M in the window)."
    ),
    Reason.NO_CALIBRATION: text(
        "Set mm_per_px in the case file, or pass --calibration (`leakwatch calibrate`)."
    ),
    Reason.MOTION: text("Keep C-arm and patient still, or take a new baseline (B)."),
    Reason.STALE: text("Fluoroscopy was off or the source repeated an image: monitor it live."),
    Reason.EXPOSURE: text(
        "Open the collimator, keep hands and tools out of the field, keep the dose steady."
    ),
    Reason.DECODE: text("The source sends frames that cannot be decoded: see its own log."),
    Reason.STAGE_ERROR: text("The program failed: keep the sequence, and report it."),
}
_CAUSES: dict[Reason, Message] = {
    Reason.VIEW: text("the view is not lateral, or not specified"),
    Reason.NO_WALL: text("the posterior wall or the anterior side is not marked"),
    Reason.NO_CALIBRATION: text("not calibrated"),
    Reason.MOTION: text("too much motion for registration"),
    Reason.STALE: text("no new image"),
    Reason.EXPOSURE: text("the exposure changed, or the monitored region was covered"),
    Reason.DECODE: text("frames could not be decoded"),
    Reason.STAGE_ERROR: text("the analysis failed"),
}
_NO_OUTLINE = text("no outline is marked, and none was detected reliably")
_OUTLINE_REMEDY = text("Mark the outline of the body (`leakwatch mark`, or M in the window).")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Counts over the frames of a sequence.

    Parameters
    ----------
    frames : int
    acquiring : int
        Frames in which the baseline was still being acquired; they are not assessed.
    not_assessed_by_reason : tuple of (Reason, int)
        Later frames that were not assessed, by their first reason.
    off : tuple of ((Rule, Reason or None), int)
        Later frames that were assessed, but not by this rule; None: without an outline.
    """

    frames: int = 0
    acquiring: int = 0
    not_assessed_by_reason: Counts = ()
    off: OffCounts = ()

    @property
    def later(self) -> int:
        """Number of frames after the baseline."""
        return self.frames - self.acquiring

    @property
    def not_assessed(self) -> int:
        """Number of them that were not assessed."""
        return sum(count for _, count in self.not_assessed_by_reason)


EMPTY_SUMMARY = RunSummary()


def is_acquiring_baseline(quality: Quality, settings: Settings) -> bool:
    """Return whether the baseline is still being acquired in a frame."""
    registered = quality.registration_score is not None
    return registered and quality.baseline_frames < settings.baseline.min_frames


def add_frame(summary: RunSummary, observation: Observation, settings: Settings) -> RunSummary:
    """Return `summary` with one more frame."""
    acquiring = is_acquiring_baseline(observation.quality, settings)
    return add_written_frame(
        summary, find_active_rules(observation), observation.unavailable, acquiring
    )


def add_written_frame(
    summary: RunSummary, working: Collection[Rule], unavailable: Collection[Reason], acquiring: bool
) -> RunSummary:
    """Return `summary` with one more frame, from its stored values.

    Parameters
    ----------
    summary : RunSummary
    working : collection of Rule
    unavailable : collection of Reason
    acquiring : bool
        Whether the baseline was still being acquired.
    """
    summary = replace(summary, frames=summary.frames + 1)
    if acquiring and not working:
        return replace(summary, acquiring=summary.acquiring + 1)
    if not working:
        # An event explains more than what was not set up.
        reasons = [one for one in unavailable if one not in SET_UP] or list(unavailable)
        not_assessed_by_reason = dict(summary.not_assessed_by_reason)
        reason = reasons[0] if reasons else Reason.EXPOSURE
        not_assessed_by_reason[reason] = not_assessed_by_reason.get(reason, 0) + 1
        return replace(summary, not_assessed_by_reason=tuple(not_assessed_by_reason.items()))
    off = dict(summary.off)
    for rule in Rule:
        if rule not in working:
            key = rule, find_inactive_reason(rule, unavailable)
            off[key] = off.get(key, 0) + 1
    return replace(summary, off=tuple(off.items()))


def is_short(summary: RunSummary, settings: Settings) -> bool:
    """Return whether too little was monitored to report "no STOP" without a remark."""
    too_many = summary.not_assessed > settings.alerting.not_judged_share * summary.later
    nothing = summary.frames > 0 and summary.later == 0
    return bool(summary.off) or too_many or nothing


def no_stop_text(not_monitored: tuple[str, ...]) -> Message:
    """Return the text for a sequence without a STOP, limited to what was monitored.

    Parameters
    ----------
    not_monitored : tuple of str
        From `summary_lines`.
    """
    if not_monitored:
        return text("no STOP from what was monitored; see the last lines")
    return text("no STOP")


def summary_lines(summary: RunSummary, settings: Settings) -> tuple[Message, ...]:
    """Return which rules were inactive and which frames were not assessed, why, and what to do.

    Parameters
    ----------
    summary : RunSummary
    settings : Settings

    Returns
    -------
    tuple of Message
        Most frequent cause first; empty if all was monitored, see `is_short`.
    """
    if not is_short(summary, settings):
        return ()
    if summary.later == 0:
        return (
            counted(
                "NOT MONITORED: anything, in {count} frame: fewer than the baseline needs. "
                "Provide a longer sequence.",
                "NOT MONITORED: anything, in all of {count} frames: fewer than the baseline "
                "needs. Provide a longer sequence.",
                count=summary.frames,
            ),
        )
    lines = [
        (count, _inactive_line(rules, why, count, summary, settings))
        for rules, why, count in _grouped(summary.off)
    ]
    not_assessed = summary.not_assessed
    if not_assessed > settings.alerting.not_judged_share * summary.later:
        lines.append((not_assessed, _not_assessed_line(summary)))
    return tuple(line for _, line in sorted(lines, key=lambda one: -one[0]))


def _grouped(off: OffCounts) -> list[tuple[list[Rule], Reason | None, int]]:
    """Return inactive rules, grouped by reason and number of frames."""
    groups: dict[tuple[Reason | None, int], list[Rule]] = {}
    for (rule, why), count in off:
        groups.setdefault((why, count), []).append(rule)
    return [(rules, why, count) for (why, count), rules in groups.items()]


def _inactive_line(
    rules: list[Rule], why: Reason | None, count: int, summary: RunSummary, settings: Settings
) -> Message:
    names = {
        Rule.MARGIN: text("the margin of {mm:g} mm", mm=settings.alerting.margin_mm),
        Rule.WALL: text("the posterior wall"),
        Rule.OUTSIDE: text("cement outside the body"),
        Rule.TUBE: text("veins"),
    }
    listed = names[rules[0]]
    for rule in rules[1:]:
        listed = text("{first} and {second}", first=listed, second=names[rule])
    return counted(
        "NOT MONITORED: {rules}, in {number} of {count} frame: {cause}. {remedy}",
        "NOT MONITORED: {rules}, in {number} of {count} frames: {cause}. {remedy}",
        count=summary.later,
        rules=listed,
        number=count,
        cause=_NO_OUTLINE if why is None else _CAUSES[why],
        remedy=_OUTLINE_REMEDY if why is None else _REMEDIES[why],
    )


def _not_assessed_line(summary: RunSummary) -> Message:
    causes = sorted(summary.not_assessed_by_reason, key=lambda one: -one[1])
    listed = [
        text("{number} {cause}", number=count, cause=_CAUSES[reason]) for reason, count in causes
    ]
    return counted(
        "NOT ASSESSED: {number} of {count} frame: {causes}. {remedy}",
        "NOT ASSESSED: {number} of {count} frames: {causes}. {remedy}",
        count=summary.later,
        number=summary.not_assessed,
        causes=join_with("; ", listed),
        remedy=_REMEDIES[causes[0][0]],
    )

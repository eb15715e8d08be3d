"""The conditions under which CLEAR and WATCH may be shown, each to be shown to hold in every frame.

A guard that looks for one known fault leaves all others CLEAR. So it is the other way round here: a
frame is judged only where each condition of a short list was positively shown to hold. What was not
examined does not hold. A new guard is a row of `TABLE`, or new evidence for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leakwatch.core.results import Condition, Evidence, Reason


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the safety table.

    Parameters
    ----------
    condition : Condition
    evidence : str
        What is measured in each frame.
    limit : str
        What it is held against: a text with the names of settings in braces, and their unit.
    reasons : tuple of Reason
        Given where it does not hold.
    remedy : str
        What the operator can do about it.
    """

    condition: Condition
    evidence: str
    limit: str
    reasons: tuple[Reason, ...]
    remedy: str


TABLE = (
    Row(
        Condition.LIVE,
        "Seconds since the last picture whose quantum noise differs, in the marked region and "
        "{liveness.around_mm} mm around it, tile by tile, from that of every frame of the last "
        "{liveness.window_s} s, line by line from that of the last frame, and as a whole, "
        "moved as may be, from that of every frame at least {liveness.phase_age_s} s old.",
        "at most {intensity.stale_after_s} s",
        (Reason.STALE, Reason.EXPOSURE),
        "Press the pedal. If it is pressed, check the video cable and the source.",
    ),
    Row(
        Condition.WHOLE,
        "Share of the body, of the wall with its margin, and of {whole.around_mm} mm around them, "
        "that the beam reaches and that is neither clipped nor masked.",
        "at least {whole.min_share} of the body and margin, {whole.min_around_share} of what "
        "surrounds them",
        (Reason.EXPOSURE,),
        "Open the collimator over the whole vertebra; lower the dose where it is burnt out.",
    ),
    Row(
        Condition.SAME,
        "Share of the textured tiles around the vertebra whose detail correlates with the "
        "reference picture, moved, times how sharp it is; share of the vertebra's detail that does "
        "not; how much of the known cement is there; how much of the body changed without being "
        "cement.",
        "at least {same.min_explained}; at most {same.max_body_unlike}; at least "
        "{same.min_cement_share} of the cement; at most {baseline.max_changed_share} of the body",
        (Reason.MOTION, Reason.VIEW, Reason.EXPOSURE),
        "Wait until the patient lies still; take away what lies over the vertebra; turn the C-arm "
        "back; or begin anew (B) with this view.",
    ),
    Row(
        Condition.SENSITIVE,
        "Thinnest cement that would stand out beside the posterior wall, from noise, dose and "
        "anatomy, in mm along the beam; what of a front of cement is too thin to be seen, which is "
        "part of the distance's standard deviation.",
        "at most {sensitive.max_thickness_mm} mm; a standard deviation of at most "
        "{sensitive.max_sigma_mm} mm",
        (Reason.EXPOSURE,),
        "Raise the dose, collimate, or move dense anatomy out of the beam.",
    ),
    Row(
        Condition.SET_UP,
        "View, posterior wall, side of the body, millimetres and polarity are known and agree.",
        "all of them",
        (Reason.VIEW, Reason.NO_WALL, Reason.NO_CALIBRATION, Reason.EXPOSURE),
        "Mark the wall (M), say the side, calibrate; export an inverted picture again.",
    ),
    Row(
        Condition.ABLE,
        "Every stage of the analysis came to its end, and frames before the injection were seen.",
        "all of them",
        (Reason.STAGE_ERROR, Reason.DECODE, Reason.EXPOSURE),
        "Begin anew (B); if it comes back, report it with the recorded session.",
    ),
)

# Where a reason alone is known, which condition it speaks of.
CONDITION_OF = {
    Reason.NO_CALIBRATION: Condition.SET_UP,
    Reason.NO_WALL: Condition.SET_UP,
    Reason.VIEW: Condition.SAME,
    Reason.MOTION: Condition.SAME,
    Reason.STALE: Condition.LIVE,
    Reason.EXPOSURE: Condition.WHOLE,
    Reason.DECODE: Condition.ABLE,
    Reason.STAGE_ERROR: Condition.ABLE,
}


def holds(condition: Condition, value: float | None = None, limit: float | None = None) -> Evidence:
    """Return evidence that a condition holds."""
    return Evidence(condition, True, value, limit)


def fails(
    condition: Condition,
    reason: Reason | tuple[Reason, ...],
    text: str,
    value: float | None = None,
    limit: float | None = None,
) -> Evidence:
    """Return evidence that a condition does not hold."""
    reasons = reason if isinstance(reason, tuple) else (reason,)
    return Evidence(condition, False, value, limit, reasons, text)


def judged(found: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return one piece of evidence for each condition, in their order.

    Parameters
    ----------
    found : sequence of Evidence
        As the stages gave it; of two for one condition, that which fails counts.

    Returns
    -------
    tuple of Evidence
        A condition that nothing was found of does not hold.
    """
    by_condition: dict[Condition, Evidence] = {}
    for one in found:
        known = by_condition.get(one.condition)
        if known is None or (known.holds and not one.holds):
            by_condition[one.condition] = one
        elif not known.holds and not one.holds:
            by_condition[one.condition] = _joined(known, one)
    return tuple(
        by_condition.get(condition) or Evidence(condition, False, text="not examined")
        for condition in Condition
    )


def unavailable(conditions: Sequence[Evidence]) -> tuple[Reason, ...]:
    """Return why a frame cannot be judged, or not in full; empty where every condition holds.

    Parameters
    ----------
    conditions : sequence of Evidence
        From `judged`.
    """
    reasons = [reason for one in conditions if not one.holds for reason in one.reasons]
    if not reasons and not all(one.holds for one in conditions):
        # Nothing says why: then something that should have been examined was not.
        reasons = [Reason.STAGE_ERROR]
    return tuple(dict.fromkeys(reasons))


def _joined(first: Evidence, second: Evidence) -> Evidence:
    reasons = tuple(dict.fromkeys(first.reasons + second.reasons))
    text = "; ".join(dict.fromkeys(part for part in (first.text, second.text) if part))
    return Evidence(first.condition, False, first.value, first.limit, reasons, text)

"""Conditions that every frame must meet before CLEAR or WATCH is shown.

A check for one known fault leaves every other fault CLEAR. Here a frame is assessed only if each
condition of a short list is positively met; a condition that was not examined is not met. A new
check is a new row of `TABLE`, or new evidence for an existing row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leakwatch.core.messages import join_texts, text
from leakwatch.core.results import Condition, Evidence, Reason


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A row of the safety table.

    Parameters
    ----------
    condition : Condition
    evidence : str
        The quantity measured in each frame.
    limit : str
        The limit of that quantity, with settings in braces, and its unit.
    reasons : tuple of Reason
        Reasons reported if the condition is not met.
    remedy : str
        What the operator can do.
    """

    condition: Condition
    evidence: str
    limit: str
    reasons: tuple[Reason, ...]
    remedy: str


TABLE = (
    ConditionRow(
        Condition.LIVE,
        "Seconds since the last image with new quantum noise. In the marked region and "
        "{liveness.around_mm} mm around it, the noise differs tile by tile from every frame of the "
        "last {liveness.window_s} s, line by line from the last frame, and as a whole, at any "
        "displacement, from every frame at least {liveness.phase_age_s} s old.",
        "at most {intensity.stale_after_s} s",
        (Reason.STALE, Reason.EXPOSURE),
        "Press the pedal. If it is pressed, check the video cable and the source.",
    ),
    ConditionRow(
        Condition.WHOLE,
        "Share of the body, of the wall with its margin, and of {whole.around_mm} mm around them "
        "that is exposed, and neither clipped nor masked.",
        "at least {whole.min_share} of the body and margin, {whole.min_around_share} of what "
        "surrounds them",
        (Reason.EXPOSURE,),
        "Open the collimator over the whole vertebra; lower the dose where it is overexposed.",
    ),
    ConditionRow(
        Condition.SAME,
        "Share of the textured tiles around the vertebra whose detail correlates with the "
        "registered reference image, times their sharpness; share of the vertebra's detail that "
        "does not correlate; share of the known cement that is still visible; share of the body "
        "that changed, cement aside.",
        "at least {same.min_explained}; at most {same.max_body_unlike}; at least "
        "{same.min_cement_share} of the cement; at most {baseline.max_changed_share} of the body",
        (Reason.MOTION, Reason.VIEW, Reason.EXPOSURE),
        "Wait until the patient lies still; remove any object over the vertebra; turn the "
        "C-arm back; or start a new baseline (B) in this view.",
    ),
    ConditionRow(
        Condition.SENSITIVE,
        "Thinnest cement that would be detected beside the posterior wall, from noise, dose and "
        "anatomy, in mm along the beam; standard deviation of the distance, which includes the "
        "part of a cement front that is too thin to be seen; thickest sheet of cement that could "
        "be mistaken for shading or breathing.",
        "at most {sensitive.max_thickness_mm} mm; a standard deviation of at most "
        "{sensitive.max_sigma_mm} mm; a sheet of at most {sensitive.max_broad_mm} mm",
        (Reason.EXPOSURE,),
        "Raise the dose, collimate, or move dense anatomy out of the beam.",
    ),
    ConditionRow(
        Condition.SET_UP,
        "View, posterior wall, side of the body, millimetres and polarity are known and agree.",
        "all of them",
        (Reason.VIEW, Reason.NO_WALL, Reason.NO_CALIBRATION, Reason.EXPOSURE),
        "Mark the wall (M) and the side, calibrate; export an inverted image again.",
    ),
    ConditionRow(
        Condition.ABLE,
        "Every stage of the analysis was completed, and frames before the injection were seen.",
        "all of them",
        (Reason.STAGE_ERROR, Reason.DECODE, Reason.EXPOSURE),
        "Start a new baseline (B); if the fault returns, report it with the recording.",
    ),
)

# The condition that a reason belongs to, if only the reason is known.
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


def condition_met(
    condition: Condition, value: float | None = None, limit: float | None = None
) -> Evidence:
    """Return evidence that a condition is met."""
    return Evidence(condition, True, value, limit)


def condition_failed(
    condition: Condition,
    reason: Reason | tuple[Reason, ...],
    why: str,
    value: float | None = None,
    limit: float | None = None,
) -> Evidence:
    """Return evidence that a condition is not met."""
    reasons = reason if isinstance(reason, tuple) else (reason,)
    return Evidence(condition, False, value, limit, reasons, why)


def evaluate_conditions(found: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return one piece of evidence per condition, in the order of `Condition`.

    Parameters
    ----------
    found : sequence of Evidence
        Collected by the stages. If two concern one condition, a failure overrides.

    Returns
    -------
    tuple of Evidence
        A condition without evidence is not met.
    """
    by_condition: dict[Condition, Evidence] = {}
    for one in found:
        known = by_condition.get(one.condition)
        if known is None or (known.holds and not one.holds):
            by_condition[one.condition] = one
        elif not known.holds and not one.holds:
            by_condition[one.condition] = _joined(known, one)
    return tuple(
        by_condition.get(condition) or Evidence(condition, False, text=text("not examined"))
        for condition in Condition
    )


def unavailable(conditions: Sequence[Evidence]) -> tuple[Reason, ...]:
    """Return the reasons why a frame cannot be fully assessed; empty if every condition is met.

    Parameters
    ----------
    conditions : sequence of Evidence
        From `evaluate_conditions`.
    """
    reasons = [reason for one in conditions if not one.holds for reason in one.reasons]
    if not reasons and not all(one.holds for one in conditions):
        # A condition that should have been examined was not.
        reasons = [Reason.STAGE_ERROR]
    return tuple(dict.fromkeys(reasons))


def _joined(first: Evidence, second: Evidence) -> Evidence:
    reasons = tuple(dict.fromkeys(first.reasons + second.reasons))
    texts = join_texts(dict.fromkeys(part for part in (first.text, second.text) if part))
    return Evidence(first.condition, False, first.value, first.limit, reasons, texts)

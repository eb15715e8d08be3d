"""Changes of the margin by the operator during a session, and their record. Pure."""

from __future__ import annotations

from leakwatch.alerting import rules
from leakwatch.alerting.margins import MarginChange, is_possible_margin
from leakwatch.config import Settings
from leakwatch.core.messages import Message, text
from leakwatch.live.actions import SetMargin

# Letters of a reason: fewer say nothing.
LEAST_REASON = 3


def newest_margin_mm(alerts: rules.AlertState) -> float:
    """Return the margin that the next frame is decided with."""
    changes = alerts.margins
    return changes[-1].margin_mm if changes else alerts.settings.alerting.margin_mm


def change_margin(
    alerts: rules.AlertState, action: SetMargin, frame: int
) -> tuple[rules.AlertState, Message | None]:
    """Change the margin from a frame on, if that is allowed.

    Parameters
    ----------
    alerts : AlertState
    action : SetMargin
    frame : int
        Index of the next frame.

    Returns
    -------
    AlertState, Message or None
        What is recorded; None if nothing changes.
    """
    said = margin_text(action, newest_margin_mm(alerts), alerts.settings)
    if said is None:
        return alerts, None
    return rules.change_margin(alerts, MarginChange(frame, action.margin_mm)), said


def needs_reason(margin_mm: float, before_mm: float) -> bool:
    """Return whether a change of the margin needs a reason: a later STOP does, an earlier not."""
    return margin_mm < before_mm


def is_reason(why: str) -> bool:
    """Return whether a text is long enough to be a reason."""
    return len(why.strip()) >= LEAST_REASON


def margin_text(action: SetMargin, before_mm: float, settings: Settings) -> Message | None:
    """Return what is recorded of a change; None if it is not allowed, or changes nothing."""
    now_mm, why = action.margin_mm, action.why.strip()
    if not is_possible_margin(now_mm, settings) or now_mm == before_mm:
        return None
    if not needs_reason(now_mm, before_mm):
        return text(
            "the operator widened the margin from {before_mm:g} to {margin_mm:g} mm",
            before_mm=before_mm,
            margin_mm=now_mm,
        )
    if not is_reason(why):
        return None
    return text(
        "the operator narrowed the margin from {before_mm:g} to {margin_mm:g} mm: {why}",
        before_mm=before_mm,
        margin_mm=now_mm,
        why=why,
    )

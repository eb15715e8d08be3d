"""State of a session that a new baseline replaces, kept to undo it."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.alerting.rules import AlertState
from leakwatch.core.messages import Message, text
from leakwatch.core.results import Snapshot
from leakwatch.live.assessed_history import AssessedHistory, TimedDecision
from leakwatch.live.case_setup import MonitoringBasis, Setup
from leakwatch.live.exposure import Exposure
from leakwatch.live.view_guard import ViewGuard
from leakwatch.pipeline.state import PipelineState


@dataclass(frozen=True, slots=True)
class UndoState:
    """State of the fold before a new baseline.

    Parameters
    ----------
    setup : Setup
    basis : MonitoringBasis
    guard : ViewGuard
    vision : PipelineState
    alerts : AlertState
    assessed : Snapshot or None
        The last frame that was compared with the baseline.
    history : AssessedHistory
    decision : TimedDecision
    exposure : Exposure
    stopped_s : float or None
        Time of the last STOP.
    """

    setup: Setup
    basis: MonitoringBasis
    guard: ViewGuard
    vision: PipelineState
    alerts: AlertState
    assessed: Snapshot | None
    history: AssessedHistory
    decision: TimedDecision
    exposure: Exposure
    stopped_s: float | None


def restarted_text(discards: str) -> Message:
    """Return what is kept of a new baseline; `discards` says what it discards, if anything."""
    if not discards:
        return text("the operator started a new baseline")
    return text("the operator started a new baseline, which {discards}", discards=discards)

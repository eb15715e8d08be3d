"""What a new baseline replaces in a session."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.alerting import rules
from leakwatch.core.messages import text as message
from leakwatch.core.results import Snapshot
from leakwatch.live.case_setup import Basis, Setup
from leakwatch.live.exposure import Exposure
from leakwatch.live.last_known import Known, Present
from leakwatch.live.same_view import Guard
from leakwatch.pipeline.state import PipelineState


@dataclass(frozen=True, slots=True)
class Before:
    """State that a new baseline replaces, kept to undo it."""

    setup: Setup
    basis: Basis
    guard: Guard
    vision: PipelineState
    alerts: rules.AlertState
    judged: Snapshot | None
    known: Known
    present: Present
    exposure: Exposure
    stopped_s: float | None


def restarted_words(forgets: str) -> str:
    """Return what is kept of a new baseline; `forgets` says what it discards, if anything."""
    if not forgets:
        return message("the operator started a new baseline")
    return message("the operator started a new baseline, which {discards}", discards=forgets)

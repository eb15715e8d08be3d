"""The rules: ``decide(state, observation) -> (state, alert)``."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.model import Alert, Level, Observation, Reason


@dataclass(frozen=True, slots=True)
class AlertState:
    """What earlier frames leave behind for the next decision."""

    settings: Settings


def initial_state(settings: Settings) -> AlertState:
    """State before the first frame."""
    return AlertState(settings)


def decide(state: AlertState, observation: Observation) -> tuple[AlertState, Alert]:
    """Decide what the operator is told at this frame."""
    return state, Alert(Level.UNKNOWN, (Reason.STAGE_ERROR,), False, Level.UNKNOWN)


def acknowledge(state: AlertState, observation: Observation) -> tuple[AlertState, Alert]:
    """A person clears a latched STOP; the only way that it goes."""
    return decide(state, observation)

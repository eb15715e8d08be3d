"""The one place where stages are ordered: ``step(state, frame) -> (state, observation)``."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.model import Acquisition, Calibration, Frame, Marks, Observation, Quality


@dataclass(frozen=True, slots=True)
class PipelineState:
    """Everything that one frame leaves behind for the next; never changed in place."""

    settings: Settings
    marks: Marks
    calibration: Calibration


def initial_state(settings: Settings, marks: Marks, calibration: Calibration) -> PipelineState:
    """State before the first frame."""
    return PipelineState(settings, marks, calibration)


def step(state: PipelineState, frame: Frame) -> tuple[PipelineState, Observation]:
    """Fold one frame into the state and say what it shows."""
    return state, Observation(
        frame.index, frame.time_s, None, None, None, None, None, (), (), state.calibration, Quality()
    )

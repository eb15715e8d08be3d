"""Stage that follows the volume of the cement."""

from __future__ import annotations

from dataclasses import replace

from leakwatch.core.arrays import BoolImage, FloatImage
from leakwatch.core.frame import Frame
from leakwatch.pipeline.state import PipelineState
from leakwatch.pipeline.volume import Measured, VolumeRun, follow_volume


def measure_volume(
    state: PipelineState, frame: Frame, moved: FloatImage, seen: BoolImage, added: FloatImage
) -> PipelineState:
    """Follow the factor from attenuation to volume; it has no influence on any decision.

    Parameters
    ----------
    state : PipelineState
        With the cement of this frame.
    frame : Frame
    moved : ndarray
        Log attenuation of the frame, in reference coordinates on the working grid.
    seen : ndarray of bool
        What the frame shows of the reference.
    added : ndarray
        Added attenuation, mean over the last moments.
    """
    run, cement, cannulas = state.active_run, state.cement, state.instrument.states
    if cement.mask is None:
        return state
    measured = Measured(
        frame,
        moved,
        added,
        seen,
        cement.mask,
        cement.box,
        state.instrument.cannula,
        cannulas[0].appearance.content if cannulas else None,
    )
    unchanging = VolumeRun(
        run.acquisition,
        run.first_frame,
        run.scale,
        state.calibration,
        state.marks,
        state.settings,
    )
    return replace(state, volume=follow_volume(state.volume, measured, unchanging))

"""Truth of a case, from a truth file or from the labels of another data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from leakwatch.case_files.truth_file import due_frame, right_from
from leakwatch.core.arrays import read_only
from leakwatch.core.truth import Picture, Truth, TruthFrame

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CaseTruth:
    """Truth with which a detector is scored; None for values that a data set does not provide.

    Parameters
    ----------
    leak : str
        Kind of leak, as NAME.truth.json names them.
    fps : float
        Frames per second.
    frames : int
        Number of frames.
    due_frame : int or None
        First frame in which a STOP is due; None: in none.
    right_from : int or None
        First frame from which a STOP is not false; None: it is false in all of them.
    mm_per_px : float or None
        At the vertebra.
    injected_ml, distance_mm, area_mm2 : ndarray or None
        ``(frames,)``, float64, NaN if there is no value.
    motion_px : ndarray or None
        ``(frames, 2)``, float64; position of the anatomy, from any origin. NaN in a turned view, in
        which marks have no position, and during last image hold.
    masks : tuple of (int, Path)
        Frames with a drawn cement mask, each with its PNG; cement is not 0.
    """

    leak: str
    fps: float
    frames: int
    due_frame: int | None
    right_from: int | None
    mm_per_px: float | None = None
    injected_ml: Values | None = None
    distance_mm: Values | None = None
    area_mm2: Values | None = None
    motion_px: Values | None = None
    masks: tuple[tuple[int, Path], ...] = ()


def case_truth(truth: Truth, masks: tuple[tuple[int, Path], ...] = ()) -> CaseTruth:
    """Convert the content of a NAME.truth.json for scoring."""
    frames = truth.frames
    return CaseTruth(
        leak=truth.leak,
        fps=truth.fps,
        frames=len(frames),
        due_frame=due_frame(truth),
        right_from=right_from(truth),
        mm_per_px=truth.mm_per_px,
        injected_ml=_values([frame.ml for frame in frames]),
        distance_mm=_values([frame.distance_mm for frame in frames]),
        area_mm2=_values([_area_mm2(frame) for frame in frames]),
        motion_px=read_only(np.array([_motion(f) for f in frames], np.float64).reshape(-1, 2)),
        masks=masks,
    )


def _motion(true: TruthFrame) -> tuple[float, float]:
    return (true.dx, true.dy) if true.picture is Picture.REFERENCE else (np.nan, np.nan)


def _area_mm2(true: TruthFrame) -> float | None:
    return true.area_mm2 if true.picture is Picture.REFERENCE else None


def _values(values: list[float] | list[float | None]) -> Values:
    return read_only(np.array(values, np.float64))

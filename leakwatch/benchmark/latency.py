"""Decision times, in units of a reference operation timed in the same run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.arrays import Array, Point, PointArray, read_only
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.marks import Marks
from leakwatch.core.spacing import Calibration
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.runner.stored_run import open_run

SIDE_PX = 1024
FLOOR_REPEATS = 50  # before the analysis, and again after it


@dataclass(frozen=True, slots=True)
class Latency:
    """Decision times of one case at `SIDE_PX` squared.

    Parameters
    ----------
    p50_ms, p99_ms : float
        From the decoded frame to the decision.
    floor_ms : float
        Median of the reference operation: blur, warp, subtraction and threshold of one frame.
    """

    p50_ms: float
    p99_ms: float
    floor_ms: float

    @property
    def p50(self) -> float:
        """Median, in units of the reference operation."""
        return self.p50_ms / self.floor_ms

    @property
    def p99(self) -> float:
        """99th percentile, in units of the reference operation."""
        return self.p99_ms / self.floor_ms


def measure(case_path: Path, settings: Settings) -> Latency:
    """Analyse a case enlarged to `SIDE_PX` squared; time each frame and the reference operation.

    Parameters
    ----------
    case_path : Path
        NAME.case.json of a square sequence.
    settings : Settings
    """
    frames, marks, scale = enlarge_case(case_path, settings)
    vision = stages.initial_state(settings, marks, scale)
    floors = time_floor(frames[0].pixels)
    decided = fold(frames, vision, rules.initial_state(settings))
    times_ms = [snapshot.latency_ms for snapshot in decided]
    floors += time_floor(frames[-1].pixels)
    p50_ms, p99_ms = np.percentile(times_ms, [50, 99])
    return Latency(float(p50_ms), float(p99_ms), float(np.median(floors)))


def enlarge_case(
    case_path: Path, settings: Settings, count: int | None = None
) -> tuple[list[Frame], Marks, Calibration]:
    """Return the first `count` frames of a case at `SIDE_PX` squared, marks and calibration.

    Parameters
    ----------
    case_path : Path
        NAME.case.json of a square sequence.
    settings : Settings
    count : int or None
        None: all.
    """
    run = open_run(case_path, settings)
    try:
        factor = SIDE_PX / run.acquisition.columns
        acquisition = replace(run.acquisition, rows=SIDE_PX, columns=SIDE_PX, shutter=None)
        scale = replace(
            run.calibration,
            mm_per_px=_divide(run.calibration.mm_per_px, factor),
            mm_per_px_sigma=_divide(run.calibration.mm_per_px_sigma, factor),
        )
        frames = list(_enlarge_frames(islice(run.frames, count), acquisition))
    finally:
        run.source.close()
    return frames, _enlarge_marks(run.marks, factor), scale


def time_floor(pixels: Array) -> list[float]:
    """Return times in ms of one blur, warp, subtraction and threshold, which any detector needs."""
    image = pixels.astype(np.float32)
    still = np.array([[1, 0, 0.3], [0, 1, -0.2]], np.float32)
    times_ms = []
    for _ in range(FLOOR_REPEATS):
        started = time.perf_counter()
        blurred = cv2.GaussianBlur(image, (5, 5), 0)
        moved = cv2.warpAffine(blurred, still, image.shape[::-1])
        difference = cv2.subtract(moved, image)
        cv2.threshold(difference, 10.0, 1.0, cv2.THRESH_BINARY)
        times_ms.append((time.perf_counter() - started) * 1e3)
    return times_ms


def _enlarge_frames(frames: Iterator[Frame], acquisition: Acquisition) -> Iterator[Frame]:
    size = (acquisition.columns, acquisition.rows)
    for frame in frames:
        pixels = cv2.resize(frame.pixels, size, interpolation=cv2.INTER_CUBIC)
        yield replace(frame, pixels=read_only(pixels), acquisition=acquisition)


def _enlarge_marks(marks: Marks, factor: float) -> Marks:
    def points(given: PointArray | None) -> PointArray | None:
        return None if given is None else read_only((given + 0.5) * factor - 0.5)

    def point(given: Point | None) -> Point | None:
        if given is None:
            return None
        return ((given[0] + 0.5) * factor - 0.5, (given[1] + 0.5) * factor - 0.5)

    return replace(
        marks,
        posterior_wall_px=points(marks.posterior_wall_px),
        body_outline_px=points(marks.body_outline_px),
        needle_tip_px=point(marks.needle_tip_px),
    )


def _divide(value: float | None, factor: float) -> float | None:
    return None if value is None else value / factor

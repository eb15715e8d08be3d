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
from leakwatch.core.arrays import Array, FloatImage, Point, PointArray, read_only
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.marks import Marks
from leakwatch.core.spacing import Calibration
from leakwatch.diagnostics.stage_times import stage_times
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold_frame
from leakwatch.runner.stored_run import open_run
from leakwatch.vision.image_processing.opencv_threads import opencv_on_one_thread

SIDE_PX = 1024
FLOOR_REPEATS = 50


@dataclass(frozen=True, slots=True)
class Latency:
    """Decision times of one case, each beside a reference operation on the same frame.

    Parameters
    ----------
    side_px : int
        Columns and rows of the frames.
    times_ms : tuple of float
        Of each frame, from the decoded frame to the decision.
    floors_ms : tuple of float
        Of the reference operation on each frame: blur, warp, subtraction and threshold.
    stages_ms : dict of str to float
        Mean time of each stage.
    """

    side_px: int
    times_ms: tuple[float, ...]
    floors_ms: tuple[float, ...]
    stages_ms: dict[str, float]

    @property
    def floor_ms(self) -> float:
        """Median time of the reference operation."""
        return float(np.median(self.floors_ms))

    @property
    def p50_ms(self) -> float:
        """Median decision time."""
        return float(np.median(self.times_ms))

    @property
    def p99_ms(self) -> float:
        """99th percentile of the decision times."""
        return float(np.percentile(self.times_ms, 99))

    @property
    def p50(self) -> float:
        """Median, in units of the reference operation."""
        return self.p50_ms / self.floor_ms

    @property
    def p99(self) -> float:
        """99th percentile, in units of the reference operation."""
        return self.p99_ms / self.floor_ms

    @property
    def largest_share(self) -> float:
        """Longest decision time over the median."""
        return max(self.times_ms) / self.p50_ms


def measure(case_path: Path, settings: Settings, side_px: int = SIDE_PX) -> Latency:
    """Analyse an enlarged case on one thread; time each frame and the reference operation in turn.

    Both then meet the same load, the same clock and as cold a cache: a reference operation that is
    repeated in a loop runs faster than any operation of a live session.

    Parameters
    ----------
    case_path : Path
        NAME.case.json of a square sequence.
    settings : Settings
    side_px : int
        Columns and rows of the frames.
    """
    frames, marks, scale = enlarge_case(case_path, settings, side_px=side_px)
    vision, alerts = stages.initial_state(settings, marks, scale), rules.initial_state(settings)
    times_ms, floors_ms, stages_ms = [], [], dict[str, float]()
    with opencv_on_one_thread():
        for frame in frames:
            floors_ms.append(_one_floor_ms(frame.pixels.astype(np.float32)))
            with stage_times() as timer:
                vision, alerts, snapshot = fold_frame(vision, alerts, frame)
            times_ms.append(snapshot.latency_ms)
            for stage, ms in timer.ms.items():
                stages_ms[stage] = stages_ms.get(stage, 0.0) + ms / len(frames)
    return Latency(side_px, tuple(times_ms), tuple(floors_ms), stages_ms)


def enlarge_case(
    case_path: Path, settings: Settings, count: int | None = None, side_px: int | None = None
) -> tuple[list[Frame], Marks, Calibration]:
    """Return the first `count` frames of a case at `side_px` squared, marks and calibration.

    Parameters
    ----------
    case_path : Path
        NAME.case.json of a square sequence.
    settings : Settings
    count : int or None
        None: all.
    side_px : int or None
        None: `SIDE_PX`.
    """
    side_px = SIDE_PX if side_px is None else side_px
    run = open_run(case_path, settings)
    try:
        factor = side_px / run.acquisition.columns
        acquisition = replace(run.acquisition, rows=side_px, columns=side_px, shutter=None)
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
    return [_one_floor_ms(image) for _ in range(FLOOR_REPEATS)]


def _one_floor_ms(image: FloatImage) -> float:
    still = np.array([[1, 0, 0.3], [0, 1, -0.2]], np.float32)
    started = time.perf_counter()
    blurred = cv2.GaussianBlur(image, (5, 5), 0)
    moved = cv2.warpAffine(blurred, still, image.shape[::-1])
    difference = cv2.subtract(moved, image)
    cv2.threshold(difference, 10.0, 1.0, cv2.THRESH_BINARY)
    return (time.perf_counter() - started) * 1e3


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

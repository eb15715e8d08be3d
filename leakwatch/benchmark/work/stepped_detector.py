"""Detectors in Python: those of other packages, and those that a program hands over.

They are given one frame after the other, so that none can look ahead, and are timed here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from leakwatch.benchmark.work.detector import Detector, DetectorError
from leakwatch.benchmark.work.naive import OnMask
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.core.errors import ExtensionError
from leakwatch.core.extensions import DETECTORS, MakeDetector, SteppedDetector, load_extension
from leakwatch.core.frame import Frame
from leakwatch.core.messages import text
from leakwatch.core.results import Level, Reason
from leakwatch.runner.stored_run import AnalysisRun

_NUMBERS = ("distance_mm", "distance_sigma_mm", "area_mm2", "volume_ml", "tubular_length_mm")


def stepped_records(run: AnalysisRun, detector: Detector, on_mask: OnMask) -> Iterator[FrameRecord]:
    """Yield a line for each frame, as ``frames.jsonl`` has them.

    Parameters
    ----------
    run : AnalysisRun
        Just opened.
    detector : Detector
    on_mask : callable
        Called with each frame's number and what counts as cement in it, where it is told.

    Raises
    ------
    DetectorError
        It cannot be made, raises, or says what is no detection.
    """
    made = _made(run, detector)
    for frame in run.frames:
        started = time.perf_counter()
        try:
            told = made.step(frame)
        # Whatever a detector breaks by is its result on this case.
        except Exception as error:
            raise DetectorError(
                text(
                    "frame {frame}: {kind}: {error}. Correct the detector.",
                    frame=frame.index,
                    kind=type(error).__name__,
                    error=str(error),
                )
            ) from error
        latency_ms = (time.perf_counter() - started) * 1e3
        yield _record(frame, told, latency_ms)
        mask = getattr(told, "mask", None)
        if mask is not None:
            on_mask(frame.index, _checked_mask(frame, mask))


def _made(run: AnalysisRun, detector: Detector) -> SteppedDetector:
    try:
        make: MakeDetector = detector.make or load_extension(DETECTORS, detector.name)
    except ExtensionError as error:
        raise DetectorError(str(error)) from error
    try:
        made = make(run.marks, run.calibration)
    except Exception as error:
        raise DetectorError(
            text(
                "it cannot be made: {kind}: {error}. It is called with the marks and the "
                "calibration of a case.",
                kind=type(error).__name__,
                error=str(error),
            )
        ) from error
    if not callable(getattr(made, "step", None)):
        raise DetectorError(
            text(
                "expected a detector with step(frame), found {kind}. Add the method.",
                kind=type(made).__name__,
            )
        )
    return made


def _record(frame: Frame, told: Any, latency_ms: float) -> FrameRecord:
    try:
        level = Level(told.level)
        reasons = tuple(Reason(one) for one in getattr(told, "reasons", ()))
        numbers = {name: _number(getattr(told, name, None)) for name in _NUMBERS}
    except (AttributeError, TypeError, ValueError) as error:
        raise DetectorError(
            text(
                "frame {frame}: {kind} is no leakwatch.Detection ({error}). Return one for each "
                "frame.",
                frame=frame.index,
                kind=type(told).__name__,
                error=str(error),
            )
        ) from error
    return FrameRecord(
        frame=frame.index,
        time_s=frame.time_s,
        level=level,
        reasons=reasons,
        shift_px=None,
        quality={},
        latency_ms=latency_ms,
        **numbers,
    )


def _number(value: Any) -> float | None:
    found = None if value is None else float(value)
    if found is not None and not math.isfinite(found):
        raise ValueError(f"{found} is not finite; None means not measured")
    return found


def _checked_mask(frame: Frame, mask: Any) -> Any:
    found = np.asarray(mask) != 0
    if found.shape != frame.pixels.shape:
        raise DetectorError(
            text(
                "frame {frame}: its mask has shape {found}, and the frame {expected}. Give a mask "
                "of the size of the frame.",
                frame=frame.index,
                found=found.shape,
                expected=frame.pixels.shape,
            )
        )
    return found

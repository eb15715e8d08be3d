"""Naive detector, with which LeakWatch is compared: baseline subtraction and a threshold.

It uses phase correlation of whole frames, grey values, one fixed threshold and the largest change
near the wall, and gives a STOP if that is within 5 mm of the wall.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import cv2
import msgspec
import numpy as np

from leakwatch.case_files.run_records import FrameRecord, event_line
from leakwatch.core.arrays import BoolImage, FloatImage
from leakwatch.core.geometry import signed_distance
from leakwatch.core.marks import Side
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.runner.stored_run import AnalysisRun

MARGIN_MM = 5.0
BASELINE_FRAMES = 10
REACH_MM = 40.0  # from the centre of the wall: a vertebral body and the spinal canal
THRESHOLD_SHARE = 0.08  # of the range of grey values of the baseline
MIN_AREA_PX = 30


OnMask = Callable[[int, BoolImage], None]


def naive_lines(run: AnalysisRun, on_mask: OnMask) -> tuple[bytes, bytes]:
    """Return the content of frames.jsonl and events.jsonl; `on_mask` as in `naive_records`."""
    records = list(naive_records(run, on_mask))
    frames = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
    stop = next((record for record in records if record.level is Level.STOP), None)
    if stop is None:
        return frames, b""
    event = Event(
        stop.frame, stop.time_s, EventKind.ALERT, stop.level, stop.reasons[0], stop.distance_mm
    )
    return frames, event_line(event)


def naive_records(
    run: AnalysisRun, on_mask: OnMask = lambda _frame, _mask: None
) -> Iterator[FrameRecord]:
    """Yield lines of ``frames.jsonl`` by baseline subtraction.

    Parameters
    ----------
    run : AnalysisRun
        Newly opened. A wall, an anterior side and a calibration are required.
    on_mask : callable
        Called with each frame and its cement mask.

    Yields
    ------
    FrameRecord
    """
    first: FloatImage | None = None
    total: FloatImage | None = None
    stopped, window, near = False, None, _near_wall(run)
    for frame in run.frames:
        started = time.perf_counter()
        grey = cv2.GaussianBlur(frame.pixels.astype(np.float32), (5, 5), 0)
        if first is None:
            first, total = grey, np.zeros_like(grey)
            window = cv2.createHanningWindow(grey.shape[::-1], cv2.CV_32F)
        (dx, dy), _ = cv2.phaseCorrelate(first, grey, window)
        to_first = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(grey, to_first, grey.shape[::-1], flags=flags)
        assert total is not None
        if frame.index < BASELINE_FRAMES:
            total += moved / BASELINE_FRAMES
            mask = np.zeros(grey.shape, dtype=bool)
        else:
            mask = _changed(total, moved, near)
        area_mm2, distance_mm = _measure(run, mask)
        stopped = stopped or (distance_mm is not None and distance_mm <= MARGIN_MM)
        latency_ms = (time.perf_counter() - started) * 1e3
        on_mask(frame.index, _moved(mask, (dx, dy)))
        yield FrameRecord(
            frame=frame.index,
            time_s=frame.time_s,
            level=Level.STOP if stopped else Level.CLEAR,
            reasons=(Reason.POSTERIOR_MARGIN,) if stopped else (),
            distance_mm=distance_mm,
            distance_sigma_mm=None,
            area_mm2=area_mm2,
            volume_ml=None,
            tubular_length_mm=None,
            shift_px=(dx, dy),
            quality={},
            latency_ms=latency_ms,
        )


def _near_wall(run: AnalysisRun) -> BoolImage:
    wall, mm = run.marks.posterior_wall_px, run.calibration.mm_per_px
    if mm is None or wall is None:
        raise ValueError("the naive detector needs a wall and a calibration")
    column, row = wall.mean(axis=0)
    rows, columns = np.ogrid[: run.acquisition.rows, : run.acquisition.columns]
    near: BoolImage = np.hypot(rows - row, columns - column) * mm < REACH_MM
    return near


def _moved(mask: BoolImage, shift_px: tuple[float, float]) -> BoolImage:
    to_frame = np.array([[1, 0, shift_px[0]], [0, 1, shift_px[1]]], dtype=np.float32)
    size = mask.shape[::-1]
    moved = cv2.warpAffine(mask.astype(np.uint8), to_frame, size, flags=cv2.INTER_NEAREST)
    return np.asarray(moved != 0)


def _changed(baseline: FloatImage, moved: FloatImage, near: BoolImage) -> BoolImage:
    limit = THRESHOLD_SHARE * float(np.ptp(baseline))
    mask = (near & (cv2.absdiff(baseline, moved) > limit)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if areas.max(initial=0) < MIN_AREA_PX:
        return np.zeros(mask.shape, dtype=bool)
    return np.asarray(labels == 1 + int(areas.argmax()), dtype=bool)


def _measure(run: AnalysisRun, mask: BoolImage) -> tuple[float, float | None]:
    """Return the area in mm2, and the signed distance to the wall in mm."""
    mm = run.calibration.mm_per_px
    wall, anterior = run.marks.posterior_wall_px, run.marks.anterior
    if mm is None or wall is None or anterior is None:
        raise ValueError("the naive detector needs a wall, an anterior side and a calibration")
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return 0.0, None
    points = np.column_stack([columns, rows]).astype(np.float64)
    middle = wall.mean(axis=0)
    inside = (float(middle[0]) + (-1e3 if anterior is Side.LEFT else 1e3), float(middle[1]))
    return len(rows) * mm**2, float(signed_distance(points, wall, inside).min() * mm)

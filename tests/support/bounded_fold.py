"""Small injections of any size, folded with what each frame costs and what is kept of it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace

import cv2
import numpy as np

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import Acquisition, Frame, IntensityRelationship, PixelFormat, View
from leakwatch.core.marks import Marks, Side
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold_frame

SETTINGS = Settings()
FORMAT = PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN)
# A picture of 80 mm, in parts of its sides: the wall at 0.4, a cannula from the left into the
# body, and cement that grows from its tip towards the wall.
FIELD_MM, WALL, TIP, LEARNT = 80.0, 0.4, (0.6, 0.5), 4


@dataclass(frozen=True)
class Cost:
    """What a fold took: bytes at most at any frame, bytes and items that its state has at last."""

    peak: int
    kept: int
    items: int


def marks_for(rows: int, columns: int, baseline_frames: int = LEARNT) -> Marks:
    wall = [[WALL * columns, share * rows] for share in (0.25, 0.5, 0.75)]
    return Marks(
        view=View.LATERAL,
        baseline_frames=(0, baseline_frames),
        posterior_wall_px=read_only(np.array(wall)),
        needle_tip_px=(TIP[0] * columns, TIP[1] * rows),
        anterior=Side.RIGHT,
    )


def scale_of(rows: int, columns: int, mm_per_px: float | None = None) -> Calibration:
    """Millimetres of the picture; `mm_per_px`: wrong ones, as a file may say."""
    mm = FIELD_MM / max(rows, columns) if mm_per_px is None else mm_per_px
    return Calibration(mm, 0.02 * mm, SpacingRung.CASE, "case")


def pictures(rows: int, columns: int, radii_mm: Sequence[float]) -> list[np.ndarray]:
    """Stored values with a ball of cement of each radius, 0.0: none."""
    # Large ones are drawn at a part of their size.
    part = min(1.0, 800.0 / max(rows, columns))
    high, wide = max(round(part * rows), 1), max(round(part * columns), 1)
    rng, side = np.random.default_rng(5), max(high, wide)
    coarse = rng.normal(size=(24, 24)).astype(np.float32)
    anatomy = 1.0 + 0.12 * cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC)
    tip = (round(TIP[0] * wide), round(TIP[1] * high))
    rod = np.zeros((high, wide), np.uint8)
    cv2.line(rod, (-1, tip[1] + round(0.05 * side)), tip, 1, max(round(0.033 * side), 1))
    anatomy += np.float32(0.35) * rod
    shown = []
    for radius_mm in radii_mm:
        ball = np.zeros((high, wide), np.float32)
        if radius_mm > 0.0:
            radius = max(round(radius_mm / FIELD_MM * side), 1)
            cv2.circle(ball, tip, radius, 0.0345 * radius_mm, cv2.FILLED)
        beam = 3000.0 * np.exp(-anatomy - ball) + rng.normal(0.0, 12.0, (high, wide))
        values = np.clip(beam, 1.0, 4000.0).astype(np.uint16)
        if part < 1.0:
            values = cv2.resize(values, (columns, rows), interpolation=cv2.INTER_LINEAR)
        shown.append(read_only(values))
    return shown


def fold(
    shown: Sequence[np.ndarray],
    times_s: Sequence[float],
    marks: Marks,
    calibration: Calibration,
) -> tuple[list[Snapshot], Cost]:
    """Fold pictures at times, from the first again after the last."""
    acquisition = Acquisition(*shown[0].shape, FORMAT)
    vision = stages.initial_state(SETTINGS, marks, calibration)
    alerts, told, peak = rules.initial_state(SETTINGS), [], 0
    tracemalloc.start()
    try:
        for index, time_s in enumerate(times_s):
            frame = Frame(index, time_s, shown[index % len(shown)], acquisition)
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            vision, alerts, snapshot = fold_frame(vision, alerts, frame)
            peak = max(peak, tracemalloc.get_traced_memory()[1] - before)
            told.append(replace(snapshot, frame=replace(frame, pixels=shown[0])))
    finally:
        tracemalloc.stop()
    kept, items = _kept([vision, alerts], {})
    return told, Cost(peak, kept, items)


def _kept(part: object, seen: dict[int, object]) -> tuple[int, int]:
    """Bytes of all arrays of a state, and how many items its tuples and lists have."""
    if id(part) in seen:
        return 0, 0
    seen[id(part)] = part
    if isinstance(part, np.ndarray):
        return _kept(part.base, seen) if part.base is not None else (part.nbytes, 0)
    parts: list[object] = []
    if is_dataclass(part):
        parts = [getattr(part, one.name) for one in fields(part)]
    elif isinstance(part, tuple | list):
        parts = list(part)
    sums = [_kept(one, seen) for one in parts]
    return sum(one for one, _ in sums), len(parts) + sum(one for _, one in sums)

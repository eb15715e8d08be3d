"""Images of the frames with a detector's largest errors."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.metrics.metrics import IN_TIME_S
from leakwatch.benchmark.pictures.case_pictures import CasePainter, Seen
from leakwatch.core.messages import text
from leakwatch.core.results import Level

# Frames per case with the largest distance errors; a false or missed STOP is added.
MAX_BY_DISTANCE = 2
# Adjacent frames look alike: only the worst within this time is shown.
APART_S = 1.0
JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, eq=False)
class WorstFrame:
    """One frame with a large error.

    Parameters
    ----------
    frame : int
    why : str
    error_mm : float or None
        Signed error of the distance.
    seen : Snapshot or FrameRecord
    """

    frame: int
    why: str
    error_mm: float | None
    seen: Seen


class WorstFrames:
    """Collection of the worst frames of a case.

    Parameters
    ----------
    truth : CaseTruth
    """

    def __init__(self, truth: CaseTruth) -> None:
        self._truth = truth
        self._by_distance: list[WorstFrame] = []
        self._by_stop: WorstFrame | None = None
        self._stopped = False

    def add(self, frame: int, distance_mm: float | None, level: Level, seen: Seen) -> None:
        """Add the next frame."""
        if frame >= self._truth.frames:
            return
        error_mm = self._error_mm(frame, distance_mm)
        why = self._wrong_stop(frame, level)
        if why is not None and self._by_stop is None:
            self._by_stop = WorstFrame(frame, why, error_mm, seen)
        if error_mm is not None:
            self._keep(
                WorstFrame(
                    frame,
                    text("distance error {error_mm:+.1f} mm", error_mm=error_mm),
                    error_mm,
                    seen,
                )
            )

    def found(self) -> tuple[WorstFrame, ...]:
        """Return the worst frames: a wrong STOP first, then by the size of the error."""
        by_size = sorted(self._by_distance, key=_size_mm, reverse=True)
        first = () if self._by_stop is None else (self._by_stop,)
        return (*first, *(one for one in by_size if one.frame not in [f.frame for f in first]))

    def _error_mm(self, frame: int, distance_mm: float | None) -> float | None:
        if distance_mm is None or self._truth.distance_mm is None:
            return None
        true = float(self._truth.distance_mm[frame])
        return None if np.isnan(true) else distance_mm - true

    def _wrong_stop(self, frame: int, level: Level) -> str | None:
        truth, stopped_before = self._truth, self._stopped
        self._stopped = stopped_before or level is Level.STOP
        if self._stopped and not stopped_before:
            false = truth.right_from is None or frame < truth.right_from
            return "false STOP" if false else None
        last = truth.frames - 1
        if self._stopped or truth.due_frame is None:
            return None
        late = frame == min(last, truth.due_frame + round(IN_TIME_S * truth.fps))
        return "a STOP was due and did not come in time" if late else None

    def _keep(self, one: WorstFrame) -> None:
        """Replace adjacent frames, or the least bad one, by `one` if it is worse."""
        apart = APART_S * self._truth.fps
        beside = [kept for kept in self._by_distance if abs(kept.frame - one.frame) < apart]
        if not beside and len(self._by_distance) == MAX_BY_DISTANCE:
            beside = [min(self._by_distance, key=_size_mm)]
        if all(_size_mm(one) > _size_mm(kept) for kept in beside):
            self._by_distance = [kept for kept in self._by_distance if kept not in beside]
            self._by_distance.append(one)


def _size_mm(one: WorstFrame) -> float:
    return abs(one.error_mm or 0.0)


def draw_worst(
    worst: Iterable[WorstFrame], painter: CasePainter
) -> tuple[tuple[WorstFrame, bytes], ...]:
    """Yield each of `worst` with its JPEG."""
    return tuple((one, _jpeg(painter, one)) for one in worst)


def _jpeg(painter: CasePainter, one: WorstFrame) -> bytes:
    buffer = io.BytesIO()
    painter.draw(one.seen, one.why).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()

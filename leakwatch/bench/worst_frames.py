"""Pictures of the frames in which a detector was most wrong, as the overlay video draws them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from PIL import Image

from leakwatch.banner import distance_text
from leakwatch.bench.case_truth import CaseTruth
from leakwatch.bench.metrics import IN_TIME_S
from leakwatch.case import FrameRecord
from leakwatch.grey import GreyMapping, grey_mapping
from leakwatch.model import (
    Alert,
    Frame,
    Level,
    Observation,
    PointArray,
    Quality,
    Snapshot,
    StoredSource,
    WallDistance,
    read_only,
)
from leakwatch.present import Fact, Picture, picture
from leakwatch.session import Run
from leakwatch.sinks.canvas import draw

# Of one case, by their distance; a false or a missing STOP comes on top.
MOST_BY_DISTANCE = 2
# Neighbours look alike: of those within a second the worst is shown.
APART_S = 1.0
GREY_FRAMES = 8  # that fix the greys, as in the overlay video
MOST_FACTS = 6  # of the usual ones: the strip has room for those of the truth besides
JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, eq=False)
class WorstFrame:
    """One frame to look at.

    Parameters
    ----------
    frame : int
    why : str
    error_mm : float or None
        Of the distance, signed.
    seen : Snapshot or FrameRecord
        What the detector made of it.
    """

    frame: int
    why: str
    error_mm: float | None
    seen: Snapshot | FrameRecord


class WorstFrames:
    """Keeps the worst frames while a run goes by, and forgets all others.

    Parameters
    ----------
    truth : CaseTruth
    """

    def __init__(self, truth: CaseTruth) -> None:
        self._truth = truth
        self._by_distance: list[WorstFrame] = []
        self._by_stop: WorstFrame | None = None
        self._stopped = False

    def add(
        self, frame: int, distance_mm: float | None, level: Level, seen: Snapshot | FrameRecord
    ) -> None:
        """Take the next frame."""
        if frame >= self._truth.frames:
            return
        error_mm = self._error_mm(frame, distance_mm)
        why = self._wrong_stop(frame, level)
        if why is not None and self._by_stop is None:
            self._by_stop = WorstFrame(frame, why, error_mm, seen)
        if error_mm is not None:
            self._keep(WorstFrame(frame, f"distance {error_mm:+.1f} mm off", error_mm, seen))

    def found(self) -> tuple[WorstFrame, ...]:
        """A wrong STOP first, then by the size of the error."""
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
        """Put `one` in the place of its neighbours, or of the least, if it is worse than they."""
        apart = APART_S * self._truth.fps
        beside = [kept for kept in self._by_distance if abs(kept.frame - one.frame) < apart]
        if not beside and len(self._by_distance) == MOST_BY_DISTANCE:
            beside = [min(self._by_distance, key=_size_mm)]
        if all(_size_mm(one) > _size_mm(kept) for kept in beside):
            self._by_distance = [kept for kept in self._by_distance if kept not in beside]
            self._by_distance.append(one)


def _size_mm(one: WorstFrame) -> float:
    return abs(one.error_mm or 0.0)


def draw_worst(
    worst: Iterable[WorstFrame], run: Run, truth: CaseTruth
) -> tuple[tuple[WorstFrame, bytes], ...]:
    """`worst`, each with its JPEG, in their order.

    Parameters
    ----------
    worst : iterable of WorstFrame
    run : Run
        Its sequence is opened once more.
    truth : CaseTruth
    """
    source = run.reopen()
    try:
        greys = grey_mapping(list(islice(source.frames(), GREY_FRAMES)))
        return tuple((one, _drawn(one, run, truth, greys, source)) for one in worst)
    finally:
        source.close()


def _drawn(
    one: WorstFrame, run: Run, truth: CaseTruth, greys: GreyMapping, source: StoredSource
) -> bytes:
    seen = one.seen
    if isinstance(seen, FrameRecord):
        frame = next(source.frames(one.frame))
        shown = _picture_of_record(seen, frame, run)
    else:
        frame, shown = seen.frame, picture(seen, run.marks, run.settings)
    return _jpeg(_with_truth(shown, one, truth), frame, greys)


def _with_truth(shown: Picture, one: WorstFrame, truth: CaseTruth) -> Picture:
    facts = [Fact("Shown because", one.why, warn=True)]
    if truth.distance_mm is not None:
        true = float(truth.distance_mm[one.frame])
        text = "no cement" if np.isnan(true) else distance_text(_distance(true, None))
        facts.append(Fact("Truth: cement to posterior wall", text or "–", large=True))
    return replace(shown, facts=(*facts, *shown.facts[:MOST_FACTS]))


def _picture_of_record(record: FrameRecord, frame: Frame, run: Run) -> Picture:
    """What another detector said of a frame: its marks, moved as it says, and its numbers."""
    wall, outline = run.marks.posterior_wall_px, run.marks.body_outline_px
    observation = Observation(
        frame=record.frame,
        time_s=record.time_s,
        shift_px=record.shift_px,
        wall_px=_moved(wall, record),
        outline_px=_moved(outline, record),
        wall_distance=None,
        cement=None,
        tubes=(),
        unavailable=(),
        calibration=run.calibration,
        quality=Quality(),
    )
    alert = Alert(record.level, record.reasons, False, record.level)
    shown = picture(Snapshot(frame, observation, alert, record.latency_ms), run.marks, run.settings)
    said = "–"
    if record.distance_mm is not None:
        said = distance_text(_distance(record.distance_mm, record.distance_sigma_mm)) or said
    facts = (
        Fact("The detector: cement to posterior wall", said, large=True),
        Fact("Frame", f"{record.frame}, {record.time_s:.2f} s"),
    )
    return replace(shown, facts=facts)


def _distance(distance_mm: float, sigma_mm: float | None) -> WallDistance:
    return WallDistance(0.0, distance_mm, sigma_mm, (0.0, 0.0), (0.0, 0.0))


def _moved(points_px: PointArray | None, record: FrameRecord) -> PointArray | None:
    if points_px is None:
        return None
    return read_only(points_px + np.array(record.shift_px or (0.0, 0.0)))


def _jpeg(shown: Picture, frame: Frame, greys: GreyMapping) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(draw(shown, greys.apply(frame.pixels)))
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()

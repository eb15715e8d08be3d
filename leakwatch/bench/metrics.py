"""How well the lines of frames.jsonl agree with the truth of a simulated case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from leakwatch.case import FrameRecord, frame_line
from leakwatch.model import Level, Reason, Snapshot, Truth, TruthFrame

# A STOP is false while truth stays clear of both. The rule stops at 5 mm; 1.5 mm more is what
# sigma and an honest error of the wall may ask for. 1 mm of leak is the first that can be seen.
FALSE_ABOVE_MM = 6.5
FALSE_BELOW_LEAK_MM = 1.0

# Most seconds between the due frame and the STOP for it to count as given in time.
IN_TIME_S = 1.0

# Share of its final length up to which area is not compared: a first drop of cement is smaller
# than the blur of the picture.
AREA_FROM_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class StopScore:
    """The STOP of one case against its truth.

    Parameters
    ----------
    due_frame : int or None
        Truth: cement within 5 mm of the wall, or a leak that can be seen.
    stop_frame : int or None
        First frame shown as STOP.
    reasons : tuple of Reason
        Why it was raised.
    delay_s : float or None
        From due to given; negative where it came early.
    false : bool
        Given before it could be right, or without one being due.
    """

    due_frame: int | None
    stop_frame: int | None
    reasons: tuple[Reason, ...]
    delay_s: float | None
    false: bool

    @property
    def given_in_time(self) -> bool:
        """A STOP was due, and came at most `IN_TIME_S` after, and not falsely."""
        return self.delay_s is not None and self.delay_s <= IN_TIME_S and not self.false


@dataclass(frozen=True, slots=True)
class Score:
    """One case.

    Parameters
    ----------
    stop : StopScore
    distance_mean_mm, distance_bias_mm : float or None
        Mean of the absolute, and of the signed, error where both have a distance.
    sigma_cover : float or None
        Share of frames whose error is within one ``distance_sigma_mm``.
    area_ratio : float or None
        Seen over true area: median over the frames with a fifth of the final area and more.
    shift_p95_mm : float or None
        95th percentile of the length of the error of ``shift_px``, in mm.
    unknown_share : float
        Share of frames shown as UNKNOWN.
    """

    stop: StopScore
    distance_mean_mm: float | None
    distance_bias_mm: float | None
    sigma_cover: float | None
    area_ratio: float | None
    shift_p95_mm: float | None
    unknown_share: float


def records(snapshots: Iterable[Snapshot]) -> list[FrameRecord]:
    """The lines that ``leakwatch analyze`` would write for these snapshots, read back."""
    return [msgspec.json.decode(frame_line(one), type=FrameRecord) for one in snapshots]


def score(truth: Truth, records: Sequence[FrameRecord], reference_frame: int = 0) -> Score:
    """Compare a case's records with its truth.

    Parameters
    ----------
    truth : Truth
    records : sequence of FrameRecord
        One for each frame of the truth, in order.
    reference_frame : int
        Frame that ``shift_px`` counts from.

    Raises
    ------
    ValueError
        There are fewer or more records than frames.
    """
    if len(records) != len(truth.frames):
        raise ValueError(f"{len(records)} lines for {len(truth.frames)} frames of truth")
    pairs = list(zip(truth.frames, records, strict=True))
    errors = np.array(
        [
            (record.distance_mm - true.distance_mm, record.distance_sigma_mm or 0.0)
            for true, record in pairs
            if record.distance_mm is not None and true.distance_mm is not None
        ]
    ).reshape(-1, 2)
    known = len(errors) > 0
    return Score(
        stop=score_stop(truth, records),
        distance_mean_mm=float(np.abs(errors[:, 0]).mean()) if known else None,
        distance_bias_mm=float(errors[:, 0].mean()) if known else None,
        sigma_cover=float((np.abs(errors[:, 0]) <= errors[:, 1]).mean()) if known else None,
        area_ratio=_area_ratio(pairs),
        shift_p95_mm=_shift_p95_mm(truth, records, reference_frame),
        unknown_share=float(np.mean([record.level is Level.UNKNOWN for record in records])),
    )


def due_frame(truth: Truth) -> int | None:
    """First frame in which a STOP is due: cement within 5 mm of the wall, or a leak to be seen."""
    due = [at for at in (truth.breach_5mm_frame, truth.leak_visible_frame) if at is not None]
    return min(due, default=None)


def score_stop(truth: Truth, records: Sequence[FrameRecord]) -> StopScore:
    """Compare the first STOP of a case with its truth."""
    due = due_frame(truth)
    stop = next((i for i, record in enumerate(records) if record.level is Level.STOP), None)
    if stop is None:
        return StopScore(due, None, (), None, False)
    reasons = records[stop].reasons
    may_be_right = any(_near(true) for true in truth.frames[: stop + 1])
    delay_s = None if due is None else (stop - due) / truth.fps
    return StopScore(due, stop, reasons, delay_s, not may_be_right)


def _near(true: TruthFrame) -> bool:
    near_wall = true.distance_mm is not None and true.distance_mm <= FALSE_ABOVE_MM
    return near_wall or true.leak_length_mm >= FALSE_BELOW_LEAK_MM


def _area_ratio(pairs: Sequence[tuple[TruthFrame, FrameRecord]]) -> float | None:
    last_mm2 = max((true.area_mm2 for true, _ in pairs), default=0.0)
    ratios = [
        record.area_mm2 / true.area_mm2
        for true, record in pairs
        if record.area_mm2 is not None and true.area_mm2 > AREA_FROM_SHARE * last_mm2
    ]
    return float(np.median(ratios)) if ratios else None


def _shift_p95_mm(
    truth: Truth, records: Sequence[FrameRecord], reference_frame: int
) -> float | None:
    origin = truth.frames[reference_frame]
    errors = [
        np.hypot(
            record.shift_px[0] - (true.dx - origin.dx), record.shift_px[1] - (true.dy - origin.dy)
        )
        for true, record in zip(truth.frames, records, strict=True)
        if record.shift_px is not None
    ]
    return float(np.percentile(errors, 95) * truth.mm_per_px) if errors else None

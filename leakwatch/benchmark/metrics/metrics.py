"""How well the lines of frames.jsonl agree with the truth of one case.

Formulas: docs/reference/metrics.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from leakwatch.benchmark.cases.case_truth import CaseTruth, Values
from leakwatch.case_files.run_records import FrameRecord, frame_line
from leakwatch.core.results import Level, Reason, Snapshot

# Most seconds between the due frame and the STOP for it to count as given in time.
IN_TIME_S = 1.0

# Share of its final size up to which area and volume are not compared: a first drop of cement is
# smaller than the blur of the picture.
SIZE_FROM_SHARE = 0.2


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
    delay_s, delay_ml : float or None
        From due to given; negative where it came early.
    false : bool
        Given before it could be right, or without one being due.
    at_risk_s : float
        How long a false STOP could have come: until the STOP, until one would have been right, or
        to the end.
    """

    due_frame: int | None
    stop_frame: int | None
    reasons: tuple[Reason, ...]
    delay_s: float | None
    delay_ml: float | None
    false: bool
    at_risk_s: float

    @property
    def given_in_time(self) -> bool:
        """A STOP was due, and came at most `IN_TIME_S` after, and not falsely."""
        return self.delay_s is not None and self.delay_s <= IN_TIME_S and not self.false

    @property
    def delay_frames(self) -> int | None:
        """Delay in frames."""
        if self.due_frame is None or self.stop_frame is None:
            return None
        return self.stop_frame - self.due_frame


@dataclass(frozen=True, slots=True)
class Score:
    """One case; None where either side has nothing to compare.

    Parameters
    ----------
    stop : StopScore
    distance_mae_mm, distance_bias_mm, distance_p95_mm : float or None
        Mean of the absolute error, mean of the signed one, and 95th percentile of the absolute one,
        where both have a distance.
    within_1_sigma, within_2_sigma : float or None
        Share of frames whose error is within one, and two, ``distance_sigma_mm``.
    distance_seen_share : float or None
        Share of the frames with a true distance in which one was given.
    area_ratio, volume_ratio : float or None
        Seen over true: median over the frames with a fifth of the final one and more.
    area_error, volume_error : float or None
        The same of the error's absolute value, as a share of the true one.
    volume_form_error : float or None
        The same once volumes are divided by their own ratio, see `_form_error`.
    shift_p95_mm : float or None
        95th percentile of the length of the error of ``shift_px``, in mm.
    unknown_share : float
        Share of frames shown as UNKNOWN.
    latency_p50_ms, latency_p99_ms : float or None
        None where the detector does not tell (0 in all lines).
    """

    stop: StopScore
    distance_mae_mm: float | None
    distance_bias_mm: float | None
    distance_p95_mm: float | None
    within_1_sigma: float | None
    within_2_sigma: float | None
    distance_seen_share: float | None
    area_ratio: float | None
    area_error: float | None
    volume_ratio: float | None
    volume_error: float | None
    volume_form_error: float | None
    shift_p95_mm: float | None
    unknown_share: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None


def records(snapshots: Iterable[Snapshot]) -> list[FrameRecord]:
    """The lines that ``leakwatch analyze`` would write for these snapshots, read back."""
    return [msgspec.json.decode(frame_line(one), type=FrameRecord) for one in snapshots]


def score(truth: CaseTruth, records: Sequence[FrameRecord], reference_frame: int = 0) -> Score:
    """Compare a case's records with its truth.

    Parameters
    ----------
    truth : CaseTruth
    records : sequence of FrameRecord
        One for each frame of the truth, in order.
    reference_frame : int
        Frame that ``shift_px`` counts from.

    Raises
    ------
    ValueError
        There are fewer or more records than frames, or they do not count 0, 1, 2, ...
    """
    if len(records) != truth.frames:
        raise ValueError(f"{len(records)} lines for {truth.frames} frames of truth")
    wrong = next((i for i, record in enumerate(records) if record.frame != i), None)
    if wrong is not None:
        raise ValueError(f"line {wrong + 1} is of frame {records[wrong].frame}, not of {wrong}")
    error, sigma = distance_errors(truth, records)
    area_ratio, area_error = _size(_column(records, "area_mm2"), truth.area_mm2)
    volume_ratio, volume_error = _size(_column(records, "volume_ml"), truth.injected_ml)
    size = np.abs(error[np.isfinite(error)])
    bias = error[np.isfinite(error)]
    latency = np.array([record.latency_ms for record in records])
    told = bool(latency.any())
    return Score(
        stop=score_stop(truth, records),
        distance_mae_mm=float(size.mean()) if size.size else None,
        distance_bias_mm=float(bias.mean()) if size.size else None,
        distance_p95_mm=float(np.percentile(size, 95)) if size.size else None,
        within_1_sigma=_cover(error, sigma, 1.0),
        within_2_sigma=_cover(error, sigma, 2.0),
        distance_seen_share=_seen_share(truth, records),
        area_ratio=area_ratio,
        area_error=area_error,
        volume_ratio=volume_ratio,
        volume_error=volume_error,
        volume_form_error=_form_error(_column(records, "volume_ml"), truth.injected_ml),
        shift_p95_mm=_shift_p95_mm(truth, records, reference_frame),
        unknown_share=float(np.mean([record.level is Level.UNKNOWN for record in records])),
        latency_p50_ms=float(np.percentile(latency, 50)) if told else None,
        latency_p99_ms=float(np.percentile(latency, 99)) if told else None,
    )


def score_stop(truth: CaseTruth, records: Sequence[FrameRecord]) -> StopScore:
    """Compare the first STOP of a case with its truth."""
    stop = next((i for i, record in enumerate(records) if record.level is Level.STOP), None)
    return judge_stop(truth, stop, () if stop is None else records[stop].reasons)


def judge_stop(
    truth: CaseTruth, stop_frame: int | None, reasons: tuple[Reason, ...] = ()
) -> StopScore:
    """Compare a STOP at `stop_frame`, or none at all, with the truth."""
    due, right = truth.due_frame, truth.right_from
    false = stop_frame is not None and (right is None or stop_frame < right)
    ends = [at for at in (stop_frame, right, truth.frames) if at is not None]
    delay_s = delay_ml = None
    if stop_frame is not None and due is not None:
        delay_s = (stop_frame - due) / truth.fps
        if truth.injected_ml is not None:
            delay_ml = float(truth.injected_ml[stop_frame] - truth.injected_ml[due])
    return StopScore(due, stop_frame, reasons, delay_s, delay_ml, false, min(ends) / truth.fps)


def distance_errors(truth: CaseTruth, records: Sequence[FrameRecord]) -> tuple[Values, Values]:
    """Error of each frame's distance, and what the detector says is its sigma.

    Returns
    -------
    ndarray, ndarray
        ``(frames,)`` each, mm; NaN where either side, or the detector, has none.
    """
    found = _column(records, "distance_mm")
    true = np.full(len(found), np.nan) if truth.distance_mm is None else truth.distance_mm
    return found - true, _column(records, "distance_sigma_mm")


def _column(records: Sequence[FrameRecord], field: str) -> Values:
    return np.array([getattr(record, field) for record in records], np.float64)


def _cover(error: Values, sigma: Values, times: float) -> float | None:
    known = np.isfinite(error) & np.isfinite(sigma)
    if not known.any():
        return None
    return float((np.abs(error[known]) <= times * sigma[known]).mean())


def _seen_share(truth: CaseTruth, records: Sequence[FrameRecord]) -> float | None:
    if truth.distance_mm is None or not np.isfinite(truth.distance_mm).any():
        return None
    found = _column(records, "distance_mm")[np.isfinite(truth.distance_mm)]
    return float(np.isfinite(found).mean())


def _size(found: Values, true: Values | None) -> tuple[float | None, float | None]:
    """Medians of the ratio, and of the relative error."""
    ratio = _ratio(found, true)
    if ratio is None:
        return None, None
    return float(np.median(ratio)), float(np.median(np.abs(ratio - 1.0)))


def _form_error(found: Values, true: Values | None) -> float | None:
    """Median of the relative error that one factor for the whole case leaves.

    How opaque a cement is no detector can know unless it is told. A wrong guess makes every volume
    of a case too large or too small by one factor; what is left says how well it grows.
    """
    ratio = _ratio(found, true)
    if ratio is None or not np.median(ratio) > 0.0:
        return None
    return float(np.median(np.abs(ratio / np.median(ratio) - 1.0)))


def _ratio(found: Values, true: Values | None) -> Values | None:
    """Found over true in the frames that are compared; None where there are none."""
    if true is None or not np.isfinite(true).any():
        return None
    compared = np.isfinite(found) & (true > SIZE_FROM_SHARE * np.nanmax(true))
    ratio: Values = found[compared] / true[compared]
    return ratio if ratio.size else None


def _shift_p95_mm(
    truth: CaseTruth, records: Sequence[FrameRecord], reference_frame: int
) -> float | None:
    if truth.motion_px is None or truth.mm_per_px is None:
        return None
    moved = truth.motion_px - truth.motion_px[reference_frame]
    errors = [
        np.hypot(*np.subtract(record.shift_px, true))
        for true, record in zip(moved, records, strict=True)
        if record.shift_px is not None and np.isfinite(true).all()
    ]
    return float(np.percentile(errors, 95) * truth.mm_per_px) if errors else None

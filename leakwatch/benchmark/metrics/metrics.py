"""Metrics of the lines of frames.jsonl against the truth of one case.

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

# Maximum time from the due frame to a STOP in time.
IN_TIME_S = 1.0

# Area and volume are not compared below this share of their final value: a first drop of cement is
# smaller than the blur of the image.
SIZE_FROM_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class StopScore:
    """STOP of one case against its truth.

    Parameters
    ----------
    due_frame : int or None
        Truth: first frame with cement within 5 mm of the wall, or with a visible leak.
    stop_frame : int or None
        First frame shown as STOP.
    reasons : tuple of Reason
        Reasons of that STOP.
    delay_s, delay_ml : float or None
        From due to given; negative if early.
    false : bool
        Given too early, or although none was due.
    at_risk_s : float
        Time in which a false STOP was possible: until the STOP, until a STOP is not false, or to
        the end.
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
        """Return whether a STOP was due, and given at most `IN_TIME_S` later and not falsely."""
        return self.delay_s is not None and self.delay_s <= IN_TIME_S and not self.false

    @property
    def delay_frames(self) -> int | None:
        """Delay in frames."""
        if self.due_frame is None or self.stop_frame is None:
            return None
        return self.stop_frame - self.due_frame


@dataclass(frozen=True, slots=True)
class Score:
    """Scores of one case; None if truth or detector has no value.

    Parameters
    ----------
    stop : StopScore
    distance_mae_mm, distance_bias_mm, distance_p95_mm : float or None
        Mean absolute error, mean error, and 95th percentile of the absolute error, over frames with
        both distances.
    within_1_sigma, within_2_sigma : float or None
        Share of frames with an error within one, and two, ``distance_sigma_mm``.
    distance_seen_share : float or None
        Share of the frames with a true distance that have one by the detector.
    area_ratio, volume_ratio : float or None
        Detected over true: median over frames with at least a fifth of the final value.
    area_error, volume_error : float or None
        Median of the absolute relative error over the same frames.
    volume_form_error : float or None
        The same after division by the median ratio, see `_shape_error`.
    shift_p95_mm : float or None
        95th percentile of the error of ``shift_px``, in mm.
    unknown_share : float
        Share of frames shown as UNKNOWN.
    latency_p50_ms, latency_p99_ms : float or None
        None if the detector does not measure it (0 in all lines).
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
    """Return the lines that ``leakwatch analyze`` would write for snapshots, read back."""
    return [msgspec.json.decode(frame_line(one), type=FrameRecord) for one in snapshots]


def score(truth: CaseTruth, records: Sequence[FrameRecord], reference_frame: int = 0) -> Score:
    """Compare a case's records with its truth.

    Parameters
    ----------
    truth : CaseTruth
    records : sequence of FrameRecord
        One for each frame of the truth, in order.
    reference_frame : int
        Frame to which ``shift_px`` refers.

    Raises
    ------
    ValueError
        The number of records differs from that of frames, or they are not 0, 1, 2, ...
    """
    if len(records) != truth.frames:
        raise ValueError(f"{len(records)} lines for {truth.frames} frames of truth")
    wrong = next((i for i, record in enumerate(records) if record.frame != i), None)
    if wrong is not None:
        raise ValueError(f"line {wrong + 1} is of frame {records[wrong].frame}, not of {wrong}")
    error, sigma = distance_errors(truth, records)
    area_ratio, area_error = _size_errors(_column(records, "area_mm2"), truth.area_mm2)
    volume_ratio, volume_error = _size_errors(_column(records, "volume_ml"), truth.injected_ml)
    size = np.abs(error[np.isfinite(error)])
    bias = error[np.isfinite(error)]
    latency = np.array([record.latency_ms for record in records])
    told = bool(latency.any())
    return Score(
        stop=score_stop(truth, records),
        distance_mae_mm=float(size.mean()) if size.size else None,
        distance_bias_mm=float(bias.mean()) if size.size else None,
        distance_p95_mm=float(np.percentile(size, 95)) if size.size else None,
        within_1_sigma=_coverage(error, sigma, 1.0),
        within_2_sigma=_coverage(error, sigma, 2.0),
        distance_seen_share=_detected_share(truth, records),
        area_ratio=area_ratio,
        area_error=area_error,
        volume_ratio=volume_ratio,
        volume_error=volume_error,
        volume_form_error=_shape_error(_amounts(records), truth.injected_ml),
        shift_p95_mm=_shift_p95_mm(truth, records, reference_frame),
        unknown_share=float(np.mean([record.level is Level.UNKNOWN for record in records])),
        latency_p50_ms=float(np.percentile(latency, 50)) if told else None,
        latency_p99_ms=float(np.percentile(latency, 99)) if told else None,
    )


def score_stop(truth: CaseTruth, records: Sequence[FrameRecord]) -> StopScore:
    """Compare the first STOP of a case with its truth."""
    stop = next((i for i, record in enumerate(records) if record.level is Level.STOP), None)
    return classify_stop(truth, stop, () if stop is None else records[stop].reasons)


def classify_stop(
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
    """Return the error of each frame's distance, and its sigma by the detector.

    Returns
    -------
    ndarray, ndarray
        ``(frames,)`` each, mm; NaN if there is none.
    """
    found = _column(records, "distance_mm")
    true = np.full(len(found), np.nan) if truth.distance_mm is None else truth.distance_mm
    return found - true, _column(records, "distance_sigma_mm")


def _column(records: Sequence[FrameRecord], field: str) -> Values:
    return np.array([getattr(record, field) for record in records], np.float64)


def _amounts(records: Sequence[FrameRecord]) -> Values:
    """Return what is proportional to the volume: its measure without a factor, else the volume."""
    told = [(record.quality.get("volume") or {}).get("amount_mm2") for record in records]
    if any(amount is not None for amount in told):
        return np.array(told, np.float64)
    return _column(records, "volume_ml")


def _coverage(error: Values, sigma: Values, times: float) -> float | None:
    known = np.isfinite(error) & np.isfinite(sigma)
    if not known.any():
        return None
    return float((np.abs(error[known]) <= times * sigma[known]).mean())


def _detected_share(truth: CaseTruth, records: Sequence[FrameRecord]) -> float | None:
    if truth.distance_mm is None or not np.isfinite(truth.distance_mm).any():
        return None
    found = _column(records, "distance_mm")[np.isfinite(truth.distance_mm)]
    return float(np.isfinite(found).mean())


def _size_errors(found: Values, true: Values | None) -> tuple[float | None, float | None]:
    """Return the medians of the ratio and of the absolute relative error."""
    ratio = _ratio(found, true)
    if ratio is None:
        return None, None
    return float(np.median(ratio)), float(np.median(np.abs(ratio - 1.0)))


def _shape_error(found: Values, true: Values | None) -> float | None:
    """Return the median relative error after scaling by one factor for the case.

    The attenuation of a cement cannot be known from images. A wrong assumption scales every volume
    of a case by one factor; the remaining error shows how well the growth is measured.
    """
    ratio = _ratio(found, true)
    if ratio is None or not np.median(ratio) > 0.0:
        return None
    return float(np.median(np.abs(ratio / np.median(ratio) - 1.0)))


def _ratio(found: Values, true: Values | None) -> Values | None:
    """Return found over true in the compared frames; None if there are none."""
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

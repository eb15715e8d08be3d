"""report.json: results of a benchmark, with the values of every case for comparisons."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from leakwatch.benchmark.work.case_work import Status, WorstPicture
from leakwatch.core.errors import BenchError
from leakwatch.core.messages import text
from leakwatch.core.results import Reason
from leakwatch.files.bounded_input import MOST_DOCUMENT_BYTES, parse_json, read_at_most, why_unread
from leakwatch.files.strict_input import explain

REPORT_SCHEMA: Final = "leakwatch.bench/1"
REPORT_NAME, PAGE_NAME = "report.json", "report.html"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base class of all parts of the file."""


class ThresholdStops(Part, frozen=True):
    """STOPs of a case at another threshold, each acknowledged by the operator.

    Parameters
    ----------
    factor : float
        1 is the configured alarm.
    raised : tuple of int
        Frames.
    in_time : bool
        The due STOP was given in time.
    false : int
        Number of false STOPs.
    """

    factor: float
    raised: tuple[int, ...]
    in_time: bool
    false: int


class CaseRow(Part, frozen=True):
    """Results of one case; None for unavailable values. Values as in `metrics.Score`.

    Parameters
    ----------
    name : str
    status : Status
    why : str or None
        What went wrong.
    inputs, masks : str
        Hashes of its files without the masks, and of the masks; empty if there are none, or they
        could not be read.
    seconds : float
        Duration of the work.
    leak, leak_path : str or None
        Kind of leak in the truth; path of the leak, if known.
    due : bool
        Truth: a STOP was due.
    injected_ml : float or None
        Total injected volume.
    """

    name: str
    status: Status
    why: str | None = None
    inputs: str = ""
    masks: str = ""
    seconds: float = 0.0
    leak: str | None = None
    leak_path: str | None = None
    dose: float | None = None
    frames: int | None = None
    due: bool = False
    due_frame: int | None = None
    injected_ml: float | None = None
    stop_frame: int | None = None
    reasons: tuple[Reason, ...] = ()
    in_time: bool = False
    false: bool = False
    delay_s: float | None = None
    delay_frames: int | None = None
    delay_ml: float | None = None
    at_risk_s: float | None = None
    distance_mae_mm: float | None = None
    distance_bias_mm: float | None = None
    distance_p95_mm: float | None = None
    within_1_sigma: float | None = None
    within_2_sigma: float | None = None
    distance_seen_share: float | None = None
    mask_dice: float | None = None
    area_ratio: float | None = None
    area_error: float | None = None
    volume_ratio: float | None = None
    volume_error: float | None = None
    volume_form_error: float | None = None
    shift_p95_mm: float | None = None
    unknown_share: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    thresholds: tuple[ThresholdStops, ...] = ()
    pictures: tuple[WorstPicture, ...] = ()
    overlay: str | None = None

    @property
    def kind(self) -> str:
        """Leak and path, by which cases are grouped."""
        leak = self.leak or "not known"
        return leak if self.leak_path is None else f"{leak}: {self.leak_path}"


class Estimate(Part, frozen=True):
    """A metric over cases, with its 95 % interval.

    Parameters
    ----------
    key, title, unit : str
    value : float or None
        None: not available, or for a delay, infinite in half of the cases.
    low, high : float or None
        Both None: no interval; one None: that end is outside the observed range.
    cases : int
        Number of cases used.
    interval : str or None
        ``bootstrap`` over cases; ``exact`` if all cases agree, as a bootstrap would be empty.
    """

    key: str
    title: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    cases: int
    interval: Literal["bootstrap", "exact"] | None = None


class LeakGroup(Part, frozen=True):
    """Estimates for one kind of leak."""

    kind: str
    cases: int
    estimates: tuple[Estimate, ...]


class ThresholdPoint(Part, frozen=True):
    """Point of the free-response ROC curve."""

    factor: float
    sensitivity: Estimate
    false_stops_per_injection: Estimate


class DistanceBin(Part, frozen=True):
    """Distance errors of the frames with a true distance within one millimetre."""

    from_mm: float
    frames: int
    cases: int
    p5_mm: float
    median_mm: float
    p95_mm: float


class Change(Part, frozen=True):
    """Change of a metric since an earlier report, over common cases; ends as in `Estimate`."""

    key: str
    title: str
    unit: str
    old: float | None
    new: float | None
    change: float | None
    low: float | None
    high: float | None
    cases: int
    verdict: Literal["better", "worse", "no difference shown"]


class Comparison(Part, frozen=True):
    """Comparison with an earlier report.

    Parameters
    ----------
    detector, program : str
        Of the earlier report.
    changes : tuple of Change
    apart : tuple of str
        Cases in only one of both reports, or with changed files.
    """

    detector: str
    program: str
    changes: tuple[Change, ...]
    apart: tuple[str, ...]


class Report(Part, frozen=True):
    """Complete report.

    Parameters
    ----------
    version, program : str
        Version of LeakWatch; hash of its code and libraries.
    detector : str
    wall_only : bool
    settings : dict
        Settings of LeakWatch; empty for another detector.
    dose_unit : str
    summary : tuple of Estimate
    by_leak : tuple of LeakGroup
    thresholds : tuple of ThresholdPoint
    distances : tuple of DistanceBin
    cases : tuple of CaseRow
    against : Comparison or None
    """

    version: str
    program: str
    detector: str
    wall_only: bool
    settings: dict[str, Any]
    dose_unit: str
    summary: tuple[Estimate, ...]
    by_leak: tuple[LeakGroup, ...]
    thresholds: tuple[ThresholdPoint, ...]
    distances: tuple[DistanceBin, ...]
    cases: tuple[CaseRow, ...]
    against: Comparison | None = None
    schema: Literal["leakwatch.bench/1"] = REPORT_SCHEMA


def encode_report(report: Report) -> bytes:
    """Return the bytes of a report.json, from which `load_report` restores the report."""
    return msgspec.json.format(msgspec.json.encode(report, enc_hook=str), indent=1) + b"\n"


def load_report(path: Path) -> Report:
    """Read and validate a report.json.

    Raises
    ------
    BenchError
        It cannot be read, or is not a report of this schema.
    """
    try:
        found = parse_json(read_at_most(path, MOST_DOCUMENT_BYTES))
        return msgspec.convert(found, Report)
    except OSError as error:
        raise BenchError(
            text(
                "{path}: cannot be read: {reason}. Check the path.",
                path=path,
                reason=error.strerror,
            )
        ) from error
    except msgspec.ValidationError as error:
        raise BenchError(
            text("{path}: {why}", path=path, why=explain(error, found, Report, {}))
        ) from error
    except ValueError as error:
        why = why_unread(error, "JSON")
        raise BenchError(
            text("{path}: {why}. Give the report.json of a benchmark.", path=path, why=why)
        ) from error

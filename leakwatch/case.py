"""The files around a case: NAME.case.json, NAME.truth.json, frames.jsonl and events.jsonl.

An unknown key is an error: a misspelt `mm_per_px` that is passed over is a wrong distance. What is
not known is left out of case and event, and is null in a line of frames.jsonl, which always has
the same keys.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType

from leakwatch.errors import CaseError
from leakwatch.model import (
    Acquisition,
    CaseFile,
    Event,
    EventKind,
    Level,
    Marks,
    Observation,
    Point,
    PointArray,
    Reason,
    Side,
    Snapshot,
    Truth,
    TruthFrame,
    View,
    read_only,
)
from leakwatch.strict_input import explain

CASE_SCHEMA: Final = "leakwatch.case/1"
TRUTH_SCHEMA: Final = "leakwatch.truth/1"
CASE_SUFFIX, TRUTH_SUFFIX = ".case.json", ".truth.json"

# Digits after the point. A tenth of what can be measured, so that rounding is never seen.
_SECONDS, _MM, _MM2, _ML, _PX, _RATIO = 4, 3, 2, 4, 2, 6

_Index = Annotated[int, Meta(ge=0)]
_Positive = Annotated[float, Meta(gt=0)]
_NotNegative = Annotated[float, Meta(ge=0)]
_Xy = tuple[float, float]


class _CaseJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    schema: Literal["leakwatch.case/1"]
    dicom: Annotated[str, Meta(min_length=1)]
    view: View
    vertebra: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    anterior: Side | UnsetType = UNSET
    reference_frame: _Index = 0
    baseline_frames: tuple[_Index, _Index] | UnsetType = UNSET
    posterior_wall_px: Annotated[list[_Xy], Meta(min_length=2)] | UnsetType = UNSET
    body_outline_px: Annotated[list[_Xy], Meta(min_length=3)] | UnsetType = UNSET
    needle_tip_px: _Xy | UnsetType = UNSET
    mm_per_px: _Positive | UnsetType = UNSET
    mm_per_px_sigma: _NotNegative | UnsetType = UNSET


class _TruthFrameJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ml: _NotNegative
    dx: float
    dy: float
    distance_mm: float | None
    leak_length_mm: _NotNegative
    area_mm2: _NotNegative


class _TruthJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fps: _Positive
    mm_per_px: _Positive
    leak: Literal["none", "near", "epidural", "vein_ant", "disc"]
    breach_5mm_frame: _Index | None
    leak_visible_frame: _Index | None
    frames: list[_TruthFrameJson]
    # The contract names a schema, and the files that came with it have none.
    schema: Literal["leakwatch.truth/1"] | UnsetType = UNSET


class FrameRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of frames.jsonl, as it was written; keys and units as in docs/reference/files.md."""

    frame: _Index
    time_s: float
    level: Level
    reasons: tuple[Reason, ...]
    distance_mm: float | None
    distance_sigma_mm: float | None
    area_mm2: float | None
    volume_ml: float | None
    tubular_length_mm: float | None
    shift_px: _Xy | None
    quality: dict[str, Any]
    latency_ms: float


class _EventJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    frame: _Index
    time_s: float
    event: EventKind
    level: Level | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    distance_mm: float | UnsetType = UNSET
    distance_sigma_mm: float | UnsetType = UNSET
    at_px: _Xy | UnsetType = UNSET
    text: str | UnsetType = UNSET


_HINTS = {
    "schema": f"Write {CASE_SCHEMA} in a case and {TRUTH_SCHEMA} in a truth.",
    "dicom": "Give the path of the sequence, relative to this file.",
    "view": "Write lateral, ap or oblique.",
    "anterior": "Write left or right: the side of the picture that is anterior.",
    "reference_frame": "Give the index of the frame that was marked, from 0.",
    "baseline_frames": "Give [first, last): two indices from 0, the last one not included.",
    "posterior_wall_px": "Give two or more points [column, row].",
    "body_outline_px": "Give three or more points [column, row].",
    "needle_tip_px": "Give one point [column, row].",
    "mm_per_px": "Give millimetres per pixel at the vertebra, above 0.",
    "mm_per_px_sigma": "Give its standard deviation in millimetres per pixel.",
    "leak": "Write none, near, epidural, vein_ant or disc.",
}

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors write it

_T = TypeVar("_T", bound=msgspec.Struct)
_V = TypeVar("_V")


def load_case(path: Path) -> CaseFile:
    """Read and validate a NAME.case.json.

    Parameters
    ----------
    path : Path

    Returns
    -------
    CaseFile

    Raises
    ------
    CaseError
        The file cannot be read, or breaks the schema.
    """
    case = _decode(_read(path), str(path), _CaseJson)
    _check_case(case, str(path))
    marks = Marks(
        view=case.view,
        reference_frame=case.reference_frame,
        baseline_frames=_known(case.baseline_frames),
        posterior_wall_px=_points(case.posterior_wall_px),
        body_outline_px=_points(case.body_outline_px),
        needle_tip_px=_known(case.needle_tip_px),
        anterior=_known(case.anterior),
        vertebra=_known(case.vertebra),
    )
    return CaseFile(case.dicom, marks, _known(case.mm_per_px), _known(case.mm_per_px_sigma))


def load_truth(path: Path) -> Truth:
    """Read and validate a NAME.truth.json.

    Raises
    ------
    CaseError
        The file cannot be read, breaks the schema, or names a frame that it does not have.
    """
    truth = _decode(_read(path), str(path), _TruthJson)
    count = len(truth.frames)
    for key in ("breach_5mm_frame", "leak_visible_frame"):
        index = getattr(truth, key)
        if index is not None and index >= count:
            raise CaseError(f"{path}: {key} is {index}, but there are {count} frames. Correct it.")
    return Truth(
        truth.fps,
        truth.mm_per_px,
        truth.leak,
        truth.breach_5mm_frame,
        truth.leak_visible_frame,
        tuple(TruthFrame(**msgspec.structs.asdict(frame)) for frame in truth.frames),
    )


def dicom_path(case_path: Path, case: CaseFile) -> Path:
    """Where the sequence of `case` lies."""
    return case_path.parent / case.dicom_path


def truth_path(case_path: Path) -> Path:
    """Where the truth of a case lies, if it has one: beside it, NAME.truth.json."""
    return case_path.with_name(case_path.name.removesuffix(CASE_SUFFIX) + TRUTH_SUFFIX)


def check_fits(case: CaseFile, acquisition: Acquisition, name: str = "the case") -> None:
    """Refuse a case that was made for another sequence.

    Parameters
    ----------
    case : CaseFile
    acquisition : Acquisition
        Of the sequence that shall be judged by it.
    name : str
        What the message calls the case, usually its path.

    Raises
    ------
    CaseError
        A frame that it names is not there, or a mark lies wholly outside the picture.
    """
    marks, count = case.marks, acquisition.number_of_frames
    named = [("reference_frame", marks.reference_frame)]
    if marks.baseline_frames is not None:
        named.append(("baseline_frames", marks.baseline_frames[1] - 1))
    for key, index in named:
        if count is not None and index >= count:
            raise CaseError(
                f"{name}: {key} names frame {index}, but the sequence has {count} frames (0 to "
                f"{count - 1}). Is this the case of another sequence?"
            )
    tip = None if marks.needle_tip_px is None else np.array([marks.needle_tip_px])
    for key, points in (
        ("posterior_wall_px", marks.posterior_wall_px),
        ("body_outline_px", marks.body_outline_px),
        ("needle_tip_px", tip),
    ):
        if points is not None and not _any_inside(points, acquisition):
            raise CaseError(
                f"{name}: no point of {key} lies in the picture of {acquisition.columns} columns "
                f"and {acquisition.rows} rows; the first is {points[0].tolist()}. Points are "
                "[column, row]. Is this the case of another sequence?"
            )


def encode_case(case: CaseFile) -> bytes:
    """The bytes of a NAME.case.json; `load_case` gives the same case back.

    Raises
    ------
    CaseError
        The case has no view, which a case file must have, or breaks another rule of the schema.
    """
    marks = case.marks
    if marks.view is None:
        raise CaseError("a case needs its view, and none is known. Say lateral, ap or oblique.")
    document = _CaseJson(
        CASE_SCHEMA,
        case.dicom_path,
        marks.view,
        _unset(marks.vertebra),
        _unset(marks.anterior),
        marks.reference_frame,
        _unset(marks.baseline_frames),
        _pairs(marks.posterior_wall_px),
        _pairs(marks.body_outline_px),
        UNSET if marks.needle_tip_px is None else _rounded_point(marks.needle_tip_px),
        _unset(case.mm_per_px),
        _unset(case.mm_per_px_sigma),
    )
    data = msgspec.json.encode(document)
    _check_case(_decode(data, "the new case", _CaseJson), "the new case")
    return msgspec.json.format(data, indent=1) + b"\n"


def encode_truth(truth: Truth) -> bytes:
    """The bytes of a NAME.truth.json, one frame a line; numbers are written as they are."""
    head = {"schema": TRUTH_SCHEMA} | {
        key: value for key, value in asdict(truth).items() if key != "frames"
    }
    lines = [msgspec.json.encode(frame) for frame in truth.frames]
    opening = msgspec.json.encode(head)[:-1].replace(b',"', b',\n "')
    return opening + b',\n "frames": [\n  ' + b",\n  ".join(lines) + b"\n ]}\n"


def frame_line(snapshot: Snapshot) -> bytes:
    """One line of frames.jsonl, with its newline.

    Two runs give the same bytes, `latency_ms` aside.

    Parameters
    ----------
    snapshot : Snapshot

    Returns
    -------
    bytes
    """
    observation, alert = snapshot.observation, snapshot.alert
    wall, cement = observation.wall_distance, observation.cement
    shift = observation.shift_px
    record = FrameRecord(
        frame=observation.frame,
        time_s=round(observation.time_s, _SECONDS),
        level=alert.level,
        reasons=alert.reasons,
        distance_mm=None if wall is None else _rounded(wall.distance_mm, _MM),
        distance_sigma_mm=None if wall is None else _rounded(wall.sigma_mm, _MM),
        area_mm2=None if cement is None else _rounded(cement.area_mm2, _MM2),
        volume_ml=None if cement is None else _rounded(cement.volume_ml, _ML),
        tubular_length_mm=_tubular_length_mm(observation),
        shift_px=None if shift is None else _rounded_point(shift, _MM),
        quality=_quality(snapshot),
        latency_ms=round(snapshot.latency_ms, 2),
    )
    return msgspec.json.encode(record) + b"\n"


def event_line(event: Event) -> bytes:
    """One line of events.jsonl, with its newline; what is not known is left out.

    Parameters
    ----------
    event : Event

    Returns
    -------
    bytes
    """
    line = _EventJson(
        event.frame,
        round(event.time_s, _SECONDS),
        event.kind,
        _unset(event.level),
        _unset(event.reason),
        _unset(_rounded(event.distance_mm, _MM)),
        _unset(_rounded(event.distance_sigma_mm, _MM)),
        UNSET if event.at_px is None else _rounded_point(event.at_px),
        _unset(event.text),
    )
    return msgspec.json.encode(line) + b"\n"


def read_frames(path: Path) -> tuple[FrameRecord, ...]:
    """Read a frames.jsonl; a last line that was cut off while it was written is passed over.

    Raises
    ------
    CaseError
        The file cannot be read, a line breaks the schema, or frames are out of order.
    """
    records = _decode_lines(path, FrameRecord)
    for before, after in pairwise(records):
        if after.frame <= before.frame:
            raise CaseError(
                f"{path}: frame {after.frame} comes after frame {before.frame}. Frames must be in "
                "order; is this file of two runs?"
            )
    return tuple(records)


def read_events(path: Path) -> tuple[Event, ...]:
    """Read an events.jsonl; a last line that was cut off while it was written is passed over.

    Raises
    ------
    CaseError
        The file cannot be read, or a line breaks the schema.
    """
    return tuple(
        Event(
            line.frame,
            line.time_s,
            line.event,
            _known(line.level),
            _known(line.reason),
            _known(line.distance_mm),
            _known(line.distance_sigma_mm),
            _known(line.at_px),
            _known(line.text),
        )
        for line in _decode_lines(path, _EventJson)
    )


def _decode(data: bytes, name: str, document: type[_T]) -> _T:
    try:
        return msgspec.json.decode(data.removeprefix(_BYTE_ORDER_MARK), type=document)
    except msgspec.ValidationError as error:
        found = json.loads(data.removeprefix(_BYTE_ORDER_MARK))  # takes any number
        raise CaseError(f"{name}: {explain(error, found, document, _HINTS)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CaseError(f"{name}: is not JSON: {error}. Correct or replace the file.") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CaseError(f"{path}: cannot be read: {reason}. Check the path.") from error


def _decode_lines(path: Path, document: type[_T]) -> list[_T]:
    lines = _read(path).split(b"\n")
    cut_off = lines.pop()  # empty where the last line ends with a newline, as it must
    with contextlib.suppress(msgspec.DecodeError):
        msgspec.json.decode(cut_off)
        lines.append(cut_off)
    return [_decode(line, f"{path}, line {n}", document) for n, line in enumerate(lines, start=1)]


def _check_case(case: _CaseJson, name: str) -> None:
    """Rules that no single key shows."""
    if not isinstance(case.baseline_frames, UnsetType):
        first, last = case.baseline_frames
        if last <= first:
            raise CaseError(
                f"{name}: baseline_frames [{first}, {last}) holds no frame. "
                "The second index is one past the last frame without cement."
            )
    if not isinstance(case.mm_per_px_sigma, UnsetType) and isinstance(case.mm_per_px, UnsetType):
        raise CaseError(
            f"{name}: mm_per_px_sigma is {case.mm_per_px_sigma}, but there is no mm_per_px. "
            "Give both, or neither."
        )
    wall = case.posterior_wall_px
    if not isinstance(wall, UnsetType) and len(set(wall)) < 2:
        raise CaseError(
            f"{name}: all points of posterior_wall_px are {list(wall[0])}. "
            "Mark at least two different points along the wall."
        )


def _any_inside(points: PointArray, acquisition: Acquisition) -> bool:
    size = (acquisition.columns, acquisition.rows)
    return bool(np.any(np.all((points >= -0.5) & (points <= np.array(size) - 0.5), axis=1)))


def _tubular_length_mm(observation: Observation) -> float | None:
    """The longest confirmed tube; None where nothing could be judged or there are no mm."""
    if observation.cement is None or observation.calibration.mm_per_px is None:
        return None
    lengths = [t.length_mm for t in observation.tubes if t.confirmed and t.length_mm is not None]
    return _rounded(max(lengths, default=0.0), _MM)


def _quality(snapshot: Snapshot) -> dict[str, Any]:
    observation, alert = snapshot.observation, snapshot.alert
    measured = {
        key: _rounded(value, _RATIO) if isinstance(value, float) else value
        for key, value in asdict(observation.quality).items()
    }
    calibration = observation.calibration
    tubes = [tube.length_px for tube in observation.tubes if tube.confirmed]
    wall = observation.wall_distance
    return measured | {
        "unavailable": observation.unavailable,
        "mm_per_px": _rounded(calibration.mm_per_px, _RATIO),
        "mm_per_px_sigma": _rounded(calibration.mm_per_px_sigma, _RATIO),
        "spacing_source": calibration.source,
        "time_source": snapshot.frame.acquisition.time_source,
        "distance_px": None if wall is None else _rounded(wall.distance_px, _PX),
        "tubular_length_px": _rounded(max(tubes, default=0.0), _PX),
        "latched": alert.latched,
        "current_level": alert.current_level,
        "time_to_margin_s": _rounded(alert.time_to_margin_s, _MM),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    """Rounded; None where the value is not a number. Minus zero becomes zero."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits) + 0.0


def _rounded_point(point: Point, digits: int = _PX) -> _Xy:
    return (round(float(point[0]), digits) + 0.0, round(float(point[1]), digits) + 0.0)


def _pairs(points: PointArray | None) -> list[_Xy] | UnsetType:
    return UNSET if points is None else [_rounded_point((x, y)) for x, y in points.tolist()]


def _points(pairs: Sequence[_Xy] | UnsetType) -> PointArray | None:
    return None if isinstance(pairs, UnsetType) else read_only(np.array(pairs, dtype=np.float64))


def _known(value: _V | UnsetType) -> _V | None:
    return None if isinstance(value, UnsetType) else value


def _unset(value: _V | None) -> _V | UnsetType:
    return UNSET if value is None else value

"""frames.jsonl and events.jsonl: results of a run, one line per frame and one per event.

Unknown values are null in frames.jsonl, where all lines have the same keys, and omitted in
events.jsonl.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from leakwatch.case_files.strict_json import (
    Index,
    Xy,
    decode_lines,
    known,
    rounded,
    rounded_point,
    unset,
)
from leakwatch.core.active_rules import find_active_rules
from leakwatch.core.errors import CaseError
from leakwatch.core.messages import text
from leakwatch.core.results import Event, EventKind, Evidence, Level, Observation, Reason, Snapshot
from leakwatch.core.volume import CementVolume

# Decimal places: a tenth of what can be measured, so that rounding has no effect.
_SECONDS, _MM, _MM2, _ML, _PX, _RATIO = 4, 3, 2, 4, 2, 6


class FrameRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of frames.jsonl; keys and units as in docs/reference/files.md."""

    frame: Index
    time_s: float
    level: Level
    reasons: tuple[Reason, ...]
    distance_mm: float | None
    distance_sigma_mm: float | None
    area_mm2: float | None
    volume_ml: float | None
    tubular_length_mm: float | None
    shift_px: Xy | None
    quality: dict[str, Any]
    latency_ms: float


class _EventJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    frame: Index
    time_s: float
    event: EventKind
    level: Level | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    distance_mm: float | UnsetType = UNSET
    distance_sigma_mm: float | UnsetType = UNSET
    at_px: Xy | UnsetType = UNSET
    text: str | UnsetType = UNSET


def frame_line(snapshot: Snapshot) -> bytes:
    """Return one line of frames.jsonl, with its newline.

    Two runs give the same bytes, except for `latency_ms`.

    Parameters
    ----------
    snapshot : Snapshot

    Returns
    -------
    bytes
    """
    return msgspec.json.encode(frame_record(snapshot), enc_hook=str) + b"\n"


def frame_record(snapshot: Snapshot) -> FrameRecord:
    """Return the record of a frame.

    Parameters
    ----------
    snapshot : Snapshot
    """
    observation, alert = snapshot.observation, snapshot.alert
    wall, cement = observation.wall_distance, observation.cement
    shift = observation.shift_px
    return FrameRecord(
        frame=observation.frame,
        time_s=round(observation.time_s, _SECONDS),
        level=alert.level,
        reasons=alert.reasons,
        distance_mm=None if wall is None else rounded(wall.distance_mm, _MM),
        distance_sigma_mm=None if wall is None else rounded(wall.sigma_mm, _MM),
        area_mm2=None if cement is None else rounded(cement.area_mm2, _MM2),
        volume_ml=None if cement is None else rounded(cement.volume_ml, _ML),
        tubular_length_mm=_tubular_length_mm(observation),
        shift_px=None if shift is None else rounded_point(shift, _MM),
        quality=_quality(snapshot),
        latency_ms=round(snapshot.latency_ms, 2),
    )


def event_line(event: Event) -> bytes:
    """Return one line of events.jsonl, with its newline; unknown values are omitted.

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
        unset(event.level),
        unset(event.reason),
        unset(rounded(event.distance_mm, _MM)),
        unset(rounded(event.distance_sigma_mm, _MM)),
        UNSET if event.at_px is None else rounded_point(event.at_px, _PX),
        unset(event.text),
    )
    return msgspec.json.encode(line, enc_hook=str) + b"\n"


def read_frames(path: Path) -> tuple[FrameRecord, ...]:
    """Read a frames.jsonl; an incomplete last line is ignored.

    Raises
    ------
    CaseError
        The file cannot be read, a line violates the schema, or frames are out of order.
    """
    records = decode_lines(path, FrameRecord)
    for before, after in pairwise(records):
        if after.frame <= before.frame:
            raise CaseError(
                text(
                    "{path}: frame {frame} follows frame {before_frame}, but frames must be in "
                    "order. Is this file from two runs?",
                    path=path,
                    frame=after.frame,
                    before_frame=before.frame,
                )
            )
    return tuple(records)


def read_events(path: Path) -> tuple[Event, ...]:
    """Read an events.jsonl; an incomplete last line is ignored.

    Raises
    ------
    CaseError
        The file cannot be read, or a line violates the schema.
    """
    return tuple(
        Event(
            line.frame,
            line.time_s,
            line.event,
            known(line.level),
            known(line.reason),
            known(line.distance_mm),
            known(line.distance_sigma_mm),
            known(line.at_px),
            known(line.text),
        )
        for line in decode_lines(path, _EventJson)
    )


def _tubular_length_mm(observation: Observation) -> float | None:
    """Return the longest tubular filling; None if not assessed or not calibrated."""
    if observation.cement is None or observation.calibration.mm_per_px is None:
        return None
    lengths = [tube.length_mm for tube in observation.tubes if tube.length_mm is not None]
    return rounded(max(lengths, default=0.0), _MM)


def _condition(evidence: Evidence) -> dict[str, Any]:
    """Return one condition: whether it is met, value, limit, and the text if it is not."""
    said: dict[str, Any] = {"holds": evidence.holds}
    if evidence.value is not None:
        said["value"] = rounded(evidence.value, _RATIO)
    if evidence.limit is not None:
        said["limit"] = rounded(evidence.limit, _RATIO)
    return said if evidence.holds else said | {"text": evidence.text}


def _quality(snapshot: Snapshot) -> dict[str, Any]:
    observation, alert = snapshot.observation, snapshot.alert
    measured = {
        key: rounded(value, _RATIO) if isinstance(value, float) else value
        for key, value in asdict(observation.quality).items()
    }
    calibration = observation.calibration
    tubes = [tube.length_px for tube in observation.tubes]
    wall = observation.wall_distance
    # Only what differs from settings.toml, which has the margin at the start.
    changed = {} if alert.margin_mm is None else {"margin_mm": rounded(alert.margin_mm, _MM)}
    return (
        measured
        | changed
        | {
            "conditions": {one.condition: _condition(one) for one in observation.conditions},
            "repeated": observation.repeated,
            "unavailable": observation.unavailable,
            "rules": find_active_rules(observation),
            "mm_per_px": rounded(calibration.mm_per_px, _RATIO),
            "mm_per_px_sigma": rounded(calibration.mm_per_px_sigma, _RATIO),
            "spacing_source": calibration.source,
            "time_source": snapshot.frame.acquisition.time_source,
            "distance_px": None if wall is None else rounded(wall.distance_px, _PX),
            "tubular_length_px": rounded(max(tubes, default=0.0), _PX),
            "latched": alert.latched,
            "acknowledged": alert.acknowledged,
            "current_level": alert.current_level,
            "time_to_margin_s": rounded(alert.time_to_margin_s, _MM),
            "volume": None if observation.cement is None else _volume(observation.cement.volume),
        }
    )


def _volume(volume: CementVolume) -> dict[str, Any]:
    """Return what is known of a volume beside its number, or why it is unknown."""
    return {
        "source": volume.source,
        "sigma_ml": rounded(volume.sigma_ml, _ML),
        "why": volume.why,
        "amount_mm2": rounded(volume.amount_mm2, _MM2),
        "growth": rounded(volume.growth, _MM),
        "growth_s": volume.growth_s,
        "refused": volume.refused,
    }

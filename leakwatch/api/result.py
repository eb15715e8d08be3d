"""Result of one image for Python programs: level, reasons, distances and areas."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.case_files.run_records import frame_record
from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.results import Level, Quality, Reason, Snapshot


@dataclass(frozen=True, slots=True)
class FrameResult:
    """Result of one image. Unknown values are None; numbers are those of frames.jsonl.

    Parameters
    ----------
    frame : int
        0 for the first image.
    time_s : float
        As given.
    level : Level
        CLEAR, WATCH, STOP or UNKNOWN. STOP stays until `Monitor.acknowledge`.
    reasons : tuple of Reason
        Reasons of the level, most important first.
    why : str
        Why conditions are not met in this image, as text; empty if all are met.
    latched : bool
        Whether a STOP was raised and is not acknowledged.
    current_level : Level
        Level of this image alone.
    distance_mm, distance_sigma_mm : float or None
        Shortest distance from cement to posterior wall, negative posterior of it, and its sigma.
    distance_px : float or None
        The same in pixels; also available without calibration.
    at_px, wall_at_px : (float, float) or None
        Where cement and wall are nearest to each other: (column, row).
    area_mm2, volume_ml : float or None
        Of the detected cement.
    area_px : float or None
    tubular_length_mm, tubular_length_px : float or None
        Of the longest tubular filling: a probable venous leak.
    shift_px : (float, float) or None
        Shift of the anatomy since the reference frame.
    time_to_margin_s : float or None
        Predicted time until the cement reaches the margin.
    cement_px : tuple of ndarray
        Outlines of the cement in this image, each ``(n, 2)``.
    wall_px : ndarray or None
        The posterior wall in this image, ``(n, 2)``.
    quality : Quality
        Quality of this image.
    latency_ms : float
        Processing time of the image.
    """

    frame: int
    time_s: float
    level: Level
    reasons: tuple[Reason, ...]
    why: str
    latched: bool
    current_level: Level
    distance_mm: float | None
    distance_sigma_mm: float | None
    distance_px: float | None
    at_px: Point | None
    wall_at_px: Point | None
    area_mm2: float | None
    volume_ml: float | None
    area_px: float | None
    tubular_length_mm: float | None
    tubular_length_px: float | None
    shift_px: Point | None
    time_to_margin_s: float | None
    cement_px: tuple[PointArray, ...]
    wall_px: PointArray | None
    quality: Quality
    latency_ms: float

    @property
    def reason(self) -> Reason | None:
        """Most important reason."""
        return self.reasons[0] if self.reasons else None


def result_of(snapshot: Snapshot) -> FrameResult:
    """Return the result of a snapshot, with the numbers of its line in frames.jsonl.

    Parameters
    ----------
    snapshot : Snapshot
    """
    record, observation, alert = frame_record(snapshot), snapshot.observation, snapshot.alert
    wall, cement = observation.wall_distance, observation.cement
    judged = cement is not None
    # A condition that was not examined has no reason.
    failing = (one for one in observation.conditions if not one.holds and one.reasons)
    return FrameResult(
        frame=record.frame,
        time_s=observation.time_s,
        level=record.level,
        reasons=record.reasons,
        why="; ".join(one.text for one in failing),
        latched=alert.latched,
        current_level=alert.current_level,
        distance_mm=record.distance_mm,
        distance_sigma_mm=record.distance_sigma_mm,
        distance_px=record.quality["distance_px"],
        at_px=None if wall is None else wall.at_px,
        wall_at_px=None if wall is None else wall.wall_px,
        area_mm2=record.area_mm2,
        volume_ml=record.volume_ml,
        area_px=None if cement is None else cement.area_px,
        tubular_length_mm=record.tubular_length_mm,
        tubular_length_px=record.quality["tubular_length_px"] if judged else None,
        shift_px=record.shift_px,
        time_to_margin_s=record.quality["time_to_margin_s"],
        cement_px=() if cement is None else cement.contours_px,
        wall_px=observation.wall_px,
        quality=observation.quality,
        latency_ms=record.latency_ms,
    )

"""Results for a frame: measurements, evidence, alerts, events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.frame import Frame
from leakwatch.core.spacing import Calibration
from leakwatch.core.volume import NOT_MEASURED, CementVolume


class Level(StrEnum):
    """Alert level shown to the operator."""

    CLEAR = "CLEAR"
    WATCH = "WATCH"
    STOP = "STOP"
    UNKNOWN = "UNKNOWN"


class Reason(StrEnum):
    """Reason for a level; the second group belongs to `Level.UNKNOWN`."""

    POSTERIOR_MARGIN = "posterior_margin"
    TUBULAR_FILLING = "tubular_filling"
    OUTSIDE_BODY = "outside_body"
    PREDICTED_BREACH = "predicted_breach"

    NO_CALIBRATION = "no_calibration"
    NO_WALL = "no_wall"
    VIEW = "view"
    MOTION = "motion"
    STALE = "stale"
    EXPOSURE = "exposure"
    DECODE = "decode"
    STAGE_ERROR = "stage_error"


class EventKind(StrEnum):
    """Kinds of lines in events.jsonl."""

    ALERT = "alert"
    ACKNOWLEDGE = "acknowledge"
    AUDIO_PAUSED = "audio_paused"
    TECHNICAL = "technical"
    ANNOTATION = "annotation"


@dataclass(frozen=True, slots=True)
class WallDistance:
    """Shortest distance from detected cement to the posterior wall, in the current frame.

    Parameters
    ----------
    distance_px : float
        Positive anterior of the wall, negative posterior of it.
    distance_mm, sigma_mm : float or None
        None if not calibrated.
    at_px, wall_px : Point
        End points of the line on the cement and on the wall, in the current frame.
    sigma_px : float or None
        Standard deviation of the distance if not calibrated; else None.
    """

    distance_px: float
    distance_mm: float | None
    sigma_mm: float | None
    at_px: Point
    wall_px: Point
    sigma_px: float | None = None


@dataclass(frozen=True, slots=True)
class Tube:
    """A tubular filling in the current frame.

    Parameters
    ----------
    path_px : ndarray
        ``(n, 2)`` centreline, from the cement bolus outwards.
    length_px, width_px : float
    length_mm, width_mm : float or None
    confirmed : bool
        Long, thin and dense enough to raise `tubular_filling`.
    """

    path_px: PointArray
    length_px: float
    width_px: float
    length_mm: float | None
    width_mm: float | None
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Cement:
    """Cement detected in the current frame.

    Parameters
    ----------
    contours_px : tuple of ndarray
        Outer and inner contours of the mask, each ``(n, 2)``, closed, in the current frame.
    area_px : float
    area_mm2 : float or None
        None if not calibrated.
    volume_ml : float or None
        None without a source of its factor; `volume` has the reason.
    outside_px : float
        Area outside the marked body outline; 0.0 if none is marked.
    outside_at_px : Point or None
        Point farthest outside.
    volume : CementVolume
        The volume with its uncertainty and source, or why it is unknown, and growth.
    """

    contours_px: tuple[PointArray, ...]
    area_px: float
    area_mm2: float | None
    volume_ml: float | None
    outside_px: float = 0.0
    outside_at_px: Point | None = None
    volume: CementVolume = NOT_MEASURED


@dataclass(frozen=True, slots=True)
class Quality:
    """Image quality and registration of a frame.

    Parameters
    ----------
    registration_score : float or None
        Normalised correlation with the reference anatomy, 0 to 1.
    shift_sigma_px : float or None
    noise_sigma : float or None
        Standard deviation of log attenuation per working pixel.
    gain_log : float or None
        Brightness relative to the baseline, natural log.
    baseline_frames : int
        Number of frames averaged in the baseline.
    baseline_assumed : bool
        True if no cement-free frames were marked.
    attenuation_scale_known : bool
        False for DISP pixels and unknown pixel semantics: thickness is approximate, and
        only a reading of the syringe gives a volume.
    """

    registration_score: float | None = None
    shift_sigma_px: float | None = None
    noise_sigma: float | None = None
    gain_log: float | None = None
    baseline_frames: int = 0
    baseline_assumed: bool = True
    attenuation_scale_known: bool = True


class Condition(StrEnum):
    """Requirement for CLEAR and WATCH, checked in each frame: see `pipeline.conditions`."""

    LIVE = "live"
    WHOLE = "whole"
    SAME = "same"
    SENSITIVE = "sensitive"
    SET_UP = "set_up"
    ABLE = "able"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of one frame for a condition.

    Parameters
    ----------
    condition : Condition
    holds : bool
    value, limit : float or None
        Measured value and its limit, in the unit of `pipeline.conditions`; None if not measured.
    reasons : tuple of Reason
        Why it is not met; empty if met.
    text : str
        The reason as text for the operator; empty if met.
    """

    condition: Condition
    holds: bool
    value: float | None = None
    limit: float | None = None
    reasons: tuple[Reason, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """Measurements of one frame, on which the alert is based.

    Parameters
    ----------
    frame, time_s : int, float
    shift_px : Point or None
        Shift of the anatomy since the reference frame: a point p there is at p + shift here.
        None if registration failed.
    wall_px : ndarray or None
        The posterior wall in the current frame.
    outline_px : ndarray or None
        The body outline in the current frame.
    wall_distance : WallDistance or None
        None if no cement is detected, or the wall or its anterior side is unknown.
    cement : Cement or None
        None if the frame could not be compared with the baseline; a `Cement` of area 0 means that
        it was compared and contains no cement.
    tubes : tuple of Tube
        Longest first.
    unavailable : tuple of Reason
        Why something cannot be assessed in this frame; reasons of the UNKNOWN group.
    calibration : Calibration
    quality : Quality
    found_px : tuple of ndarray
        Sides of the body that were detected, not marked, in the current frame: cement beyond them
        counts as outside. Uncertain sides are omitted.
    conditions : tuple of Evidence
        One for each `Condition`, in their order.
    repeated : bool
        The frame repeats an earlier image: all other fields are those of that image.
    nominal_mm_per_px : float or None
        Assumed pixel spacing for tolerances if not calibrated; never shown. None if calibrated, or
        if nothing could be assessed.
    """

    frame: int
    time_s: float
    shift_px: Point | None
    wall_px: PointArray | None
    outline_px: PointArray | None
    wall_distance: WallDistance | None
    cement: Cement | None
    tubes: tuple[Tube, ...]
    unavailable: tuple[Reason, ...]
    calibration: Calibration
    quality: Quality
    found_px: tuple[PointArray, ...] = ()
    conditions: tuple[Evidence, ...] = ()
    repeated: bool = False
    nominal_mm_per_px: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of events.jsonl."""

    frame: int
    time_s: float
    kind: EventKind
    level: Level | None = None
    reason: Reason | None = None
    distance_mm: float | None = None
    distance_sigma_mm: float | None = None
    at_px: Point | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Alert after one frame.

    Parameters
    ----------
    level : Level
        As shown: a latched STOP remains until the operator acknowledges it.
    reasons : tuple of Reason
        Why; for a latched STOP, the reasons that raised it and those added since.
    latched : bool
        A STOP was raised, now or earlier, and has not been acknowledged.
    current_level : Level
        Level of the current frame, after hysteresis, without the latch.
    time_to_margin_s : float or None
        Predicted seconds until the cement front reaches the margin; None if it does not.
    events : tuple of Event
        Changes at this frame.
    acknowledged : tuple of Reason
        Of each STOP that the operator acknowledged and that is not latched again. `level` is then
        WATCH or more urgent, never CLEAR.
    margin_mm : float or None
        Margin that the operator set during the session; None: that of the settings.
    """

    level: Level
    reasons: tuple[Reason, ...]
    latched: bool
    current_level: Level
    time_to_margin_s: float | None = None
    events: tuple[Event, ...] = ()
    acknowledged: tuple[Reason, ...] = ()
    margin_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State after one frame, for sinks and the window.

    Parameters
    ----------
    frame : Frame
    observation : Observation
    alert : Alert
    latency_ms : float
        From the decoded frame to the decision.
    fault : str or None
        Why an expected frame is missing. The snapshot then repeats the last frame, without
        results, and has no line in frames.jsonl. In a live session frames may follow it.
    """

    frame: Frame
    observation: Observation
    alert: Alert
    latency_ms: float
    fault: str | None = None

"""What the stages and the rules find in a frame: measurements, evidence, alerts, events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.frame import Frame
from leakwatch.core.spacing import Calibration


class Level(StrEnum):
    """What the operator is told."""

    CLEAR = "CLEAR"
    WATCH = "WATCH"
    STOP = "STOP"
    UNKNOWN = "UNKNOWN"


class Reason(StrEnum):
    """Why a level was given; the second group goes with `Level.UNKNOWN`."""

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
    """The shortest way from seen cement to the posterior wall, in the current frame.

    Parameters
    ----------
    distance_px : float
        Positive in front of the wall, negative behind it.
    distance_mm, sigma_mm : float or None
        None where there are no millimetres.
    at_px, wall_px : Point
        The cement's end and the wall's end of the line, in the current frame.
    sigma_px : float or None
        Standard deviation of the distance where there are no millimetres; None where there are.
    """

    distance_px: float
    distance_mm: float | None
    sigma_mm: float | None
    at_px: Point
    wall_px: Point
    sigma_px: float | None = None


@dataclass(frozen=True, slots=True)
class Tube:
    """A tubular structure that fills with cement, in the current frame.

    Parameters
    ----------
    path_px : ndarray
        ``(n, 2)`` centre line, from the bolus outwards.
    length_px, width_px : float
    length_mm, width_mm : float or None
    confirmed : bool
        Long, thin and strong enough to raise `tubular_filling`.
    """

    path_px: PointArray
    length_px: float
    width_px: float
    length_mm: float | None
    width_mm: float | None
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Cement:
    """Cement seen in the current frame.

    Parameters
    ----------
    contours_px : tuple of ndarray
        Outer and inner outlines of the mask, each ``(n, 2)``, closed, in the current frame.
    area_px : float
    area_mm2, volume_ml : float or None
        None where there are no millimetres. Volume assumes the configured attenuation of cement.
    outside_px : float
        Area outside the marked body outline; 0.0 where no outline is marked.
    outside_at_px : Point or None
        Where it is furthest outside.
    """

    contours_px: tuple[PointArray, ...]
    area_px: float
    area_mm2: float | None
    volume_ml: float | None
    outside_px: float = 0.0
    outside_at_px: Point | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """How well this frame could be seen.

    Parameters
    ----------
    registration_score : float or None
        Normalised correlation with the reference anatomy, 0 to 1.
    shift_sigma_px : float or None
    noise_sigma : float or None
        Standard deviation of log attenuation per working pixel.
    gain_log : float or None
        Brightness against the baseline, natural log.
    baseline_frames : int
        How many frames the cement-free reference averages.
    baseline_assumed : bool
        True where nobody marked which frames hold no cement.
    attenuation_scale_known : bool
        False for DISP pixels and unknown pixel semantics: thickness and volume are rough.
    """

    registration_score: float | None = None
    shift_sigma_px: float | None = None
    noise_sigma: float | None = None
    gain_log: float | None = None
    baseline_frames: int = 0
    baseline_assumed: bool = True
    attenuation_scale_known: bool = True


class Condition(StrEnum):
    """What must be shown in a frame before CLEAR or WATCH may be: see `pipeline.conditions`."""

    LIVE = "live"
    WHOLE = "whole"
    SAME = "same"
    SENSITIVE = "sensitive"
    SET_UP = "set_up"
    ABLE = "able"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one frame shows of a condition.

    Parameters
    ----------
    condition : Condition
    holds : bool
    value, limit : float or None
        What was measured and what it was held against, in the unit of `pipeline.conditions`; None
        where nothing was measured.
    reasons : tuple of Reason
        Why it does not hold; empty where it does.
    text : str
        The same in words for the operator; empty where it holds.
    """

    condition: Condition
    holds: bool
    value: float | None = None
    limit: float | None = None
    reasons: tuple[Reason, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """All that one frame says, before anyone decides what to do about it.

    Parameters
    ----------
    frame, time_s : int, float
    shift_px : Point or None
        How far the anatomy moved since the marks' reference frame: p there is p + shift here.
        None where registration failed.
    wall_px : ndarray or None
        The posterior wall in the current frame.
    outline_px : ndarray or None
        The body outline in the current frame.
    wall_distance : WallDistance or None
        None where no cement is seen, or no wall or side is known.
    cement : Cement or None
        None where the frame could not be compared with the baseline; a `Cement` of area 0 means
        that it could, and there is none.
    tubes : tuple of Tube
        Longest first.
    unavailable : tuple of Reason
        What cannot be judged in this frame and why; reasons of the UNKNOWN group.
    calibration : Calibration
    quality : Quality
    found_px : tuple of ndarray
        Sides of the body that were found, and not marked, in the current frame: beyond them cement
        is judged to be outside. Those that are unsure are left out.
    conditions : tuple of Evidence
        One of each `Condition`, in their order.
    repeated : bool
        The frame shows an earlier picture again: all else is what that picture said.
    nominal_mm_per_px : float or None
        What a pixel is taken for where there are no millimetres: for tolerances, never to be shown.
        None where they are known, or where nothing could be judged.
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
    """What the operator is told at one frame.

    Parameters
    ----------
    level : Level
        As shown: a latched STOP stays STOP until a person clears it.
    reasons : tuple of Reason
        Why; for a latched STOP, the reasons that raised it and those that came since.
    latched : bool
        STOP is shown because it was raised earlier or now, and nobody acknowledged it.
    current_level : Level
        What this frame alone asks for, after hysteresis, latch aside.
    time_to_margin_s : float or None
        Predicted seconds until the cement front reaches the margin; None where it does not.
    events : tuple of Event
        What changed at this frame.
    acknowledged : tuple of Reason
        Of each STOP that a person acknowledged, and that is not latched again. `level` is WATCH
        then, or what is more urgent; never CLEAR.
    """

    level: Level
    reasons: tuple[Reason, ...]
    latched: bool
    current_level: Level
    time_to_margin_s: float | None = None
    events: tuple[Event, ...] = ()
    acknowledged: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The fold's state after one frame, for sinks and the window.

    Parameters
    ----------
    frame : Frame
    observation : Observation
    alert : Alert
    latency_ms : float
        From the decoded frame to the decision.
    fault : str or None
        Why no frame follows, where one should: then this is no new frame, but the last one again,
        of which nothing is known any more. It has no line in frames.jsonl. In a live session
        frames may follow it.
    """

    frame: Frame
    observation: Observation
    alert: Alert
    latency_ms: float
    fault: str | None = None

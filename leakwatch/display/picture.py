"""Overlay of one snapshot: banner, lines, labels, facts. Pure: no Qt, no cv2.

The window and the overlay video draw the same `FrameOverlay`. Colour is never the only sign:
each kind of line has its own width or dashes, and a legend.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.alerting.margins import settings_in_force
from leakwatch.config import Settings
from leakwatch.core.arrays import Point, PointArray, read_only
from leakwatch.core.frame import Frame, TimeSource
from leakwatch.core.geometry import side_of_polyline
from leakwatch.core.marks import Marks, Side
from leakwatch.core.messages import Message, counted, text
from leakwatch.core.results import Alert, Observation, Quality, Snapshot, WallDistance
from leakwatch.core.spacing import Calibration
from leakwatch.display.banner import Banner, is_behind, level_banner, number_text, seconds_text
from leakwatch.display.facts import Fact
from leakwatch.display.growth import recent_growth
from leakwatch.display.labels import Label, place_labels
from leakwatch.display.lines import LINE_STYLES, Line, LineKind
from leakwatch.display.quantities import area_text, spacing_text
from leakwatch.display.volume_facts import volume_facts

RESEARCH_NOTICE = text("Research and training software; not a medical device.")

# A frame older than this, s, is not shown as live: images older than 100 ms impair hand control,
# and at 7.5 frames/s, the slowest rate, half a second means lost frames.
STALE_AFTER_S = 0.5


@dataclass(frozen=True, slots=True)
class FrameOverlay:
    """Everything drawn over one frame.

    Parameters
    ----------
    frame : int
    time_s : float
    banner : Banner
    band_px : ndarray or None
        Polygon between the wall and the margin line, ``(n, 2)``.
    lines : tuple of Line
        In the order of drawing.
    labels : tuple of Label
    facts : tuple of Fact
        Measurements, and how reliable they are.
    run_facts : tuple of Fact
        Number and time of the frame, and the calibration.
    legend : tuple of (LineKind, str)
        Meaning of each kind of line that is drawn.
    focus_px : Point or None
        Centre of a magnified view; None if unknown.
    sides : tuple of (Side, str)
        Direction at an edge of the image before flips: ``A``, anterior, and ``P``, posterior.
    notice : str
        States that this is research software; always drawn.
    """

    frame: int
    time_s: float
    banner: Banner
    band_px: PointArray | None
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    facts: tuple[Fact, ...]
    run_facts: tuple[Fact, ...]
    legend: tuple[tuple[LineKind, str], ...]
    focus_px: Point | None = None
    sides: tuple[tuple[Side, str], ...] = ()
    notice: str = RESEARCH_NOTICE


def make_overlay(
    snapshot: Snapshot,
    marks: Marks,
    settings: Settings,
    before: Observation | None = None,
    age: str = "",
    acknowledged_at: str = "",
    first: int = 0,
) -> FrameOverlay:
    """Return what to draw for `snapshot`.

    Parameters
    ----------
    snapshot : Snapshot
    marks : Marks
        Determine on which side of the wall the body is.
    settings : Settings
    before : Observation or None
        From a second ago, see `history`: cement since then is drawn as new.
    age : str
        Of a frame that is not live: shown with every number, and nothing is predicted.
    acknowledged_at : str
        Time at which a STOP was acknowledged, as it is shown; empty if unknown.
    first : int
        Number of the first frame: 0 in files, 1 in windows.
    """
    if age:
        snapshot = replace(snapshot, alert=replace(snapshot.alert, time_to_margin_s=None))
    settings = settings_in_force(settings, snapshot.alert)
    observation = snapshot.observation
    margin_px = margin_line(observation, marks, settings.alerting.margin_mm)
    lines = _lines(observation, margin_px, recent_growth(observation, before, settings.window))
    return FrameOverlay(
        frame=snapshot.frame.index,
        time_s=snapshot.frame.time_s,
        banner=level_banner(snapshot.alert, observation, settings, acknowledged_at),
        band_px=_band(observation.wall_px, margin_px),
        lines=lines,
        labels=place_labels(
            observation,
            snapshot.frame.acquisition,
            text("{age} ago", age=age) if age else _prediction(snapshot.alert, settings),
            text("{age} ago", age=age) if age else "",
        ),
        facts=_aged(_facts(snapshot, settings), age),
        run_facts=_run_facts(snapshot, first),
        legend=_legend(lines, settings),
        focus_px=_focus(observation),
        sides=_sides(marks),
    )


def margin_line(observation: Observation, marks: Marks, margin_mm: float) -> PointArray | None:
    """Return the wall, moved by `margin_mm` towards the body.

    Parameters
    ----------
    observation : Observation
        Provides the wall in the current frame, and the calibration.
    marks : Marks
    margin_mm : float
        Millimetres at the vertebra.

    Returns
    -------
    ndarray or None
        Polyline in pixels of the current frame; None without a wall, a calibration or a side.
    """
    wall = observation.wall_px
    mm_per_px = observation.calibration.mm_per_px
    if wall is None or mm_per_px is None:
        return None
    side = body_side(observation, marks)
    return None if side == 0.0 else offset_polyline(wall, side * margin_mm / mm_per_px)


def body_side(observation: Observation, marks: Marks) -> float:
    """Return on which side of the wall, from its first point to its last, the body is.

    Returns
    -------
    float
        As `geometry.side_of_polyline`: +1 where the normal ``(-dy, dx)`` points into the body,
        -1 where it points out; 0 if unknown.
    """
    inside = _point_inside(observation, marks)
    if observation.wall_px is None or inside is None:
        return 0.0
    return float(side_of_polyline(inside[None, :], observation.wall_px)[0])


def _point_inside(observation: Observation, marks: Marks) -> PointArray | None:
    wall, distance = observation.wall_px, observation.wall_distance
    if wall is not None and marks.anterior is not None:
        # As far as the wall is high: beside it, and not beyond one of its ends.
        anteriorly = -1.0 if marks.anterior is Side.LEFT else 1.0
        return np.array([wall[:, 0].mean() + anteriorly * np.ptp(wall[:, 1]), wall[:, 1].mean()])
    if observation.outline_px is not None:
        return np.asarray(observation.outline_px.mean(axis=0), dtype=np.float64)
    if marks.needle_tip_px is not None and observation.shift_px is not None:
        return np.add(marks.needle_tip_px, observation.shift_px)
    if distance is not None and distance.distance_px != 0.0:
        from_wall = np.subtract(distance.at_px, distance.wall_px)
        inwards = from_wall * np.sign(distance.distance_px)
        return np.asarray(distance.wall_px + inwards, dtype=np.float64)
    return None


def offset_polyline(points_px: PointArray, offset_px: float) -> PointArray:
    """Return a polyline moved sideways by `offset_px` along its vertex normals ``(-dy, dx)``.

    Parameters
    ----------
    points_px : ndarray
        ``(n >= 2, 2)``.
    offset_px : float
        Positive along the normal.

    Returns
    -------
    ndarray
        ``(n, 2)``, read-only.
    """
    steps = np.diff(points_px, axis=0)
    lengths = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)
    normals = np.column_stack([-steps[:, 1], steps[:, 0]]) / lengths[:, None]
    at_vertices = np.vstack([normals[:1], normals[:-1] + normals[1:], normals[-1:]])
    norms = np.maximum(np.hypot(at_vertices[:, 0], at_vertices[:, 1]), 1e-9)
    return read_only(points_px + offset_px * at_vertices / norms[:, None])


def _band(wall_px: PointArray | None, margin_px: PointArray | None) -> PointArray | None:
    if wall_px is None or margin_px is None:
        return None
    return read_only(np.vstack([wall_px, margin_px[::-1]]))


def _lines(
    observation: Observation, margin_px: PointArray | None, growth: tuple[PointArray, ...]
) -> tuple[Line, ...]:
    lines: list[Line] = []
    if observation.outline_px is not None:
        lines.append(Line(LineKind.OUTLINE, observation.outline_px, closed=True))
    lines += [Line(LineKind.FOUND, side) for side in observation.found_px]
    if margin_px is not None:
        lines.append(Line(LineKind.MARGIN, margin_px))
    if observation.wall_px is not None:
        lines.append(Line(LineKind.WALL, observation.wall_px))
    if observation.cement is not None:
        lines += [Line(LineKind.CEMENT, c, closed=True) for c in observation.cement.contours_px]
    lines += [Line(LineKind.GROWTH, stretch) for stretch in growth]
    for tube in observation.tubes:
        kind = LineKind.TUBE if tube.confirmed else LineKind.CANDIDATE_TUBE
        lines.append(Line(kind, tube.path_px))
    if observation.wall_distance is not None:
        ends = [observation.wall_distance.at_px, observation.wall_distance.wall_px]
        lines.append(Line(LineKind.SHORTEST, read_only(np.array(ends, dtype=np.float64))))
    return tuple(lines)


def _focus(observation: Observation) -> Point | None:
    """Return the point between cement and wall, else the centre of the marks."""
    distance = observation.wall_distance
    if distance is not None:
        column, row = np.add(distance.at_px, distance.wall_px) / 2.0
    elif observation.outline_px is not None:
        column, row = observation.outline_px.mean(axis=0)
    elif observation.wall_px is not None:
        column, row = observation.wall_px.mean(axis=0)
    else:
        return None
    return float(column), float(row)


def _sides(marks: Marks) -> tuple[tuple[Side, str], ...]:
    if marks.anterior is None:
        return ()
    posterior = Side.RIGHT if marks.anterior is Side.LEFT else Side.LEFT
    return (marks.anterior, "A"), (posterior, "P")


def _legend(lines: tuple[Line, ...], settings: Settings) -> tuple[tuple[LineKind, str], ...]:
    texts = {kind: style.legend for kind, style in LINE_STYLES.items()}
    texts[LineKind.MARGIN] = text(
        "{margin_mm:g} mm from the wall", margin_mm=settings.alerting.margin_mm
    )
    shown = {line.kind for line in lines}
    return tuple((kind, texts[kind]) for kind in LineKind if kind in shown)


def _facts(snapshot: Snapshot, settings: Settings) -> tuple[Fact, ...]:
    if snapshot.fault is not None:
        return ()
    observation = snapshot.observation
    return (
        *_measurement_facts(observation),
        *_prediction_facts(snapshot.alert, settings),
        *_quality_facts(observation.quality),
    )


def _aged(facts: tuple[Fact, ...], age: str) -> tuple[Fact, ...]:
    if not age:
        return facts
    return tuple(
        replace(fact, name=text("{name}, {age} ago", name=fact.name, age=age), past=True)
        for fact in facts
    )


def _run_facts(snapshot: Snapshot, first: int) -> tuple[Fact, ...]:
    facts = [*_frame_facts(snapshot.frame, first), spacing_fact(snapshot.observation.calibration)]
    if snapshot.fault is None:
        facts += registration_facts(snapshot.observation.quality)
        after = text("{ms:.0f} ms after the frame", ms=snapshot.latency_ms)
        facts.append(Fact(text("Decision"), after))
    return tuple(facts)


def _frame_facts(frame: Frame, first: int) -> list[Fact]:
    total = frame.acquisition.number_of_frames
    number: str = f"{frame.index + first}"
    if total is not None:
        last = total - 1 + first
        number = text("{number} (last {last_frame})", number=number, last_frame=last)
    assumed = frame.acquisition.time_source is TimeSource.ASSUMED
    source = text("assumed 15/s") if assumed else frame.acquisition.time_source.value
    time = text("{time_s:.2f} s ({source})", time_s=frame.time_s, source=source)
    return [Fact(text("Frame"), number), Fact(text("Time"), time, warn=assumed)]


def _measurement_facts(observation: Observation) -> list[Fact]:
    distance, cement = observation.wall_distance, observation.cement
    to_wall = None if distance is None else _strip_text(distance)
    facts = [Fact(text("Cement to posterior wall"), to_wall or "–", large=True)]
    if cement is None:
        why = text("not comparable with the baseline")
        return [*facts, Fact(text("Cement"), why, warn=True)]
    if cement.area_mm2 is None:
        area = text("{area_px:.0f} px (not calibrated)", area_px=cement.area_px)
        facts.append(Fact(text("Cement area"), area, warn=True))
    else:
        facts.append(Fact(text("Cement area"), area_text(cement.area_mm2)))
    return [*facts, *volume_facts(cement.volume)]


def _strip_text(distance: WallDistance) -> str:
    """Return a distance for large letters in a narrow strip."""
    number = number_text(distance)
    if number is None:
        return _distance_px_text(distance)
    return text("{distance} behind", distance=number) if is_behind(distance) else number


def _distance_px_text(distance: WallDistance) -> Message:
    """Return a distance that is not calibrated."""
    distance_px = abs(distance.distance_px)
    if is_behind(distance):
        return text(
            "{distance_px:.0f} px behind the wall (not calibrated)", distance_px=distance_px
        )
    return text("{distance_px:.0f} px (not calibrated)", distance_px=distance_px)


def _prediction(alert: Alert, settings: Settings) -> str:
    if alert.time_to_margin_s is None:
        return ""
    return text(
        "{margin_mm:g} mm in {seconds}",
        margin_mm=settings.alerting.margin_mm,
        seconds=seconds_text(alert.time_to_margin_s),
    )


def _prediction_facts(alert: Alert, settings: Settings) -> list[Fact]:
    if alert.time_to_margin_s is None:
        return []
    value = seconds_text(alert.time_to_margin_s)
    name = text("Predicted at {margin_mm:g} mm in", margin_mm=settings.alerting.margin_mm)
    return [Fact(name, value, large=True)]


def spacing_fact(calibration: Calibration) -> Fact:
    """Return the calibration and its source, or why there is none."""
    if calibration.mm_per_px is None:
        return Fact(text("Not calibrated"), calibration.source, warn=True)
    spacing = spacing_text(calibration.mm_per_px, calibration.mm_per_px_sigma)
    value = text("{spacing} mm/px ({source})", spacing=spacing, source=calibration.source)
    return Fact(text("Spacing"), value)


def registration_facts(quality: Quality) -> list[Fact]:
    """Return how well the frame matches the reference anatomy; empty if that is unknown."""
    if quality.registration_score is None:
        return []
    return [Fact(text("Registration"), f"{100.0 * quality.registration_score:.0f} %")]


def _quality_facts(quality: Quality) -> list[Fact]:
    facts = []
    if quality.baseline_assumed and quality.baseline_frames:
        value = counted(
            "first {count} frame assumed cement-free",
            "first {count} frames assumed cement-free",
            count=quality.baseline_frames,
        )
        facts.append(Fact(text("Baseline"), value, warn=True))
    return facts

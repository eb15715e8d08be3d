"""What to draw for one snapshot: banner, lines, labels, facts. Pure: no Qt, no cv2.

The window and the overlay video draw the same `Picture`, so that both say the same thing.
Colour is never the only carrier: each kind of line has its own width or dashes, and a legend.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import Point, PointArray, read_only
from leakwatch.core.frame import Frame, TimeSource
from leakwatch.core.geometry import side_of_polyline
from leakwatch.core.marks import Marks, Side
from leakwatch.core.plural import counted_noun
from leakwatch.core.results import Alert, Observation, Quality, Snapshot, WallDistance
from leakwatch.core.spacing import Calibration
from leakwatch.display.banner import Banner, distance_text, level_banner, seconds_text
from leakwatch.display.facts import Fact
from leakwatch.display.growth import new_growth
from leakwatch.display.labels import Label, place_labels
from leakwatch.display.lines import LINE_STYLES, Line, LineKind

RESEARCH_NOTICE = "Research and training software; not a medical device."

# An Observation whose frame is older than this is not shown as the present: images older than
# 100 ms hinder hand control, and 7.5 frames/s is the slowest run, so half a second is lost frames.
STALE_AFTER_S = 0.5


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is drawn over one frame.

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
        What was measured, and how far to trust it.
    run_facts : tuple of Fact
        Which frame of which run it is, and what millimetres rest on.
    legend : tuple of (LineKind, str)
        What each kind of line in the picture is.
    focus_px : Point or None
        Where to look closer; None where nothing is known.
    sides : tuple of (Side, str)
        What lies at an edge of the unturned picture: ``A``, anterior, and ``P``, posterior.
    notice : str
        The sentence that this is research software; always drawn.
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


def picture(
    snapshot: Snapshot,
    marks: Marks,
    settings: Settings,
    before: Observation | None = None,
    age: str = "",
) -> Picture:
    """Resolve what to draw for `snapshot`.

    Parameters
    ----------
    snapshot : Snapshot
    marks : Marks
        Tells which side of the wall the body is on.
    settings : Settings
    before : Observation or None
        Of a second ago, from `history`: what came since is drawn as new.
    age : str
        Of a frame that is not the present: every number is said with it, and nothing is predicted.

    Returns
    -------
    Picture
    """
    if age:
        snapshot = replace(snapshot, alert=replace(snapshot.alert, time_to_margin_s=None))
    observation = snapshot.observation
    margin_px = margin_line(observation, marks, settings.alerting.margin_mm)
    lines = _lines(observation, margin_px, new_growth(observation, before, settings.window))
    return Picture(
        frame=snapshot.frame.index,
        time_s=snapshot.frame.time_s,
        banner=level_banner(snapshot.alert, observation, settings),
        band_px=_band(observation.wall_px, margin_px),
        lines=lines,
        labels=place_labels(
            observation,
            snapshot.frame.acquisition,
            f"{age} old" if age else _prediction(snapshot.alert, settings),
            f"{age} old" if age else "",
        ),
        facts=_aged(_facts(snapshot, settings), age),
        run_facts=_run_facts(snapshot),
        legend=_legend(lines, settings),
        focus_px=_focus(observation),
        sides=_sides(marks),
    )


def margin_line(observation: Observation, marks: Marks, margin_mm: float) -> PointArray | None:
    """Offset the wall by `margin_mm` towards the body.

    Parameters
    ----------
    observation : Observation
        Gives the wall in the current frame, and the calibration.
    marks : Marks
    margin_mm : float
        Millimetres at the vertebra.

    Returns
    -------
    ndarray or None
        Polyline in pixels of the current frame; None without a wall, millimetres or a side.
    """
    wall = observation.wall_px
    mm_per_px = observation.calibration.mm_per_px
    if wall is None or mm_per_px is None:
        return None
    side = body_side(observation, marks)
    return None if side == 0.0 else offset_polyline(wall, side * margin_mm / mm_per_px)


def body_side(observation: Observation, marks: Marks) -> float:
    """Tell on which side of the wall, walked from its first point to its last, the body lies.

    Returns
    -------
    float
        As `geometry.side_of_polyline`: +1 where the normal ``(-dy, dx)`` points into the body,
        -1 where it points out; 0 where nothing tells.
    """
    inside = _point_inside(observation, marks)
    if observation.wall_px is None or inside is None:
        return 0.0
    return float(side_of_polyline(inside[None, :], observation.wall_px)[0])


def _point_inside(observation: Observation, marks: Marks) -> PointArray | None:
    wall, distance = observation.wall_px, observation.wall_distance
    if wall is not None and marks.anterior is not None:
        # Far enough to be beside the wall's whole height and not beyond one of its ends.
        forwards = -1.0 if marks.anterior is Side.LEFT else 1.0
        return np.array([wall[:, 0].mean() + forwards * np.ptp(wall[:, 1]), wall[:, 1].mean()])
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
    """Move a polyline sideways by `offset_px` along its vertex normals ``(-dy, dx)``.

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
    """Between cement and wall, else the middle of what is marked."""
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
    words = {kind: style.legend for kind, style in LINE_STYLES.items()}
    words[LineKind.MARGIN] = f"{settings.alerting.margin_mm:g} mm from the wall"
    shown = {line.kind for line in lines}
    return tuple((kind, words[kind]) for kind in LineKind if kind in shown)


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
    return tuple(replace(fact, name=f"{fact.name}, {age} ago") for fact in facts)


def _run_facts(snapshot: Snapshot) -> tuple[Fact, ...]:
    facts = [*_frame_facts(snapshot.frame), spacing_fact(snapshot.observation.calibration)]
    if snapshot.fault is None:
        facts.append(Fact("Decision", f"{snapshot.latency_ms:.0f} ms after the frame"))
    return tuple(facts)


def _frame_facts(frame: Frame) -> list[Fact]:
    total = frame.acquisition.number_of_frames
    number = f"{frame.index}" if total is None else f"{frame.index} (last {total - 1})"
    assumed = frame.acquisition.time_source is TimeSource.ASSUMED
    source = "assumed 15/s" if assumed else frame.acquisition.time_source.value
    return [
        Fact("Frame", number),
        Fact("Time", f"{frame.time_s:.2f} s ({source})", warn=assumed),
    ]


def _measurement_facts(observation: Observation) -> list[Fact]:
    distance, cement = observation.wall_distance, observation.cement
    to_wall = None if distance is None else distance_text(distance) or _distance_px_text(distance)
    facts = [Fact("Cement to posterior wall", to_wall or "–", large=True)]
    if cement is None:
        return [*facts, Fact("Cement", "not comparable with the baseline", warn=True)]
    if cement.area_mm2 is None:
        return [*facts, Fact("Cement area", f"{cement.area_px:.0f} px (no mm)", warn=True)]
    facts.append(Fact("Cement area", f"{cement.area_mm2:.0f} mm²"))
    if cement.volume_ml is not None:
        rough = not observation.quality.attenuation_scale_known
        volume = f"about {cement.volume_ml:.1f} mL{' (rough)' if rough else ''}"
        facts.append(Fact("Cement volume", volume, warn=rough))
    return facts


def _distance_px_text(distance: WallDistance) -> str:
    """A distance where there are no millimetres."""
    behind = " behind the wall" if distance.distance_px < 0.0 else ""
    return f"{abs(distance.distance_px):.0f} px{behind} (no mm)"


def _prediction(alert: Alert, settings: Settings) -> str:
    if alert.time_to_margin_s is None:
        return ""
    return f"{settings.alerting.margin_mm:g} mm in {seconds_text(alert.time_to_margin_s)}"


def _prediction_facts(alert: Alert, settings: Settings) -> list[Fact]:
    if alert.time_to_margin_s is None:
        return []
    value = seconds_text(alert.time_to_margin_s)
    name = f"Predicted at {settings.alerting.margin_mm:g} mm in"
    return [Fact(name, value, large=True)]


def spacing_fact(calibration: Calibration) -> Fact:
    """Say where millimetres come from, or why there are none."""
    if calibration.mm_per_px is None:
        return Fact("No millimetres", calibration.source, warn=True)
    sigma = calibration.mm_per_px_sigma
    spread = "" if sigma is None else f" ± {sigma:.3f}"
    return Fact("Spacing", f"{calibration.mm_per_px:.3f}{spread} mm/px ({calibration.source})")


def _quality_facts(quality: Quality) -> list[Fact]:
    facts = []
    if quality.registration_score is not None:
        facts.append(Fact("Tracking", f"{100.0 * quality.registration_score:.0f} %"))
    if quality.baseline_assumed and quality.baseline_frames:
        frames = counted_noun(quality.baseline_frames, "frame")
        value = f"first {frames} assumed free of cement"
        facts.append(Fact("Baseline", value, warn=True))
    return facts

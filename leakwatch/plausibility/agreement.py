"""Whether marks agree with each other, with anatomy and with the tags, before they are believed.

What contradicts makes the wall rule meaningless: a STOP that is false, or none. It is refused. What
is merely unusual is said. Pure: numbers in, sentences out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import Acquisition, View
from leakwatch.core.geometry import (
    area_of,
    distance_to_polyline,
    is_inside,
    polyline_length,
    self_overlap_share,
    side_of_polyline,
)
from leakwatch.core.marks import CaseFile, Marks, Side
from leakwatch.core.spacing import Calibration
from leakwatch.plausibility.doubts import Doubt, doubts_of_size, doubts_of_spacing
from leakwatch.vision.vertebra.body_size import expected_size

# Steps in which a line is looked at, as a share of its length.
_STEPS = 64


@dataclass(frozen=True, slots=True)
class _WallFrame:
    """A wall with the directions along and across it.

    Parameters
    ----------
    line : ndarray
    middle, along, across : ndarray
        ``(2,)``; unit vectors, `across` towards where growing columns are, or growing rows.
    length : float
    lean_deg : float
        Against the columns of the picture: 0 is upright, 90 lies.
    """

    line: PointArray
    middle: PointArray
    along: PointArray
    across: PointArray
    length: float
    lean_deg: float


def check_agrees(
    case: CaseFile,
    acquisition: Acquisition,
    calibration: Calibration,
    settings: Settings,
    name: str = "the case",
) -> tuple[str, ...]:
    """Refuse a case that contradicts itself, anatomy or the tags.

    Parameters
    ----------
    case : CaseFile
    acquisition : Acquisition
    calibration : Calibration
        That the case's marks are judged with.
    settings : Settings
    name : str
        What messages call the case, usually its path.

    Returns
    -------
    tuple of str
        What is unusual, for the person.

    Raises
    ------
    CaseError
        The first contradiction.
    """
    unusual = []
    for doubt in _doubts(case, acquisition, calibration, settings):
        if doubt.refused:
            raise CaseError(f"{name}: {doubt.text}")
        unusual.append(f"{name}: {doubt.text}")
    return tuple(unusual)


def _doubts(
    case: CaseFile, acquisition: Acquisition, calibration: Calibration, settings: Settings
) -> Iterator[Doubt]:
    marks, limits = case.marks, settings.marks
    outline, line = marks.body_outline_px, marks.posterior_wall_px
    yield from doubts_of_spacing(case, acquisition.geometry, settings)
    if outline is not None:
        yield from _shape_of_outline(outline, limits.max_loop_share)
    if line is None or marks.view in (View.AP, View.OBLIQUE):
        return
    winding = polyline_length(line) / max(_reach(line), 1e-9)
    if winding > limits.max_winding:
        yield Doubt(
            f"posterior_wall_px is {winding:.1f} times as long as the way between its ends: its "
            "points go to and fro. Give them in order, from one end of the wall to the other.",
            refused=True,
        )
        return
    wall = _frame_of(line)
    orientation = acquisition.patient_orientation
    yield from _doubts_of_lean(wall, marks, orientation, settings)
    yield from _doubts_of_side(wall, marks, orientation, settings)
    if outline is not None:
        yield from _doubts_of_outline(wall, outline, settings)
    yield from _doubts_of_tip(wall, marks, calibration, settings)
    height, depth = _size_px(wall, outline)
    yield from doubts_of_size(wall.length, height, depth, marks.vertebra, calibration, settings)


def _shape_of_outline(outline: PointArray, most: float) -> Iterator[Doubt]:
    advice = "Give its points in order, around the body."
    if self_overlap_share(outline) > most:
        yield Doubt(
            f"body_outline_px crosses itself, so that nobody knows what is inside. {advice}", True
        )
    elif area_of(outline) < 1.0:
        yield Doubt(f"body_outline_px encloses nothing. {advice}", refused=True)


def _doubts_of_lean(
    wall: _WallFrame, marks: Marks, orientation: tuple[str, str] | None, settings: Settings
) -> Iterator[Doubt]:
    """A wall that lies is that of a picture that is turned; else columns and rows are exchanged."""
    limits, lean = settings.marks, wall.lean_deg
    said = f"posterior_wall_px leans by {lean:.0f}° against the columns of the picture"
    hint = "Points are [column, row]: are they exchanged?"
    upright = _front_in_columns(orientation) if limits.trust_orientation else None
    if lean <= limits.max_lean_deg:
        turned = _front_in_rows(orientation) if limits.trust_orientation else None
        if turned is not None and lean < 90.0 - limits.max_lean_deg:
            yield Doubt(
                f"{said}, but Patient Orientation says that the front is {turned}. {hint} "
                f"{_WRONG_TAG}",
                refused=True,
            )
        elif lean > limits.unusual_lean_deg:
            yield Doubt(f"{said}, which is unusual. {hint}")
    elif marks.anterior is not None:
        yield Doubt(
            f"{said}, and a wall that lies has no front to its {marks.anterior.value}. {hint}", True
        )
    elif upright is not None:
        yield Doubt(
            f"{said}, but Patient Orientation says that the front is to the {upright.value}. "
            f"{hint} {_WRONG_TAG}",
            refused=True,
        )
    elif not _is_turned(wall, marks, orientation):
        yield Doubt(
            f"{said}, and neither an outline nor Patient Orientation says that the picture is "
            f"turned. {hint} Or mark the outline too.",
            refused=True,
        )
    else:
        yield Doubt(f"{said}: the picture counts as turned. {hint}")


_WRONG_TAG = (
    "If the tag (0020,0020) is wrong, say so in the settings: [marks] trust_orientation = false."
)


def _is_turned(wall: _WallFrame, marks: Marks, orientation: tuple[str, str] | None) -> bool:
    if _front_in_rows(orientation) is not None:
        return True
    if marks.body_outline_px is None:
        return False
    along, across = (_extent(marks.body_outline_px @ axis) for axis in (wall.along, wall.across))
    return bool(along > 0.5 * wall.length and across > 0.5 * wall.length)


def _doubts_of_side(
    wall: _WallFrame, marks: Marks, orientation: tuple[str, str] | None, settings: Settings
) -> Iterator[Doubt]:
    """Outline, `anterior` and Patient Orientation must say the same front."""
    outline, anterior = marks.body_outline_px, marks.anterior
    body = None if outline is None else _side(wall, _middle(outline))
    said = None if anterior is None else _side(wall, _beside(wall, anterior))
    if body is not None and said is not None and body != said:
        assert anterior is not None
        yield Doubt(
            f"anterior is {anterior.value}, but body_outline_px lies on the other side of "
            "posterior_wall_px: the wall is drawn along the front of the body, or anterior is "
            "wrong. Correct one of them.",
            refused=True,
        )
    witness, marked = ("anterior", said) if said is not None else ("body_outline_px", body)
    if marked is None and marks.needle_tip_px is not None:
        witness, marked = "needle_tip_px", _side(wall, np.array(marks.needle_tip_px))
    letters = _letters(orientation)
    tag = _front_in_columns(orientation)
    if orientation is not None and orientation[0][:1] in ("L", "R"):
        yield Doubt(
            f"view is lateral, but Patient Orientation {letters} is that of a frontal picture. Is "
            "this the case of another view?"
        )
    if tag is None or marked is None or _side(wall, _beside(wall, tag)) == marked:
        return
    text = (
        f"Patient Orientation {letters} says that the front is to the {tag.value} of "
        f"posterior_wall_px, but {witness} says the other side. "
    )
    if settings.marks.trust_orientation:
        yield Doubt(f"{text}Correct the marks. {_WRONG_TAG}", refused=True)
    else:
        yield Doubt(f"{text}The marks are believed ([marks] trust_orientation = false).")


def _doubts_of_outline(
    wall: _WallFrame, outline: PointArray, settings: Settings
) -> Iterator[Doubt]:
    """The outline's posterior edge must lie along the wall."""
    limits, side = settings.marks, _side(wall, _middle(outline))
    ahead = side * ((outline - wall.middle) @ wall.across) * _sign_of(wall)
    depth = max(_extent(ahead), 1e-9)
    samples = _along(wall.line)
    edge = np.vstack([outline, outline[:1]])
    gap = float(np.median(distance_to_polyline(samples, edge)))
    share = max(gap, abs(float(ahead.min()))) / depth
    places = (outline - wall.middle) @ wall.along
    half = 0.5 * wall.length
    beside = min(float(places.max()), half) - max(float(places.min()), -half)
    if beside < limits.least_beside_share * wall.length:
        yield Doubt(
            "posterior_wall_px and body_outline_px lie beside each other for "
            f"{100 * max(beside, 0.0) / wall.length:.0f} % of the wall: they are those of two "
            "bodies. Mark both on the same one.",
            refused=True,
        )
    elif share > limits.unusual_gap_share:
        yield Doubt(
            f"the posterior edge of body_outline_px lies {share * depth:.0f} px from "
            f"posterior_wall_px, {100 * share:.0f} % of the body's depth. Draw the wall along the "
            "posterior edge of the body.",
            refused=share > limits.max_gap_share,
        )


def _doubts_of_tip(
    wall: _WallFrame, marks: Marks, calibration: Calibration, settings: Settings
) -> Iterator[Doubt]:
    """Cement comes out of the tip, in the body: in front of the wall, and not far away."""
    tip, outline, limits = marks.needle_tip_px, marks.body_outline_px, settings.marks
    if tip is None:
        return
    scale = calibration.mm_per_px
    if scale is None:
        # Nominal: as if the wall were as high as bodies are.
        scale = expected_size(marks.vertebra, settings.vertebra)[0].height_mm / wall.length
    away_px = float(distance_to_polyline(np.array([tip]), wall.line)[0])
    if _is_behind(wall, tip, marks) and away_px * scale > limits.unusual_behind_mm:
        yield Doubt(
            f"needle_tip_px lies {away_px:.0f} px behind posterior_wall_px, where no cement may "
            "come from. Mark the tip in the body, or correct wall and anterior.",
            refused=away_px * scale > limits.max_behind_mm,
        )
    reach_mm, of = settings.cement.body_mm, "posterior_wall_px"
    if outline is not None:
        edge = np.vstack([outline, outline[:1]])
        away_px = float(distance_to_polyline(np.array([tip]), edge)[0])
        away_px *= not is_inside(tip, outline)
        reach_mm, of = 0.0, "body_outline_px"
    if away_px * scale > reach_mm + settings.cement.origin_mm:
        yield Doubt(
            f"needle_tip_px lies {away_px:.0f} px from {of}, too far for cement from it to reach "
            "the body. Mark the tip in the body.",
            refused=True,
        )


def _is_behind(wall: _WallFrame, tip: Point, marks: Marks) -> bool:
    """Whether a tip lies on the other side of the wall than the body; False where it tells that."""
    if marks.anterior is not None:
        front = _beside(wall, marks.anterior)
    elif marks.body_outline_px is not None:
        front = _middle(marks.body_outline_px)
    else:
        return False
    return _side(wall, np.array(tip)) != _side(wall, front)


def _size_px(wall: _WallFrame, outline: PointArray | None) -> tuple[float | None, float | None]:
    """Mean height and depth of the outline in the wall's directions."""
    if outline is None:
        return None, None
    area = area_of(outline)
    height, depth = (max(_extent(outline @ axis), 1e-9) for axis in (wall.along, wall.across))
    return area / depth, area / height


def _frame_of(line: PointArray) -> _WallFrame:
    chord = line[-1] - line[0]
    length = max(float(np.hypot(*chord)), 1e-9)
    along = chord / length
    across = np.array([-along[1], along[0]])
    lean = math.degrees(math.atan2(abs(float(chord[0])), abs(float(chord[1]))))
    return _WallFrame(line, 0.5 * (line[0] + line[-1]), along, across, length, lean)


def _side(wall: _WallFrame, point: PointArray) -> float:
    return float(side_of_polyline(np.asarray(point, np.float64)[None], wall.line)[0])


def _sign_of(wall: _WallFrame) -> float:
    """On which side `across` points."""
    return _side(wall, wall.middle + 10.0 * wall.length * wall.across)


def _beside(wall: _WallFrame, side: Side) -> PointArray:
    sign = 1.0 if side is Side.RIGHT else -1.0
    far: PointArray = wall.middle + np.array([sign * 10.0 * wall.length, 0.0])
    return far


def _middle(points: PointArray) -> PointArray:
    middle: PointArray = 0.5 * (points.max(axis=0) + points.min(axis=0))
    return middle


def _reach(line: PointArray) -> float:
    return float(np.hypot(*(line[-1] - line[0])))


def _extent(values: PointArray) -> float:
    return float(values.max() - values.min())


def _along(line: PointArray) -> PointArray:
    """Points along a line, evenly over its pieces."""
    steps = np.linspace(0.0, len(line) - 1.0, _STEPS)
    at = [np.interp(steps, np.arange(len(line)), axis) for axis in line.T]
    points: PointArray = np.stack(at, axis=1)
    return points


def _letters(orientation: tuple[str, str] | None) -> str:
    return "" if orientation is None else "\\".join(orientation)


def _front_in_columns(orientation: tuple[str, str] | None) -> Side | None:
    """Patient Orientation (PS3.3 C.7.6.1.1.1): direction of growing columns first."""
    letter = (orientation or ("", ""))[0][:1]
    return {"A": Side.RIGHT, "P": Side.LEFT}.get(letter)


def _front_in_rows(orientation: tuple[str, str] | None) -> str | None:
    letter = (orientation or ("", ""))[1][:1]
    return {"A": "at the bottom", "P": "at the top"}.get(letter)

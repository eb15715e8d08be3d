"""Consistency of marks with each other, with anatomy and with the header.

A contradiction would make the posterior wall rule meaningless, with a false STOP or none: it is an
error. What is only unusual is reported.
"""

from __future__ import annotations

from collections.abc import Iterator

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
)
from leakwatch.core.marks import CaseFile, Marks, Side
from leakwatch.core.messages import text
from leakwatch.core.spacing import Calibration
from leakwatch.plausibility.inconsistencies import (
    Inconsistency,
    check_marked_size,
    check_marked_spacing,
)
from leakwatch.plausibility.wall_axes import (
    WallAxes,
    centre_of_box,
    chord_length,
    extent,
    make_wall_axes,
    measure_outline_px,
    point_beside,
    sample_line,
    side_of,
    sign_of_across,
)
from leakwatch.vision.vertebra.body_size import expected_size


def check_consistency(
    case: CaseFile,
    acquisition: Acquisition,
    calibration: Calibration,
    settings: Settings,
    name: str = "the case",
) -> tuple[str, ...]:
    """Check a case against itself, anatomy and the header.

    Parameters
    ----------
    case : CaseFile
    acquisition : Acquisition
    calibration : Calibration
        Calibration with which the marks are checked.
    settings : Settings
    name : str
        Name of the case in messages, usually its path.

    Returns
    -------
    tuple of str
        What is unusual, for the user.

    Raises
    ------
    CaseError
        The first contradiction.
    """
    unusual = []
    for inconsistency in _find_inconsistencies(case, acquisition, calibration, settings):
        if inconsistency.is_error:
            raise CaseError(text("{name}: {problem}", name=name, problem=inconsistency.text))
        unusual.append(text("{name}: {problem}", name=name, problem=inconsistency.text))
    return tuple(unusual)


def _find_inconsistencies(
    case: CaseFile, acquisition: Acquisition, calibration: Calibration, settings: Settings
) -> Iterator[Inconsistency]:
    marks, limits = case.marks, settings.marks
    outline, line = marks.body_outline_px, marks.posterior_wall_px
    yield from check_marked_spacing(case, acquisition.geometry, settings)
    if outline is not None:
        yield from _check_shape(outline, limits.max_loop_share)
    if line is None or marks.view in (View.AP, View.OBLIQUE):
        return
    winding = polyline_length(line) / max(chord_length(line), 1e-9)
    if winding > limits.max_winding:
        yield Inconsistency(
            text(
                "posterior_wall_px is {ratio:.1f} times as long as the distance between its "
                "ends: its points are not in order. Give them in order, from one end of the wall "
                "to the other.",
                ratio=winding,
            ),
            is_error=True,
        )
        return
    wall = make_wall_axes(line)
    orientation = acquisition.patient_orientation
    yield from _check_lean(wall, marks, orientation, settings)
    yield from _check_side(wall, marks, orientation, settings)
    if outline is not None:
        yield from _check_outline(wall, outline, settings)
    yield from _check_tip(wall, marks, calibration, settings)
    height, depth = measure_outline_px(wall, outline)
    yield from check_marked_size(wall.length, height, depth, marks.vertebra, calibration, settings)


def _check_shape(outline: PointArray, most: float) -> Iterator[Inconsistency]:
    advice = text("Give its points in order, around the body.")
    if self_overlap_share(outline) > most:
        yield Inconsistency(
            text(
                "body_outline_px crosses itself, so that its inside is undefined. {advice}",
                advice=advice,
            ),
            True,
        )
    elif area_of(outline) < 1.0:
        yield Inconsistency(
            text("body_outline_px has no area. {advice}", advice=advice), is_error=True
        )


def _check_lean(
    wall: WallAxes, marks: Marks, orientation: tuple[str, str] | None, settings: Settings
) -> Iterator[Inconsistency]:
    """Check the angle of the wall, which shows a rotated image or exchanged columns and rows."""
    limits, lean = settings.marks, wall.lean_deg
    found = text(
        "posterior_wall_px is at {angle_deg:.0f}° to the columns of the image", angle_deg=lean
    )
    upright = _anterior_side(orientation) if limits.trust_orientation else None
    if lean <= limits.max_lean_deg:
        edge = _anterior_edge(orientation) if limits.trust_orientation else None
        if edge is not None and lean < 90.0 - limits.max_lean_deg:
            yield _exchanged_by_orientation(found, edge)
        elif lean > limits.unusual_lean_deg:
            unusual = text("{found}, which is unusual. {hint}", found=found, hint=_EXCHANGED)
            yield Inconsistency(unusual)
    elif marks.anterior is not None:
        side = _SIDES[marks.anterior]
        template = text(
            "{found}, but anterior is {side}, which requires an upright wall. {hint}",
            found=found,
            side=side,
            hint=_EXCHANGED,
        )
        yield Inconsistency(template, is_error=True)
    elif upright is not None:
        yield _exchanged_by_orientation(found, _SIDES[upright])
    elif not _is_rotated(wall, marks, orientation):
        template = text(
            "{found}, and neither an outline nor Patient Orientation shows that the image is "
            "rotated. {hint} Or mark the outline too.",
            found=found,
            hint=_EXCHANGED,
        )
        yield Inconsistency(template, is_error=True)
    else:
        template = text(
            "{found}: the image is taken to be rotated. {hint}", found=found, hint=_EXCHANGED
        )
        yield Inconsistency(template)


def _exchanged_by_orientation(found: str, side: str) -> Inconsistency:
    template = text(
        "{found}, but by Patient Orientation anterior is {side}. {hint} {remedy}",
        found=found,
        side=side,
        hint=_EXCHANGED,
        remedy=_WRONG_TAG,
    )
    return Inconsistency(template, is_error=True)


_EXCHANGED = text("Points are [column, row]: are they exchanged?")
_WRONG_TAG = text(
    "If the attribute (0020,0020) is wrong, set [marks] trust_orientation = false in the settings."
)
_SIDES = {Side.LEFT: text("left"), Side.RIGHT: text("right")}


def _is_rotated(wall: WallAxes, marks: Marks, orientation: tuple[str, str] | None) -> bool:
    if _anterior_edge(orientation) is not None:
        return True
    if marks.body_outline_px is None:
        return False
    along, across = (extent(marks.body_outline_px @ axis) for axis in (wall.along, wall.across))
    return bool(along > 0.5 * wall.length and across > 0.5 * wall.length)


def _check_side(
    wall: WallAxes, marks: Marks, orientation: tuple[str, str] | None, settings: Settings
) -> Iterator[Inconsistency]:
    """Check that outline, `anterior` and Patient Orientation agree about the anterior side."""
    outline, anterior = marks.body_outline_px, marks.anterior
    body = None if outline is None else side_of(wall, centre_of_box(outline))
    stated = None if anterior is None else side_of(wall, point_beside(wall, anterior))
    if body is not None and stated is not None and body != stated:
        assert anterior is not None
        template = text(
            "anterior is {side}, but body_outline_px is on the other side of posterior_wall_px: "
            "the wall is drawn along the anterior wall, or anterior is wrong. Correct one of "
            "them.",
            side=_SIDES[anterior],
        )
        yield Inconsistency(template, is_error=True)
    key, marked = ("anterior", stated) if stated is not None else ("body_outline_px", body)
    if marked is None and marks.needle_tip_px is not None:
        key, marked = "needle_tip_px", side_of(wall, np.array(marks.needle_tip_px))
    letters = _orientation_letters(orientation)
    side = _anterior_side(orientation)
    if orientation is not None and orientation[0][:1] in ("L", "R"):
        template = text(
            "view is lateral, but Patient Orientation {letters} is that of a frontal view. Does "
            "this case belong to another view?",
            letters=letters,
        )
        yield Inconsistency(template)
    if side is None or marked is None or side_of(wall, point_beside(wall, side)) == marked:
        return
    conflict = text(
        "by Patient Orientation {letters} anterior is {side} of posterior_wall_px, but {key} is on "
        "the other side.",
        letters=letters,
        side=_SIDES[side],
        key=key,
    )
    if settings.marks.trust_orientation:
        template = text(
            "{conflict} Correct the marks. {remedy}", conflict=conflict, remedy=_WRONG_TAG
        )
        yield Inconsistency(template, is_error=True)
    else:
        template = text(
            "{conflict} The marks are used ([marks] trust_orientation = false).", conflict=conflict
        )
        yield Inconsistency(template)


def _check_outline(
    wall: WallAxes, outline: PointArray, settings: Settings
) -> Iterator[Inconsistency]:
    """Check that the posterior edge of the outline is along the wall."""
    limits, side = settings.marks, side_of(wall, centre_of_box(outline))
    ahead = side * ((outline - wall.middle) @ wall.across) * sign_of_across(wall)
    depth = max(extent(ahead), 1e-9)
    samples = sample_line(wall.line)
    edge = np.vstack([outline, outline[:1]])
    gap = float(np.median(distance_to_polyline(samples, edge)))
    share = max(gap, abs(float(ahead.min()))) / depth
    places = (outline - wall.middle) @ wall.along
    half = 0.5 * wall.length
    beside = min(float(places.max()), half) - max(float(places.min()), -half)
    if beside < limits.least_beside_share * wall.length:
        yield Inconsistency(
            text(
                "posterior_wall_px and body_outline_px overlap for {percent:.0f} % of the wall: "
                "they belong to two vertebrae. Mark both on the same one.",
                percent=100 * max(beside, 0.0) / wall.length,
            ),
            is_error=True,
        )
    elif share > limits.unusual_gap_share:
        yield Inconsistency(
            text(
                "the posterior edge of body_outline_px is {gap_px:.0f} px from "
                "posterior_wall_px, {percent:.0f} % of the body's depth. Draw the wall along the "
                "posterior edge of the body.",
                gap_px=share * depth,
                percent=100 * share,
            ),
            is_error=share > limits.max_gap_share,
        )


def _check_tip(
    wall: WallAxes, marks: Marks, calibration: Calibration, settings: Settings
) -> Iterator[Inconsistency]:
    """Check that the cannula tip is in the body, or near it and anterior of the wall."""
    tip, outline, limits = marks.needle_tip_px, marks.body_outline_px, settings.marks
    if tip is None:
        return
    scale = calibration.mm_per_px
    if scale is None:
        # Nominal: as if the wall were as high as bodies are.
        scale = expected_size(marks.vertebra, settings.vertebra)[0].height_mm / wall.length
    away_px = float(distance_to_polyline(np.array([tip]), wall.line)[0])
    if _is_posterior(wall, tip, marks) and away_px * scale > limits.unusual_behind_mm:
        yield Inconsistency(
            text(
                "needle_tip_px is {away_px:.0f} px posterior of posterior_wall_px, where no "
                "cement may be injected. Mark the tip in the body, or correct wall and anterior.",
                away_px=away_px,
            ),
            is_error=away_px * scale > limits.max_behind_mm,
        )
    reach_mm, of = settings.cement.body_mm, "posterior_wall_px"
    if outline is not None:
        edge = np.vstack([outline, outline[:1]])
        away_px = float(distance_to_polyline(np.array([tip]), edge)[0])
        away_px *= not is_inside(tip, outline)
        reach_mm, of = 0.0, "body_outline_px"
    if away_px * scale > reach_mm + settings.cement.origin_mm:
        yield Inconsistency(
            text(
                "needle_tip_px is {away_px:.0f} px from {target}, too far for cement from it to "
                "reach the body. Mark the tip in the body.",
                away_px=away_px,
                target=of,
            ),
            is_error=True,
        )


def _is_posterior(wall: WallAxes, tip: Point, marks: Marks) -> bool:
    """Return whether a tip is posterior of the wall; False if the anterior side is unknown."""
    if marks.anterior is not None:
        front = point_beside(wall, marks.anterior)
    elif marks.body_outline_px is not None:
        front = centre_of_box(marks.body_outline_px)
    else:
        return False
    return side_of(wall, np.array(tip)) != side_of(wall, front)


def _orientation_letters(orientation: tuple[str, str] | None) -> str:
    return "" if orientation is None else "\\".join(orientation)


def _anterior_side(orientation: tuple[str, str] | None) -> Side | None:
    """Return the anterior side by Patient Orientation, whose first value is along rows."""
    letter = (orientation or ("", ""))[0][:1]
    return {"A": Side.RIGHT, "P": Side.LEFT}.get(letter)


def _anterior_edge(orientation: tuple[str, str] | None) -> str | None:
    letter = (orientation or ("", ""))[1][:1]
    return {"A": text("at the bottom"), "P": text("at the top")}.get(letter)

"""From where an image intensifier shows a point to where it truly lies, and back. Only numpy.

Pincushion of the curved screen and the S of the earth's field are smooth: a polynomial in two
coordinates describes both to a tenth of a pixel (Gronenschild, doi:10.1118/1.598487, of global and
local models).
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np

from leakwatch.core.arrays import Array, Point, PointArray, read_only
from leakwatch.core.marks import Marks
from leakwatch.core.results import Observation
from leakwatch.core.spacing import Distortion

# Of the inversion. Each gains a factor of `MAX_SLOPE` at least: 30 of them a billion; it ends
# before where nothing changes any more.
_ROUNDS, _SETTLED_PX = 30, 1e-7
# So many pixels may a point move against its neighbour that lies one pixel beside it. An image
# intensifier stays below 0.3 at its rim.
MAX_SLOPE = 0.5

_T = TypeVar("_T")


def number_of_terms(degree: int) -> int:
    """How many coefficients a polynomial of this degree in two coordinates has."""
    return (degree + 1) * (degree + 2) // 2


def terms(places: PointArray, degree: int) -> Array:
    """``(n, number_of_terms)``: ``1, x, y, x^2, x y, y^2, ...`` at these places, ``(n, 2)``."""
    x, y = np.ascontiguousarray(places.T)
    columns = np.empty((number_of_terms(degree), len(x)))
    columns[0] = 1.0
    first = 0  # of the order before
    for order in range(1, degree + 1):
        start = first + order
        columns[start : start + order] = x * columns[first:start]
        columns[start + order] = y * columns[start - 1]
        first = start
    return columns.T


def unit_places(distortion: Distortion, points_px: PointArray) -> PointArray:
    """Points from the middle of the frame, in half diagonals, drawn in to where the grid was."""
    middle = np.array([(distortion.columns - 1) / 2, (distortion.rows - 1) / 2])
    away = points_px - middle
    distance = np.hypot(away[:, 0], away[:, 1])
    held = np.minimum(1.0, distortion.reach_px / np.maximum(distance, 1e-9))
    places: PointArray = away * held[:, None] / float(np.hypot(*middle))
    return places


def true_px(distortion: Distortion | None, points_px: PointArray) -> PointArray:
    """Where points truly lie that are shown there; ``(n, 2)`` or ``(2,)``, frame pixels."""
    shown = np.asarray(points_px, np.float64)
    if distortion is None:
        return shown
    flat = shown.reshape(-1, 2)
    true: PointArray = flat + _moved(distortion, flat)
    return true.reshape(shown.shape)


def shown_px(distortion: Distortion | None, points_px: PointArray) -> PointArray:
    """Where points are shown that truly lie there; the inverse of `true_px`."""
    true = np.asarray(points_px, np.float64)
    if distortion is None:
        return true
    flat = true.reshape(-1, 2)
    shown = flat.copy()
    for _ in range(_ROUNDS):
        before, shown = shown, flat - _moved(distortion, shown)
        if shown.size == 0 or np.abs(shown - before).max() < _SETTLED_PX:
            break
    return shown.reshape(true.shape)


def _moved(distortion: Distortion, points_px: PointArray) -> PointArray:
    coefficients = np.array([distortion.column_px, distortion.row_px]).T
    moved: PointArray = terms(unit_places(distortion, points_px), distortion.degree) @ coefficients
    return moved


def steepest_slope(distortion: Distortion) -> float:
    """By how much a point of the frame moves at most against one that is a pixel beside it."""
    column, row = np.meshgrid(
        np.linspace(0, distortion.columns - 1, 33), np.linspace(0, distortion.rows - 1, 33)
    )
    places = np.stack([column.ravel(), row.ravel()], axis=1)
    here = _moved(distortion, places)
    beside = [_moved(distortion, places + step) - here for step in np.eye(2)]
    # The largest singular value of each 2 x 2 matrix of slopes.
    return float(np.linalg.norm(np.stack(beside, axis=-1), ord=2, axis=(1, 2)).max())


def true_marks(marks: Marks, distortion: Distortion | None) -> Marks:
    """Marks where they truly lie."""
    if distortion is None:
        return marks
    tip = marks.needle_tip_px

    def line(points: PointArray | None) -> PointArray | None:
        return None if points is None else read_only(true_px(distortion, points))

    return replace(
        marks,
        posterior_wall_px=line(marks.posterior_wall_px),
        body_outline_px=line(marks.body_outline_px),
        needle_tip_px=None if tip is None else _pair(true_px(distortion, np.array(tip))),
    )


def shown_observation(
    seen: Observation, marks: Marks, distortion: Distortion | None
) -> Observation:
    """An observation whose points are where the picture shows them.

    Lengths and areas stay those of the true picture. The shift is that of the marks: the same
    movement is shown differently in the middle and at the rim.

    Parameters
    ----------
    seen : Observation
        In the true picture.
    marks : Marks
        Where they truly lie, see `true_marks`.
    distortion : Distortion or None
    """
    if distortion is None:
        return seen
    moved = _shown(seen, distortion)
    if seen.shift_px is None:
        return moved
    at = _middle(marks, distortion)
    there = shown_px(distortion, at + np.array(seen.shift_px)) - shown_px(distortion, at)
    return replace(moved, shift_px=_pair(there))


# Numbers in pixels that are no places.
_NO_PLACES = {"shift_px", "shift_sigma_px", "distance_px", "sigma_px", "length_px", "width_px",
              "area_px", "outside_px", "mm_per_px", "mm_per_px_sigma",
              "nominal_mm_per_px"}  # fmt: skip


def _shown(part: _T, distortion: Distortion) -> _T:
    """Every place in a frozen dataclass and in what it holds: fields that end with ``_px``."""
    changed: dict[str, Any] = {}
    for field in fields(cast(Any, part)):
        value = getattr(part, field.name)
        if field.name.endswith("_px") and field.name not in _NO_PLACES:
            changed[field.name] = _shown_places(value, distortion)
        elif is_dataclass(value) and not isinstance(value, Distortion):
            changed[field.name] = _shown(value, distortion)
        elif isinstance(value, tuple) and any(is_dataclass(one) for one in value):
            changed[field.name] = tuple(_shown(one, distortion) for one in value)
    return cast(_T, replace(cast(Any, part), **changed))


def _shown_places(value: Any, distortion: Distortion) -> Any:
    if value is None:
        return None
    if isinstance(value, np.ndarray):
        return read_only(shown_px(distortion, value))
    if all(isinstance(one, np.ndarray) for one in value):
        return tuple(read_only(shown_px(distortion, one)) for one in value)
    return _pair(shown_px(distortion, np.array(value)))


def _middle(marks: Marks, distortion: Distortion) -> PointArray:
    for points in (marks.posterior_wall_px, marks.body_outline_px):
        if points is not None:
            middle: PointArray = points.mean(axis=0)
            return middle
    return np.array([(distortion.columns - 1) / 2, (distortion.rows - 1) / 2])


def _pair(point: PointArray) -> Point:
    return (float(point[0]), float(point[1]))

"""Geometric distortion of image intensifiers: distorted to undistorted positions, and back.

Pincushion distortion of the curved screen and S-shaped distortion in the earth's magnetic field are
smooth: a polynomial in two coordinates describes both to a tenth of a pixel (Gronenschild,
doi:10.1118/1.598487, compares global and local models).
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np

from leakwatch.core.arrays import Array, Point, PointArray, read_only
from leakwatch.core.marks import Marks
from leakwatch.core.results import Observation
from leakwatch.core.spacing import Distortion

# Fixed-point iterations of the inversion. Each reduces the error by `MAX_SLOPE` or better, 30 by
# a factor of a billion; it stops earlier if nothing changes any more.
_ROUNDS, _SETTLED_PX = 30, 1e-7
# Largest change of the displacement between adjacent pixels, in pixels. An image intensifier stays
# below 0.3 at its rim.
MAX_SLOPE = 0.5

_T = TypeVar("_T")


def count_terms(degree: int) -> int:
    """Return the number of coefficients of a polynomial of this degree in two coordinates."""
    return (degree + 1) * (degree + 2) // 2


def polynomial_terms(places: PointArray, degree: int) -> Array:
    """Return ``1, x, y, x^2, x y, y^2, ...`` at positions ``(n, 2)``, as ``(n, terms)``."""
    x, y = np.ascontiguousarray(places.T)
    columns = np.empty((count_terms(degree), len(x)))
    columns[0] = 1.0
    first = 0  # of the order before
    for order in range(1, degree + 1):
        start = first + order
        columns[start : start + order] = x * columns[first:start]
        columns[start + order] = y * columns[start - 1]
        first = start
    return columns.T


def normalized_positions(distortion: Distortion, points_px: PointArray) -> PointArray:
    """Return points relative to the frame's centre, in half diagonals, clamped to `reach_px`."""
    middle = np.array([(distortion.columns - 1) / 2, (distortion.rows - 1) / 2])
    away = points_px - middle
    distance = np.hypot(away[:, 0], away[:, 1])
    held = np.minimum(1.0, distortion.reach_px / np.maximum(distance, 1e-9))
    places: PointArray = away * held[:, None] / float(np.hypot(*middle))
    return places


def undistort_px(distortion: Distortion | None, points_px: PointArray) -> PointArray:
    """Return undistorted positions of points in the frame; ``(n, 2)`` or ``(2,)``, pixels."""
    shown = np.asarray(points_px, np.float64)
    if distortion is None:
        return shown
    flat = shown.reshape(-1, 2)
    true: PointArray = flat + _displacement(distortion, flat)
    return true.reshape(shown.shape)


def distort_px(distortion: Distortion | None, points_px: PointArray) -> PointArray:
    """Return positions in the frame of undistorted points; the inverse of `undistort_px`."""
    true = np.asarray(points_px, np.float64)
    if distortion is None:
        return true
    flat = true.reshape(-1, 2)
    shown = flat.copy()
    for _ in range(_ROUNDS):
        before, shown = shown, flat - _displacement(distortion, shown)
        if shown.size == 0 or np.abs(shown - before).max() < _SETTLED_PX:
            break
    return shown.reshape(true.shape)


def _displacement(distortion: Distortion, points_px: PointArray) -> PointArray:
    coefficients = np.array([distortion.column_px, distortion.row_px]).T
    moved: PointArray = (
        polynomial_terms(normalized_positions(distortion, points_px), distortion.degree)
        @ coefficients
    )
    return moved


def steepest_slope(distortion: Distortion) -> float:
    """Return the largest change of the displacement between adjacent pixels, in pixels."""
    column, row = np.meshgrid(
        np.linspace(0, distortion.columns - 1, 33), np.linspace(0, distortion.rows - 1, 33)
    )
    places = np.stack([column.ravel(), row.ravel()], axis=1)
    here = _displacement(distortion, places)
    beside = [_displacement(distortion, places + step) - here for step in np.eye(2)]
    # The largest singular value of each 2 x 2 matrix of slopes.
    return float(np.linalg.norm(np.stack(beside, axis=-1), ord=2, axis=(1, 2)).max())


def undistort_marks(marks: Marks, distortion: Distortion | None) -> Marks:
    """Return marks at undistorted positions."""
    if distortion is None:
        return marks
    tip = marks.needle_tip_px

    def line(points: PointArray | None) -> PointArray | None:
        return None if points is None else read_only(undistort_px(distortion, points))

    return replace(
        marks,
        posterior_wall_px=line(marks.posterior_wall_px),
        body_outline_px=line(marks.body_outline_px),
        needle_tip_px=None if tip is None else _pair(undistort_px(distortion, np.array(tip))),
    )


def distort_observation(
    seen: Observation, marks: Marks, distortion: Distortion | None
) -> Observation:
    """Return an observation with all points at their positions in the frame.

    Lengths and areas remain those of the undistorted image. The shift is that of the marks: a
    movement looks different in the centre and at the rim.

    Parameters
    ----------
    seen : Observation
        In the undistorted image.
    marks : Marks
        At undistorted positions, see `undistort_marks`.
    distortion : Distortion or None
    """
    if distortion is None:
        return seen
    moved = _distort(seen, distortion)
    if seen.shift_px is None:
        return moved
    at = _middle(marks, distortion)
    there = distort_px(distortion, at + np.array(seen.shift_px)) - distort_px(distortion, at)
    return replace(moved, shift_px=_pair(there))


# Fields in pixels that are not positions.
_NOT_POSITIONS = {"shift_px", "shift_sigma_px", "distance_px", "sigma_px", "length_px", "width_px",
              "area_px", "outside_px", "mm_per_px", "mm_per_px_sigma",
              "nominal_mm_per_px"}  # fmt: skip


def _distort(part: _T, distortion: Distortion) -> _T:
    """Return a copy of a dataclass with all positions distorted: fields that end with ``_px``."""
    changed: dict[str, Any] = {}
    for field in fields(cast(Any, part)):
        value = getattr(part, field.name)
        if field.name.endswith("_px") and field.name not in _NOT_POSITIONS:
            changed[field.name] = _distort_positions(value, distortion)
        elif is_dataclass(value) and not isinstance(value, Distortion):
            changed[field.name] = _distort(value, distortion)
        elif isinstance(value, tuple) and any(is_dataclass(one) for one in value):
            changed[field.name] = tuple(_distort(one, distortion) for one in value)
    return cast(_T, replace(cast(Any, part), **changed))


def _distort_positions(value: Any, distortion: Distortion) -> Any:
    if value is None:
        return None
    if isinstance(value, np.ndarray):
        return read_only(distort_px(distortion, value))
    if all(isinstance(one, np.ndarray) for one in value):
        return tuple(read_only(distort_px(distortion, one)) for one in value)
    return _pair(distort_px(distortion, np.array(value)))


def _middle(marks: Marks, distortion: Distortion) -> PointArray:
    for points in (marks.posterior_wall_px, marks.body_outline_px):
        if points is not None:
            middle: PointArray = points.mean(axis=0)
            return middle
    return np.array([(distortion.columns - 1) / 2, (distortion.rows - 1) / 2])


def _pair(point: PointArray) -> Point:
    return (float(point[0]), float(point[1]))

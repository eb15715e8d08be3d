"""Directions and dimensions of a marked posterior wall and body outline."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import PointArray
from leakwatch.core.geometry import area_of, side_of_polyline
from leakwatch.core.marks import Side

# Number of samples along a line.
_STEPS = 64


@dataclass(frozen=True, slots=True)
class WallAxes:
    """A posterior wall with the directions along and across it.

    Parameters
    ----------
    line : ndarray
    middle, along, across : ndarray
        ``(2,)``; unit vectors, `across` towards increasing columns, or increasing rows.
    length : float
    lean_deg : float
        Angle to the columns of the image: 0 is upright, 90 horizontal.
    """

    line: PointArray
    middle: PointArray
    along: PointArray
    across: PointArray
    length: float
    lean_deg: float


def measure_outline_px(
    wall: WallAxes, outline: PointArray | None
) -> tuple[float | None, float | None]:
    """Return mean height and depth of the outline along and across the wall."""
    if outline is None:
        return None, None
    area = area_of(outline)
    height, depth = (max(extent(outline @ axis), 1e-9) for axis in (wall.along, wall.across))
    return area / depth, area / height


def make_wall_axes(line: PointArray) -> WallAxes:
    """Return the axes of a wall by the chord between its ends."""
    chord = line[-1] - line[0]
    length = max(float(np.hypot(*chord)), 1e-9)
    along = chord / length
    across = np.array([-along[1], along[0]])
    lean = math.degrees(math.atan2(abs(float(chord[0])), abs(float(chord[1]))))
    return WallAxes(line, 0.5 * (line[0] + line[-1]), along, across, length, lean)


def side_of(wall: WallAxes, point: PointArray) -> float:
    """Return the side of the wall on which a point is, as +1 or -1."""
    return float(side_of_polyline(np.asarray(point, np.float64)[None], wall.line)[0])


def sign_of_across(wall: WallAxes) -> float:
    """Return the side to which `across` points."""
    return side_of(wall, wall.middle + 10.0 * wall.length * wall.across)


def point_beside(wall: WallAxes, side: Side) -> PointArray:
    """Return a point far to the left or right of the wall."""
    sign = 1.0 if side is Side.RIGHT else -1.0
    far: PointArray = wall.middle + np.array([sign * 10.0 * wall.length, 0.0])
    return far


def centre_of_box(points: PointArray) -> PointArray:
    """Return the centre of the bounding box of points."""
    middle: PointArray = 0.5 * (points.max(axis=0) + points.min(axis=0))
    return middle


def chord_length(line: PointArray) -> float:
    """Return the distance between the ends of a line."""
    return float(np.hypot(*(line[-1] - line[0])))


def extent(values: PointArray) -> float:
    """Return the range of values."""
    return float(values.max() - values.min())


def sample_line(line: PointArray) -> PointArray:
    """Return points along a line, evenly over its segments."""
    steps = np.linspace(0.0, len(line) - 1.0, _STEPS)
    at = [np.interp(steps, np.arange(len(line)), axis) for axis in line.T]
    points: PointArray = np.stack(at, axis=1)
    return points

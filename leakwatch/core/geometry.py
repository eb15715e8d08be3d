"""Points, polylines and grids: units, distances, areas and changes of geometry.

Points are ``(column, row)``; see `leakwatch.core`.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import Array, Point, PointArray
from leakwatch.core.frame import ProjectionGeometry
from leakwatch.core.messages import text


@dataclass(frozen=True, slots=True)
class WorkingGrid:
    """Working grid of the vision stages: frames averaged over ``binning x binning`` pixels.

    Parameters
    ----------
    rows, columns : int
        Size in working pixels.
    binning : float
        Frame pixels per working pixel, along each axis; 1.0 or more.
    """

    rows: int
    columns: int
    binning: float

    @classmethod
    def for_frame(cls, rows: int, columns: int, target_columns: int) -> WorkingGrid:
        """Choose the binning that brings the longer side near to `target_columns` pixels.

        The work for a frame is therefore nearly the same, whatever the detector's matrix is. Whole
        pixels are binned where that leaves the longer side within a seventh of the target: it is
        faster than binning parts of pixels, and neighbours stay independent.

        Parameters
        ----------
        rows, columns : int
            Size of the frame in pixels.
        target_columns : int
            Longer side, in working pixels; a smaller frame is not binned.
        """
        longer = max(rows, columns)
        binning = max(longer / target_columns, 1.0)
        whole = -(-longer * 7 // (target_columns * 8))
        if whole <= 1 or abs(longer / whole - target_columns) <= target_columns / 7:
            binning = float(max(whole, 1))
        # A last row or column that is covered in part is left out.
        high, wide = (max(int(size / binning + 1e-6), 1) for size in (rows, columns))
        return cls(high, wide, binning)

    def to_working(self, points_px: PointArray) -> PointArray:
        """Convert frame pixels to working pixels; ``(n, 2)`` or ``(2,)``."""
        return (np.asarray(points_px, np.float64) - (self.binning - 1) / 2) / self.binning

    def to_frame(self, points: PointArray) -> PointArray:
        """Convert working pixels to frame pixels; ``(n, 2)`` or ``(2,)``."""
        return np.asarray(points, np.float64) * self.binning + (self.binning - 1) / 2


def enlarge(working: Array, grid: WorkingGrid, rows: int, columns: int) -> Array:
    """Return an image of the working grid at a frame's size: the nearest working pixel of each.

    Parameters
    ----------
    working : ndarray
        ``(grid.rows, grid.columns)``.
    grid : WorkingGrid
    rows, columns : int
        Of the frame.
    """
    places = (np.arange(size) for size in (rows, columns))
    row, column = (
        np.minimum((one / grid.binning).astype(np.intp), count - 1)
        for one, count in zip(places, working.shape, strict=True)
    )
    return working[np.ix_(row, column)]


@dataclass(frozen=True, slots=True)
class Scale:
    """Conversion of lengths in settings from millimetres to working pixels.

    Parameters
    ----------
    mm_per_px : float
        Of a working pixel; nominal if not calibrated.
    """

    mm_per_px: float

    def px(self, mm: float) -> float:
        """Convert millimetres to working pixels."""
        return mm / self.mm_per_px

    def px2(self, mm2: float) -> float:
        """Convert square millimetres to an area in working pixels."""
        return mm2 / self.mm_per_px**2


def distance_to_polyline(points: PointArray, polyline: PointArray) -> PointArray:
    """Return the shortest Euclidean distance of each point to a polyline.

    Parameters
    ----------
    points : ndarray
        ``(n, 2)``.
    polyline : ndarray
        ``(m >= 2, 2)``, same unit.

    Returns
    -------
    ndarray
        ``(n,)``, in the unit of the points, never negative.
    """
    column, row = np.ascontiguousarray(np.asarray(points, np.float64).T)
    best = np.full(len(points), np.inf)
    for start, end in itertools.pairwise(polyline):
        squared, _ = _to_segment(column, row, start, end)
        np.minimum(best, squared, out=best)
    distance: PointArray = np.sqrt(best)
    return distance


def nearest_on_polyline(point: PointArray, polyline: PointArray) -> PointArray:
    """Return the point of a polyline that is nearest to `point`; shape ``(2,)``."""
    starts, ends = polyline[:-1], polyline[1:]
    along = ends - starts
    length2 = np.maximum((along**2).sum(axis=1), 1e-12)
    fraction = np.clip(((point - starts) * along).sum(axis=1) / length2, 0.0, 1.0)
    feet = starts + fraction[:, None] * along
    nearest: PointArray = feet[np.argmin(((feet - point) ** 2).sum(axis=1))]
    return nearest


def side_of_polyline(points: PointArray, polyline: PointArray) -> PointArray:
    """Return the side of a polyline, extended to infinity at both ends, on which each point is.

    The ends are extended parallel to the line between them: a wall that bends at a corner of the
    body continues along the spine, not along the bend.

    The side is the sign of the cross product with the direction of the nearest segment. At a
    corner, where two segments are equally near, the segment with the larger perpendicular distance
    is used (pseudo-normal rule, doi:10.1109/TVCG.2005.49, in two dimensions).

    Returns
    -------
    ndarray
        ``(n,)`` of +1 (to the right of the direction of travel, as displayed with rows increasing
        downwards) or -1.
    """
    line = np.asarray(polyline, np.float64)
    reach = 1e4 * max(float(np.ptp(line, axis=0).max()), 1.0)
    chord = line[-1] - line[0]
    closed = float(np.hypot(*chord)) == 0.0
    before = _unit(line[1] - line[0] if closed else chord)
    after = _unit(line[-1] - line[-2] if closed else chord)
    drawn_out = np.vstack([line[0] - before * reach, line, line[-1] + after * reach])
    column, row = np.ascontiguousarray(np.asarray(points, np.float64).T)
    best = np.full(len(points), np.inf)
    beside = np.zeros(len(points))
    for start, end in itertools.pairwise(drawn_out):
        squared, across = _to_segment(column, row, start, end)
        nearer = squared < best * (1.0 - 1e-9) - 1e-9
        tie = ~nearer & (squared <= best * (1.0 + 1e-9) + 1e-9)
        squarer = tie & (np.abs(across) > np.abs(beside))
        np.copyto(beside, across, where=nearer | squarer)
        np.minimum(best, squared, out=best)
    return np.where(beside >= 0, 1.0, -1.0)


def signed_distance(points: PointArray, wall: PointArray, inside: Point) -> PointArray:
    """Return signed distances to the posterior wall, positive on the side of `inside`.

    Parameters
    ----------
    points : ndarray
        ``(n, 2)``.
    wall : ndarray
        ``(m >= 2, 2)`` polyline.
    inside : Point
        Any point anterior of the wall, such as in the vertebral body.

    Returns
    -------
    ndarray
        ``(n,)``, in the unit of the points.
    """
    towards = side_of_polyline(np.asarray([inside], np.float64), wall)[0]
    signed: PointArray = distance_to_polyline(points, wall) * side_of_polyline(points, wall)
    signed *= towards
    return signed


def distance_sigma_mm(
    distance_px: float,
    mm_per_px: float,
    mm_per_px_sigma: float,
    position_sigmas_px: tuple[float, ...],
    position_sigmas_mm: tuple[float, ...],
) -> float:
    """Return the standard deviation of a distance in millimetres, from independent contributions.

    First-order propagation (GUM, JCGM 100:2008, eq. 10): the contribution of the scale grows with
    the distance, those of positions do not.

    Parameters
    ----------
    distance_px : float
    mm_per_px, mm_per_px_sigma : float
        Calibration and its standard deviation.
    position_sigmas_px, position_sigmas_mm : tuple of float
        Standard deviations of position.
    """
    scale = distance_px * mm_per_px_sigma
    pixels = sum((sigma * mm_per_px) ** 2 for sigma in position_sigmas_px)
    millimetres = sum(sigma**2 for sigma in position_sigmas_mm)
    return float(np.sqrt(scale**2 + pixels + millimetres))


def polyline_length(points: PointArray) -> float:
    """Return the length of a polyline, in the unit of its points; 0.0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _unit(vector: PointArray) -> PointArray:
    unit: PointArray = vector / max(float(np.hypot(vector[0], vector[1])), 1e-12)
    return unit


def _to_segment(
    column: PointArray, row: PointArray, start: PointArray, end: PointArray
) -> tuple[PointArray, PointArray]:
    """Return squared distances of points to a segment, and signed distances to its line.

    Columns and rows are contiguous arrays, which is three times as fast as pairs.
    """
    along = end - start
    length2 = max(float(along @ along), 1e-12)
    right, down = column - start[0], row - start[1]
    across = (along[0] * down - along[1] * right) / np.sqrt(length2)
    fraction = (right * along[0] + down * along[1]) / length2
    np.clip(fraction, 0.0, 1.0, out=fraction)
    right -= fraction * along[0]
    down -= fraction * along[1]
    return right * right + down * down, across


def rotation_between_deg(before: ProjectionGeometry, now: ProjectionGeometry) -> float:
    """Return the rotation of a C-arm between two frames: the larger change of its two angles.

    Parameters
    ----------
    before, now : ProjectionGeometry

    Returns
    -------
    float
        0.0 if neither states an angle; infinite if only one of them does.
    """
    turned = 0.0
    for here, there in (
        (before.primary_angle_deg, now.primary_angle_deg),
        (before.secondary_angle_deg, now.secondary_angle_deg),
    ):
        if here is not None and there is not None:
            turned = max(turned, abs((there - here + 180.0) % 360.0 - 180.0))
        elif here is not None or there is not None:
            turned = math.inf
    return turned


def scale_changed(before: ProjectionGeometry, now: ProjectionGeometry, share: float) -> str:
    """Return which distance or spacing, and thus the scale, changed between two frames.

    Parameters
    ----------
    before, now : ProjectionGeometry
    share : float
        Relative changes up to this are ignored.

    Returns
    -------
    str
        Such as ``source to detector 1050, now 1250``; empty if the scale is the same. A value that
        is no longer stated counts as changed.
    """
    lengths = zip(_lengths(before).items(), _lengths(now).values(), strict=True)
    for (name, here), there in lengths:
        if here is None and there is None:
            continue
        if here is None or there is None or abs(there - here) > share * abs(here):
            return text(
                "{name} {before}, now {now}", name=name, before=_shown(here), now=_shown(there)
            )
    return ""


def _shown(length: float | None) -> str:
    return text("unknown") if length is None else f"{length:g}"


def _lengths(geometry: ProjectionGeometry) -> dict[str, float | None]:
    imager, pixel = geometry.imager_pixel_spacing_mm, geometry.pixel_spacing_mm
    return {
        text("source to detector"): geometry.sid_mm,
        text("source to patient"): geometry.sod_mm,
        text("magnification"): geometry.magnification,
        text("detector pixel"): None if imager is None else imager[0],
        text("pixel spacing"): None if pixel is None else pixel[0],
        text("field of view"): geometry.field_of_view_mm,
    }


def area_of(polygon: PointArray) -> float:
    """Return the area of a polygon, in its unit squared, never negative (shoelace formula)."""
    column, row = polygon.T
    return 0.5 * abs(float(column @ np.roll(row, -1) - row @ np.roll(column, -1)))


def self_overlap_share(polygon: PointArray) -> float:
    """Return the relative size of the smaller loop of a polygon that crosses itself.

    Parameters
    ----------
    polygon : ndarray
        ``(n >= 3, 2)``; the last point is joined to the first.

    Returns
    -------
    float
        Largest ratio of the smaller to the larger loop over all crossings; 0.0 if there are none.
        Points and edges that only touch do not cross.
    """
    starts, ends = polygon, np.roll(polygon, -1, axis=0)
    worst = 0.0
    for first in range(len(polygon) - 2):
        rest = slice(first + 1, None)
        at = _crossings(starts[first], ends[first], starts[rest], ends[rest])
        for second, point in at:
            last = first + 1 + second
            loop = np.vstack([point, polygon[first + 1 : last + 1]])
            other = np.vstack([point, polygon[last + 1 :], polygon[: first + 1]])
            small, large = sorted((area_of(loop), area_of(other)))
            worst = max(worst, small / max(large, 1e-12))
    return worst


def _crossings(
    start: PointArray, end: PointArray, starts: PointArray, ends: PointArray
) -> list[tuple[int, PointArray]]:
    """Return the indices of the segments that one segment crosses, and the crossing points."""
    along, others = end - start, ends - starts
    across = along[0] * others[:, 1] - along[1] * others[:, 0]
    safe = np.where(across == 0.0, 1.0, across)
    between = starts - start
    here = (between[:, 0] * others[:, 1] - between[:, 1] * others[:, 0]) / safe
    there = (between[:, 0] * along[1] - between[:, 1] * along[0]) / safe
    proper = (across != 0.0) & (here > 0.0) & (here < 1.0) & (there > 0.0) & (there < 1.0)
    return [(int(index), start + here[index] * along) for index in np.flatnonzero(proper)]


def is_inside(point: Point, polygon: PointArray) -> bool:
    """Return whether a point is inside a polygon, by the even-odd rule."""
    column, row = point
    starts, ends = polygon, np.roll(polygon, -1, axis=0)
    spans = (starts[:, 1] > row) != (ends[:, 1] > row)
    rise = np.where(spans, ends[:, 1] - starts[:, 1], 1.0)
    at = starts[:, 0] + (row - starts[:, 1]) * (ends[:, 0] - starts[:, 0]) / rise
    return bool(np.count_nonzero(spans & (at > column)) % 2)

"""Posterior wall and body outline over the reference anatomy, and the distance of cement."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, PointArray, read_only
from leakwatch.core.geometry import WorkingGrid, nearest_on_polyline, signed_distance
from leakwatch.core.marks import Marks, Side
from leakwatch.vision.image_processing.patches import Window, around
from leakwatch.vision.image_processing.resampling import warped

# Signed distance is smooth: every 4th pixel and interpolation are right to a fifth of a pixel.
# Where its sign changes, each pixel is computed: beyond the ends of the line it jumps.
_MAP_STEP = 4


@dataclass(frozen=True, slots=True)
class Wall:
    """Posterior wall in reference coordinates on the working grid.

    Parameters
    ----------
    line : ndarray
        ``(n, 2)``.
    inside : Point or None
        A point in front of it; None while nobody knows which side that is.
    distance : ndarray or None
        Signed distance of each pixel, working pixels; None while `inside` is None.
    samples : ndarray
        ``(m, 2)`` pixels along the line, intp.
    """

    line: PointArray
    inside: Point | None
    distance: FloatImage | None
    samples: Array


@dataclass(frozen=True, slots=True)
class NearestCement:
    """Pixel of cement with the least signed distance to the wall, working pixels."""

    distance: float
    at: Point
    on_wall: Point


def place_wall(line: PointArray, inside: Point | None, rows: int, columns: int) -> Wall:
    """Lay the wall over the reference anatomy.

    Parameters
    ----------
    line : ndarray
        ``(n >= 2, 2)``, working pixels in reference coordinates.
    inside : Point or None
    rows, columns : int
        Working grid.
    """
    if inside is None:
        return Wall(read_only(line), None, None, _sample_line(line))
    row, column = np.mgrid[0 : rows + _MAP_STEP : _MAP_STEP, 0 : columns + _MAP_STEP : _MAP_STEP]
    points = np.stack([column.ravel(), row.ravel()], axis=1).astype(np.float64)
    coarse = signed_distance(points, line, inside).reshape(row.shape).astype(np.float32)
    matrix = np.array([[1 / _MAP_STEP, 0, 0], [0, 1 / _MAP_STEP, 0]], np.float32)
    distance = warped(coarse, matrix, (columns, rows))
    at = np.argwhere(_find_sign_changes(coarse, rows, columns))
    distance[at[:, 0], at[:, 1]] = signed_distance(at[:, ::-1].astype(np.float64), line, inside)
    return Wall(read_only(line), inside, read_only(distance), _sample_line(line))


def _sample_line(line: PointArray) -> Array:
    """Return some pixels along a line: enough to estimate how much of it is visible."""
    steps = np.linspace(0.0, len(line) - 1.0, 8 * len(line))
    at = [np.interp(steps, np.arange(len(line)), axis) for axis in line.T]
    return read_only(np.round(at).astype(np.intp).T)


def _find_sign_changes(coarse: FloatImage, rows: int, columns: int) -> BoolImage:
    """Return pixels of the cells of a coarse map at whose corners the sign differs."""
    front = coarse > 0
    corners = front[:-1, :-1], front[1:, :-1], front[:-1, 1:], front[1:, 1:]
    mixed = np.logical_or.reduce(corners) & ~np.logical_and.reduce(corners)
    fine: BoolImage = mixed.repeat(_MAP_STEP, axis=0).repeat(_MAP_STEP, axis=1)[:rows, :columns]
    return fine


def inside_point(
    marks: Marks, patient_orientation: tuple[str, str] | None, grid: WorkingGrid
) -> Point | None:
    """Return a point in front of the wall, from the marks or the orientation tag; working pixels.

    In order: the marked side, the body outline, the needle tip, Patient Orientation
    (PS3.3 C.7.6.1.1.1: direction of growing columns first). None where none of them says.

    Parameters
    ----------
    marks : Marks
        With a wall.
    patient_orientation : tuple of str or None
    grid : WorkingGrid
    """
    assert marks.posterior_wall_px is not None
    middle = grid.to_working(marks.posterior_wall_px).mean(axis=0)
    far = float(grid.columns)
    if marks.anterior is not None:
        sign = 1.0 if marks.anterior is Side.RIGHT else -1.0
        return (float(middle[0]) + sign * far, float(middle[1]))
    if marks.body_outline_px is not None:
        column, row = grid.to_working(marks.body_outline_px).mean(axis=0)
        return (float(column), float(row))
    if marks.needle_tip_px is not None:
        column, row = grid.to_working(np.array(marks.needle_tip_px))
        return (float(column), float(row))
    for axis, letters in enumerate(patient_orientation or ()):
        offset = {"A": far, "P": -far}.get(letters[:1])
        if offset is not None:
            moved = middle.copy()
            moved[axis] += offset
            return (float(moved[0]), float(moved[1]))
    return None


def nearest_cement(wall: Wall, mask: BoolImage, box: Window | None = None) -> NearestCement | None:
    """Find the cement nearest to, or farthest behind, the wall.

    Parameters
    ----------
    wall : Wall
    mask : ndarray of bool
        Cement.
    box : (slice, slice) or None
        Its rows and columns; None: they are looked for.

    Returns
    -------
    NearestCement or None
        None where there is no cement, or nobody knows the wall's sides.
    """
    if wall.distance is None or not mask.any():
        return None
    window = around(mask, 0) if box is None else box
    inside = mask[window].view(np.uint8)
    least, _, (column, row), _ = cv2.minMaxLoc(wall.distance[window], inside)
    row, column = row + window[0].start, column + window[1].start
    foot = nearest_on_polyline(np.array([column, row], np.float64), wall.line)
    return NearestCement(least, (float(column), float(row)), (float(foot[0]), float(foot[1])))


def outside_distance(outline: PointArray, rows: int, columns: int) -> FloatImage:
    """Return the distance of each pixel outside the body outline, 0 inside; working pixels."""
    body = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(body, [np.round(outline).astype(np.int32)], 1)
    outside: FloatImage = cv2.distanceTransform(1 - body, cv2.DIST_L2, cv2.DIST_MASK_5)
    return outside


@dataclass(frozen=True, slots=True)
class CementOutside:
    """Cement outside the body outline: how many working pixels, and the farthest of them."""

    pixels: int
    at: Point


def cement_outside(
    outside: FloatImage, mask: BoolImage, tolerance: float, box: Window | None = None
) -> CementOutside | None:
    """Return cement farther outside the body than `tolerance` (working pixels); None for none.

    `box`: as for `nearest_cement`.
    """
    if not mask.any():
        return None
    window = around(mask, 0) if box is None else box
    far = outside[window] * mask[window]
    pixels = int(np.count_nonzero(far > tolerance))
    if pixels == 0:
        return None
    row, column = np.unravel_index(int(np.argmax(far)), far.shape)
    at = (float(window[1].start + column), float(window[0].start + row))
    return CementOutside(pixels, at)


def origin_of_cement(
    wall: Wall | None,
    outline: PointArray | None,
    tip: Point | None,
    reach_tip: float,
    reach_wall: float,
    rows: int,
    columns: int,
) -> BoolImage | None:
    """Return where the first cement may appear: around the tip, in the body, before the wall.

    Parameters
    ----------
    wall, outline, tip
        In reference coordinates on the working grid; the narrowest that is known is used.
    reach_tip, reach_wall : float
        Working pixels.
    rows, columns : int

    Returns
    -------
    ndarray of bool or None
        None: anywhere.
    """
    canvas = np.zeros((rows, columns), np.uint8)
    if tip is not None:
        centre = (round(tip[0]), round(tip[1]))
        cv2.circle(canvas, centre, max(round(reach_tip), 1), 1, cv2.FILLED)
    elif outline is not None:
        cv2.fillPoly(canvas, [np.round(outline).astype(np.int32)], 1)
    elif wall is not None:
        return in_front(wall, reach_wall, rows, columns)
    else:
        return None
    return canvas.view(np.bool_)


def in_front(wall: Wall, depth: float, rows: int, columns: int, beyond: float = 0.0) -> BoolImage:
    """Return the rectangle of a depth in front of the wall, drawn out past its ends; working px.

    Where nobody knows which side is the front, on both.
    """
    first, last = wall.line[0], wall.line[-1]
    along = last - first
    drawn_out = along * (beyond / max(float(np.hypot(*along)), 1e-9))
    first, last = first - drawn_out, last + drawn_out
    normal = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    sides = [1.0, -1.0]
    if wall.inside is not None:
        sides = [1.0 if float((np.array(wall.inside) - first) @ normal) > 0 else -1.0]
    canvas = np.zeros((rows, columns), np.uint8)
    for side in sides:
        away = side * depth * normal
        corners = np.array([first, last, last + away, first + away])
        cv2.fillPoly(canvas, [np.round(corners).astype(np.int32)], 1)
    return canvas.view(np.bool_)

"""Edges of metal, to a fraction of a pixel: across a cannula, and around a sphere.

Metal thins out towards its edge, so that the edge is not where the picture is half dark. What a
round bar, a tube or a sphere does to the beam is known: it is fitted to what is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage, optimize

from leakwatch.calibrating.still_picture import StillPicture
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, PointArray
from leakwatch.core.errors import CalibrationError
from leakwatch.vision.image_processing.resampling import sampled

_STEP_PX = 0.25  # of a profile
_REACH = 1.3  # of a profile beyond each point, in distances of the points
_LEAST_REACH_PX, _MOST_ALONG_PX = 6.0, 40.0
_BORE_SHARE = 0.79  # of a cannula's outer diameter: 11G 0.78, 13G 0.75, 8G 0.82
_RAYS = 120
_PARTS = 3  # that are measured apart
_BESIDE_PX = 12.0  # that are looked at beside a sphere
_SPHERE_RAYS = 0.7  # share of the rays that must meet on one circle
# So far an edge may lie from the point of the hand, as a share of the width, and pixels at least.
_OFF_SHARE, _LEAST_OFF_PX = 0.35, 4.0


@dataclass(frozen=True, slots=True)
class FoundEdges:
    """Two opposite edges.

    Parameters
    ----------
    ends_px : ndarray
        ``(2, 2)``.
    sigma_px : float
        Of each, by the fit.
    """

    ends_px: PointArray
    sigma_px: float


def cannula_edges(picture: StillPicture, points_px: PointArray) -> FoundEdges:
    """Both edges of a cannula, near the points that a hand set on them.

    Parameters
    ----------
    picture : StillPicture
    points_px : ndarray
        ``(2, 2)``, about across it.

    Raises
    ------
    CalibrationError
        No cannula is seen between the points.
    """
    width = float(np.hypot(*(points_px[1] - points_px[0])))
    middle = points_px.mean(axis=0)
    across = (points_px[1] - points_px[0]) / max(width, 1e-9)
    reach = max(_REACH * width, _LEAST_REACH_PX)
    along = min(2.0 * width, _MOST_ALONG_PX)
    for _ in range(3):
        axis = np.array([-across[1], across[0]])
        middle, turn = _ridge(picture.beam, middle, across, axis, width, along)
        across = across * np.cos(turn) - axis * np.sin(turn)
    axis = np.array([-across[1], across[0]])
    t, profiles = _profiles(picture, middle, across, axis, reach, along)
    centre, radius = _fitted_bar(t, np.median(profiles, axis=0), width / 2)
    # Thirds of its length are measured apart: what they differ by is what one cannot know.
    radii = [_fitted_bar(t, part, radius)[1] for part in profiles]
    sigma = float(np.std(radii, ddof=1)) / np.sqrt(len(radii))
    ends = middle + np.outer([centre - radius, centre + radius], across)
    off = float(np.abs((ends - points_px) @ across).max())
    if off > max(_OFF_SHARE * width, _LEAST_OFF_PX) or sigma > 0.1 * width:
        raise CalibrationError(
            f"no cannula with clear edges is seen between the points: what fits best is "
            f"{2 * radius:.1f} pixels wide and has an edge {off:.1f} pixels beside a point. Set "
            "the points on its edges, square across it, where nothing else crosses it; or measure "
            "by hand."
        )
    return FoundEdges(ends, sigma)


def _sampled(image: FloatImage, points: PointArray) -> FloatImage:
    values: FloatImage = sampled(image, points, border=cv2.BORDER_REPLICATE)
    return values


def _strip(middle: PointArray, across: Array, axis: Array, t: Array, s: Array) -> PointArray:
    places: PointArray = middle + t[None, :, None] * across + s[:, None, None] * axis
    return places


def _ridge(
    beam: FloatImage, middle: PointArray, across: Array, axis: Array, width: float, along: float
) -> tuple[PointArray, float]:
    """Middle of the dark band, and by how much the line of its middles is turned, radians."""
    t = np.arange(-width, width + 1e-6, _STEP_PX)
    s = np.arange(-along, along + 1e-6, 1.0)
    dark = _sampled(beam, _strip(middle, across, axis, t, s))
    edge = np.maximum(dark[:, :1], dark[:, -1:])
    weight = np.maximum(edge - dark, 0.0) ** 2
    centre = (weight @ t) / np.maximum(weight.sum(axis=1), 1e-9)
    slope, offset = np.polyfit(s, centre, 1)
    shifted: PointArray = middle + float(np.clip(offset, -width / 2, width / 2)) * across
    return shifted, float(np.clip(np.arctan(slope), -0.5, 0.5))


def _profiles(
    picture: StillPicture,
    middle: PointArray,
    across: Array,
    axis: Array,
    reach: float,
    along: float,
) -> tuple[Array, Array]:
    """Beam across the cannula, ``(parts, n)``, each the median over a part of its length."""
    t = np.arange(-reach, reach + 1e-6, _STEP_PX)
    s = np.arange(-along, along + 1e-6, 1.0)
    rows = _sampled(picture.beam, _strip(middle, across, axis, t, s))
    parts = [np.median(part, axis=0) for part in np.array_split(rows, _PARTS)]
    return t, np.stack(parts)


def _fitted_bar(t: Array, profile: Array, radius: float) -> tuple[float, float]:
    """Centre and radius of a round bar or tube, pixels."""
    level, depth = _level_and_depth(profile)
    # centre, radius, attenuation along the diameter, bore, scatter, blur, level, slope
    start = np.array([0.0, radius, -1.3 * np.log(1.0 - depth), 0.1, 0.1, 1.0, level, 0.0])
    low = np.array([-radius, 0.4 * radius, 0.02, 0.0, 0.0, 0.3, 0.2 * level, -0.2 * level])
    high = np.array([radius, 2.0 * radius, 12.0, 1.0, 0.9, 3.5, 3.0 * level, 0.2 * level])
    found = _fitted(lambda p: (_bar(t, p) - profile) / level, start, low, high)
    return float(found[0]), float(found[1])


def _level_and_depth(profile: Array) -> tuple[float, float]:
    """Beam beside the metal, and by which share it is darker in it."""
    level = float(np.percentile(profile, 90))
    return level, float(np.clip(1.0 - profile.min() / max(level, 1e-9), 0.02, 0.9))


def _fitted(off: Callable[[Array], Array], start: Array, low: Array, high: Array) -> Array:
    inside = np.clip(start, low + 1e-6, high - 1e-6)
    # What crosses the metal (a rib, the other pedicle) must not pull the edge along.
    found = optimize.least_squares(off, inside, bounds=(low, high), loss="soft_l1", f_scale=0.02)
    return np.asarray(found.x, np.float64)


def _bar(t: Array, parameters: Array) -> Array:
    """Beam behind a tube, through scatter and blur."""
    centre, radius, mu, bore, scatter, blur, level, slope = parameters
    share = (t - centre) / radius
    wall = np.sqrt(np.maximum(1.0 - share**2, 0.0))
    inside = np.sqrt(np.maximum(_BORE_SHARE**2 - share**2, 0.0))
    primary = ndimage.gaussian_filter1d(np.exp(-mu * (wall - bore * inside)), blur / _STEP_PX)
    beam: Array = (level + slope * t) * (scatter + (1.0 - scatter) * primary)
    return beam


def sphere_edges(picture: StillPicture, inside_px: Point) -> FoundEdges:
    """Two opposite edges of a metal sphere, from one point inside it.

    Each ray from the middle outwards meets the edge where the beam is half way between what it is
    in the sphere and what it is beside it; a circle goes through those that agree.

    Raises
    ------
    CalibrationError
        No sphere is seen there.
    """
    beam = cv2.GaussianBlur(picture.beam, (0, 0), 0.7)
    centre = np.array(inside_px, np.float64)
    radius = 0.0
    for _ in range(4):
        points, kept = _rim(beam, centre, radius or None, picture.exposed)
        if kept.mean() < _SPHERE_RAYS / 2:
            break
        centre, radius = _circle(points[kept])
    points, kept = _rim(beam, centre, radius or None, picture.exposed)
    off = np.abs(np.hypot(*(points - centre).T) - radius)
    good = kept & (off < max(0.05 * radius, 1.0))
    if radius < 3.0 or good.mean() < _SPHERE_RAYS:
        raise CalibrationError(
            f"no sphere is seen around {inside_px[0]:g},{inside_px[1]:g}: {good.mean():.0%} of its "
            "rim lie on one circle. Click into the middle of the sphere; it must lie whole in the "
            "picture, with nothing as dark beside it."
        )
    centre, radius = _circle(points[good])
    radii = [_ball_radius(picture.beam, centre, radius, part) for part in range(_PARTS)]
    ends = centre + np.mean(radii) * np.array([[-1.0, 0.0], [1.0, 0.0]])
    return FoundEdges(ends, float(np.std(radii, ddof=1)) / np.sqrt(_PARTS))


def _ball_radius(beam: FloatImage, centre: PointArray, radius: float, part: int) -> float:
    """Radius of a ball by every third of its rays.

    Through so little of it the beam comes at its rim that the ball looks smaller than it is.
    """
    angles = 2 * np.pi * (np.arange(_RAYS // _PARTS) * _PARTS + part) / _RAYS
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    r = np.arange(0.5 * radius, min(1.3 * radius, radius + _BESIDE_PX), _STEP_PX)
    rays = _sampled(beam, centre + r[None, :, None] * ways[:, None, :])
    outside = np.median(rays[:, r > radius + 3.0], axis=1, keepdims=True)
    profile = np.median(rays / np.maximum(outside, 1e-9), axis=0)
    level, depth = _level_and_depth(profile)
    # radius, attenuation along the diameter, scatter, blur, level
    start = np.array([radius, 8.0, 1.0 - depth, 1.0, level])
    low = np.array([0.9 * radius, 3.0, 0.0, 0.3, 0.5 * level])
    high = np.array([1.1 * radius, 60.0, 0.95, 3.5, 1.5 * level])
    found = _fitted(lambda p: (_ball(r, p) - profile) / level, start, low, high)
    return float(found[0])


def _ball(r: Array, parameters: Array) -> Array:
    """Beam behind a ball, through scatter and blur."""
    radius, mu, scatter, blur, level = parameters
    length = np.sqrt(np.maximum(1.0 - (r / radius) ** 2, 0.0))
    primary = ndimage.gaussian_filter1d(np.exp(-mu * length), blur / _STEP_PX, mode="nearest")
    beam: Array = level * (scatter + (1.0 - scatter) * primary)
    return beam


def _rim(
    beam: FloatImage, centre: PointArray, radius: float | None, exposed: BoolImage
) -> tuple[PointArray, BoolImage]:
    """Where each ray leaves the dark, ``(rays, 2)``, and whether it does."""
    rows, columns = beam.shape
    most = 0.45 * min(rows, columns) if radius is None else 1.6 * radius
    r = np.arange(0.0, most, _STEP_PX)
    angles = 2 * np.pi * np.arange(_RAYS) / _RAYS
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    places = centre + r[None, :, None] * ways[:, None, :]
    rays = _sampled(beam, places)
    inside = _sampled(exposed.astype(np.float32), places) > 0.5
    rise = ndimage.gaussian_filter1d(rays, 1.0 / _STEP_PX, axis=1, order=1)
    rise = np.where(inside, rise, 0.0)
    if radius is not None:
        rise = np.where(np.abs(r - radius) < 0.35 * radius, rise, 0.0)
    steepest = np.argmax(rise, axis=1)
    edge = np.array([_half_way(r, ray, at) for ray, at in zip(rays, steepest, strict=True)])
    strong = rise[np.arange(_RAYS), steepest] > 0.3 * np.median(rise.max(axis=1))
    return centre + edge[:, None] * ways, strong & np.isfinite(edge)


def _half_way(r: Array, ray: Array, at: int) -> float:
    """Where the beam is half way between both sides of its steepest rise."""
    width, blurred = round(3.0 / _STEP_PX), round(2.0 / _STEP_PX)
    before = ray[max(at - 2 * width, 0) : max(at - blurred, 0)]
    after = ray[at + blurred : at + 2 * width]
    if len(before) < 2 or len(after) < 2:
        return float("nan")
    half = (float(np.median(before)) + float(np.median(after))) / 2
    low = max(at - width, 0)
    window = ray[low : at + width]
    above = np.flatnonzero(window >= half)
    if len(above) == 0 or above[0] == 0:
        return float("nan")
    first = int(above[0])
    share = (half - window[first - 1]) / max(window[first] - window[first - 1], 1e-9)
    return float(r[low] + (first - 1 + share) * _STEP_PX)


def _circle(points: PointArray) -> tuple[PointArray, float]:
    """Circle through points: least squares (Kasa), then without those that lie off."""
    kept = np.ones(len(points), bool)
    for _ in range(4):
        x, y = points[kept].T
        table = np.stack([2 * x, 2 * y, np.ones(len(x))], axis=1)
        solution, *_ = np.linalg.lstsq(table, x**2 + y**2, rcond=None)
        centre = solution[:2]
        radius = float(np.sqrt(max(solution[2] + centre @ centre, 0.0)))
        off = np.abs(np.hypot(*(points - centre).T) - radius)
        kept = off <= max(2.5 * float(np.median(off)), 0.5)
        if kept.sum() < 8:
            break
    return centre, radius

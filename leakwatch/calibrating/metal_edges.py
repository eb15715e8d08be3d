"""Subpixel detection of metal edges: across a cannula, and around a sphere.

A round object is thin at its edge, so that the edge is not at half attenuation. A model of the beam
behind a bar, a tube or a sphere is fitted to the image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage, optimize

from leakwatch.calibrating.still_image import StillImage
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, PointArray
from leakwatch.core.errors import CalibrationError
from leakwatch.core.messages import text
from leakwatch.vision.image_processing.resampling import sampled

_STEP_PX = 0.25  # of a profile
_REACH = 1.3  # of a profile beyond each point, in units of the distance between the points
_MIN_REACH_PX, _MAX_ALONG_PX = 6.0, 40.0
_BORE_SHARE = 0.79  # of a cannula's outer diameter: 11G 0.78, 13G 0.75, 8G 0.82
_RAYS = 120
_PARTS = 3  # measured separately
_BESIDE_PX = 12.0  # width of the surroundings of a sphere in a profile
_SPHERE_RAYS = 0.7  # minimum share of the rays with edges on one circle
# Maximum distance of an edge from the user's point, relative to the width, and at least in pixels.
_OFF_SHARE, _MIN_OFF_PX = 0.35, 4.0


@dataclass(frozen=True, slots=True)
class FoundEdges:
    """Two opposite edges.

    Parameters
    ----------
    ends_px : ndarray
        ``(2, 2)``.
    sigma_px : float
        Of each edge, by the fit.
    """

    ends_px: PointArray
    sigma_px: float


def find_cannula_edges(image: StillImage, points_px: PointArray) -> FoundEdges:
    """Find both edges of a cannula near the points set on them.

    Parameters
    ----------
    image : StillPicture
    points_px : ndarray
        ``(2, 2)``, approximately perpendicular to the cannula.

    Raises
    ------
    CalibrationError
        No cannula is found between the points.
    """
    width = float(np.hypot(*(points_px[1] - points_px[0])))
    middle = points_px.mean(axis=0)
    across = (points_px[1] - points_px[0]) / max(width, 1e-9)
    reach = max(_REACH * width, _MIN_REACH_PX)
    along = min(2.0 * width, _MAX_ALONG_PX)
    for _ in range(3):
        axis = np.array([-across[1], across[0]])
        middle, turn = _find_axis(image.beam, middle, across, axis, width, along)
        across = across * np.cos(turn) - axis * np.sin(turn)
    axis = np.array([-across[1], across[0]])
    t, profiles = _profiles(image, middle, across, axis, reach, along)
    centre, radius = _fit_bar(t, np.median(profiles, axis=0), width / 2)
    # Thirds of its length are measured separately: their differences show the uncertainty.
    radii = [_fit_bar(t, part, radius)[1] for part in profiles]
    sigma = float(np.std(radii, ddof=1)) / np.sqrt(len(radii))
    ends = middle + np.outer([centre - radius, centre + radius], across)
    off = float(np.abs((ends - points_px) @ across).max())
    if off > max(_OFF_SHARE * width, _MIN_OFF_PX) or sigma > 0.1 * width:
        raise CalibrationError(
            text(
                "no cannula with clear edges found between the points: the best fit is "
                "{width_px:.1f} pixels wide, with an edge {distance_px:.1f} pixels from a "
                "point. Set the points on its edges, perpendicular to it, where nothing else "
                "crosses it; or measure by hand.",
                width_px=2 * radius,
                distance_px=off,
            )
        )
    return FoundEdges(ends, sigma)


def _sample(image: FloatImage, points: PointArray) -> FloatImage:
    values: FloatImage = sampled(image, points, border=cv2.BORDER_REPLICATE)
    return values


def _strip_positions(
    middle: PointArray, across: Array, axis: Array, t: Array, s: Array
) -> PointArray:
    places: PointArray = middle + t[None, :, None] * across + s[:, None, None] * axis
    return places


def _find_axis(
    beam: FloatImage, middle: PointArray, across: Array, axis: Array, width: float, along: float
) -> tuple[PointArray, float]:
    """Return the centre of the dark band, and the angle of its axis, radians."""
    t = np.arange(-width, width + 1e-6, _STEP_PX)
    s = np.arange(-along, along + 1e-6, 1.0)
    dark = _sample(beam, _strip_positions(middle, across, axis, t, s))
    edge = np.maximum(dark[:, :1], dark[:, -1:])
    weight = np.maximum(edge - dark, 0.0) ** 2
    centre = (weight @ t) / np.maximum(weight.sum(axis=1), 1e-9)
    slope, offset = np.polyfit(s, centre, 1)
    shifted: PointArray = middle + float(np.clip(offset, -width / 2, width / 2)) * across
    return shifted, float(np.clip(np.arctan(slope), -0.5, 0.5))


def _profiles(
    image: StillImage,
    middle: PointArray,
    across: Array,
    axis: Array,
    reach: float,
    along: float,
) -> tuple[Array, Array]:
    """Return intensity profiles across the cannula, ``(parts, n)``, medians over its parts."""
    t = np.arange(-reach, reach + 1e-6, _STEP_PX)
    s = np.arange(-along, along + 1e-6, 1.0)
    rows = _sample(image.beam, _strip_positions(middle, across, axis, t, s))
    parts = [np.median(part, axis=0) for part in np.array_split(rows, _PARTS)]
    return t, np.stack(parts)


def _fit_bar(t: Array, profile: Array, radius: float) -> tuple[float, float]:
    """Fit a tube to a profile; return its centre and radius, pixels."""
    level, depth = _level_and_depth(profile)
    # centre, radius, attenuation along the diameter, bore, scatter, blur, level, slope
    start = np.array([0.0, radius, -1.3 * np.log(1.0 - depth), 0.1, 0.1, 1.0, level, 0.0])
    low = np.array([-radius, 0.4 * radius, 0.02, 0.0, 0.0, 0.3, 0.2 * level, -0.2 * level])
    high = np.array([radius, 2.0 * radius, 12.0, 1.0, 0.9, 3.5, 3.0 * level, 0.2 * level])
    found = _fit(lambda p: (_bar_model(t, p) - profile) / level, start, low, high)
    return float(found[0]), float(found[1])


def _level_and_depth(profile: Array) -> tuple[float, float]:
    """Return the intensity beside the metal, and the relative depth of its shadow."""
    level = float(np.percentile(profile, 90))
    return level, float(np.clip(1.0 - profile.min() / max(level, 1e-9), 0.02, 0.9))


def _fit(off: Callable[[Array], Array], start: Array, low: Array, high: Array) -> Array:
    inside = np.clip(start, low + 1e-6, high - 1e-6)
    # Structures that cross the metal (a rib, the other pedicle) must not shift the edge.
    found = optimize.least_squares(off, inside, bounds=(low, high), loss="soft_l1", f_scale=0.02)
    return np.asarray(found.x, np.float64)


def _bar_model(t: Array, parameters: Array) -> Array:
    """Return the intensity behind a tube, with scatter and blur."""
    centre, radius, mu, bore, scatter, blur, level, slope = parameters
    share = (t - centre) / radius
    wall = np.sqrt(np.maximum(1.0 - share**2, 0.0))
    inside = np.sqrt(np.maximum(_BORE_SHARE**2 - share**2, 0.0))
    primary = ndimage.gaussian_filter1d(np.exp(-mu * (wall - bore * inside)), blur / _STEP_PX)
    beam: Array = (level + slope * t) * (scatter + (1.0 - scatter) * primary)
    return beam


def find_sphere_edges(image: StillImage, inside_px: Point) -> FoundEdges:
    """Find two opposite edges of a metal sphere from a point inside it.

    On each ray from the centre, the edge is where intensity is half way between inside and outside;
    a circle is fitted to the edges that agree.

    Raises
    ------
    CalibrationError
        No sphere is found there.
    """
    beam = cv2.GaussianBlur(image.beam, (0, 0), 0.7)
    centre = np.array(inside_px, np.float64)
    radius = 0.0
    for _ in range(4):
        points, kept = _find_rim(beam, centre, radius or None, image.exposed)
        if kept.mean() < _SPHERE_RAYS / 2:
            break
        centre, radius = _fit_circle(points[kept])
    points, kept = _find_rim(beam, centre, radius or None, image.exposed)
    off = np.abs(np.hypot(*(points - centre).T) - radius)
    good = kept & (off < max(0.05 * radius, 1.0))
    if radius < 3.0 or good.mean() < _SPHERE_RAYS:
        raise CalibrationError(
            text(
                "no sphere found around {column:g},{row:g}: {share:.0%} of its edge is on one "
                "circle. Click the centre of the sphere; the complete sphere must be visible, "
                "with nothing as dark beside it.",
                column=inside_px[0],
                row=inside_px[1],
                share=good.mean(),
            )
        )
    centre, radius = _fit_circle(points[good])
    radii = [_fit_ball_radius(image.beam, centre, radius, part) for part in range(_PARTS)]
    ends = centre + np.mean(radii) * np.array([[-1.0, 0.0], [1.0, 0.0]])
    return FoundEdges(ends, float(np.std(radii, ddof=1)) / np.sqrt(_PARTS))


def _fit_ball_radius(beam: FloatImage, centre: PointArray, radius: float, part: int) -> float:
    """Fit the radius of a sphere to every third ray.

    The model is needed because the rim attenuates so little that a sphere appears too small.
    """
    angles = 2 * np.pi * (np.arange(_RAYS // _PARTS) * _PARTS + part) / _RAYS
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    r = np.arange(0.5 * radius, min(1.3 * radius, radius + _BESIDE_PX), _STEP_PX)
    rays = _sample(beam, centre + r[None, :, None] * ways[:, None, :])
    outside = np.median(rays[:, r > radius + 3.0], axis=1, keepdims=True)
    profile = np.median(rays / np.maximum(outside, 1e-9), axis=0)
    level, depth = _level_and_depth(profile)
    # radius, attenuation along the diameter, scatter, blur, level
    start = np.array([radius, 8.0, 1.0 - depth, 1.0, level])
    low = np.array([0.9 * radius, 3.0, 0.0, 0.3, 0.5 * level])
    high = np.array([1.1 * radius, 60.0, 0.95, 3.5, 1.5 * level])
    found = _fit(lambda p: (_ball_model(r, p) - profile) / level, start, low, high)
    return float(found[0])


def _ball_model(r: Array, parameters: Array) -> Array:
    """Return the intensity behind a sphere, with scatter and blur."""
    radius, mu, scatter, blur, level = parameters
    length = np.sqrt(np.maximum(1.0 - (r / radius) ** 2, 0.0))
    primary = ndimage.gaussian_filter1d(np.exp(-mu * length), blur / _STEP_PX, mode="nearest")
    beam: Array = level * (scatter + (1.0 - scatter) * primary)
    return beam


def _find_rim(
    beam: FloatImage, centre: PointArray, radius: float | None, exposed: BoolImage
) -> tuple[PointArray, BoolImage]:
    """Return the edge on each ray, ``(rays, 2)``, and whether there is one."""
    rows, columns = beam.shape
    most = 0.45 * min(rows, columns) if radius is None else 1.6 * radius
    r = np.arange(0.0, most, _STEP_PX)
    angles = 2 * np.pi * np.arange(_RAYS) / _RAYS
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    places = centre + r[None, :, None] * ways[:, None, :]
    rays = _sample(beam, places)
    inside = _sample(exposed.astype(np.float32), places) > 0.5
    rise = ndimage.gaussian_filter1d(rays, 1.0 / _STEP_PX, axis=1, order=1)
    rise = np.where(inside, rise, 0.0)
    if radius is not None:
        rise = np.where(np.abs(r - radius) < 0.35 * radius, rise, 0.0)
    steepest = np.argmax(rise, axis=1)
    edge = np.array(
        [_half_level_position(r, ray, at) for ray, at in zip(rays, steepest, strict=True)]
    )
    strong = rise[np.arange(_RAYS), steepest] > 0.3 * np.median(rise.max(axis=1))
    return centre + edge[:, None] * ways, strong & np.isfinite(edge)


def _half_level_position(r: Array, ray: Array, at: int) -> float:
    """Return the position at half level between both sides of the steepest rise."""
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


def _fit_circle(points: PointArray) -> tuple[PointArray, float]:
    """Fit a circle to points by least squares (Kasa), iteratively without outliers."""
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

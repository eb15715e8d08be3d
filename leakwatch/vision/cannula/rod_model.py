"""The cannula in the cement-free picture: a straight metal rod, and how it looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.rod_profile import (
    ProfileFit,
    bend_of,
    fit_for,
    own_lobe,
    profile_fit,
    taper_of,
    width_of,
)
from leakwatch.vision.cannula.rod_wall import RodWall, walls_of
from leakwatch.vision.image_processing.resampling import sampled, warped


class Pose(NamedTuple):
    """Where a rod is against its axis in the baseline, and how wide it looks.

    Parameters
    ----------
    offset : float
        How far its front end is off across the axis, working pixels.
    slope : float
        How much farther off it is a pixel further along.
    wider : float
        By which share it is wider at its front end than its profile says.
    taper : float
        How much more a pixel further along: what is nearer to the source looks wider.
    bend : float
        How far its axis is off a straight line, over the square of the way along it, 1/pixel: an
        image intensifier bends what is straight.
    """

    offset: float = 0.0
    slope: float = 0.0
    wider: float = 0.0
    taper: float = 0.0
    bend: float = 0.0

    def from_axis(self, along: Array, across: Array) -> Array:
        """Distance of places from the rod's axis, where its profile has them; working pixels."""
        away: Array = across - (self.offset + (self.slope + self.bend * along) * along)
        if self.wider == 0.0 and self.taper == 0.0:
            return away
        return away / (1.0 + self.wider + self.taper * along)


IN_PLACE = Pose()
_STRAIGHTENED = 3  # times: the first tells where the rod is, the second how it is bent
FINE_STEP = 0.25  # of a fine profile, pixels: a quarter of what it is sampled with at every step


@dataclass(frozen=True, slots=True)
class RodPixels:
    """The pixels that the rod can reach, as flat arrays.

    Parameters
    ----------
    at : ndarray of int
        Flat places in the picture.
    along, across : ndarray
        Their axial and transverse coordinates, float32.
    contrast : ndarray
        The rod's contrast there.
    """

    at: Array
    along: FloatImage
    across: FloatImage
    contrast: FloatImage


@dataclass(frozen=True, slots=True)
class Cannula:
    """A straight metal rod in the baseline, in reference coordinates on the working grid.

    Parameters
    ----------
    front : Point
        The end inside the patient.
    direction : Point
        Unit vector along the axis, from the front end outwards.
    length : float
        As far as it is seen, working pixels.
    profile : ndarray
        ``(2 half + 1,)`` added attenuation across the axis, its maximum 1, at steps of a pixel.
    fit : ProfileFit
        Least squares for it.
    fine_profile : ndarray
        The same at steps of ``FINE_STEP`` pixels, from the pixels themselves: what is straightened
        is smoothed a little, and an edge of steel is sharper than a pixel.
    contrast : ndarray
        ``(n,)`` added attenuation on the axis, at steps of a pixel from the front end: scatter
        makes it smaller behind dense anatomy.
    width : float
        Full width at half of the profile's maximum, working pixels.
    pose : Pose
        Its own: the axis is where it is, but it may taper.
    pixels : RodPixels
    core, beside : ndarray of bool
        Rows of a strip that lie on the rod's axis, and rows just past its edges on which no other
        rod lies.
    walls : tuple of RodWall
        On its two sides; fewer where they are too faint to be told from what is beside the rod.
    """

    front: Point
    direction: Point
    length: float
    profile: FloatImage
    fit: ProfileFit
    fine_profile: FloatImage
    contrast: FloatImage
    width: float
    pose: Pose
    pixels: RodPixels
    core: BoolImage
    beside: BoolImage
    walls: tuple[RodWall, ...]

    @property
    def across(self) -> Array:
        """Distance of each row of a strip along the rod from its axis, pixels."""
        half = (len(self.profile) - 1) // 2
        return np.arange(-half, half + 1)

    @property
    def steps(self) -> int:
        """Pixels along the axis, from the front end on, in which the rod was measured."""
        return min(int(self.length), len(self.contrast))

    @property
    def back(self) -> Point:
        """The other end, as far as it is seen; working pixels."""
        return (
            self.front[0] + self.length * self.direction[0],
            self.front[1] + self.length * self.direction[1],
        )


def measured(
    baseline: Baseline,
    line: tuple[Point, Point],
    tip: Point | None,
    scale: Scale,
    settings: InstrumentSettings,
    crowded: bool = False,
) -> Cannula | None:
    """Straighten the line's surroundings and measure a rod there.

    Parameters
    ----------
    baseline : Baseline
    line : (Point, Point)
        A point and a unit vector, from ``ridge.strongest_line``.
    tip : Point or None
        Marked needle tip; else the rod ends where it is no longer seen.
    scale : Scale
    settings : InstrumentSettings
    crowded : bool
        As for ``ridge.strongest_line``.

    Returns
    -------
    Cannula or None
        None where there is none.
    """
    point, direction = np.array(line[0]), np.array(line[1])
    for _ in range(settings.refinements):
        normal = np.array([-direction[1], direction[0]])
        strip, inside, begin = strip_around(baseline, (point, direction), scale, settings)
        contrast, centre = _contrast(strip, inside, scale, settings, 0.75 if crowded else 1.0)
        good = contrast > settings.min_contrast
        if good.sum() < scale.px(settings.min_length_mm):
            return None
        run = longest_run(good, round(scale.px(settings.max_gap_mm)))
        steps = begin + np.arange(strip.shape[1])
        good[: run[0]] = good[run[1] + 1 :] = False
        slope, offset = np.polyfit(steps[good], centre[good], 1)
        point = point + offset * normal
        direction = direction + slope * normal
        direction /= np.hypot(*direction)
    first, last = steps[run[0]], steps[run[1]]
    # The front end has exposed anatomy beyond it, the other end leaves the picture.
    exposed = np.asarray(inside.all(axis=0))
    if exposed[: run[0]].sum() < exposed[run[1] + 1 :].sum():
        direction, first, last = -direction, -last, -first
    front = point + first * direction
    if tip is not None:
        front = point + float((np.array(tip) - point) @ direction) * direction
    length = float((point + last * direction - front) @ direction)
    if length < scale.px(settings.min_length_mm):
        return None
    half = len(strip) // 2
    return _straightened(baseline, front, direction, length, half, scale, settings, crowded)


def strip_around(
    baseline: Baseline,
    line: tuple[Point | Array, Point | Array],
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[FloatImage, BoolImage, float]:
    """Return a line's straightened surroundings: columns run along it, rows across.

    Returns
    -------
    strip : ndarray
    inside : ndarray of bool
        Where the baseline was seen.
    begin : float
        How far along the line from its point the first column lies, pixels.
    """
    half, reach = round(scale.px(settings.strip_mm)), math.ceil(math.hypot(*baseline.mean.shape))
    point, direction = np.array(line[0]), np.array(line[1])
    normal = np.array([-direction[1], direction[0]])
    corner = point - reach * direction - half * normal
    return *_strip(baseline, corner, direction, 2 * reach + 1, half), -float(reach)


def _straightened(
    baseline: Baseline,
    front: Array,
    direction: Array,
    length: float,
    half: int,
    scale: Scale,
    settings: InstrumentSettings,
    crowded: bool,
) -> Cannula | None:
    picture, pose = baseline.mean, Pose()
    for _ in range(_STRAIGHTENED):
        strip = _cut(picture, front, direction, pose, int(length) + 1, half)
        sides = between_sides(strip, scale, settings)
        above = strip - sides
        axial = above.mean(axis=1)
        near = np.abs(np.arange(-half, half + 1)) <= scale.px(0.75 * settings.width_mm)
        highest = float(axial[near].max() if crowded else axial.max())
        if highest < settings.min_contrast:
            return None
        profile = np.maximum(axial / highest, 0.0)
        free = own_lobe(profile)
        if crowded:
            profile[~free] = 0.0
        if width_of(profile) > scale.px(settings.width_mm):
            return None
        profile[~(free & near)] = 0.0
        pose = _own_pose(pose, above, fit_for(profile, free), scale, settings)
    # Least-squares amplitude of the profile at every step along the axis.
    contrast = (above * profile[:, None]).sum(axis=0) / float((profile**2).sum())
    box = contrast_steps(scale, settings)
    contrast = cv2.blur(contrast.astype(np.float32)[None], (box, 1))[0]
    pixels = _pixels(picture.shape, front, direction, contrast, half)
    width, across = width_of(profile), np.abs(np.arange(-half, half + 1))
    return Cannula(
        (float(front[0]), float(front[1])),
        (float(direction[0]), float(direction[1])),
        length,
        read_only(profile.astype(np.float32)),
        fit_for(profile, free),
        read_only(_fine_profile(picture, pixels, pose, sides, profile)),
        read_only(contrast),
        width,
        pose,
        pixels,
        read_only(across <= width / 4),
        read_only((across > width * 0.75) & (across <= width * 1.25) & free),
        walls_of(above, profile, width, box, settings),
    )


def _pixels(
    shape: tuple[int, ...], front: Array, direction: Array, contrast: Array, half: int
) -> RodPixels:
    row, column = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    across = (row - front[1]) * direction[0] - (column - front[0]) * direction[1]
    along = (column - front[0]) * direction[0] + (row - front[1]) * direction[1]
    at = np.flatnonzero((np.abs(across) < half) & (along > -half))
    along = along.ravel()[at].astype(np.float32)
    return RodPixels(
        read_only(at),
        read_only(along),
        read_only(across.ravel()[at].astype(np.float32)),
        read_only(np.interp(along, np.arange(len(contrast)), contrast).astype(np.float32)),
    )


def _own_pose(
    pose: Pose, above: FloatImage, fit: ProfileFit, scale: Scale, settings: InstrumentSettings
) -> Pose:
    """How the rod tapers and bends, from a strip along a pose."""
    station = round(scale.px(settings.station_mm))
    count = above.shape[1] // station
    if count < settings.min_stations:
        return pose
    used = above[:, : count * station].reshape(len(above), count, station).mean(axis=2)
    shift, wider = profile_fit(used.T, fit)
    # Where it looks wider than perspective can make it, as past its end, something else is seen.
    shift = np.where(np.abs(wider) <= 2.0 * settings.max_wider, shift, np.nan)
    at = (np.arange(count) + 0.5) * station
    offset, slope, bend = bend_of(at, shift, above.shape[1])
    taper = taper_of(at, wider, above.shape[1], settings)
    return Pose(pose.offset + offset, pose.slope + slope, *taper, pose.bend + bend)


def _fine_profile(
    picture: FloatImage, pixels: RodPixels, pose: Pose, sides: FloatImage, profile: Array
) -> FloatImage:
    """Least-squares profile at fine steps from pixels at all distances from the axis."""
    half = (len(profile) - 1) // 2
    axis = pose.from_axis(pixels.along, pixels.across).astype(np.float32)
    there = (pixels.along >= 0.0) & (pixels.along <= sides.shape[1] - 1) & (np.abs(axis) < half)
    along, axis = pixels.along[there], axis[there]
    beside = sampled(sides, np.stack([along, axis + half], axis=1)[None])[0]
    above, contrast = picture.ravel()[pixels.at[there]] - beside, pixels.contrast[there]
    count = round(2 * half / FINE_STEP) + 1
    place = (axis + half) / FINE_STEP
    first = np.clip(place.astype(int), 0, count - 2)
    weight = place - first
    total, known = np.zeros(count), np.zeros(count)
    for where, share in ((first, 1.0 - weight), (first + 1, weight)):
        total += np.bincount(where, share * contrast * above, count)
        known += np.bincount(where, share * contrast**2, count)
    # A rod along the rows of pixels is sampled at some distances only.
    some = known > 0.1 * known.max()
    places = np.arange(count)
    fine = np.interp(places, places[some], total[some] / known[some])
    coarse = np.interp(places * FINE_STEP, np.arange(2 * half + 1), profile)
    return np.where(coarse > 0.0, fine, 0.0).astype(np.float32)


def contrast_steps(scale: Scale, settings: InstrumentSettings) -> int:
    """Return over how many steps along a rod its contrast is averaged: an odd number."""
    return 2 * round(scale.px(settings.contrast_mm) / 2) + 1


def _strip(
    baseline: Baseline, corner: Array, direction: Array, length: int, half: int
) -> tuple[FloatImage, BoolImage]:
    """Straightened surroundings of a line: columns run along it, rows across."""
    matrix = strip_matrix(corner, direction)
    size = (length, 2 * half + 1)
    strip = warped(baseline.mean, matrix, size)
    inside = warped(baseline.seen.view(np.uint8), matrix, size, cv2.INTER_NEAREST)
    return strip, inside.view(np.bool_)


def strip_matrix(corner: Array, direction: Array) -> FloatImage:
    """Matrix for `warped` that lays `direction` along the columns from `corner` on.

    Parameters
    ----------
    corner : ndarray
        ``(2,)``, what becomes column 0 of row 0.
    direction : ndarray
        ``(2,)`` unit vector; rows then run along its normal, a quarter turn clockwise.
    """
    across = (-direction[1], direction[0])
    return np.array(
        [[direction[0], across[0], corner[0]], [direction[1], across[1], corner[1]]], np.float32
    )


def between_sides(
    strip: FloatImage, scale: Scale, settings: InstrumentSettings, centre: float = 0.0
) -> FloatImage:
    """The straight line between the two sides of a rod in a strip, column by column.

    The sides are as near as the widest rod's blur allows: bone behind the rod is not straight.

    Parameters
    ----------
    strip : ndarray
        Rows run across the rod, its axis in the middle.
    scale : Scale
    settings : InstrumentSettings
    centre : float
        How far across from the axis the line is wanted, pixels.
    """
    across = np.arange(strip.shape[0]) - (strip.shape[0] - 1) / 2 - centre
    at_low, low = _side(strip, -across, scale, settings)
    at_high, high = _side(strip, across, scale, settings)
    share = (across[:, None] + at_low) / (at_high + at_low)
    between: FloatImage = (low + (high - low) * share).astype(np.float32)
    return between


def _side(
    strip: FloatImage, away: Array, scale: Scale, settings: InstrumentSettings
) -> tuple[Array, Array]:
    """How far off the axis one side of a rod lies in each column, and what it attenuates.

    Where another rod lies beside this one, the gap between them is all that can be seen.
    """
    widest = scale.px(settings.width_mm)
    beside = (away > 0.75 * widest) & (away <= 1.5 * widest)
    in_gap = (away > 0.5 * widest) & (away <= 0.75 * widest)
    usual = strip[beside].mean(axis=0)
    if not in_gap.any():
        return np.full(strip.shape[1], away[beside].mean()), usual
    gap = strip[in_gap].min(axis=0)
    covered = usual - gap > settings.min_contrast
    at = np.where(covered, away[in_gap].mean(), away[beside].mean())
    return at, np.where(covered, gap, usual)


def _contrast(
    strip: FloatImage,
    inside: BoolImage,
    scale: Scale,
    settings: InstrumentSettings,
    reach: float,
) -> tuple[FloatImage, FloatImage]:
    """Along a strip: how much more its middle attenuates than both sides, and where."""
    across = np.arange(strip.shape[0]) - (strip.shape[0] - 1) / 2
    middle = np.abs(across) <= scale.px(reach * settings.width_mm)
    box = contrast_steps(scale, settings)
    above = cv2.blur(strip - between_sides(strip, scale, settings), (box, 1))[middle]
    positive = np.maximum(above, 0)
    centre = (positive * across[middle][:, None]).sum(axis=0) / (positive.sum(axis=0) + 1e-6)
    return np.where(inside.all(axis=0), above.max(axis=0), 0.0), centre


def longest_run(good: BoolImage, gap: int) -> tuple[int, int]:
    """Return the first and last index of the longest run of True, gaps up to `gap` bridged."""
    at = np.flatnonzero(good)
    breaks = np.flatnonzero(np.diff(at) > gap + 1)
    starts, ends = np.r_[at[0], at[breaks + 1]], np.r_[at[breaks], at[-1]]
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])


def strip_along(
    cannula: Cannula, picture: Array, pose: Pose, length: int, half: int | None = None
) -> Array:
    """A picture's strip along the rod: columns run outwards from its front, rows across it.

    Parameters
    ----------
    cannula : Cannula
    picture : ndarray
        Reference coordinates on the working grid, float32 or uint8.
    pose : Pose
    length : int
        Columns of the strip.
    half : int or None
        Rows on either side of the axis; None: as many as the rod's profile has.
    """
    if half is None:
        half = (len(cannula.profile) - 1) // 2
    front, direction = np.array(cannula.front), np.array(cannula.direction)
    return _cut(picture, front, direction, pose, length, half)


def _cut(
    picture: Array, front: Array, direction: Array, pose: Pose, length: int, half: int
) -> Array:
    normal = np.array([-direction[1], direction[0]])
    size = (length, 2 * half + 1)
    if pose.bend == 0.0:
        # Rows stay at right angles to the axis of the baseline, as coordinates of a pose do.
        along = direction + pose.slope * normal
        corner = front + (pose.offset - half) * normal
        matrix = np.array([[along[0], normal[0], corner[0]], [along[1], normal[1], corner[1]]])
        return warped(picture, matrix, size)
    steps = np.arange(length)
    axis = pose.offset + (pose.slope + pose.bend * steps) * steps
    across = axis + np.arange(-half, half + 1)[:, None]
    at = front + steps[:, None] * direction + across[..., None] * normal
    return sampled(picture, at)


def farthest(pose: Pose, cannula: Cannula) -> float:
    """How far the end of the axis that is farther off is from its place, working pixels."""
    return step_between(cannula.pose, pose, cannula)


def step_between(one: Pose, other: Pose, cannula: Cannula) -> float:
    """How far the end of the axis that moves farther does so, working pixels."""
    offset, slope = other.offset - one.offset, other.slope - one.slope
    return max(abs(offset), abs(offset + slope * cannula.length))

"""The cannula in the cement-free picture: a straight metal rod, and how it looks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.geometry import Scale
from leakwatch.model import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.vision.baseline import Baseline

# Where an axis is against that of the baseline: across = offset + slope * along, working pixels.
Pose = tuple[float, float]


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
    contrast : ndarray
        ``(n,)`` added attenuation on the axis, at steps of a pixel from the front end: scatter
        makes it smaller behind dense anatomy.
    width : float
        Full width at half of the profile's maximum, working pixels.
    along, across : ndarray
        Axial and transverse coordinate of every pixel, float32.
    pixels : RodPixels
    """

    front: Point
    direction: Point
    length: float
    profile: FloatImage
    contrast: FloatImage
    width: float
    along: FloatImage
    across: FloatImage
    pixels: RodPixels

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

    Returns
    -------
    Cannula or None
        None where there is none.
    """
    half = round(scale.px(settings.strip_mm))
    reach = math.ceil(math.hypot(*baseline.mean.shape))
    steps = np.arange(2 * reach + 1) - float(reach)
    point, direction = np.array(line[0]), np.array(line[1])
    for _ in range(settings.refinements):
        normal = np.array([-direction[1], direction[0]])
        corner = point - reach * direction - half * normal
        strip, inside = _strip(baseline, corner, direction, 2 * reach + 1, half)
        contrast, centre = _contrast(strip, inside, scale, settings)
        good = contrast > settings.min_contrast
        if good.sum() < scale.px(settings.min_length_mm):
            return None
        run = _longest_run(good, round(scale.px(settings.max_gap_mm)))
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
    return _straightened(baseline, front, direction, length, half, scale, settings)


def _straightened(
    baseline: Baseline,
    front: Array,
    direction: Array,
    length: float,
    half: int,
    scale: Scale,
    settings: InstrumentSettings,
) -> Cannula | None:
    normal = np.array([-direction[1], direction[0]])
    strip, _ = _strip(baseline, front - half * normal, direction, int(length) + 1, half)
    above = _above_sides(strip, scale, settings)
    axial = above.mean(axis=1)
    peak = float(axial.max())
    if peak < settings.min_contrast:
        return None
    profile = np.maximum(axial / peak, 0.0)
    if (profile > 0.5).sum() > scale.px(settings.width_mm):
        return None
    profile[np.abs(np.arange(-half, half + 1)) > scale.px(0.75 * settings.width_mm)] = 0.0
    # Least-squares amplitude of the profile at every step along the axis.
    contrast = (above * profile[:, None]).sum(axis=0) / float((profile**2).sum())
    box = 2 * round(scale.px(settings.contrast_mm) / 2) + 1
    contrast = cv2.blur(contrast.astype(np.float32)[None], (box, 1))[0]
    rows, columns = baseline.mean.shape
    row, column = np.mgrid[:rows, :columns].astype(np.float32)
    across = (column - front[0]) * normal[0] + (row - front[1]) * normal[1]
    along = (column - front[0]) * direction[0] + (row - front[1]) * direction[1]
    at = np.flatnonzero((np.abs(across) < half) & (along >= 0.0))
    pixels = RodPixels(
        read_only(at),
        read_only(along.ravel()[at].astype(np.float32)),
        read_only(across.ravel()[at].astype(np.float32)),
        read_only(np.interp(along.ravel()[at], np.arange(len(contrast)), contrast)),
    )
    return Cannula(
        (float(front[0]), float(front[1])),
        (float(direction[0]), float(direction[1])),
        length,
        read_only(profile.astype(np.float32)),
        read_only(contrast),
        float((profile > 0.5).sum()),
        read_only(along.astype(np.float32)),
        read_only(across.astype(np.float32)),
        pixels,
    )


def _strip(
    baseline: Baseline, corner: Array, direction: Array, length: int, half: int
) -> tuple[FloatImage, BoolImage]:
    """Straightened surroundings of a line: columns run along it, rows across."""
    matrix = strip_matrix(corner, direction)
    size = (length, 2 * half + 1)
    flags = cv2.WARP_INVERSE_MAP
    strip = cv2.warpAffine(baseline.mean, matrix, size, flags=flags | cv2.INTER_LINEAR)
    inside = cv2.warpAffine(
        baseline.seen.view(np.uint8), matrix, size, flags=flags | cv2.INTER_NEAREST
    )
    return strip, inside.view(np.bool_)


def strip_matrix(corner: Array, direction: Array) -> FloatImage:
    """Matrix for ``cv2.warpAffine`` that lays `direction` along the columns from `corner` on.

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


def _above_sides(strip: FloatImage, scale: Scale, settings: InstrumentSettings) -> FloatImage:
    """A strip less the straight line between its two sides, column by column.

    The sides are as near as the widest rod's blur allows: bone behind the rod is not straight.
    """
    across = np.arange(strip.shape[0]) - (strip.shape[0] - 1) / 2
    nearest, farthest = scale.px(0.75 * settings.width_mm), scale.px(1.5 * settings.width_mm)
    beside = (np.abs(across) > nearest) & (np.abs(across) <= farthest)
    below, above_it = beside & (across < 0), beside & (across > 0)
    low, high = strip[below].mean(axis=0), strip[above_it].mean(axis=0)
    at_low, at_high = across[below].mean(), across[above_it].mean()
    share = (across[:, None] - at_low) / (at_high - at_low)
    above: FloatImage = strip - (low + (high - low) * share)
    return above


def _contrast(
    strip: FloatImage, inside: BoolImage, scale: Scale, settings: InstrumentSettings
) -> tuple[FloatImage, FloatImage]:
    """Along a strip: how much more its middle attenuates than both sides, and where."""
    across = np.arange(strip.shape[0]) - (strip.shape[0] - 1) / 2
    middle = np.abs(across) <= scale.px(settings.width_mm)
    box = 2 * round(scale.px(settings.contrast_mm) / 2) + 1
    above = cv2.blur(_above_sides(strip, scale, settings), (box, 1))[middle]
    positive = np.maximum(above, 0)
    centre = (positive * across[middle][:, None]).sum(axis=0) / (positive.sum(axis=0) + 1e-6)
    return np.where(inside.all(axis=0), above.max(axis=0), 0.0), centre


def _longest_run(good: BoolImage, gap: int) -> tuple[int, int]:
    """First and last index of the longest run of True, gaps up to `gap` bridged."""
    at = np.flatnonzero(good)
    breaks = np.flatnonzero(np.diff(at) > gap + 1)
    starts, ends = np.r_[at[0], at[breaks + 1]], np.r_[at[breaks], at[-1]]
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])


def strip_along(cannula: Cannula, picture: Array, pose: Pose, length: int) -> Array:
    """A picture's strip along the rod: columns run outwards from its front, rows across it.

    Parameters
    ----------
    cannula : Cannula
    picture : ndarray
        Reference coordinates on the working grid, float32 or uint8.
    pose : Pose
    length : int
        Columns of the strip.
    """
    half = (len(cannula.profile) - 1) // 2
    offset, slope = pose
    normal = np.array([-cannula.direction[1], cannula.direction[0]])
    direction = np.array(cannula.direction) + slope * normal
    direction /= np.hypot(*direction)
    corner = np.array(cannula.front) + (offset - half) * normal
    strip: Array = cv2.warpAffine(
        picture,
        strip_matrix(corner, direction),
        (length, 2 * half + 1),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    return strip


def farthest(pose: Pose, cannula: Cannula) -> float:
    """How far the end of the axis that is farther off is from its place, working pixels."""
    return max(abs(pose[0]), abs(pose[0] + pose[1] * cannula.length))


def beside_rod(cannula: Cannula) -> tuple[BoolImage, BoolImage]:
    """Rows of a strip that lie on the rod's axis, and rows just past its edges."""
    half = (len(cannula.profile) - 1) // 2
    across = np.abs(np.arange(-half, half + 1))
    beside = (across > cannula.width * 0.75) & (across <= cannula.width * 1.25)
    return across <= cannula.width / 4, beside


def with_rod(
    picture: FloatImage,
    cannula: Cannula,
    pose: Pose,
    front: float,
    profile: FloatImage,
    gain: FloatImage | None = None,
) -> FloatImage:
    """A picture with the attenuation that a rod adds, or what fills it.

    Parameters
    ----------
    picture : ndarray
        Reference coordinates on the working grid.
    cannula : Cannula
    pose : Pose
    front : float
        Where along the axis it begins, working pixels.
    profile : ndarray
        Of what is added, in units of the rod's contrast, as long as the rod's own.
    gain : ndarray or None
        ``(n,)`` factor at steps of a pixel along the axis from the front end of the baseline;
        None: 1 everywhere.
    """
    pixels = cannula.pixels
    axis = pixels.across - (pose[0] + pose[1] * pixels.along)
    half = (len(profile) - 1) // 2
    reached = float(np.abs(np.flatnonzero(profile) - half).max(initial=0)) + 1.0
    some = (np.abs(axis) <= reached) & (pixels.along >= front)
    shape = np.interp(axis[some], np.arange(-half, half + 1), profile)
    if gain is not None:
        shape *= np.interp(pixels.along[some], np.arange(len(gain)), gain)
    image = picture.copy()
    image.ravel()[pixels.at[some]] += (shape * pixels.contrast[some]).astype(np.float32)
    return read_only(image)

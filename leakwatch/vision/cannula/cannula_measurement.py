"""Measurement of a cannula in the baseline, once a line is known along which one may lie.

The surroundings of the line are straightened, and a bar of steel is looked for in them: at every
step along the line, what stands out between the two sides. Then the axis is fitted, with its taper
and bend, and what was seen is averaged along it to a profile and across it to a contrast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import msgspec
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.cannula_model import (
    FINE_STEP,
    Cannula,
    CannulaWall,
    Pose,
    ReachablePixels,
    cut_strip,
    strip_matrix,
)
from leakwatch.vision.cannula.profile_fit import (
    ProfileFit,
    find_own_lobe,
    fit_bend,
    fit_profiles,
    fit_taper,
    measure_width,
    prepare_fit,
)
from leakwatch.vision.image_processing.resampling import sampled, warped

_STRAIGHTENED = 3  # times: the first tells where the cannula is, the second how it is bent
# The lumen of a bone needle takes up 0.72 to 0.8 of its diameter: past 0.42 of the width at half of
# the profile's maximum most of what attenuates is wall, whatever the lumen holds.
_WALL = (0.42, 0.6)
_LEAST_WALL = 0.5  # of the least contrast of a cannula: half of its maximum is where its width ends
_FARTHEST_SIDE = 1.5  # widths from the axis: what lies beside a cannula is looked at so far out
# Another cannula may begin so many widths from the axis, and a single one may be so blurred.
_CROWDED_REACH, _LONE_REACH = 0.75, 1.0


def for_working_cannulas(settings: InstrumentSettings) -> InstrumentSettings:
    """Return the settings by which cannulas are found that are wider than needles."""
    return msgspec.structs.replace(settings, width_mm=settings.sheath_mm)


@dataclass(frozen=True, slots=True)
class CannulaMeasurer:
    """Measurement of a cannula no wider than ``settings.width_mm``, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    @property
    def contrast_steps(self) -> int:
        """Steps along a cannula over which its contrast is averaged: an odd number."""
        return 2 * round(self.scale.px(self.settings.contrast_mm) / 2) + 1

    def measure(
        self,
        baseline: Baseline,
        line: tuple[Point, Point],
        tip: Point | None,
        crowded: bool = False,
    ) -> Cannula | None:
        """Measure a cannula along a line; None where there is none.

        Parameters
        ----------
        baseline : Baseline
        line : (Point, Point)
            A point and a unit vector, from ``LineSearch.find``.
        tip : Point or None
            Marked tip; else the cannula ends where it is no longer seen.
        crowded : bool
            As for ``LineSearch.find``.
        """
        axis = self._find_axis(baseline, line, crowded)
        if axis is None:
            return None
        point, direction, first, last = axis
        front = point + first * direction
        if tip is not None:
            front = point + float((np.array(tip) - point) @ direction) * direction
        length = float((point + last * direction - front) @ direction)
        if length < self.scale.px(self.settings.min_length_mm):
            return None
        return self._measure_along(baseline.mean, front, direction, length, crowded)

    def strip_around(
        self, baseline: Baseline, line: tuple[Point | Array, Point | Array]
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
        half, reach = self._half, math.ceil(math.hypot(*baseline.mean.shape))
        point, direction = np.array(line[0]), np.array(line[1])
        normal = np.array([-direction[1], direction[0]])
        matrix = strip_matrix(point - reach * direction - half * normal, direction)
        size = (2 * reach + 1, 2 * half + 1)
        strip = warped(baseline.mean, matrix, size)
        inside = warped(baseline.seen.view(np.uint8), matrix, size, cv2.INTER_NEAREST)
        return strip, inside.view(np.bool_), -float(reach)

    def uncertainty_behind(self, cannula: Cannula, picture: FloatImage) -> FloatImage:
        """Return by how much the anatomy behind a cannula may differ from what replaces it.

        It was taken to lie on the straight line between the two sides. Beside the cannula, where
        the anatomy is seen, the same guess is wrong by so much: a share of its root mean square,
        along the cannula.

        Parameters
        ----------
        cannula : Cannula
        picture : ndarray
            The baseline.
        """
        width = self.scale.px(self.settings.width_mm)
        half = math.ceil(3.5 * width)
        strip = cannula.strip_along(picture, cannula.pose, half)
        across = np.arange(-half, half + 1)
        wrong = []
        for centre in (-2.0 * width, 2.0 * width):
            line = self._between_sides(strip, centre)
            wrong.append((strip - line)[np.abs(across - centre) <= width / 2])
        square = np.mean(np.concatenate(wrong) ** 2, axis=0)
        box = 2 * round(self.scale.px(self.settings.contrast_mm)) + 1
        uncertainty = np.sqrt(cv2.blur(square.astype(np.float32)[None], (box, 1))[0])
        return read_only(np.float32(self.settings.doubt_share) * uncertainty)

    @property
    def _half(self) -> int:
        """Rows of a strip on either side of the axis: as set, and both sides of the widest one."""
        beside = math.ceil(_FARTHEST_SIDE * self.scale.px(self.settings.width_mm))
        return max(round(self.scale.px(self.settings.strip_mm)), beside)

    def _find_axis(
        self, baseline: Baseline, line: tuple[Point, Point], crowded: bool
    ) -> tuple[Array, Array, float, float] | None:
        """Return a point and a unit vector of the axis, and where along it the steel is seen.

        The vector points outwards, so that the front end comes first.
        """
        point, direction = np.array(line[0]), np.array(line[1])
        for _ in range(self.settings.refinements):
            normal = np.array([-direction[1], direction[0]])
            strip, inside, begin = self.strip_around(baseline, (point, direction))
            contrast, centre = self._stand_out(strip, inside, crowded)
            good = contrast > self.settings.min_contrast
            if good.sum() < self.scale.px(self.settings.min_length_mm):
                return None
            run = longest_run(good, round(self.scale.px(self.settings.max_gap_mm)))
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
            return point, -direction, -last, -first
        return point, direction, first, last

    def _stand_out(
        self, strip: FloatImage, inside: BoolImage, crowded: bool
    ) -> tuple[FloatImage, FloatImage]:
        """Return how much more the middle of a strip attenuates than its sides, and where."""
        across = np.arange(strip.shape[0]) - (strip.shape[0] - 1) / 2
        reach = _CROWDED_REACH if crowded else _LONE_REACH
        middle = np.abs(across) <= self.scale.px(reach * self.settings.width_mm)
        box = (self.contrast_steps, 1)
        above = cv2.blur(strip - self._between_sides(strip), box)[middle]
        positive = np.maximum(above, 0)
        centre = (positive * across[middle][:, None]).sum(axis=0) / (positive.sum(axis=0) + 1e-6)
        return np.where(inside.all(axis=0), above.max(axis=0), 0.0), centre

    def _measure_along(
        self, picture: FloatImage, front: Array, direction: Array, length: float, crowded: bool
    ) -> Cannula | None:
        """Measure profile, contrast and width along an axis; None where no cannula looks so."""
        pose, half, widest = Pose(), self._half, self.scale.px(self.settings.width_mm)
        across = np.abs(np.arange(-half, half + 1))
        near = across <= self.scale.px(_CROWDED_REACH * self.settings.width_mm)
        for _ in range(_STRAIGHTENED):
            strip = cut_strip(picture, front, direction, pose, int(length) + 1, half)
            sides = self._between_sides(strip)
            above = strip - sides
            axial = above.mean(axis=1)
            highest = float(axial[near].max() if crowded else axial.max())
            if highest < self.settings.min_contrast:
                return None
            profile = np.maximum(axial / highest, 0.0)
            free = find_own_lobe(profile)
            if crowded:
                profile[~free] = 0.0
            if measure_width(profile) > widest:
                return None
            profile[~(free & near)] = 0.0
            fit = prepare_fit(profile, free)
            pose = self._own_pose(pose, above, fit)
        # Least-squares amplitude of the profile at every step along the axis.
        contrast = (above * profile[:, None]).sum(axis=0) / float((profile**2).sum())
        contrast = cv2.blur(contrast.astype(np.float32)[None], (self.contrast_steps, 1))[0]
        pixels = _list_reachable(picture.shape, front, direction, contrast, half)
        width = measure_width(profile)
        return Cannula(
            (float(front[0]), float(front[1])),
            (float(direction[0]), float(direction[1])),
            length,
            read_only(profile.astype(np.float32)),
            fit,
            read_only(_measure_fine_profile(picture, pixels, pose, sides, profile)),
            read_only(contrast),
            read_only(self._contrast_of_steel(contrast, min(int(length), len(contrast)))),
            self.contrast_steps,
            width,
            self.scale.px(self.settings.rim_mm),
            pose,
            pixels,
            read_only(across <= width / 4),
            read_only((across > width * 0.75) & (across <= width * 1.25) & free),
            read_only(self._find_outer(min(int(length), len(contrast)))),
            self._measure_walls(above, profile, width),
        )

    def _contrast_of_steel(self, contrast: FloatImage, length: int) -> FloatImage:
        """Return a contrast without what edges of bone along the cannula add to it.

        Scatter changes the contrast of steel slowly. What is shorter lies behind the cannula; only
        where hardly any is left, as at its front end, there is no steel.
        """
        reach = round(self.scale.px(self.settings.scatter_mm) / 2)
        box = 2 * reach + 1
        steel = contrast[:length] >= np.median(contrast[:length]) / 2
        steps = np.arange(length)
        filled = np.interp(steps, steps[steel], contrast[:length][steel])
        padded = np.pad(filled, reach, mode="edge")
        usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, box), axis=1)
        even = cv2.blur(usual.astype(np.float32)[None], (box, 1), borderType=cv2.BORDER_REPLICATE)
        return np.pad(
            np.where(steel, even[0], contrast[:length]), (0, len(contrast) - length), mode="edge"
        )

    def _find_outer(self, length: int) -> BoolImage:
        """Return the columns of the outer half, where no bolus can be."""
        first = int(max(length / 2, min(self.scale.px(self.settings.bolus_mm), 0.75 * length)))
        return np.arange(length) >= first

    def _measure_walls(
        self, above: FloatImage, profile: Array, width: float
    ) -> tuple[CannulaWall, ...]:
        """Return the walls beside the lumen, from a strip less what is beside the cannula."""
        half = (len(profile) - 1) // 2
        across = np.arange(-half, half + 1)
        walls = []
        for side in (-across, across):
            rows = (side >= _WALL[0] * width) & (side <= _WALL[1] * width) & (profile > 0.0)
            if rows.any():
                contrast = cv2.blur(above[rows].mean(axis=0)[None], (self.contrast_steps, 1))[0]
                if float(np.median(contrast)) >= _LEAST_WALL * self.settings.min_contrast:
                    walls.append(CannulaWall(read_only(rows), read_only(contrast)))
        return tuple(walls)

    def _own_pose(self, pose: Pose, above: FloatImage, fit: ProfileFit) -> Pose:
        """Return how the cannula tapers and bends, from a strip along a pose."""
        station = round(self.scale.px(self.settings.station_mm))
        count = above.shape[1] // station
        if count < self.settings.min_stations:
            return pose
        used = above[:, : count * station].reshape(len(above), count, station).mean(axis=2)
        shift, wider = fit_profiles(used.T, fit)
        # Where it looks wider than perspective can make it, as past its end, something else is
        # seen.
        widest = self.settings.max_wider
        shift = np.where(np.abs(wider) <= 2.0 * widest, shift, np.nan)
        at = (np.arange(count) + 0.5) * station
        offset, slope, bend = fit_bend(at, shift, above.shape[1])
        taper = fit_taper(at, wider, above.shape[1], self.settings.min_stations, widest)
        return Pose(pose.offset + offset, pose.slope + slope, *taper, pose.bend + bend)

    def _between_sides(self, strip: FloatImage, centre: float = 0.0) -> FloatImage:
        """Return the straight line between the two sides of a cannula, column by column.

        The sides are as near as the blur of the widest one allows: bone behind it is not straight.

        Parameters
        ----------
        strip : ndarray
            The axis in the middle of the rows.
        centre : float
            How far across from the axis the line is wanted, pixels.
        """
        across = np.arange(strip.shape[0]) - (strip.shape[0] - 1) / 2 - centre
        at_low, low = self._side(strip, -across)
        at_high, high = self._side(strip, across)
        share = (across[:, None] + at_low) / (at_high + at_low)
        between: FloatImage = (low + (high - low) * share).astype(np.float32)
        return between

    def _side(self, strip: FloatImage, away: Array) -> tuple[Array, Array]:
        """Return how far off the axis one side lies in each column, and what it attenuates.

        Where another cannula lies beside this one, the gap between them is all that can be seen.
        """
        widest = self.scale.px(self.settings.width_mm)
        beside = (away > 0.75 * widest) & (away <= _FARTHEST_SIDE * widest)
        in_gap = (away > 0.5 * widest) & (away <= 0.75 * widest)
        usual = strip[beside].mean(axis=0)
        if not in_gap.any():
            return np.full(strip.shape[1], away[beside].mean()), usual
        gap = strip[in_gap].min(axis=0)
        covered = usual - gap > self.settings.min_contrast
        at = np.where(covered, away[in_gap].mean(), away[beside].mean())
        return at, np.where(covered, gap, usual)


def _list_reachable(
    shape: tuple[int, ...], front: Array, direction: Array, contrast: Array, half: int
) -> ReachablePixels:
    row, column = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    across = (row - front[1]) * direction[0] - (column - front[0]) * direction[1]
    along = (column - front[0]) * direction[0] + (row - front[1]) * direction[1]
    at = np.flatnonzero((np.abs(across) < half) & (along > -half))
    along = along.ravel()[at].astype(np.float32)
    return ReachablePixels(
        read_only(at),
        read_only(along),
        read_only(across.ravel()[at].astype(np.float32)),
        read_only(np.interp(along, np.arange(len(contrast)), contrast).astype(np.float32)),
    )


def _measure_fine_profile(
    picture: FloatImage, pixels: ReachablePixels, pose: Pose, sides: FloatImage, profile: Array
) -> FloatImage:
    """Return the least-squares profile at fine steps, from pixels at all distances to the axis."""
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
    # A cannula along the rows of pixels is sampled at some distances only.
    some = known > 0.1 * known.max()
    places = np.arange(count)
    fine = np.interp(places, places[some], total[some] / known[some])
    coarse = np.interp(places * FINE_STEP, np.arange(2 * half + 1), profile)
    return np.where(coarse > 0.0, fine, 0.0).astype(np.float32)


def longest_run(good: BoolImage, gap: int) -> tuple[int, int]:
    """Return the first and last index of the longest run of True, gaps up to `gap` bridged."""
    at = np.flatnonzero(good)
    breaks = np.flatnonzero(np.diff(at) > gap + 1)
    starts, ends = np.r_[at[0], at[breaks + 1]], np.r_[at[breaks], at[-1]]
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])

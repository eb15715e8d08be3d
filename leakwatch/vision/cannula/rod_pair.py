"""Two rods that cross or touch: found at once, and each measured without the other."""

from __future__ import annotations

from dataclasses import replace

import cv2
import msgspec
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, FloatImage, Point
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.pair_fit import Stations, Tube, fit_one, fit_two
from leakwatch.vision.cannula.rod_layers import place_of
from leakwatch.vision.cannula.rod_model import (
    Cannula,
    contrast_steps,
    longest_run,
    measured,
    strip_around,
)

_BESIDE = 2.0 / 3.0  # of the strip's half width: what lies farther out is beside the rods
_EDGE_MM = 0.35  # blur of an edge of steel
_LEAST_STATIONS = 6  # as many as two tubes have parameters
_TIMES = 2  # each is measured: the first time the other is only known as an ideal tube


def find_pair(
    baseline: Baseline,
    line: tuple[Point, Point],
    tip: Point | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[Cannula, Cannula] | None:
    """Return two rods that cross or touch; None where one explains what is seen as well.

    Looked for one after the other, the first would be a compromise between both.

    Parameters
    ----------
    baseline : Baseline
    line : (Point, Point)
        A point and a unit vector, from ``ridge.strongest_line``.
    tip : Point or None
        Marked needle tip, working pixels: that of the first.
    scale : Scale
    settings : InstrumentSettings
    """
    stations = _stations(baseline, line, scale, settings)
    if stations is None:
        return None
    widths = scale.px(settings.narrowest_mm), scale.px(settings.sheath_mm)
    _, left_by_one = fit_one(stations, widths)
    if left_by_one < settings.min_left_by_one:
        return None
    tubes, left_by_two = fit_two(stations, widths)
    apart = [tubes[0].off(at) - tubes[1].off(at) for at in stations.at[[0, -1]]]
    wide = (tubes[0].width + tubes[1].width) / 2.0
    # With a gap between them, each is measured better beside the other.
    touch = min(apart) < 0.0 < max(apart) or min(map(abs, apart)) < wide
    if not touch or left_by_two > settings.max_left_by_two * left_by_one:
        return None
    if tip is not None:
        tubes.sort(key=lambda tube: _distance(_axis(line, tube), tip))
    if max(tube.width for tube in tubes) > scale.px(settings.width_mm):
        settings = msgspec.structs.replace(settings, width_mm=settings.sheath_mm)
    return _measured_in_turn(baseline, line, stations, tubes, tip, scale, settings)


def _stations(
    baseline: Baseline, line: tuple[Point, Point], scale: Scale, settings: InstrumentSettings
) -> Stations | None:
    """Return profiles along the part of a line where steel is seen near it."""
    strip, inside, first = strip_around(baseline, line, scale, settings)
    half = len(strip) // 2
    across = np.arange(-half, half + 1)
    beside = np.abs(across) > _BESIDE * half
    low, high = (strip[beside & side].mean(axis=0) for side in (across < 0, across > 0))
    above = strip - (low + (high - low) * ((across[:, None] + half) / (2.0 * half)))
    smooth = cv2.blur(above.astype(np.float32), (contrast_steps(scale, settings), 3))
    good = inside.all(axis=0) & (smooth[~beside].max(axis=0) > settings.min_contrast)
    if not good.any():
        return None
    begin, end = longest_run(good, round(scale.px(settings.max_gap_mm)))
    length = max(round(scale.px(settings.contrast_mm)), 1)
    count = (end - begin) // length
    if count < _LEAST_STATIONS:
        return None
    used = above[:, begin : begin + count * length].reshape(len(strip), count, length)
    at = first + begin + (np.arange(count) + 0.5) * length - 0.5
    return Stations(used.mean(axis=2).T.astype(np.float64), at, scale.px(_EDGE_MM))


def _axis(line: tuple[Point, Point], tube: Tube) -> tuple[Point, Point]:
    """Return a point and a unit vector of a tube's axis, in the picture."""
    point, along = np.array(line[0]), np.array(line[1])
    normal = np.array([-along[1], along[0]])
    point = point + tube.offset * normal
    along = (along + tube.slope * normal) / np.hypot(1.0, tube.slope)
    return (float(point[0]), float(point[1])), (float(along[0]), float(along[1]))


def _distance(axis: tuple[Point, Point], point: Point) -> float:
    """Return how far a point lies from an axis."""
    away = np.subtract(point, axis[0])
    return abs(float(away[0] * axis[1][1] - away[1] * axis[1][0]))


def _measured_in_turn(
    baseline: Baseline,
    line: tuple[Point, Point],
    stations: Stations,
    tubes: list[Tube],
    tip: Point | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[Cannula, Cannula] | None:
    """Return both rods, each measured in the picture without the other."""
    other = _drawn_tube(line, tubes[1], stations, baseline.mean.shape)
    found: list[Cannula] = []
    for turn in range(2 * _TIMES):
        which = turn % 2
        alone = replace(baseline, mean=baseline.mean - other)
        axis = _axis(line, tubes[which])
        rod = measured(alone, axis, None if which else tip, scale, settings, crowded=True)
        if rod is None:
            return None
        found.append(rod)
        other = drawn(rod, baseline.mean.shape, scale, settings)
    return found[-2], found[-1]


def _drawn_tube(
    line: tuple[Point, Point], tube: Tube, stations: Stations, shape: tuple[int, ...]
) -> FloatImage:
    """Return what a tube adds to a picture between the first and the last station."""
    row, column = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    (left, top), (right, down) = line
    along: Array = (column - left) * right + (row - top) * down
    away = (row - top) * right - (column - left) * down - tube.offset - tube.slope * along
    away /= np.float32(np.hypot(1.0, tube.slope))
    seen = (along >= stations.at[0]) & (along <= stations.at[-1])
    image: FloatImage = np.where(seen, tube.attenuation(away, stations.blur), 0.0)
    return image.astype(np.float32)


def drawn(
    cannula: Cannula, shape: tuple[int, ...], scale: Scale, settings: InstrumentSettings
) -> FloatImage:
    """Return what a rod adds to the baseline, as an image."""
    place = place_of(cannula, cannula.pose, shape, scale, settings)
    image = np.zeros(shape, np.float32)
    image.ravel()[place.at] = place.rod
    return image

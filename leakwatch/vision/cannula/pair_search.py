"""Search for two cannulas that cross or touch: found at once, each measured without the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, FloatImage, Point
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.cannula_layers import draw_cannula
from leakwatch.vision.cannula.cannula_measurement import (
    CannulaMeasurer,
    for_working_cannulas,
    longest_run,
)
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.pair_fit import Stations, Tube, fit_one, fit_two

_BESIDE = 2.0 / 3.0  # of the strip's half width: what lies farther out is beside the cannulas
_EDGE_MM = 0.35  # blur of an edge of steel
_LEAST_STATIONS = 6  # as many as two tubes have parameters
_TIMES = 2  # each is measured: the first time the other is only known as an ideal tube


@dataclass(frozen=True)
class PairSearch:
    """Search for two cannulas that cross or touch, at the scale of a run.

    Looked for one after the other, the first would be a compromise between both.
    """

    scale: Scale
    settings: InstrumentSettings

    @cached_property
    def narrow(self) -> CannulaMeasurer:
        """Measurement of needles."""
        return CannulaMeasurer(self.scale, self.settings)

    @cached_property
    def wide(self) -> CannulaMeasurer:
        """Measurement of working cannulas."""
        return CannulaMeasurer(self.scale, for_working_cannulas(self.settings))

    def find(
        self, baseline: Baseline, line: tuple[Point, Point], tip: Point | None
    ) -> tuple[Cannula, Cannula] | None:
        """Return two cannulas along a line; None where one explains what is seen as well.

        Parameters
        ----------
        baseline : Baseline
        line : (Point, Point)
            A point and a unit vector, from ``LineSearch.find``.
        tip : Point or None
            Marked tip, working pixels: that of the first.
        """
        stations = self._list_stations(baseline, line)
        if stations is None:
            return None
        widths = self.scale.px(self.settings.narrowest_mm), self.scale.px(self.settings.sheath_mm)
        _, left_by_one = fit_one(stations, widths)
        if left_by_one < self.settings.min_left_by_one:
            return None
        tubes, left_by_two = fit_two(stations, widths)
        apart = [tubes[0].off(at) - tubes[1].off(at) for at in stations.at[[0, -1]]]
        wide = (tubes[0].width + tubes[1].width) / 2.0
        # With a gap between them, each is measured better beside the other.
        touch = min(apart) < 0.0 < max(apart) or min(map(abs, apart)) < wide
        if not touch or left_by_two > self.settings.max_left_by_two * left_by_one:
            return None
        if tip is not None:
            tubes.sort(key=lambda tube: _distance(_axis(line, tube), tip))
        is_wide = max(tube.width for tube in tubes) > self.scale.px(self.settings.width_mm)
        measurer = self.wide if is_wide else self.narrow
        return _measure_in_turn(measurer, baseline, line, stations, tubes, tip)

    def _list_stations(self, baseline: Baseline, line: tuple[Point, Point]) -> Stations | None:
        """Return profiles along the part of a line where steel is seen near it."""
        strip, inside, first = self.narrow.strip_around(baseline, line)
        half = len(strip) // 2
        across = np.arange(-half, half + 1)
        beside = np.abs(across) > _BESIDE * half
        low, high = (strip[beside & side].mean(axis=0) for side in (across < 0, across > 0))
        above = strip - (low + (high - low) * ((across[:, None] + half) / (2.0 * half)))
        smooth = cv2.blur(above.astype(np.float32), (self.narrow.contrast_steps, 3))
        good = inside.all(axis=0) & (smooth[~beside].max(axis=0) > self.settings.min_contrast)
        if not good.any():
            return None
        begin, end = longest_run(good, round(self.scale.px(self.settings.max_gap_mm)))
        length = max(round(self.scale.px(self.settings.contrast_mm)), 1)
        count = (end - begin) // length
        if count < _LEAST_STATIONS:
            return None
        used = above[:, begin : begin + count * length].reshape(len(strip), count, length)
        at = first + begin + (np.arange(count) + 0.5) * length - 0.5
        return Stations(used.mean(axis=2).T.astype(np.float64), at, self.scale.px(_EDGE_MM))


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


def _measure_in_turn(
    measurer: CannulaMeasurer,
    baseline: Baseline,
    line: tuple[Point, Point],
    stations: Stations,
    tubes: list[Tube],
    tip: Point | None,
) -> tuple[Cannula, Cannula] | None:
    """Return both cannulas, each measured in the picture without the other."""
    other = _draw_tube(line, tubes[1], stations, baseline.mean.shape)
    found: list[Cannula] = []
    for turn in range(2 * _TIMES):
        which = turn % 2
        alone = replace(baseline, mean=baseline.mean - other)
        axis = _axis(line, tubes[which])
        cannula = measurer.measure(alone, axis, None if which else tip, crowded=True)
        if cannula is None:
            return None
        found.append(cannula)
        other = draw_cannula(cannula, baseline.mean.shape)
    return found[-2], found[-1]


def _draw_tube(
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

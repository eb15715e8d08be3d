"""Search for the line along which a cannula may lie: the longest even ridge of its width.

The line is only a candidate: `CannulaMeasurer` tells whether a cannula lies there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, FloatImage, Point
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.cannula_model import strip_matrix
from leakwatch.vision.image_processing.resampling import warped
from leakwatch.vision.vertebra.posterior_wall import Wall


@dataclass(frozen=True, slots=True)
class LineSearch:
    """Search for the line of a bar no wider than ``settings.width_mm``, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    def find(
        self, baseline: Baseline, wall: Wall | None, tip: Point | None, crowded: bool
    ) -> tuple[Point, Point] | None:
        """Find the longest straight even ridge of a cannula's width.

        The picture is turned step by step; in each the rows are filtered with a bar of the
        cannula's width against its sides, and the best unbroken run along a row is taken. A
        response counts up to a limit and its absence against it, so that even steel outweighs
        brighter but patchy bone; what runs along the wall is no cannula.

        Parameters
        ----------
        baseline : Baseline
        wall : Wall or None
            Only what lies behind it is searched, where its sides are known.
        tip : Point or None
            Marked tip, working pixels: where the side of the wall is unknown, only a line that
            points to it counts.
        crowded : bool
            Another cannula may lie beside it, and its sides are compared nearer to it: not for one
            that looks wider than it can be, where millimetres are a guess.

        Returns
        -------
        (Point, Point) or None
            A point on the ridge and the unit vector along it, working pixels.
        """
        step = max(round(self.scale.px(self.settings.search_mm)), 1)
        width = self.scale.px(self.settings.width_mm) / step
        kernel = _make_bar_filter(width, 0.75 if crowded else 1.0)
        searched, corner = _prepare_searched(baseline, wall, step, len(kernel))
        aim = None
        if tip is not None and (wall is None or wall.inside is None):
            aim = (np.array(tip) - (step - 1) / 2) / step - corner
        along_wall = None if wall is None else wall.line[-1] - wall.line[0]

        def best_of(angles_deg: Iterable[float]) -> tuple[float, float, Array]:
            """Find the strongest run, its angle, and a point on its line."""
            found = [(0.0, 0.0, np.zeros(2))]
            for degrees in angles_deg:
                direction = _direction(degrees)
                if self._crosses(direction, along_wall):
                    strength, point = self._best_along(searched, direction, kernel, aim, step)
                    found.append((strength, degrees, point))
            return max(found, key=lambda one: one[0])

        fine = self.settings.angle_step_deg
        coarse = best_of(np.arange(0.0, 180.0, 2 * fine))
        beside = best_of((coarse[1] - fine, coarse[1] + fine))
        strength, degrees, point = max(coarse, beside, key=lambda one: one[0])
        shortest = self.scale.px(self.settings.min_length_mm)
        if strength < self.settings.min_contrast / 4 * shortest / step:
            return None
        direction = _direction(degrees)
        column, row = step * (point + corner) + (step - 1) / 2
        at = (float(column), float(row))
        return at, (float(direction[0]), float(direction[1]))

    def _crosses(self, direction: Array, along_wall: Array | None) -> bool:
        """Return whether a line crosses the wall, rather than runs along it."""
        if along_wall is None:
            return True
        return _angle_deg(direction, along_wall) >= self.settings.wall_angle_deg

    def _best_along(
        self,
        searched: FloatImage,
        direction: Array,
        kernel: FloatImage,
        aim: Array | None,
        step: int,
    ) -> tuple[float, Array]:
        """Find the best run of a bar's response along `direction`: its sum, a point on its line.

        Where `aim` is given, in pixels of `searched`, the line passes near it.
        """
        rows, columns = searched.shape[:2]
        centre = np.array([(columns - 1) / 2, (rows - 1) / 2])
        size = math.ceil(math.hypot(rows, columns))
        normal = np.array([-direction[1], direction[0]])
        matrix = strip_matrix(centre - (size - 1) / 2 * (direction + normal), direction)
        turned, counts = cv2.split(warped(searched, matrix, (size, size)))
        response = cv2.filter2D(turned, cv2.CV_32F, kernel)
        even = cv2.min(cv2.max(response, 0.0), self.settings.even_contrast)
        sums = _find_best_run(even * counts - self.settings.min_contrast / 2)
        if aim is not None:
            reach = self.scale.px(self.settings.tip_mm) / step
            aimed = float((aim - centre) @ normal) + (size - 1) / 2
            sums = np.where(np.abs(np.arange(size) - aimed) <= reach, sums, 0.0)
        row = int(np.argmax(sums))
        return float(sums[row]), centre + (row - (size - 1) / 2) * normal


def _direction(degrees: float) -> Array:
    turn = math.radians(degrees)
    return np.array([math.cos(turn), math.sin(turn)])


def _prepare_searched(
    baseline: Baseline, wall: Wall | None, step: int, rim: int
) -> tuple[FloatImage, Array]:
    """Return attenuation and where it may count, on every `step`-th pixel; ``(rows, columns, 2)``.

    Cut to what counts, with its rim: turning the rest would be the most of the work. The corner
    that is left is ``(column, row)``.
    """
    rows, columns = (side // step for side in baseline.mean.shape)
    whole = baseline.mean[: rows * step, : columns * step]
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    every = np.s_[: rows * step : step, : columns * step : step]
    seen = np.ascontiguousarray(baseline.seen[every]).view(np.uint8)
    counts = cv2.erode(seen, np.ones((rim, rim), np.uint8), borderValue=0).astype(np.float32)
    if wall is not None and wall.inside is not None:
        chord = wall.line[-1] - wall.line[0]
        inside = np.array(wall.inside) - wall.line[0]
        row, column = np.mgrid[0 : rows * step : step, 0 : columns * step : step]
        across = chord[0] * (row - wall.line[0, 1]) - chord[1] * (column - wall.line[0, 0])
        counts[across * (chord[0] * inside[1] - chord[1] * inside[0]) > 0] = 0
    left, top, wide, high = cv2.boundingRect((counts > 0).astype(np.uint8))
    left, top = max(left - rim, 0), max(top - rim, 0)
    window = np.s_[top : top + high + 2 * rim, left : left + wide + 2 * rim]
    return cv2.merge([small[window], counts[window]]), np.array([left, top])


def _find_best_run(values: FloatImage) -> Array:
    """Find the largest sum of consecutive values in each row (Kadane, by running minima)."""
    total = np.cumsum(values, axis=1)
    lowest_before = np.minimum(np.minimum.accumulate(total, axis=1), 0)
    best: Array = (total - lowest_before).max(axis=1)
    return best


def _make_bar_filter(width: float, beside: float) -> FloatImage:
    """Return a column filter: mean over a bar of `width`, less its sides, so many widths away."""
    inner = max(round(width * 0.5) // 2, 1)
    outer = max(round(beside * width), inner + 2)
    across = np.abs(np.arange(-outer, outer + 1))
    bar = (across <= inner) / (2 * inner + 1.0)
    sides = (across == outer) / 2.0
    kernel: FloatImage = (bar - sides).astype(np.float32)[:, None]
    return kernel


def _angle_deg(one: Array, other: Array) -> float:
    cosine = abs(float(one @ other)) / max(float(np.hypot(*one) * np.hypot(*other)), 1e-12)
    return math.degrees(math.acos(min(cosine, 1.0)))

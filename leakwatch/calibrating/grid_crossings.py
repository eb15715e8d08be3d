"""Crossings of a grid of wires, or beads, in a picture: where, and which is which."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage, PointArray
from leakwatch.core.errors import CalibrationError

# Widths of what is looked for, as sigmas in pixels: a wire of a millimetre on the coarsest and on
# the finest detector.
_SIGMAS_PX = (1.2, 1.8, 2.7, 4.0)
# The background is what is broader than this times the width.
_BACKGROUND = 4.0
# A crossing answers at least this share of what a good one does.
_LEAST_SHARE = 0.3
_GOOD_ONES = 40
# So far from where its neighbours promise it a crossing may lie, in distances of neighbours.
_MAY_BE_OFF = 0.22
# A width that finds at least this share of the most crossings is as good as another: wider ones
# lose some at the rim.
_AS_MANY = 0.95
# The four ways from a crossing to its neighbours.
_WAYS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_Index = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Crossings:
    """Crossings that hang together as a grid.

    Parameters
    ----------
    shown_px : ndarray
        ``(n, 2)``.
    index : ndarray
        ``(n, 2)``, whole numbers: steps of the grid along its two directions, of which the second
        is clockwise of the first as displayed.
    """

    shown_px: PointArray
    index: PointArray


def find_crossings(attenuation: FloatImage, exposed: BoolImage) -> Crossings:
    """Find a grid.

    A crossing of wires and a bead are alike in one thing: attenuation falls in every direction,
    which it does nowhere else on a wire. So the determinant of the second derivatives tells them
    (Beaudet 1978; Lindeberg, doi:10.1023/A:1008045108935). Which is which follows from neighbour
    to neighbour, each at the place that those before promise.

    Parameters
    ----------
    attenuation : ndarray
        ``(rows, columns)``, log attenuation: metal is bright.
    exposed : ndarray of bool

    Raises
    ------
    CalibrationError
        There is no grid.
    """
    found = [_indexed(_blobs(attenuation, exposed, sigma), exposed) for sigma in _SIGMAS_PX]
    most = max(len(crossings.shown_px) for crossings in found)
    if most < 9:
        raise CalibrationError(
            "no grid is seen: fewer than nine crossings hang together. Give a picture of a plate "
            "with wires or beads at equal distances, with nothing else in the beam."
        )
    # A width that is too small for the wires finds them all, but noise moves their tops.
    return min(
        (one for one in found if len(one.shown_px) >= _AS_MANY * most),
        key=_unevenness_px,
    )


def _unevenness_px(crossings: Crossings) -> float:
    """How far a crossing lies off the middle between its two neighbours, root mean square.

    The distortion adds to it, but the same to each.
    """
    places = {
        (int(first), int(second)): place
        for (first, second), place in zip(crossings.index, crossings.shown_px, strict=True)
    }
    off = [
        here - (places[before] + places[after]) / 2
        for (first, second), here in places.items()
        for before, after in (
            ((first - 1, second), (first + 1, second)),
            ((first, second - 1), (first, second + 1)),
        )
        if before in places and after in places
    ]
    return float(np.sqrt(np.mean(np.square(off)))) if off else np.inf


def _blobs(attenuation: FloatImage, exposed: BoolImage, sigma: float) -> PointArray:
    """Places where attenuation falls in every direction, to a fraction of a pixel, ``(n, 2)``."""
    answer = _answer(attenuation, exposed, sigma)
    size = 2 * round(2 * sigma) + 1
    highest = cv2.dilate(answer, np.ones((size, size), np.uint8))
    inside = cv2.erode(exposed.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    inside[[0, -1]] = inside[:, [0, -1]] = False
    rows, columns = np.nonzero((answer == highest) & (answer > 0.0) & inside)
    heights = answer[rows, columns]
    if len(heights) < _GOOD_ONES // 4:
        return np.empty((0, 2))
    good = float(np.median(np.sort(heights)[-_GOOD_ONES:]))
    strong = heights >= _LEAST_SHARE * good
    return _refined(answer, rows[strong], columns[strong])


def _answer(attenuation: FloatImage, exposed: BoolImage, sigma: float) -> FloatImage:
    weight = exposed.astype(np.float32)
    value = (attenuation - np.float32(np.median(attenuation[exposed]))) * weight

    def blurred(image: FloatImage, by: float) -> FloatImage:
        smooth: FloatImage = cv2.GaussianBlur(image, (0, 0), by, borderType=cv2.BORDER_CONSTANT)
        return smooth

    broad = _BACKGROUND * sigma
    flat = (value - blurred(value, broad) / (blurred(weight, broad) + 1e-3)) * weight
    smooth = blurred(flat, sigma)
    second = [
        sigma**2 * cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=scale)
        for order, scale in (((2, 0), 0.25), ((0, 2), 0.25), ((1, 1), 0.25))
    ]
    across, down, mixed = second
    answer: FloatImage = np.where((across < 0) & (down < 0), across * down - mixed**2, 0.0)
    return np.maximum(answer, 0.0).astype(np.float32)


def _refined(answer: FloatImage, rows: Array, columns: Array) -> PointArray:
    """The top of the parabola through each peak and its neighbours, along either axis."""
    height = np.sqrt(answer)  # of second order in the picture, as the picture itself is
    middle = height[rows, columns]
    offsets = []
    for before, after in (
        (height[rows, columns - 1], height[rows, columns + 1]),
        (height[rows - 1, columns], height[rows + 1, columns]),
    ):
        bend = np.maximum(2 * middle - before - after, 1e-12)
        offsets.append(np.clip(0.5 * (after - before) / bend, -0.5, 0.5))
    places: PointArray = np.stack([columns + offsets[0], rows + offsets[1]], axis=1)
    return places.astype(np.float64)


def _indexed(places: PointArray, exposed: BoolImage) -> Crossings:
    """Number the places that hang together as a grid, from the middle outwards."""
    nothing = Crossings(np.empty((0, 2)), np.empty((0, 2)))
    if len(places) < 9:
        return nothing
    rows, columns = np.nonzero(exposed)
    middle = np.array([columns.mean(), rows.mean()])
    start = int(np.argmin(np.hypot(*(places - middle).T)))
    basis = _basis(places, start)
    if basis is None:
        return nothing
    numbered: dict[_Index, int] = {(0, 0): start}
    taken = {start}
    waiting: deque[tuple[_Index, Array]] = deque([((0, 0), basis)])
    while waiting:
        index, basis = waiting.popleft()
        here = places[numbered[index]]
        for way in _WAYS:
            there = (index[0] + way[0], index[1] + way[1])
            step = np.array(way) @ basis
            away = np.hypot(*(places - (here + step)).T)
            nearest = int(np.argmin(away))
            if there in numbered or nearest in taken:
                continue
            if away[nearest] > _MAY_BE_OFF * np.hypot(*step):
                continue
            numbered[there] = nearest
            taken.add(nearest)
            waiting.append((there, _turned(basis, way, places[nearest] - here)))
    return Crossings(
        places[list(numbered.values())], np.array(list(numbered), np.float64).reshape(-1, 2)
    )


def _basis(places: PointArray, start: int) -> Array | None:
    """Steps from a crossing to two of its neighbours, the second a quarter turn clockwise."""
    steps = places - places[start]
    order = np.argsort(np.hypot(*steps.T))[1:9]
    first = steps[order[0]]
    quarter = np.array([-first[1], first[0]])
    off = np.hypot(*(steps[order] - quarter).T)
    second = steps[order[int(np.argmin(off))]]
    if off.min() > _MAY_BE_OFF * np.hypot(*first):
        return None
    return np.stack([first, second])


def _turned(basis: Array, way: _Index, step: Array) -> Array:
    """The basis at a neighbour: the step there is known, the other one is as it was before."""
    axis = 0 if way[0] else 1
    changed = basis.copy()
    changed[axis] = step * (way[axis])
    return changed

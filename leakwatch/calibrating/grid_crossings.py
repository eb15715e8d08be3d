"""Detection of the crossings of a grid of wires or beads, and their indices."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage, PointArray
from leakwatch.core.errors import CalibrationError
from leakwatch.core.messages import text

# Scales of the detection, as sigmas in pixels: a wire of 1 mm on the coarsest and on the finest
# detector.
_SIGMAS_PX = (1.2, 1.8, 2.7, 4.0)
# Structures wider than this times the scale are background.
_BACKGROUND = 4.0
# Minimum response of a crossing, relative to typical ones.
_MIN_SHARE = 0.3
_TYPICAL_PEAKS = 40
# Maximum distance of a crossing from its predicted position, in distances of neighbours.
_MAX_OFFSET_SHARE = 0.22
# Scales that find at least this share of the maximum count are equivalent: larger ones lose
# crossings at the rim.
_NEARLY_ALL = 0.95
# Index steps from a crossing to its neighbours.
_NEIGHBOURS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_Index = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Crossings:
    """Crossings that form a connected grid.

    Parameters
    ----------
    shown_px : ndarray
        ``(n, 2)``.
    index : ndarray
        ``(n, 2)``, integers: indices along the two directions of the grid, of which the second
        is clockwise of the first as displayed.
    """

    shown_px: PointArray
    index: PointArray


def find_crossings(attenuation: FloatImage, exposed: BoolImage) -> Crossings:
    """Find the crossings of a grid.

    At a crossing of wires, as at a bead, attenuation decreases in every direction, unlike elsewhere
    on a wire. The determinant of the Hessian detects both (Beaudet 1978; Lindeberg,
    doi:10.1023/A:1008045108935). Indices are propagated from neighbour to neighbour, each near its
    predicted position.

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
    found = [
        _number_crossings(_find_peaks(attenuation, exposed, sigma), exposed) for sigma in _SIGMAS_PX
    ]
    most = max(len(crossings.shown_px) for crossings in found)
    if most < 9:
        raise CalibrationError(
            text(
                "no grid found: fewer than nine connected crossings. Use an image of a plate with "
                "wires or beads at equal distances, with nothing else in the beam."
            )
        )
    # A scale that is too small for the wires finds all of them, but less exactly because of noise.
    return min(
        (one for one in found if len(one.shown_px) >= _NEARLY_ALL * most),
        key=_irregularity_px,
    )


def _irregularity_px(crossings: Crossings) -> float:
    """Return the root mean square distance of crossings from the midpoint of their neighbours.

    Distortion contributes equally at all scales.
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


def _find_peaks(attenuation: FloatImage, exposed: BoolImage, sigma: float) -> PointArray:
    """Return subpixel positions where attenuation decreases in every direction, ``(n, 2)``."""
    answer = _hessian_response(attenuation, exposed, sigma)
    size = 2 * round(2 * sigma) + 1
    highest = cv2.dilate(answer, np.ones((size, size), np.uint8))
    inside = cv2.erode(exposed.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    inside[[0, -1]] = inside[:, [0, -1]] = False
    rows, columns = np.nonzero((answer == highest) & (answer > 0.0) & inside)
    heights = answer[rows, columns]
    if len(heights) < _TYPICAL_PEAKS // 4:
        return np.empty((0, 2))
    good = float(np.median(np.sort(heights)[-_TYPICAL_PEAKS:]))
    strong = heights >= _MIN_SHARE * good
    return _refine_peaks(answer, rows[strong], columns[strong])


def _hessian_response(attenuation: FloatImage, exposed: BoolImage, sigma: float) -> FloatImage:
    weight = exposed.astype(np.float32)
    value = (attenuation - np.float32(np.median(attenuation[exposed]))) * weight

    def blur(image: FloatImage, by: float) -> FloatImage:
        smooth: FloatImage = cv2.GaussianBlur(image, (0, 0), by, borderType=cv2.BORDER_CONSTANT)
        return smooth

    broad = _BACKGROUND * sigma
    flat = (value - blur(value, broad) / (blur(weight, broad) + 1e-3)) * weight
    smooth = blur(flat, sigma)
    second = [
        sigma**2 * cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=scale)
        for order, scale in (((2, 0), 0.25), ((0, 2), 0.25), ((1, 1), 0.25))
    ]
    across, down, mixed = second
    answer: FloatImage = np.where((across < 0) & (down < 0), across * down - mixed**2, 0.0)
    return np.maximum(answer, 0.0).astype(np.float32)


def _refine_peaks(answer: FloatImage, rows: Array, columns: Array) -> PointArray:
    """Return the vertex of a parabola through each peak and its neighbours, along both axes."""
    height = np.sqrt(answer)  # linear in the image, as the determinant is quadratic
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


def _number_crossings(places: PointArray, exposed: BoolImage) -> Crossings:
    """Assign indices to the crossings that form a grid, from the centre outwards."""
    nothing = Crossings(np.empty((0, 2)), np.empty((0, 2)))
    if len(places) < 9:
        return nothing
    rows, columns = np.nonzero(exposed)
    middle = np.array([columns.mean(), rows.mean()])
    start = int(np.argmin(np.hypot(*(places - middle).T)))
    basis = _find_basis(places, start)
    if basis is None:
        return nothing
    numbered: dict[_Index, int] = {(0, 0): start}
    taken = {start}
    waiting: deque[tuple[_Index, Array]] = deque([((0, 0), basis)])
    while waiting:
        index, basis = waiting.popleft()
        here = places[numbered[index]]
        for step_index in _NEIGHBOURS:
            there = (index[0] + step_index[0], index[1] + step_index[1])
            step = np.array(step_index) @ basis
            away = np.hypot(*(places - (here + step)).T)
            nearest = int(np.argmin(away))
            if there in numbered or nearest in taken:
                continue
            if away[nearest] > _MAX_OFFSET_SHARE * np.hypot(*step):
                continue
            numbered[there] = nearest
            taken.add(nearest)
            waiting.append((there, _neighbour_basis(basis, step_index, places[nearest] - here)))
    return Crossings(
        places[list(numbered.values())], np.array(list(numbered), np.float64).reshape(-1, 2)
    )


def _find_basis(places: PointArray, start: int) -> Array | None:
    """Return the steps from a crossing to two neighbours, the second 90° clockwise of the first."""
    steps = places - places[start]
    order = np.argsort(np.hypot(*steps.T))[1:9]
    first = steps[order[0]]
    quarter = np.array([-first[1], first[0]])
    off = np.hypot(*(steps[order] - quarter).T)
    second = steps[order[int(np.argmin(off))]]
    if off.min() > _MAX_OFFSET_SHARE * np.hypot(*first):
        return None
    return np.stack([first, second])


def _neighbour_basis(basis: Array, step_index: _Index, step: Array) -> Array:
    """Return the basis at a neighbour: the step to it is updated, the other one kept."""
    axis = 0 if step_index[0] else 1
    changed = basis.copy()
    changed[axis] = step * (step_index[axis])
    return changed

"""Pictures sampled elsewhere, however large the result is.

OpenCV refuses results of 32,767 rows or columns and more. A list of places, as one row, has more in
a picture of usual size.
"""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np

from leakwatch.core.arrays import Array

# OpenCV counts rows and columns of what it warps in 16 bits with a sign, and must stay below.
MOST_PX = (1 << 15) - 2


def sampled(
    image: Array,
    places: Array,
    interpolation: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_CONSTANT,
) -> Array:
    """Return a picture's values at places between its pixels.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns)`` or ``(rows, columns, channels)``, no side longer than `MOST_PX`.
    places : ndarray
        ``(m, n, 2)``, column and row of each; their number is not limited, and may be 0.
    interpolation, border : int
        As for ``cv2.remap``.

    Returns
    -------
    ndarray
        ``(m, n)`` or ``(m, n, channels)``.
    """
    places = np.asarray(places, np.float32)
    rows, columns = places.shape[:2]
    if min(rows, columns) > 0 and max(rows, columns) <= MOST_PX:
        whole: Array = cv2.remap(image, places, None, interpolation, borderMode=border)
        return whole
    result = np.zeros((rows, columns, *image.shape[2:]), image.dtype)
    for part in _split_into_parts(rows, columns):
        some = np.ascontiguousarray(places[part])
        result[part] = cv2.remap(image, some, None, interpolation, borderMode=border)
    return result


def warped(
    image: Array,
    matrix: Array,
    size: tuple[int, int],
    interpolation: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_CONSTANT,
) -> Array:
    """Return a picture sampled on another straight grid.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns)`` or ``(rows, columns, channels)``, no side longer than `MOST_PX`.
    matrix : ndarray
        ``(2, 3)``, from ``(column, row, 1)`` of the result to a place in `image`.
    size : (int, int)
        Columns and rows of the result; not limited.
    interpolation, border : int
        As for ``cv2.warpAffine``.
    """
    flags = interpolation | cv2.WARP_INVERSE_MAP
    columns, rows = size
    if min(rows, columns) > 0 and max(rows, columns) <= MOST_PX:
        whole: Array = cv2.warpAffine(image, matrix, size, flags=flags, borderMode=border)
        return whole
    result = np.zeros((rows, columns, *image.shape[2:]), image.dtype)
    for part in _split_into_parts(rows, columns):
        down, across = part
        moved = np.array(matrix, np.float64)
        moved[:, 2] += moved[:, 0] * across.start + moved[:, 1] * down.start
        some = (across.stop - across.start, down.stop - down.start)
        result[part] = cv2.warpAffine(image, moved, some, flags=flags, borderMode=border)
    return result


def _split_into_parts(rows: int, columns: int) -> list[tuple[slice, slice]]:
    """Yield windows of no more than `MOST_PX` rows and columns that cover a result."""
    sides = (
        [slice(first, min(first + MOST_PX, whole)) for first in range(0, whole, MOST_PX)]
        for whole in (rows, columns)
    )
    return list(product(*sides))

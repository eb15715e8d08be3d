"""Shutter of the C-arm, which defines the exposed field."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float64]


class Shutter(StrEnum):
    """Shape of the exposed field."""

    NONE = "none"
    OCTAGONAL = "octagonal"
    CIRCULAR = "circular"
    RECTANGULAR = "rectangular"


# Width of the half-shadow of a blade, in pixels; what the blades take of each side; length of the
# legs that are cut off the corners, as a share of the shorter side.
HALF_SHADOW_PX, _BORDER_SHARE, _CORNER_SHARE = 1.5, 0.03, 0.10


def open_field(shape: Shutter, rows: int, columns: int) -> Image:
    """Return the share of each pixel that the shutter leaves open; ``(rows, columns)``."""
    column = np.abs(np.arange(columns) - (columns - 1) / 2)[None, :]
    row = np.abs(np.arange(rows) - (rows - 1) / 2)[:, None]
    half_column, half_row = (size * (0.5 - _BORDER_SHARE) for size in (columns, rows))
    if shape is Shutter.NONE:
        return np.ones((rows, columns))
    if shape is Shutter.CIRCULAR:
        inside = min(half_column, half_row) - np.hypot(column, row)
    else:
        inside = np.minimum(half_column - column, half_row - row)
        if shape is Shutter.OCTAGONAL:
            cut = half_column + half_row - _CORNER_SHARE * min(rows, columns)
            inside = np.minimum(inside, (cut - column - row) / np.sqrt(2.0))
    field: Image = np.clip(0.5 + inside / (2 * HALF_SHADOW_PX), 0.0, 1.0)
    return field


@dataclass(frozen=True, slots=True)
class ShutterOutline:
    """Edges as in DICOM: from 1, rows before columns (PS3.3 C.7.6.11).

    Parameters
    ----------
    left, right, top, bottom : int
    centre : tuple of int
        Row and column.
    radius : int
    vertices : tuple of tuple of int
        Rows and columns of the octagon.
    """

    left: int
    right: int
    top: int
    bottom: int
    centre: tuple[int, int]
    radius: int
    vertices: tuple[tuple[int, int], ...]


def shutter_outline(rows: int, columns: int) -> ShutterOutline:
    """Return the edges of a shutter for an image of this size."""
    left, top = round(columns * _BORDER_SHARE), round(rows * _BORDER_SHARE)
    right, bottom = columns + 1 - left, rows + 1 - top
    leg = round(_CORNER_SHARE * min(rows, columns))
    vertices = (
        (top, left + leg),
        (top, right - leg),
        (top + leg, right),
        (bottom - leg, right),
        (bottom, right - leg),
        (bottom, left + leg),
        (bottom - leg, left),
        (top + leg, left),
    )
    radius = round(min(rows, columns) * (0.5 - _BORDER_SHARE))
    return ShutterOutline(left, right, top, bottom, (rows // 2, columns // 2), radius, vertices)

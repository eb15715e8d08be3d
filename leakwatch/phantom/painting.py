"""Painting shapes into a volume with smooth edges, so that no staircase shows in a projection."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leakwatch.phantom.grid import Grid, Points3
from leakwatch.phantom.vertebra_shape import Axes

Field = npt.NDArray[np.float64]
Box = tuple[slice, slice, slice]


def cover(distance_mm: Field, grid: Grid) -> Field:
    """Share of each voxel inside a surface, from the signed distance of its centre to it."""
    edge_mm = max(grid.spacing_mm)
    share: Field = np.clip(0.5 - distance_mm / edge_mm, 0.0, 1.0)
    return share


def paint(volume: Field, box: Box, share: Field, value: float | Field) -> None:
    """Replace `share` of what is in the voxels of `box` by `value`, in place."""
    part = volume[box]
    part += share * (value - part)


def is_empty(box: Box) -> bool:
    """Whether a box holds no voxel."""
    return any(side.start >= side.stop for side in box)


def axes_in(grid: Grid, box: Box) -> Axes:
    """Coordinates of the voxels in `box`, shaped to broadcast."""
    right, anterior, superior = grid.open_axes_mm()
    return right[box[0]], anterior[:, box[1]], superior[:, :, box[2]]


def posed_axes(grid: Grid, box: Box, centre_mm: Points3, turn: Points3) -> Axes:
    """Coordinates in axes of their own.

    Parameters
    ----------
    grid : Grid
    box : tuple of slice
    centre_mm : ndarray
        ``(3,)``, where the axes cross.
    turn : ndarray
        ``(3, 3)``, rows: the axes' directions.
    """
    away = [axis - centre for axis, centre in zip(axes_in(grid, box), centre_mm, strict=True)]
    turned = [sum(part * share for part, share in zip(away, row, strict=True)) for row in turn]
    return turned[0], turned[1], turned[2]

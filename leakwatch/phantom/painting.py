"""Painting shapes into a volume with smooth edges, so that no staircase shows in a projection."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leakwatch.phantom.grid import Grid
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


def axes_in(grid: Grid, box: Box) -> Axes:
    """Coordinates of the voxels in `box`, shaped to broadcast."""
    right, anterior, superior = grid.open_axes_mm()
    return right[box[0]], anterior[:, box[1]], superior[:, :, box[2]]


def rotated_axes(
    grid: Grid, box: Box, centre_mm: tuple[float, float, float], pitch_deg: float
) -> Axes:
    """Coordinates in axes that sit at `centre_mm` and are turned about the right-left axis."""
    right, anterior, superior = axes_in(grid, box)
    cosine, sine = np.cos(np.radians(pitch_deg)), np.sin(np.radians(pitch_deg))
    forward, upward = anterior - centre_mm[1], superior - centre_mm[2]
    return (
        right - centre_mm[0],
        cosine * forward + sine * upward,
        -sine * forward + cosine * upward,
    )

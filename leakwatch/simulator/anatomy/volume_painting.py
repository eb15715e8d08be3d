"""Painting of shapes into a voxel volume, and smooth random fields."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.vertebra_shape import Axes
from leakwatch.simulator.anatomy.voxel_grid import Grid, Points3

Field = npt.NDArray[np.float64]
Box = tuple[slice, slice, slice]


def cover(distance_mm: Field, grid: Grid) -> Field:
    """Return the share of each voxel inside a surface, by the signed distance of its centre."""
    edge_mm = max(grid.spacing_mm)
    share: Field = np.clip(0.5 - distance_mm / edge_mm, 0.0, 1.0)
    return share


def paint(volume: Field, box: Box, share: Field, value: float | Field) -> None:
    """Mix `value` by `share` into the voxels of `box`, in place."""
    part = volume[box]
    part += share * (value - part)


def is_empty(box: Box) -> bool:
    """Return whether a box contains no voxel."""
    return any(side.start >= side.stop for side in box)


def axes_in(grid: Grid, box: Box) -> Axes:
    """Return coordinates of the voxels in `box`, shaped to broadcast."""
    right, anterior, superior = grid.open_axes_mm()
    return right[box[0]], anterior[:, box[1]], superior[:, :, box[2]]


def posed_axes(grid: Grid, box: Box, centre_mm: Points3, turn: Points3) -> Axes:
    """Return coordinates in rotated axes.

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


def smooth_field(
    grid: Grid, length_mm: tuple[float, float, float], rng: np.random.Generator
) -> Field:
    """Return normal noise of mean 0 and variance 1, smooth over about `length_mm`.

    White noise on knots, joined by cubic B-splines (de Boor), axis by axis.

    Parameters
    ----------
    grid : Grid
    length_mm : tuple of float
        Distance between knots along each axis.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        ``grid.shape``, float64.
    """
    if 0 in grid.shape:
        return np.zeros(grid.shape)
    bases = [_spline_basis(grid.axis_mm(axis), length_mm[axis]) for axis in range(3)]
    field: Field = rng.standard_normal([basis.shape[1] for basis in bases])
    for basis in bases:
        # Contracts the first axis and puts the new one last: after three turns the order is right.
        field = np.tensordot(field, basis, axes=(0, 1))
    return np.ascontiguousarray(field)


def _spline_basis(at_mm: Field, knot_mm: float) -> Field:
    """Return weights ``(n, knots)`` of the knots at positions, scaled to unit variance."""
    place = (at_mm - at_mm[0]) / knot_mm + 1.0
    knots = np.arange(int(np.ceil(place[-1])) + 3)
    away = np.abs(place[:, None] - knots[None, :])
    near = 2.0 / 3.0 - away**2 + away**3 / 2.0
    far = np.clip(2.0 - away, 0.0, None) ** 3 / 6.0
    weights = np.where(away < 1.0, near, far)
    scaled: Field = weights / np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return scaled

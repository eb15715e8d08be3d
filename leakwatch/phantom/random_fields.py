"""Smooth random volumes: what is irregular in a body, from a seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leakwatch.phantom.grid import Grid

Field = npt.NDArray[np.float64]


def smooth_field(
    grid: Grid, length_mm: tuple[float, float, float], rng: np.random.Generator
) -> Field:
    """Normal noise of mean 0 and variance 1 that is smooth over about `length_mm`.

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
    """Weights ``(n, knots)`` of the knots at each place, scaled to unit variance."""
    place = (at_mm - at_mm[0]) / knot_mm + 1.0
    knots = np.arange(int(np.ceil(place[-1])) + 3)
    away = np.abs(place[:, None] - knots[None, :])
    near = 2.0 / 3.0 - away**2 + away**3 / 2.0
    far = np.clip(2.0 - away, 0.0, None) ** 3 / 6.0
    weights = np.where(away < 1.0, near, far)
    scaled: Field = weights / np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return scaled

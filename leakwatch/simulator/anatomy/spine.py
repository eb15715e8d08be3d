"""Vertebrae of a spine at their positions, the target in the middle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.fracture import UNBROKEN, Fracture
from leakwatch.simulator.anatomy.vertebra_shape import Axes
from leakwatch.simulator.anatomy.vertebra_sizes import MEAN_SIZES, Sizes, VertebraSize
from leakwatch.simulator.anatomy.volume_painting import Box, posed_axes
from leakwatch.simulator.anatomy.voxel_grid import Grid, Points3

Field = npt.NDArray[np.float64]

_SPINE_REACH_MM = 100.0  # vertebrae whose centre lies farther off are not painted
_UNEVEN_DEG = 1.6

# Degrees between neighbours: kyphosis of the thorax, lordosis of the loin.
_CURVE_DEG = {"T": -2.8, "L": 4.0}


@dataclass(frozen=True, slots=True)
class Posed:
    """A vertebra at its position.

    Parameters
    ----------
    name : str
    size : VertebraSize
    centre_mm : tuple of float
        Anterior and superior coordinate of the centre of its body.
    turn_deg : tuple of float
        About the anterior, the superior and the right-left axis; the last lifts its front.
    levels_above : int
        How many levels it lies above the target; negative: below.
    fracture : Fracture
    """

    name: str
    size: VertebraSize
    centre_mm: tuple[float, float]
    turn_deg: tuple[float, float, float]
    levels_above: int = 0
    fracture: Fracture = UNBROKEN

    @property
    def is_thoracic(self) -> bool:
        """Return whether it bears ribs."""
        return self.name.startswith("T")

    @property
    def turn(self) -> Field:
        """Directions of its axes, as rows, ``(3, 3)``."""
        lean, twist, pitch = (float(np.radians(angle)) for angle in self.turn_deg)
        turn = np.eye(3)
        for axis, angle in ((0, pitch), (1, lean), (2, twist)):
            turn = _rotation(axis, angle) @ turn
        return turn

    def axes(self, grid: Grid, box: Box) -> Axes:
        """Return coordinates of the voxels in `box`, in the axes of this vertebra."""
        return posed_axes(grid, box, np.array([0.0, *self.centre_mm]), self.turn)

    def to_patient_mm(self, points_mm: Points3) -> Points3:
        """Convert points in the axes of this vertebra to patient coordinates, ``(n, 3)``."""
        placed: Points3 = np.asarray(points_mm) @ self.turn + np.array([0.0, *self.centre_mm])
        return placed


def _rotation(axis: int, angle: float) -> Field:
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[first, second], turn[second, first] = np.sin(angle), -np.sin(angle)
    return turn


def posed_spine(level: str, sizes: Sizes = MEAN_SIZES) -> list[Posed]:
    """Return the target and its neighbours from superior to inferior; the target is at 0."""
    names = list(sizes)
    target = names.index(level)
    spine = [Posed(level, sizes[level], (0.0, 0.0), (0.0, 0.0, 0.0))]
    for step in (-1, 1):  # upwards in the table, then downwards
        at = spine[0] if step < 0 else spine[-1]
        index = target
        while abs(at.centre_mm[1]) < _SPINE_REACH_MM:
            index += step
            name = names[min(max(index, 0), len(names) - 1)]
            at = replace(_neighbour(at, step, name, sizes[name]), levels_above=target - index)
            at = replace(at, name=f"{name}#{index}")
            spine = [at, *spine] if step < 0 else [*spine, at]
    return spine


def _neighbour(at: Posed, step: int, name: str, size: VertebraSize) -> Posed:
    disc = at.size.disc_mm if step < 0 else size.disc_mm
    apart = (at.size.height_mm + size.height_mm) / 2 + disc
    pitch = at.turn_deg[2] - step * _CURVE_DEG[name[0]]
    half_way = np.radians((at.turn_deg[2] + pitch) / 2)
    anterior = at.centre_mm[0] + step * apart * np.sin(half_way)
    superior = at.centre_mm[1] - step * apart * np.cos(half_way)
    return Posed(name, size, (float(anterior), float(superior)), (0.0, 0.0, pitch))


def leaning(vertebra: Posed, rng: np.random.Generator) -> Posed:
    """Return a neighbour with a small random rotation, as no spine is straight."""
    lean, twist = _UNEVEN_DEG * rng.standard_normal(2)
    if vertebra.centre_mm == (0.0, 0.0):
        return vertebra
    return replace(vertebra, turn_deg=(float(lean), float(twist), vertebra.turn_deg[2]))

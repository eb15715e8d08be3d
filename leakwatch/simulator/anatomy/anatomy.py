"""Anatomy before cement: attenuation and labels of voxels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.simulator.anatomy.carm import CArm, seen_box
from leakwatch.simulator.anatomy.spine import Posed
from leakwatch.simulator.anatomy.tissue import WATER
from leakwatch.simulator.anatomy.voxel_grid import Grid, Volume

Labels = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float64]
Corner = tuple[float, float, float]


class Label(IntEnum):
    """Values of the label volume."""

    REST = 0
    BODY = 1  # of the target vertebra
    ARCH = 2  # of the target vertebra: pedicles, laminae, processes
    OTHER_VERTEBRA = 3
    CANAL = 4


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Part of a patient, in the axes of the target vertebra.

    Parameters
    ----------
    grid : Grid
        Its origin of millimetres is the centre of the target's body.
    attenuation : ndarray
        ``grid.shape``, float32, linear attenuation at `beam.REFERENCE_KEV`, 1/mm.
    labels : ndarray
        ``grid.shape``, uint8, values of `Label`.
    level : str
        Name of the target, ``L1``.
    made_from : str
        For the truth's provenance: how this anatomy came to be.
    spine : tuple of Posed
        The vertebrae of analytic anatomy, from superior to inferior; a CT has none.
    trims_endplates : bool
        Whether rows of an endplate are cut off the posterior wall before that is smoothed. Without,
        a body that is higher in front bends the ends of its wall forward by up to 2 mm; sequences
        that were made so must come out again byte for byte.
    """

    grid: Grid
    attenuation: Volume
    labels: Labels
    level: str
    made_from: str
    spine: tuple[Posed, ...] = ()
    trims_endplates: bool = False


# Around what a beam passes: room for movement, and for leaks that start beside the picture.
_SPARE_MM, _LEAST_MM = 16.0, 62.0


def anatomy_grid(lower_mm: Corner, upper_mm: Corner, spacing_mm: Corner, carm: CArm | None) -> Grid:
    """Return the grid of a trunk, or of the part that a view needs."""
    lower, upper = np.array(lower_mm), np.array(upper_mm)
    if carm is not None:
        lower, upper = seen_box(carm, lower, upper, _LEAST_MM, _SPARE_MM)
    return Grid.covering(lower, upper, spacing_mm)


# What moves as one. The spine and what is fastened to it; the wall of the trunk with its ribs; the
# organs within. From one to the next movement changes over gradually, as in a soft body.
_FASTENED_MM, _FREE_MM = 8.0, 36.0  # distance from a vertebra
_WALL_MM, _WITHIN_MM = 34.0, 50.0  # depth below the skin; the ribs beside the spine lie deep
_COARSE_MM = 4.0
_SKIN_SHARE = 0.3  # of water's attenuation, between air and skin


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of each voxel that move with spine and trunk wall; the rest moves with the organs.

    Parameters
    ----------
    spine, wall : ndarray
        ``grid.shape``, float32, 0 to 1; together at most 1.
    """

    spine: Volume
    wall: Volume


def moving_shares(anatomy: Anatomy) -> Shares:
    """Return the shares that move with the spine, with the wall of the trunk, and with neither."""
    grid = anatomy.grid
    steps = [max(1, round(_COARSE_MM / step)) for step in grid.spacing_mm]
    coarse = tuple(slice(None, None, step) for step in steps)
    sampling = [step * spacing for step, spacing in zip(steps, grid.spacing_mm, strict=True)]
    vertebrae = anatomy.labels[coarse] != Label.REST
    distance = ndimage.distance_transform_edt(~vertebrae, sampling=sampling)
    spine = _changing_over(distance, _FASTENED_MM, _FREE_MM)
    depth = _depth_below_skin(anatomy.attenuation[coarse], sampling)
    wall = _changing_over(depth, _WALL_MM, _WITHIN_MM) * (1.0 - spine)
    return Shares(_refine(spine, steps, grid), _refine(wall, steps, grid))


def _depth_below_skin(attenuation: Volume, sampling: list[float]) -> Field:
    """Return the distance to the air around the trunk; large if there is no air in the volume."""
    tissue = attenuation > _SKIN_SHARE * WATER
    # Lungs and bowel gas are inside: they do not touch the sides.
    beside = [ndimage.binary_fill_holes(tissue[:, :, k]) for k in range(tissue.shape[2])]
    trunk = np.stack(beside, axis=-1)
    if trunk.all():
        return np.full(trunk.shape, np.inf)
    depth: Field = ndimage.distance_transform_edt(trunk, sampling=sampling)
    return depth


def _changing_over(distance: Field, all_mm: float, none_mm: float) -> Volume:
    """Return 1 up to `all_mm`, 0 from `none_mm` on, and a smooth transition between."""
    share = np.clip((none_mm - distance) / (none_mm - all_mm), 0.0, 1.0)
    smooth: Volume = (share * share * (3.0 - 2.0 * share)).astype(np.float32)
    return smooth


def _refine(volume: Volume, steps: list[int], grid: Grid) -> Volume:
    for axis, step in enumerate(steps):
        volume = _interpolate_planes(volume, axis, step, grid.shape[axis])
    return volume


def _interpolate_planes(volume: Volume, axis: int, step: int, length: int) -> Volume:
    """Interpolate every `step`-th plane linearly to all `length` planes."""
    at = np.arange(length) / step
    below = np.minimum(at.astype(int), volume.shape[axis] - 1)
    above = np.minimum(below + 1, volume.shape[axis] - 1)
    shape = [1, 1, 1]
    shape[axis] = length
    weight = (at - below).astype(np.float32).reshape(shape)
    low, high = np.take(volume, below, axis), np.take(volume, above, axis)
    stretched: Volume = low + weight * (high - low)
    return stretched

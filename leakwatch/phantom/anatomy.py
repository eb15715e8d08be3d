"""What is in the beam before any cement: attenuation, and which voxel belongs to what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.phantom.carm import CArm, seen_box
from leakwatch.phantom.grid import Grid, Volume

Labels = npt.NDArray[np.uint8]
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
    """A piece of a patient, in the axes of the target vertebra.

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
    """

    grid: Grid
    attenuation: Volume
    labels: Labels
    level: str
    made_from: str


# Around what a beam passes: room for movement, and for leaks that start beside the picture.
_SPARE_MM, _LEAST_MM = 16.0, 62.0


def anatomy_grid(lower_mm: Corner, upper_mm: Corner, spacing_mm: Corner, carm: CArm | None) -> Grid:
    """The grid of a trunk, or of the part of it that a view needs."""
    lower, upper = np.array(lower_mm), np.array(upper_mm)
    if carm is not None:
        lower, upper = seen_box(carm, lower, upper, _LEAST_MM, _SPARE_MM)
    return Grid.covering(lower, upper, spacing_mm)


# The spine and what is fastened to it move as one; beyond this distance from bone, tissue moves
# on its own. Between the two the movement changes over gradually, as in a soft body.
_FASTENED_MM, _FREE_MM = 8.0, 28.0
_COARSE_MM = 4.0


def spine_share(anatomy: Anatomy) -> Volume:
    """How much of each voxel moves with the spine: 1 near a vertebra, 0 far from it.

    Returns
    -------
    ndarray
        ``grid.shape``, float32.
    """
    grid = anatomy.grid
    steps = [max(1, round(_COARSE_MM / step)) for step in grid.spacing_mm]
    vertebrae = (anatomy.labels != Label.REST)[:: steps[0], :: steps[1], :: steps[2]]
    sampling = [step * spacing for step, spacing in zip(steps, grid.spacing_mm, strict=True)]
    distance = ndimage.distance_transform_edt(~vertebrae, sampling=sampling)
    share = np.clip((_FREE_MM - distance) / (_FREE_MM - _FASTENED_MM), 0.0, 1.0)
    smooth: Volume = (share * share * (3.0 - 2.0 * share)).astype(np.float32)
    for axis, step in enumerate(steps):
        smooth = _stretched(smooth, axis, step, grid.shape[axis])
    return smooth


def _stretched(volume: Volume, axis: int, step: int, length: int) -> Volume:
    """Linear interpolation of every `step`-th plane back to all `length` planes."""
    at = np.arange(length) / step
    below = np.minimum(at.astype(int), volume.shape[axis] - 1)
    above = np.minimum(below + 1, volume.shape[axis] - 1)
    shape = [1, 1, 1]
    shape[axis] = length
    weight = (at - below).astype(np.float32).reshape(shape)
    low, high = np.take(volume, below, axis), np.take(volume, above, axis)
    stretched: Volume = low + weight * (high - low)
    return stretched

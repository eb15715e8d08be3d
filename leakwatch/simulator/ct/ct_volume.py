"""Volumes from a scanner, with axes towards right, anterior, superior."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from leakwatch.core.errors import ConfigError, missing_extra
from leakwatch.simulator.anatomy.voxel_grid import Points3

# How far two grids may lie apart that are meant to be one, mm: tags are rounded.
SAME_PLACE_MM = 0.05


@dataclass(frozen=True, slots=True)
class ScanVolume:
    """Voxels and their positions.

    Parameters
    ----------
    values : ndarray
        ``(right, anterior, superior)``.
    affine : ndarray
        ``(4, 4)``, from voxel indices to mm, RAS; each axis of the grid leads most along its own.
    """

    values: npt.NDArray[Any]
    affine: Points3

    @property
    def spacing_mm(self) -> Points3:
        """Distance between voxel centres along each axis, ``(3,)``."""
        spacing: Points3 = np.linalg.norm(self.affine[:3, :3], axis=0)
        return spacing


@dataclass(frozen=True, slots=True)
class LabelVolume:
    """Labels on the grid of a CT.

    Parameters
    ----------
    labels : ndarray
        int64, 0 where there is none.
    names : dict of int to str, or None
        Levels that the file itself gives to labels; None: it names none.
    bodies : frozenset of int or None
        Labels that the file calls vertebral bodies; None: it does not say.
    """

    labels: npt.NDArray[np.int64]
    names: dict[int, str] | None = None
    bodies: frozenset[int] | None = None


def nibabel() -> ModuleType:
    """Return the library nibabel, which only a CT needs.

    Raises
    ------
    ConfigError
        It is not installed.
    """
    try:
        import nibabel as library
    except ImportError as error:
        raise ConfigError(missing_extra("a CT", "sim", error)) from error
    module: ModuleType = library
    return module


def canonical(values: npt.NDArray[Any], affine: Points3) -> ScanVolume:
    """Reorder axes to right, anterior, superior, without interpolation."""
    orientations = nibabel().orientations
    turned = orientations.io_orientation(affine)
    placed = affine @ orientations.inv_ornt_aff(turned, values.shape)
    return ScanVolume(orientations.apply_orientation(values, turned), placed)

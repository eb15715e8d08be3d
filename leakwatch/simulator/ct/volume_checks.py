"""Whether a volume is sound: what is damaged is refused, or mended and told.

One voxel that is not a number makes every ray through its neighbourhood not a number, and a rank
filter over the picture carries it everywhere.
"""

from __future__ import annotations

import bz2
import gzip
import itertools
import logging
import math
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.ct.ct_volume import ScanVolume

Mask = npt.NDArray[np.bool_]
_Opener = type[gzip.GzipFile] | type[bz2.BZ2File]
Volume64 = npt.NDArray[np.float64]

_LOG = logging.getLogger(__name__)

_GIVE: Final = "Give the CT as the scanner made it, or cut out the spine."
# 2,048 slices of 512 x 512: more than any scanner gives; 4 GB as it is worked on.
_MOST_VOXELS: Final = 2**29
_MOST_BYTES: Final = 8 * _MOST_VOXELS
_OPENERS: Final[dict[bytes, _Opener]] = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File}
_BLOCK: Final = 1 << 20  # bytes inflated at once
# Edges of a voxel, mm: below it is a microscope's, above it is written in another unit.
_EDGE_MM: Final = (0.05, 20.0)
# Volume of three unit vectors along the axes; 1 where they are square to each other. A gantry
# tilted by 30 degrees still has 0.87.
_SQUARE: Final = 0.2
_AIR_HU: Final = -1000.0
# Metal in the extended scale of a scanner stays below; what lies beyond marks "no value here".
_MOST_HU: Final = 100_000.0
# The densest of any vertebra, in any patient.
_BONE_HU: Final = 100.0
# Few gaps are filled from their neighbours, of which most must have a value; more, of which it is
# not known what was there, are air: usually they lie outside of the scanner's field.
_FEW: Final = 0.01
_MOST_NEIGHBOURS: Final = 13
# A label may be off by the rounding of its scale; further off it was interpolated.
_LABEL_OFF: Final = 0.05
_MOST_LABEL: Final = 65_535


@dataclass(frozen=True, slots=True)
class Mended:
    """A volume without gaps.

    Parameters
    ----------
    volume : ScanVolume
    lost : ndarray of bool or None
        Where there was no value, and none could be told from around; None: nowhere.
    """

    volume: ScanVolume
    lost: Mask | None = None


def check_whole(path: Path) -> None:
    """Inflate a compressed file to its end: only there is the sum that tells whether it is damaged.

    Parameters
    ----------
    path : Path
        Where it is not compressed, or cannot be opened, nothing is done.

    Raises
    ------
    ConfigError
        It is cut off or damaged, or inflates to more than any volume.
    """
    opener = _opener(path)
    if opener is None:
        return
    size = 0
    try:
        with opener(path) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > _MOST_BYTES:
                    raise ConfigError(f"{path}: inflates to more than {_MOST_BYTES} bytes. {_GIVE}")
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(
            f"{path}: cannot be read as NIfTI: it is cut off or damaged ({error}). Copy it again."
        ) from error


def _opener(path: Path) -> _Opener | None:
    """What inflates a file, by its first bytes: ``.mgz`` is compressed too."""
    try:
        with path.open("rb") as file:
            first = file.read(max(map(len, _OPENERS)))
    except OSError:
        return None
    found = [opener for magic, opener in _OPENERS.items() if first.startswith(magic)]
    return found[0] if found else None


def check_shape(shape: tuple[int, ...], path: Path) -> None:
    """Refuse a volume that is empty, has more than three axes, or more voxels than any CT.

    Raises
    ------
    ConfigError
    """
    more = [size for size in shape[3:] if size != 1]
    if len(shape) < 3 or more:
        raise ConfigError(f"{path}: has {len(shape)} dimensions {shape}, and a volume has 3.")
    if min(shape) < 1:
        raise ConfigError(f"{path}: is empty ({shape} voxels). {_GIVE}")
    if math.prod(shape) > _MOST_VOXELS:
        raise ConfigError(f"{path}: says that it has {shape} voxels: too many for a CT. {_GIVE}")


def check_place(affine: Points3, path: Path) -> None:
    """Refuse a grid in which no body can lie.

    Raises
    ------
    ConfigError
        A number is missing, two axes are one, or a voxel is too small or too large.
    """
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise ConfigError(f"{path}: where its voxels lie is not given in numbers. {_GIVE}")
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    if edges.min() < _EDGE_MM[0] or edges.max() > _EDGE_MM[1]:
        told = " x ".join(f"{edge:.3g}" for edge in edges)
        raise ConfigError(
            f"{path}: its voxels measure {told} mm, and those of a CT {_EDGE_MM[0]:g} to "
            f"{_EDGE_MM[1]:g} mm. Correct its header: the unit, or the matrix."
        )
    if abs(np.linalg.det(affine[:3, :3] / edges)) < _SQUARE:
        raise ConfigError(
            f"{path}: two of its axes are nearly one. Correct the matrix in its header."
        )


def mended(volume: ScanVolume, path: Path) -> Mended:
    """Fill voxels of a CT that have no value, and say so.

    Parameters
    ----------
    volume : ScanVolume
        Hounsfield units.
    path : Path
        For messages.

    Raises
    ------
    ConfigError
        No voxel has a value, or all have the same.
    """
    gaps = _gaps(volume.values)
    count = int(np.count_nonzero(gaps))
    if count == gaps.size:
        raise ConfigError(f"{path}: none of its voxels has a value. {_GIVE}")
    known = volume.values[~gaps] if count else volume.values
    if known.min() == known.max():
        raise ConfigError(f"{path}: all of its voxels are {known.min():g}. {_GIVE}")
    if not count:
        return Mended(volume)
    values = volume.values.copy()
    lost = gaps if count > _FEW * gaps.size else _fill(values, gaps)
    values[lost] = _AIR_HU
    _LOG.warning(
        "%s: %d of %d voxels have no value (NaN, infinite, or beyond %g HU): %d were filled from "
        "their neighbours, %d are taken as air",
        path,
        count,
        gaps.size,
        _MOST_HU,
        count - np.count_nonzero(lost),
        np.count_nonzero(lost),
    )
    return Mended(replace(volume, values=values), lost if lost.any() else None)


def check_bone(found: Mended, vertebrae: Mask, ct: Path, labels: Path) -> None:
    """Refuse a CT that has no value in a vertebra, or nothing as dense as bone.

    Parameters
    ----------
    found : Mended
    vertebrae : ndarray of bool
        On its grid; where none is marked, whoever looks for a level says so.
    ct, labels : Path
        For messages.

    Raises
    ------
    ConfigError
    """
    if not vertebrae.any():
        return
    lost = 0 if found.lost is None else int(np.count_nonzero(found.lost & vertebrae))
    if lost:
        raise ConfigError(
            f"{ct}: {lost} voxels in the vertebrae of {labels} have no value (NaN, infinite, or "
            f"beyond {_MOST_HU:g} HU). Export the CT again."
        )
    densest = found.volume.values[vertebrae].max()
    if densest < _BONE_HU:
        raise ConfigError(
            f"{ct}: nothing in the vertebrae of {labels} exceeds {densest:.3g}, and bone has "
            f"hundreds of Hounsfield units. Give the CT in Hounsfield units, or its own labels."
        )


def whole_labels(values: npt.NDArray[Any], path: Path) -> npt.NDArray[np.int64]:
    """Labels as whole numbers; where there is none, 0, which is told.

    Parameters
    ----------
    values : ndarray
    path : Path
        For messages.

    Raises
    ------
    ConfigError
        Values lie between whole numbers, or are none that a label has.
    """
    missing = ~np.isfinite(values)
    if missing.any():
        _LOG.warning("%s: %d voxels have no label (NaN): taken as 0", path, missing.sum())
        values = np.where(missing, 0.0, values)
    nearest = np.rint(values)
    if np.abs(values - nearest).max(initial=0.0) > _LABEL_OFF:
        raise ConfigError(
            f"{path}: has values between whole numbers: labels were interpolated. Resample them "
            "to the CT with the nearest neighbour."
        )
    if np.abs(nearest).max(initial=0.0) > _MOST_LABEL:
        raise ConfigError(
            f"{path}: has a label of {np.abs(nearest).max():.3g}. Give a volume of labels."
        )
    labels: npt.NDArray[np.int64] = nearest.astype(np.int64)
    return labels


def _gaps(values: npt.NDArray[Any]) -> Mask:
    gaps: Mask = ~(np.abs(values) <= _MOST_HU)  # NaN compares with nothing
    return gaps


def _fill(values: Volume64, gaps: Mask) -> Mask:
    """Fill each gap whose neighbours mostly have a value with their mean; return the others."""
    places = np.argwhere(gaps)
    total, count = np.zeros(len(places)), np.zeros(len(places))
    last = np.array(values.shape) - 1
    for step in itertools.product((-1, 0, 1), repeat=3):
        beside = places + step
        inside = np.all((beside >= 0) & (beside <= last), axis=1)
        index = tuple(np.clip(beside, 0, last).T)
        usable = inside & ~gaps[index]
        total[usable] += values[index][usable]
        count[usable] += 1
    told = count >= _MOST_NEIGHBOURS
    values[tuple(places[told].T)] = total[told] / count[told]
    lost = gaps.copy()
    lost[tuple(places[told].T)] = False
    return lost

"""Checks and repair of volumes: damaged ones are refused, or repaired with a warning.

A voxel that is not a number spreads to every ray through its neighbourhood, and by a rank filter
to the complete image.
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
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.ct.ct_volume import ScanVolume

Mask = npt.NDArray[np.bool_]
_Opener = type[gzip.GzipFile] | type[bz2.BZ2File]
Volume64 = npt.NDArray[np.float64]

_LOG = logging.getLogger(__name__)

_GIVE: Final = text("Give the CT as exported by the scanner, or crop it to the spine.")
# 2,048 slices of 512 x 512: more than from any scanner; 4 GB in memory.
_MAX_VOXELS: Final = 2**29
_MAX_BYTES: Final = 8 * _MAX_VOXELS
_OPENERS: Final[dict[bytes, _Opener]] = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File}
_BLOCK: Final = 1 << 20  # bytes inflated at once
# Edges of a voxel, mm: smaller ones are of a microscope, larger ones in another unit.
_EDGE_MM: Final = (0.05, 20.0)
# Volume of three unit vectors along the axes; 1 if they are perpendicular. A gantry
# tilted by 30 degrees still has 0.87.
_SQUARE: Final = 0.2
_AIR_HU: Final = -1000.0
# Metal on the extended scale of a scanner is below; larger values mean "no value".
_MAX_HU: Final = 100_000.0
# The densest of any vertebra, in any patient.
_BONE_HU: Final = 100.0
# Few gaps are filled from their neighbours, of which most must have a value. Many gaps are taken as
# air: usually they are outside the scanner's field.
_FEW: Final = 0.01
_MIN_NEIGHBOURS: Final = 13
# Labels may differ from integers by rounding; larger differences mean interpolation.
_LABEL_OFF: Final = 0.05
_MAX_LABEL: Final = 65_535


@dataclass(frozen=True, slots=True)
class Repaired:
    """A volume without gaps.

    Parameters
    ----------
    volume : ScanVolume
    lost : ndarray of bool or None
        Voxels without a value that could not be filled; None: there are none.
    """

    volume: ScanVolume
    lost: Mask | None = None


def check_complete(path: Path) -> None:
    """Decompress a file to its end, where its check sum is.

    Parameters
    ----------
    path : Path
        Files that are not compressed or cannot be opened are ignored.

    Raises
    ------
    ConfigError
        It is truncated or damaged, or decompresses to more than any volume.
    """
    opener = _opener(path)
    if opener is None:
        return
    size = 0
    try:
        with opener(path) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > _MAX_BYTES:
                    raise ConfigError(
                        text(
                            "{path}: decompresses to more than {max_bytes} bytes. {remedy}",
                            path=path,
                            max_bytes=_MAX_BYTES,
                            remedy=_GIVE,
                        )
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(
            text(
                "{path}: cannot be read as NIfTI: truncated or damaged ({error}). Copy it again.",
                path=path,
                error=str(error),
            )
        ) from error


def _opener(path: Path) -> _Opener | None:
    """Return the decompressor of a file by its first bytes: ``.mgz`` is compressed too."""
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
        raise ConfigError(
            text(
                "{path}: has {dimensions} dimensions {shape}, and a volume has 3.",
                path=path,
                dimensions=len(shape),
                shape=shape,
            )
        )
    if min(shape) < 1:
        raise ConfigError(
            text("{path}: empty ({shape} voxels). {remedy}", path=path, shape=shape, remedy=_GIVE)
        )
    if math.prod(shape) > _MAX_VOXELS:
        raise ConfigError(
            text(
                "{path}: states {shape} voxels, too many for a CT. {remedy}",
                path=path,
                shape=shape,
                remedy=_GIVE,
            )
        )


def check_affine(affine: Points3, path: Path) -> None:
    """Refuse an impossible grid.

    Raises
    ------
    ConfigError
        A number is missing, axes are nearly parallel, or a voxel is too small or too large.
    """
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise ConfigError(
            text(
                "{path}: the positions of its voxels are not given as numbers. {remedy}",
                path=path,
                remedy=_GIVE,
            )
        )
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    if edges.min() < _EDGE_MM[0] or edges.max() > _EDGE_MM[1]:
        told = " x ".join(f"{edge:.3g}" for edge in edges)
        raise ConfigError(
            text(
                "{path}: its voxels measure {voxel_mm} mm; those of a CT are {minimum:g} to "
                "{maximum:g} mm. Correct its header: the unit, or the matrix.",
                path=path,
                voxel_mm=told,
                minimum=_EDGE_MM[0],
                maximum=_EDGE_MM[1],
            )
        )
    if abs(np.linalg.det(affine[:3, :3] / edges)) < _SQUARE:
        raise ConfigError(
            text(
                "{path}: two of its axes are nearly parallel. Correct the matrix in its header.",
                path=path,
            )
        )


def repair_gaps(volume: ScanVolume, path: Path) -> Repaired:
    """Fill voxels of a CT without a value, and log a warning.

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
        raise ConfigError(
            text("{path}: none of its voxels has a value. {remedy}", path=path, remedy=_GIVE)
        )
    known = volume.values[~gaps] if count else volume.values
    if known.min() == known.max():
        raise ConfigError(
            text(
                "{path}: all of its voxels are {value:g}. {remedy}",
                path=path,
                value=known.min(),
                remedy=_GIVE,
            )
        )
    if not count:
        return Repaired(volume)
    values = volume.values.copy()
    lost = gaps if count > _FEW * gaps.size else _fill(values, gaps)
    values[lost] = _AIR_HU
    _LOG.warning(
        "%s: %d of %d voxels have no value (NaN, infinite, or beyond %g HU): %d were filled from "
        "their neighbours, %d are taken as air",
        path,
        count,
        gaps.size,
        _MAX_HU,
        count - np.count_nonzero(lost),
        np.count_nonzero(lost),
    )
    return Repaired(replace(volume, values=values), lost if lost.any() else None)


def check_bone(found: Repaired, vertebrae: Mask, ct: Path, labels: Path) -> None:
    """Refuse a CT that has no value in a vertebra, or nothing as dense as bone.

    Parameters
    ----------
    found : Mended
    vertebrae : ndarray of bool
        On its grid; if empty, the search for a level reports it.
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
            text(
                "{path}: {lost} voxels in the vertebrae of {labels} have no value (NaN, "
                "infinite, or beyond {max_hu:g} HU). Export the CT again.",
                path=ct,
                lost=lost,
                labels=labels,
                max_hu=_MAX_HU,
            )
        )
    densest = found.volume.values[vertebrae].max()
    if densest < _BONE_HU:
        raise ConfigError(
            text(
                "{path}: nothing in the vertebrae of {labels} exceeds {max_value:.3g}, but bone "
                "has hundreds of Hounsfield units. Give the CT in Hounsfield units, or its own "
                "labels.",
                path=ct,
                labels=labels,
                max_value=densest,
            )
        )


def integer_labels(values: npt.NDArray[Any], path: Path) -> npt.NDArray[np.int64]:
    """Return labels as integers; 0 for missing ones, with a warning.

    Parameters
    ----------
    values : ndarray
    path : Path
        For messages.

    Raises
    ------
    ConfigError
        Values are between integers, or too large for labels.
    """
    missing = ~np.isfinite(values)
    if missing.any():
        _LOG.warning("%s: %d voxels have no label (NaN): taken as 0", path, missing.sum())
        values = np.where(missing, 0.0, values)
    nearest = np.rint(values)
    if np.abs(values - nearest).max(initial=0.0) > _LABEL_OFF:
        raise ConfigError(
            text(
                "{path}: values between integers: the labels were interpolated. Resample them to "
                "the CT with nearest-neighbour interpolation.",
                path=path,
            )
        )
    if np.abs(nearest).max(initial=0.0) > _MAX_LABEL:
        raise ConfigError(
            text(
                "{path}: a label of {label:.3g}. Give a volume of labels.",
                path=path,
                label=np.abs(nearest).max(),
            )
        )
    labels: npt.NDArray[np.int64] = nearest.astype(np.int64)
    return labels


def _gaps(values: npt.NDArray[Any]) -> Mask:
    gaps: Mask = ~(np.abs(values) <= _MAX_HU)  # NaN compares with nothing
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
    told = count >= _MIN_NEIGHBOURS
    values[tuple(places[told].T)] = total[told] / count[told]
    lost = gaps.copy()
    lost[tuple(places[told].T)] = False
    return lost

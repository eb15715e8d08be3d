"""CT volumes and label volumes from NIfTI files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leakwatch.errors import ConfigError
from leakwatch.phantom.ct_volume import (
    SAME_PLACE_MM,
    LabelVolume,
    ScanVolume,
    canonical,
    nibabel,
)
from leakwatch.phantom.vertebra_labels import LEVELS, level_named

_SUFFIXES: Final = (".nii", ".nii.gz")
_HALF: Final = 0.5  # of a voxel makes it one of the mask

# TotalSegmentator writes the names of its labels into an extension of the header.
_LABEL_TABLE: Final = re.compile(
    r'<Label[^>]*?\bKey="(?P<key>\d+)"[^>]*>\s*<!\[CDATA\[(?P<name>vertebrae_[^\]]+|sacrum)\]\]>'
)


def read_nifti(path: Path) -> ScanVolume:
    """Read a volume.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ScanVolume
        float64.

    Raises
    ------
    ConfigError
        The file cannot be read, or is no volume.
    """
    return _volume(_image(path), path)


def read_nifti_labels(path: Path, ct: ScanVolume, ct_path: Path) -> LabelVolume:
    """Read labels that lie on the grid of a CT.

    Parameters
    ----------
    path : Path
    ct : ScanVolume
    ct_path : Path
        For messages.

    Raises
    ------
    ConfigError
        The file cannot be read, or lies on another grid.
    """
    image = _image(path)
    values = _on_grid(image, path, ct, ct_path)
    labels: npt.NDArray[np.int64] = np.rint(values).astype(np.int64)
    return LabelVolume(labels, _names(image))


def read_nifti_masks(folder: Path, ct: ScanVolume, ct_path: Path) -> LabelVolume:
    """Read one mask a vertebra, each in a file that is named after it: ``vertebrae_L1.nii.gz``.

    TotalSegmentator writes such a folder unless it is told otherwise. Files that name no vertebra
    are left alone. What two masks hold belongs to the upper vertebra.

    Parameters
    ----------
    folder : Path
    ct : ScanVolume
    ct_path : Path
        For messages.

    Returns
    -------
    LabelVolume
        Numbered downwards from 1.

    Raises
    ------
    ConfigError
        No file names a vertebra, two name the same one, or one cannot be read or lies elsewhere.
    """
    masks = _masks_by_level(folder)
    labels = np.zeros(ct.values.shape, np.int64)
    for number, path in enumerate(masks.values(), start=1):
        mask = _on_grid(_image(path), path, ct, ct_path) > _HALF
        labels[mask & (labels == 0)] = number
    return LabelVolume(labels, dict(enumerate(masks, start=1)))


def nifti_files(folder: Path) -> list[Path]:
    """NIfTI files in a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIXES))


def _masks_by_level(folder: Path) -> dict[str, Path]:
    """Level to file, from above to below."""
    files = nifti_files(folder)
    found: dict[str, Path] = {}
    for path in files:
        level = level_named(path.name.partition(".nii")[0])
        if level is not None and level in found:
            raise ConfigError(
                f"{folder}: {found[level].name} and {path.name} both name {level}. Remove one."
            )
        if level is not None:
            found[level] = path
    if not found:
        raise ConfigError(
            f"{folder}: none of its {len(files)} NIfTI files is named after a vertebra, as "
            "vertebrae_L1.nii.gz is. Rename them, or give one file with a label for each."
        )
    return {level: found[level] for level in LEVELS if level in found}


def _on_grid(image: Any, path: Path, ct: ScanVolume, ct_path: Path) -> npt.NDArray[np.float64]:
    """Values of a volume that must lie on the grid of the CT."""
    volume = _volume(image, path)
    found, wanted = volume.values.shape, ct.values.shape
    if found != wanted or not np.allclose(volume.affine, ct.affine, atol=SAME_PLACE_MM):
        raise ConfigError(
            f"{path}: its grid ({found} voxels) is not that of {ct_path} ({wanted}), or lies "
            "elsewhere. Resample the mask to the CT."
        )
    values: npt.NDArray[np.float64] = volume.values
    return values


def _image(path: Path) -> Any:
    library = nibabel()
    try:
        return library.load(path)
    except (OSError, library.filebasedimages.ImageFileError) as error:
        raise _unreadable(path, error) from error


def _volume(image: Any, path: Path) -> ScanVolume:
    try:
        data = np.asarray(image.dataobj, dtype=np.float64)
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error
    data = data.reshape(data.shape[:3]) if data.ndim > 3 and data.size else data
    if data.ndim != 3:
        raise ConfigError(f"{path}: has {data.ndim} dimensions, and a volume has 3.")
    return canonical(data, np.asarray(image.affine, np.float64))


def _unreadable(path: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{path}: cannot be read as NIfTI: {error}. Check the file.")


def _names(image: Any) -> dict[int, str] | None:
    names: dict[int, str] = {}
    for extension in getattr(image.header, "extensions", ()):
        content = extension.get_content()
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
        for match in _LABEL_TABLE.finditer(text):
            level = level_named(match["name"])
            if level is not None:
                names[int(match["key"])] = level
    return names or None

"""CT volumes and label volumes from NIfTI files."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.ct.ct_volume import (
    SAME_PLACE_MM,
    LabelVolume,
    ScanVolume,
    canonical,
    nibabel,
)
from leakwatch.simulator.ct.vertebra_labels import LEVELS, level_in_name
from leakwatch.simulator.ct.volume_checks import (
    check_affine,
    check_complete,
    check_shape,
    integer_labels,
)

_LOG = logging.getLogger(__name__)

_SUFFIXES: Final = (".nii", ".nii.gz")
_UNITS_MM: Final = {"meter": 1000.0, "micron": 0.001}
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
    """Read labels on the grid of a CT.

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
    return LabelVolume(integer_labels(values, path), _names(image))


def read_nifti_masks(folder: Path, ct: ScanVolume, ct_path: Path) -> LabelVolume:
    """Read masks in one file per vertebra, named after it: ``vertebrae_L1.nii.gz``.

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
    """Return the NIfTI files in a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIXES))


def _masks_by_level(folder: Path) -> dict[str, Path]:
    """Return files by level, from superior to inferior."""
    files = nifti_files(folder)
    found: dict[str, Path] = {}
    for path in files:
        level = level_in_name(path.name.partition(".nii")[0])
        if level is not None and level in found:
            raise ConfigError(
                text(
                    "{folder}: {value} and {path} both name {level}. Remove one.",
                    folder=folder,
                    value=found[level].name,
                    path=path.name,
                    level=level,
                )
            )
        if level is not None:
            found[level] = path
    if not found:
        raise ConfigError(
            text(
                "{folder}: none of its {file_count} NIfTI files is named after a vertebra, as "
                "vertebrae_L1.nii.gz is. Rename them, or give one file with a label for each.",
                folder=folder,
                file_count=len(files),
            )
        )
    return {level: found[level] for level in LEVELS if level in found}


def _on_grid(image: Any, path: Path, ct: ScanVolume, ct_path: Path) -> npt.NDArray[np.float64]:
    """Return the values of a volume that must be on the grid of the CT."""
    volume = _volume(image, path)
    found, wanted = volume.values.shape, ct.values.shape
    if found != wanted or not np.allclose(volume.affine, ct.affine, atol=SAME_PLACE_MM):
        raise ConfigError(
            text(
                "{path}: its grid ({found} voxels) is not that of {ct_path} ({wanted}), or lies "
                "elsewhere. Resample the mask to the CT.",
                path=path,
                found=found,
                ct_path=ct_path,
                wanted=wanted,
            )
        )
    values: npt.NDArray[np.float64] = volume.values
    return values


def _image(path: Path) -> Any:
    library = nibabel()
    check_complete(path)
    try:
        image = library.load(path)
        check_shape(tuple(int(size) for size in image.shape), path)
    except ConfigError:
        raise
    # Bytes of any kind come in here, and a parser fails on them in any way.
    except Exception as error:
        raise _unreadable(path, error) from error
    if image.get_data_dtype().kind not in "biuf":
        raise ConfigError(
            text(
                "{path}: its voxels are of the kind {value}, and those of a CT or of "
                "labels are numbers. Give the CT itself.",
                path=path,
                value=image.get_data_dtype(),
            )
        )
    return image


def _volume(image: Any, path: Path) -> ScanVolume:
    try:
        data = np.asarray(image.dataobj, dtype=np.float64)
        affine = np.asarray(image.affine, np.float64)
    except Exception as error:
        raise _unreadable(path, error) from error
    affine = _in_mm(image, affine, path)
    check_affine(affine, path)
    return canonical(data.reshape(data.shape[:3]), affine)


def _in_mm(image: Any, affine: Points3, path: Path) -> Points3:
    """Return the matrix in mm; log a warning if the file has none."""
    header = image.header
    if not isinstance(header, nibabel().Nifti1Header):  # another format: always in mm
        return affine
    if header["sform_code"] == 0 and header["qform_code"] == 0:
        _LOG.warning(
            "%s: does not say how the patient lies in it: columns are taken to lead to the left, "
            "rows to the front, slices to the head",
            path,
        )
    scaled: Points3 = affine.copy()
    scaled[:3] *= _UNITS_MM.get(header.get_xyzt_units()[0], 1.0)
    return scaled


def _unreadable(path: Path, error: Exception) -> ConfigError:
    return ConfigError(
        text(
            "{path}: cannot be read as NIfTI: {error}. Check the file.",
            path=path,
            error=str(error),
        )
    )


def _names(image: Any) -> dict[int, str] | None:
    names: dict[int, str] = {}
    for extension in getattr(image.header, "extensions", ()):
        content = extension.get_content()
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
        for match in _LABEL_TABLE.finditer(text):
            level = level_in_name(match["name"])
            if level is not None:
                names[int(match["key"])] = level
    return names or None

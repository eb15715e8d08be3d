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
from leakwatch.phantom.vertebra_labels import level_named

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
    volume = _volume(image, path)
    found, wanted = volume.values.shape, ct.values.shape
    if found != wanted or not np.allclose(volume.affine, ct.affine, atol=SAME_PLACE_MM):
        raise ConfigError(
            f"{path}: its grid ({found} voxels) is not that of {ct_path} ({wanted}), or lies "
            "elsewhere. Resample the mask to the CT."
        )
    labels: npt.NDArray[np.int64] = np.rint(volume.values).astype(np.int64)
    return LabelVolume(labels, _names(image))


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

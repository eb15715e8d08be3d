"""A CT with the labels of its vertebrae: NIfTI, or a DICOM series with a DICOM segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.ct.ct_dicom import frame_of_reference, read_ct_series
from leakwatch.simulator.ct.ct_nifti import (
    nifti_files,
    read_nifti,
    read_nifti_labels,
    read_nifti_masks,
)
from leakwatch.simulator.ct.ct_segmentation import is_dicom, read_segmentation
from leakwatch.simulator.ct.ct_volume import LabelVolume, ScanVolume
from leakwatch.simulator.ct.vertebra_labels import body_part
from leakwatch.simulator.ct.volume_checks import check_bone, repair_gaps

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scan:
    """CT and labels on one grid.

    Parameters
    ----------
    ct : ScanVolume
        Hounsfield units.
    vertebrae : LabelVolume
    body : ndarray of bool or None
        Vertebral bodies; None: not given.
    """

    ct: ScanVolume
    vertebrae: LabelVolume
    body: Mask | None


def load_scan(ct: Path, vertebrae: Path, body: Path | None) -> Scan:
    """Read a CT and its masks.

    Parameters
    ----------
    ct : Path
        NIfTI file, or a folder with the slices of one DICOM series.
    vertebrae, body : Path
        NIfTI file or DICOM segmentation, or a folder that holds one segmentation or a NIfTI mask
        for each vertebra.

    Raises
    ------
    ConfigError
        A file cannot be read, or does not fit the CT.
    """
    of_series = ct.is_dir()
    if not of_series and is_dicom(ct):
        raise ConfigError(
            text("{path}: a single DICOM file. Give the folder with all slices of the CT.", path=ct)
        )
    found = repair_gaps(read_ct_series(ct) if of_series else read_nifti(ct), ct)
    volume = found.volume
    reference = frame_of_reference(ct) if of_series else None
    labels = _labels(vertebrae, volume, ct, reference)
    check_bone(found, labels.labels > 0, ct, vertebrae)
    if body is None:
        return Scan(volume, labels, None)
    parts = _labels(body, volume, ct, reference)
    if parts.bodies is None:
        return Scan(volume, labels, body_part(parts.labels))
    return Scan(volume, labels, np.isin(parts.labels, list(parts.bodies)))


def _labels(path: Path, volume: ScanVolume, ct: Path, reference: str | None) -> LabelVolume:
    if path.is_dir():
        if nifti_files(path):
            return read_nifti_masks(path, volume, ct)
        files = sorted(file for file in path.iterdir() if file.is_file() and is_dicom(file))
        if len(files) != 1:
            raise ConfigError(
                text(
                    "{path}: holds {file_count} DICOM files and no NIfTI file. Give the one "
                    "that is the segmentation, or a folder with a mask for each vertebra.",
                    path=path,
                    file_count=len(files),
                )
            )
        path = files[0]
    if is_dicom(path):
        return read_segmentation(path, volume, reference)
    return read_nifti_labels(path, volume, ct)

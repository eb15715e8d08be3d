"""CT series in a folder: slices of DICOM CT Image Storage (PS3.3 A.3), sorted and validated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.utils import pixel_array
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.ct.ct_volume import SAME_PLACE_MM, ScanVolume, canonical
from leakwatch.simulator.ct.volume_checks import check_affine, check_shape

_LPS_TO_RAS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])
# Direction cosines are rounded to some digits; this is 0.06 degrees.
_SAME_DIRECTION: Final = 1e-3
_NEEDED: Final = (
    "SeriesInstanceUID",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "Rows",
    "Columns",
    "RescaleSlope",
    "RescaleIntercept",
)


@dataclass(frozen=True, slots=True)
class _Slice:
    path: Path
    header: Dataset
    along_mm: float  # the place of its plane along the normal


def read_ct_series(folder: Path) -> ScanVolume:
    """Read the CT series in a folder.

    Parameters
    ----------
    folder : Path
        Files that are no CT slices are passed over.

    Returns
    -------
    ScanVolume
        Hounsfield units, float64.

    Raises
    ------
    ConfigError
        There is no series, or more than one; slices are missing, doubled, or do not make a grid.
    """
    headers = _headers(folder)
    _check_one_series(headers, folder)
    normal = _normal(headers, folder)
    slices = sorted(
        (
            _Slice(path, header, float(normal @ _vector(header, "ImagePositionPatient")))
            for path, header in headers
        ),
        key=lambda piece: piece.along_mm,
    )
    step = _even_step(slices, normal, folder)
    affine = _LPS_TO_RAS @ plane_affine(slices[0].header, step)
    first = slices[0].header
    check_shape((int(first.Columns), int(first.Rows), len(slices)), folder)
    check_affine(affine, folder)
    planes = np.stack([_hounsfield(piece) for piece in slices], axis=-1)
    return canonical(planes, affine)


def frame_of_reference(folder: Path) -> str | None:
    """Return the frame of reference of a series; None if not stated."""
    for _, header in _dicom_files(folder):
        if header.get("SOPClassUID") == CTImageStorage:
            uid = header.get("FrameOfReferenceUID")
            return str(uid) if uid else None
    return None


def plane_affine(header: Dataset, step: Points3) -> Points3:
    """Return the matrix from indices (column, row, plane) to mm, LPS (PS3.3 C.7.6.2.1.1).

    Parameters
    ----------
    header : Dataset
        With position, orientation and spacing of the first plane.
    step : ndarray
        ``(3,)``, from one plane to the next, mm.
    """
    along_row, along_column = _vector(header, "ImageOrientationPatient").reshape(2, 3)
    between_rows, between_columns = _vector(header, "PixelSpacing")
    affine: Points3 = np.eye(4)
    affine[:3, 0], affine[:3, 1] = along_row * between_columns, along_column * between_rows
    affine[:3, 2], affine[:3, 3] = step, _vector(header, "ImagePositionPatient")
    return affine


def _dicom_files(folder: Path) -> Iterator[tuple[Path, Dataset]]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise ConfigError(
            text(
                "{folder}: cannot be read: {reason}. Check --ct.",
                folder=folder,
                reason=error.strerror,
            )
        ) from error
    for path in paths:
        try:
            yield path, pydicom.dcmread(path, stop_before_pixels=True)
        except (InvalidDicomError, OSError, ValueError):
            continue  # a folder may hold notes, or an index


def _headers(folder: Path) -> list[tuple[Path, Dataset]]:
    found = list(_dicom_files(folder))
    slices = [(p, header) for p, header in found if header.get("SOPClassUID") == CTImageStorage]
    if not slices:
        kinds = Counter(str(header.get("Modality") or "no modality") for _, header in found)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        hint = "Give the folder with the slices of one series."
        if any(header.get("SOPClassUID") == EnhancedCTImageStorage for _, header in found):
            hint = "Enhanced multi-frame CT is not read: convert it to single slices, or to NIfTI."
        raise ConfigError(
            text(
                "{folder}: no CT slices. DICOM files found: {value}. {hint}",
                folder=folder,
                value=told or "none",
                hint=hint,
            )
        )
    for path, header in slices:
        missing = [name for name in _NEEDED if header.get(name) in (None, "")]
        if missing:
            raise ConfigError(
                text(
                    "{path}: a CT slice without {names}. Without them it has no place "
                    "or no Hounsfield units. Export the series again.",
                    path=path,
                    names=", ".join(missing),
                )
            )
    return slices


def _check_one_series(headers: list[tuple[Path, Dataset]], folder: Path) -> None:
    series = Counter(header.SeriesInstanceUID for _, header in headers)
    if len(series) > 1:
        named = {header.SeriesInstanceUID: header for _, header in headers}
        told = "; ".join(
            f"{count} slices of series {named[uid].get('SeriesNumber', '?')} "
            f"({named[uid].get('SeriesDescription') or 'no description'})"
            for uid, count in series.items()
        )
        raise ConfigError(
            text(
                "{folder}: slices of {series_count} series: {series}. Give one series.",
                folder=folder,
                series_count=len(series),
                series=told,
            )
        )


def _normal(headers: list[tuple[Path, Dataset]], folder: Path) -> Points3:
    """Return the common direction in which planes follow each other."""
    first_path, first = headers[0]
    for path, header in headers[1:]:
        for name, most in (
            ("Rows", 0.0),
            ("Columns", 0.0),
            ("ImageOrientationPatient", _SAME_DIRECTION),
            ("PixelSpacing", _SAME_DIRECTION),
        ):
            found, expected = _vector(header, name), _vector(first, name)
            if found.shape != expected.shape or np.abs(found - expected).max() > most:
                raise ConfigError(
                    text(
                        "{folder}: slices differ in {name}: {first_value} in {first_path}, "
                        "{value} in {path}. Give one series without localizers.",
                        folder=folder,
                        name=name,
                        first_value=first[name].value,
                        first_path=first_path.name,
                        value=header[name].value,
                        path=path.name,
                    )
                )
    along_row, along_column = _vector(first, "ImageOrientationPatient").reshape(2, 3)
    normal: Points3 = np.cross(along_row, along_column)
    return normal


def _even_step(slices: list[_Slice], normal: Points3, folder: Path) -> Points3:
    """Return the distance between planes, mm; raise if it is not the same for all."""
    if len(slices) < 2:
        raise ConfigError(
            text(
                "{folder}: a single slice, but a volume needs two or more. Give all of them.",
                folder=folder,
            )
        )
    along = np.array([piece.along_mm for piece in slices])
    steps = np.diff(along)
    usual = float(np.median(steps))
    for index, step in enumerate(steps):
        pair = f"{slices[index].path.name} and {slices[index + 1].path.name}"
        if step < SAME_PLACE_MM:
            raise ConfigError(
                text(
                    "{folder}: two slices at the same position: {pair}. Give one phase of one "
                    "series.",
                    folder=folder,
                    pair=pair,
                )
            )
        if abs(step - usual) > SAME_PLACE_MM:
            count = step / usual
            whole = count > 1.5 and abs(count - round(count)) * usual < 2 * SAME_PLACE_MM
            what = f"{round(count) - 1} missing" if whole else "unevenly spaced"
            raise ConfigError(
                text(
                    "{folder}: slices {what}: {step:.2f} mm between {pair}, elsewhere "
                    "{usual_mm:.2f} mm. Give the whole series, or resample it to even spacing.",
                    folder=folder,
                    what=what,
                    step=step,
                    pair=pair,
                    usual_mm=usual,
                )
            )
    positions = np.array([_vector(piece.header, "ImagePositionPatient") for piece in slices])
    mean: Points3 = (positions[-1] - positions[0]) / (len(slices) - 1)
    beside = np.abs(positions - positions[0] - np.outer(along - along[0], normal)).max()
    if beside > SAME_PLACE_MM:
        raise ConfigError(
            text(
                "{folder}: slices are shifted against each other by up to {shift_mm:.2f} mm: the "
                "gantry was tilted, or the table moved. Resample the series to a straight grid.",
                folder=folder,
                shift_mm=beside,
            )
        )
    return mean


def _hounsfield(piece: _Slice) -> npt.NDArray[np.float64]:
    """Return Hounsfield units, ``(columns, rows)``."""
    try:
        dataset = pydicom.dcmread(piece.path)
        stored = pixel_array(dataset)
    except (InvalidDicomError, OSError, AttributeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigError(
            text(
                "{path}: its pixels cannot be read: {reason}. Export it again, uncompressed.",
                path=piece.path,
                reason=reason,
            )
        ) from error
    slope, intercept = float(dataset.RescaleSlope), float(dataset.RescaleIntercept)
    values: npt.NDArray[np.float64] = stored.T.astype(np.float64) * slope + intercept
    return values


def _vector(header: Dataset, name: str) -> Points3:
    return np.atleast_1d(np.array(header[name].value, dtype=np.float64))

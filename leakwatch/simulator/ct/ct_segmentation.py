"""DICOM segmentations (PS3.3 A.51), binary or fractional, resampled to the grid of a CT.

Each frame has a segment and a place of its own. Frames need not come in order, empty ones may be
left out, and the grid need not be that of the CT: each voxel of the CT takes the nearest one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.utils import iter_pixels
from pydicom.sr.codedict import codes
from pydicom.uid import SegmentationStorage
from scipy import ndimage

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.ct.ct_dicom import plane_affine
from leakwatch.simulator.ct.ct_volume import SAME_PLACE_MM, LabelVolume, ScanVolume
from leakwatch.simulator.ct.vertebra_labels import LEVELS, level_in_name

_PREAMBLE, _MAGIC = 128, b"DICM"
_LPS_TO_RAS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])
# SNOMED CT, as DICOM's context groups name them (PS3.16 annex D).
_LEVEL_OF_CODE: Final[dict[str, str]] = {
    getattr(codes.SCT, f"{level}Vertebra").value: level
    for level in LEVELS
    if hasattr(codes.SCT, f"{level}Vertebra")
} | {codes.SCT.Sacrum.value: "SACRUM", codes.SCT.Coccyx.value: "COCCYX"}
_BODY_WORDS: Final = ("body", "bodies", "corpus")
_PRESENT: Final = 0.5  # share of a voxel from which a segment is there


@dataclass(frozen=True, slots=True)
class _Frames:
    """Positions and segments of all frames.

    Parameters
    ----------
    segments : ndarray of int
        ``(n,)``, segment numbers.
    planes : ndarray of int
        ``(n,)``, index along the normal.
    affine : ndarray
        ``(4, 4)``, from (column, row, plane) to mm, RAS.
    """

    segments: npt.NDArray[np.int64]
    planes: npt.NDArray[np.int64]
    affine: Points3


def is_dicom(path: Path) -> bool:
    """Return whether a file starts like a DICOM file (PS3.10 7.1)."""
    try:
        with path.open("rb") as file:
            return file.read(_PREAMBLE + len(_MAGIC))[_PREAMBLE:] == _MAGIC
    except OSError:
        return False


def read_segmentation(path: Path, ct: ScanVolume, frame_of_reference: str | None) -> LabelVolume:
    """Read segments as labels on the grid of a CT; a label is a segment's number.

    Parameters
    ----------
    path : Path
    ct : ScanVolume
    frame_of_reference : str or None
        Of the CT; None: not known, as of NIfTI.

    Returns
    -------
    LabelVolume

    Raises
    ------
    ConfigError
        The file cannot be read, is of another kind, or lies elsewhere.
    """
    dataset = _read(path)
    own = dataset.get("FrameOfReferenceUID")
    if frame_of_reference and own and own != frame_of_reference:
        raise ConfigError(
            text(
                "{path}: its frame of reference ({own}) is not that of the CT "
                "({frame_of_reference}): it belongs to another scan. Give one of this CT.",
                path=path,
                own=own,
                frame_of_reference=frame_of_reference,
            )
        )
    frames = _frames(dataset, path)
    labels = _on_grid(_stacked(dataset, frames, path), frames.affine, ct)
    if not labels.any():
        raise ConfigError(
            text(
                "{path}: none of its segments is within the CT. Give the segmentation of this CT.",
                path=path,
            )
        )
    segments = {int(item.SegmentNumber): item for item in dataset.SegmentSequence}
    levels = {number: _level(item, path) for number, item in segments.items()}
    names = {number: level for number, level in levels.items() if level is not None}
    bodies = frozenset(number for number, item in segments.items() if _is_body(item))
    return LabelVolume(labels, names or None, bodies or None)


def _read(path: Path) -> Dataset:
    try:
        dataset = pydicom.dcmread(path)
    except (InvalidDicomError, OSError, ValueError) as error:
        raise ConfigError(
            text(
                "{path}: cannot be read as DICOM: {error}. Check the file.",
                path=path,
                error=str(error),
            )
        ) from error
    kind = dataset.get("SOPClassUID")
    if kind != SegmentationStorage:
        raise ConfigError(
            text(
                "{path}: {found}, not a DICOM segmentation. Give a Segmentation Storage object, "
                "or NIfTI.",
                path=path,
                found=getattr(kind, "name", "of no known kind"),
            )
        )
    if dataset.get("SegmentationType") not in ("BINARY", "FRACTIONAL"):
        raise ConfigError(
            text(
                "{path}: SegmentationType is {found}, but must be BINARY or FRACTIONAL. Convert "
                "it, or give NIfTI.",
                path=path,
                found=dataset.get("SegmentationType"),
            )
        )
    return dataset


def _frames(dataset: Dataset, path: Path) -> _Frames:
    """Return the position of each frame; all must be parallel planes of one regular grid."""
    try:
        groups = list(dataset.PerFrameFunctionalGroupsSequence)
        shared = _first(dataset, "SharedFunctionalGroupsSequence") or Dataset()
        places = [_place(group, shared) for group in groups]
        segments = [
            int(_macro(group, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)
            for group in groups
        ]
    except AttributeError as error:
        raise ConfigError(
            text(
                "{path}: its frames have no position or no segment: {error}. Export it again.",
                path=path,
                error=str(error),
            )
        ) from error
    if not places:
        raise ConfigError(text("{path}: contains no frame. Export it again.", path=path))
    rows = np.array([[*p.ImageOrientationPatient, *p.PixelSpacing] for p in places], np.float64)
    if np.abs(rows - rows[0]).max() > 1e-3:
        raise ConfigError(
            text("{path}: its frames differ in direction or spacing. Resample it.", path=path)
        )
    normal = np.cross(rows[0, :3], rows[0, 3:6])
    positions = np.array([p.ImagePositionPatient for p in places], np.float64)
    along = positions @ normal
    step_mm = _step_mm(np.unique(np.round(along, 3)), places[0])
    planes = np.rint((along - along.min()) / step_mm).astype(np.int64)
    expected = positions[along.argmin()] + np.outer(planes * step_mm, normal)
    if np.abs(positions - expected).max() > SAME_PLACE_MM:
        raise ConfigError(
            text("{path}: its frames are not on one regular grid. Resample it.", path=path)
        )
    affine = _LPS_TO_RAS @ plane_affine(places[int(along.argmin())], normal * step_mm)
    return _Frames(np.array(segments), planes, affine)


def _step_mm(along: Points3, place: Dataset) -> float:
    """Return the spacing of planes, by the nearest two since empty ones may be omitted."""
    if len(along) > 1:
        steps = np.diff(along)
        nearest = float(steps.min())
        counts = np.rint(steps / nearest)
        return float(steps.sum() / counts.sum())
    return float(place.get("SpacingBetweenSlices") or place.get("SliceThickness") or 1.0)


def _place(group: Dataset, shared: Dataset) -> Dataset:
    """Return position, orientation and spacing of a frame in one data set."""
    place = Dataset()
    place.update(_macro(group, shared, "PixelMeasuresSequence"))
    for sequence, name in (
        ("PlanePositionSequence", "ImagePositionPatient"),
        ("PlaneOrientationSequence", "ImageOrientationPatient"),
    ):
        place.add(_macro(group, shared, sequence)[name])
    return place


def _macro(group: Dataset, shared: Dataset, name: str) -> Dataset:
    found = _first(group, name) or _first(shared, name)
    if found is None:
        raise AttributeError(f"no {name}")
    return found


def _first(dataset: Dataset, name: str) -> Dataset | None:
    items = dataset.get(name)
    return items[0] if items else None


def _stacked(dataset: Dataset, frames: _Frames, path: Path) -> npt.NDArray[np.int64]:
    """Return labels on the segmentation's grid, by the largest share of each voxel."""
    fractional = dataset.SegmentationType == "FRACTIONAL"
    greatest = float(dataset.get("MaximumFractionalValue") or 1) if fractional else 1.0
    shape = (int(dataset.Columns), int(dataset.Rows), int(frames.planes.max()) + 1)
    labels, shares = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
    try:
        # One at a time: a hundred segments of a whole body would not fit into memory.
        for segment, plane, frame in zip(
            frames.segments, frames.planes, _pixels(dataset), strict=True
        ):
            share = frame.T / np.float32(greatest)
            more = (share >= _PRESENT) & (share > shares[:, :, plane])
            labels[:, :, plane][more] = segment
            shares[:, :, plane][more] = share[more]
    except (AttributeError, ValueError, RuntimeError) as error:
        raise ConfigError(
            text(
                "{path}: its pixels cannot be read: {error}. Export it again, uncompressed.",
                path=path,
                error=str(error),
            )
        ) from error
    return labels


def _pixels(dataset: Dataset) -> Iterator[npt.NDArray[np.uint8]]:
    """Return frames, ``(rows, columns)``.

    Single bits are unpacked here: a frame of them need not begin with a byte (PS3.5 8.2), which
    the library reads wrongly, one frame at a time.
    """
    if dataset.BitsAllocated != 1 or dataset.file_meta.TransferSyntaxUID.is_compressed:
        yield from iter_pixels(dataset)
        return
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    packed = np.frombuffer(dataset.PixelData, np.uint8)
    for index in range(int(dataset.NumberOfFrames)):
        first, last = index * rows * columns, (index + 1) * rows * columns
        bits = np.unpackbits(packed[first // 8 : -(-last // 8)], bitorder="little")
        yield bits[first % 8 :][: rows * columns].reshape(rows, columns)


def _on_grid(
    labels: npt.NDArray[np.int64], affine: Points3, ct: ScanVolume
) -> npt.NDArray[np.int64]:
    to_own = np.linalg.inv(affine) @ ct.affine
    laid: npt.NDArray[np.int64] = ndimage.affine_transform(
        labels,
        to_own[:3, :3],
        to_own[:3, 3],
        ct.values.shape,
        order=0,
        # Of plain "constant", a rounding error cuts off the first and the last plane.
        mode="grid-constant",
    )
    return laid


def _level(segment: Dataset, path: Path) -> str | None:
    """Return the level by label and code; raise if they contradict each other."""
    code = _first(segment, "SegmentedPropertyTypeCodeSequence")
    by_label = level_in_name(str(segment.get("SegmentLabel") or ""))
    by_code = None
    if code is not None:
        in_snomed = code.get("CodingSchemeDesignator") == "SCT"
        by_code = _LEVEL_OF_CODE.get(str(code.get("CodeValue"))) if in_snomed else None
        by_code = by_code or level_in_name(str(code.get("CodeMeaning") or ""))
    if by_label and by_code and by_label != by_code:
        raise ConfigError(
            text(
                "{path}: segment {segment_number} is named {label_name} ({segment_label}) but "
                "coded as {code_name}. Correct one of them.",
                path=path,
                segment_number=segment.SegmentNumber,
                label_name=by_label,
                segment_label=segment.SegmentLabel,
                code_name=by_code,
            )
        )
    return by_label or by_code


def _is_body(segment: Dataset) -> bool:
    words = str(segment.get("SegmentLabel") or "").casefold()
    return any(word in words for word in _BODY_WORDS)

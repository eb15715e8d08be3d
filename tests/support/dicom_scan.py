"""Writes CT series and DICOM segmentations: volumes with axes right, anterior, superior."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    SegmentationStorage,
    generate_uid,
)

FRAME_OF_REFERENCE = "2.25.1001"
# What scanners write: columns lead to the left, rows to the back, slices to the head.
AXIAL = ((0, -1), (1, -1), (2, 1))
SAGITTAL = ((1, -1), (2, -1), (0, 1))
_TO_LPS = np.array([-1.0, -1.0, 1.0])
Order = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def ordered(volume: np.ndarray, order: Order) -> np.ndarray:
    """Axes (slice, row, column) of a volume, turned as `order` says for column, row, slice."""
    for axis, sign in order:
        volume = np.flip(volume, axis) if sign < 0 else volume
    return volume.transpose([order[2][0], order[1][0], order[0][0]])


class Places:
    """Where the slices of a volume lie, in DICOM's terms."""

    def __init__(self, shape: tuple[int, ...], affine: np.ndarray, order: Order) -> None:
        first = [shape[axis] - 1 if sign < 0 else 0 for axis, sign in sorted(order)]
        self.first = affine[:3, :3] @ np.array(first) + affine[:3, 3]
        steps = [sign * affine[:3, axis] for axis, sign in order]
        self.spacing = [float(np.linalg.norm(step)) for step in steps]
        self.step = steps[2]
        cosines = [step / size for step, size in zip(steps, self.spacing, strict=True)]
        self.orientation = [float(v) for axis in cosines[:2] for v in axis * _TO_LPS]

    def position(self, index: float) -> list[float]:
        """Of a slice."""
        return [round(float(v), 4) for v in (self.first + index * self.step) * _TO_LPS]

    def describe(self, dataset: Dataset, index: float) -> None:
        """Write the place of a slice."""
        dataset.ImagePositionPatient = self.position(index)
        dataset.ImageOrientationPatient = self.orientation
        dataset.PixelSpacing = [self.spacing[1], self.spacing[0]]


def new_dataset(kind: str) -> FileDataset:
    """An empty data set of a SOP class."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = generate_uid(prefix="2.25.")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    dataset.FrameOfReferenceUID = FRAME_OF_REFERENCE
    return dataset


def write_series(
    folder: Path,
    hounsfield: np.ndarray,
    affine: np.ndarray,
    order: Order = AXIAL,
    slope: float = 1.0,
    intercept: float = -1024.0,
) -> list[Path]:
    """A series; names of files tell nothing of their order."""
    folder.mkdir(exist_ok=True)
    places = Places(hounsfield.shape, affine, order)
    paths = []
    for index, values in enumerate(ordered(hounsfield, order)):
        dataset = new_dataset(CTImageStorage)
        dataset.Modality, dataset.SeriesInstanceUID = "CT", "2.25.2002"
        dataset.SeriesNumber, dataset.SeriesDescription = 3, "spine"
        places.describe(dataset, index)
        dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept
        stored = np.rint((values - intercept) / slope).astype("<u2")
        dataset.Rows, dataset.Columns = stored.shape
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, 0
        dataset.PixelData = stored.tobytes()
        path = folder / f"{(index * 7919) % 10007:05}.dcm"
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
        paths.append(path)
    (folder / "notes.txt").write_text("not DICOM")
    return paths


def write_segmentation(
    path: Path,
    shares: Mapping[str, np.ndarray],
    affine: np.ndarray,
    order: Order = AXIAL,
    fractional: bool = False,
    codes: Mapping[str, tuple[str, str]] | None = None,
) -> Path:
    """A segment for each label, empty frames left out, frames from the last to the first."""
    dataset = new_dataset(SegmentationStorage)
    dataset.Modality = "SEG"
    dataset.SegmentationType = "FRACTIONAL" if fractional else "BINARY"
    dataset.SegmentSequence, dataset.PerFrameFunctionalGroupsSequence = [], []
    frames = []
    for number, (label, volume) in enumerate(shares.items(), start=1):
        item = Dataset()
        item.SegmentNumber, item.SegmentLabel = number, label
        code = Dataset()
        code.CodeValue, code.CodeMeaning = (codes or {}).get(label, ("91723000", "Anatomy"))
        code.CodingSchemeDesignator = "SCT"
        item.SegmentedPropertyTypeCodeSequence = [code]
        dataset.SegmentSequence.append(item)
        places = Places(volume.shape, affine, order)
        for index, values in reversed([*enumerate(ordered(volume, order))]):
            if values.any():
                frames.append(values)
                dataset.PerFrameFunctionalGroupsSequence.append(_group(places, index, number))
    dataset.SharedFunctionalGroupsSequence = [_shared(places)]
    dataset.NumberOfFrames = len(frames)
    dataset.Rows, dataset.Columns = frames[0].shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.PixelRepresentation = 0
    bits = 8 if fractional else 1
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    stack = np.array(frames)
    if fractional:
        dataset.SegmentationFractionalType, dataset.MaximumFractionalValue = "OCCUPANCY", 200
        data = np.rint(stack * 200.0).astype(np.uint8).tobytes()
        dataset.PixelData = data + b"\0" * (len(data) % 2)
    else:
        dataset.PixelData = pack_bits(stack.astype(np.uint8))
    dataset["PixelData"].VR = "OB"
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def _group(places: Places, index: int, number: int) -> Dataset:
    group, segment, position = Dataset(), Dataset(), Dataset()
    segment.ReferencedSegmentNumber = number
    group.SegmentIdentificationSequence = [segment]
    position.ImagePositionPatient = places.position(index)
    group.PlanePositionSequence = [position]
    return group


def _shared(places: Places) -> Dataset:
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = places.orientation
    shared.PlaneOrientationSequence = [orientation]
    measures.PixelSpacing = [places.spacing[1], places.spacing[0]]
    measures.SliceThickness = places.spacing[2]
    shared.PixelMeasuresSequence = [measures]
    return shared

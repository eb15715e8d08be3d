"""DICOM files written for a test, with pydicom and encoders that the program does not use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom.uid as uids
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, generate_uid

Pixels = NDArray[Any]

# Each gives one code stream.
ENCODERS: dict[UID, Any] = {
    uids.JPEGBaseline8Bit: lambda frame: imagecodecs.jpeg8_encode(frame, 95),
    uids.JPEGLossless: lambda frame: imagecodecs.jpeg8_encode(
        frame, lossless=True, predictor=6, bitspersample=_bits(frame)
    ),
    uids.JPEGLosslessSV1: lambda frame: imagecodecs.jpeg8_encode(
        frame, lossless=True, predictor=1, bitspersample=_bits(frame)
    ),
    uids.JPEGLSLossless: imagecodecs.jpegls_encode,
    uids.JPEGLSNearLossless: lambda frame: imagecodecs.jpegls_encode(frame, 2),
    uids.JPEG2000Lossless: lambda frame: imagecodecs.jpeg2k_encode(
        frame, codecformat="j2k", reversible=True, level=0
    ),
    uids.JPEG2000: lambda frame: imagecodecs.jpeg2k_encode(frame, codecformat="j2k", level=90),
    uids.HTJ2KLossless: imagecodecs.htj2k_encode,
}


def noise(count: int = 1, rows: int = 12, columns: int = 16, bits: int = 12) -> list[Pixels]:
    """Frames of random samples that use all of `bits`."""
    rng = np.random.default_rng(rows + columns + bits)
    dtype = np.uint8 if bits <= 8 else np.uint16
    return [rng.integers(0, 1 << bits, (rows, columns)).astype(dtype) for _ in range(count)]


def smooth(count: int = 1, rows: int = 48, columns: int = 64, bits: int = 12) -> list[Pixels]:
    """Frames with a gradient that moves, as a lossy encoder likes them."""
    row, column = np.mgrid[:rows, :columns]
    top = (1 << bits) - 1
    dtype = np.uint8 if bits <= 8 else np.uint16
    waves = (np.sin(row / 9 + index / 5) * np.cos(column / 13) for index in range(count))
    return [((0.5 + 0.4 * wave) * top).astype(dtype) for wave in waves]


def write(
    path: Path,
    frames: Sequence[Pixels],
    syntax: UID = uids.ExplicitVRLittleEndian,
    pixel_data: bytes | None = None,
    offset_table: bool = True,
    **tags: Any,
) -> Path:
    """Write a DICOM file.

    Parameters
    ----------
    path : Path
    frames : sequence of ndarray
        Samples as they are stored, of 8 or 16 bits.
    syntax : UID
    pixel_data : bytes or None
        Instead of the frames.
    offset_table : bool
        With a Basic Offset Table, where the pixels are compressed.
    **tags : object
        By keyword; None takes a tag away.
    """
    first = frames[0]
    dataset = _head(first, len(frames))
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    if pixel_data is None:
        pixel_data = _pixel_data(frames, syntax, offset_table)
    dataset.PixelData = pixel_data
    dataset["PixelData"].VR = "OB" if syntax.is_encapsulated or first.itemsize == 1 else "OW"
    dataset["PixelData"].is_undefined_length = syntax.is_encapsulated
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
    return path


def sequence_item(**tags: Any) -> Dataset:
    """An item for a sequence."""
    item = Dataset()
    for keyword, value in tags.items():
        setattr(item, keyword, value)
    return item


def _head(first: Pixels, count: int) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = uids.XRayAngiographicImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = "1.2.3.4"
    dataset.Modality = "XA"
    dataset.Manufacturer = "Tests"
    dataset.PatientName = "Nobody^Shall^Read"
    dataset.Rows, dataset.Columns = first.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = 8 * first.itemsize
    dataset.BitsStored = 8 * first.itemsize if first.itemsize == 1 else 12
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    dataset.PixelIntensityRelationship = "LIN"
    if count > 1:
        dataset.NumberOfFrames = count
        dataset.FrameTime = 100.0
    return dataset


def _pixel_data(frames: Sequence[Pixels], syntax: UID, offset_table: bool) -> bytes:
    if syntax == uids.RLELossless:
        return encapsulate(list(map(rle_encoded, frames)), has_bot=offset_table)
    if syntax.is_encapsulated:
        streams = [bytes(ENCODERS[syntax](frame)) for frame in frames]
        return encapsulate(streams, has_bot=offset_table)
    order = ">" if syntax == uids.ExplicitVRBigEndian else "<"
    data = b"".join(
        frame.astype(frame.dtype.newbyteorder(order), copy=False).tobytes() for frame in frames
    )
    return data + b"\0" * (len(data) % 2)


def rle_encoded(frame: Pixels) -> bytes:
    """RLE as PS3.5 annex G has it, in literal runs only: one segment a byte, the high one first."""
    planes = frame.astype(frame.dtype.newbyteorder(">")).tobytes()
    segments = []
    for plane in range(frame.itemsize):
        samples = planes[plane :: frame.itemsize]
        runs = [samples[at : at + 128] for at in range(0, len(samples), 128)]
        segment = b"".join(bytes((len(run) - 1,)) + run for run in runs)
        segments.append(segment + b"\0" * (len(segment) % 2))
    head = np.zeros(16, "<u4")
    head[0] = len(segments)
    at = 64
    for index, segment in enumerate(segments, start=1):
        head[index] = at
        at += len(segment)
    return head.tobytes() + b"".join(segments)


def _bits(frame: Pixels) -> int:
    return 8 if frame.itemsize == 1 else 12

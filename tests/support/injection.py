"""An injection made by hand: texture, noise, a bolus that grows to the wall and behind it.

Cheap, and enough for what stands around the fold: it begins CLEAR, and a STOP comes at
`STOPPED` frames at the latest. What the fold sees in real pictures is tested elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    RLELossless,
    XRayAngiographicImageStorage,
    generate_uid,
)

from leakwatch.core.arrays import read_only
from leakwatch.core.frame import (
    Acquisition,
    Frame,
    IntensityRelationship,
    PixelFormat,
    TimeSource,
    View,
)
from leakwatch.core.marks import Marks, Side
from leakwatch.core.spacing import Calibration, SpacingRung

ROWS, COLUMNS, FRAMES, FRAME_S, MM_PER_PX = 240, 240, 16, 0.125, 0.25
FIRST_CEMENT, STOPPED = 6, 14
WALL = ((150.0, 90.0), (148.0, 120.0), (150.0, 150.0))
MARKS = Marks(
    view=View.LATERAL,
    baseline_frames=(0, FIRST_CEMENT),
    posterior_wall_px=read_only(np.array(WALL)),
    anterior=Side.LEFT,
)
CALIBRATION = Calibration(MM_PER_PX, 0.005, SpacingRung.CASE, "case")
ACQUISITION = Acquisition(
    rows=ROWS,
    columns=COLUMNS,
    pixel_format=PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN),
    time_source=TimeSource.FRAME_TIME,
    number_of_frames=FRAMES,
    modality="XA",
)


def stack(frames: int = FRAMES) -> np.ndarray:
    """Stored values, ``(frames, rows, columns)``; the bolus is 2 px longer in each frame."""
    rng = np.random.default_rng(7)
    values = without_noise(frames, rng)
    return (values + rng.normal(0.0, 15.0, values.shape)).clip(1, 4095).astype(np.uint16)


def without_noise(frames: int = FRAMES, rng: np.random.Generator | None = None) -> np.ndarray:
    """The same before any quantum fell, float64."""
    rng = np.random.default_rng(7) if rng is None else rng
    texture = rng.normal(0.0, 1.0, (ROWS // 8, COLUMNS // 8)).repeat(8, axis=0).repeat(8, axis=1)
    anatomy = 1500.0 * np.exp(-0.1 * texture)
    values = np.repeat(anatomy[None], frames, axis=0)
    for index in range(FIRST_CEMENT, frames):
        values[index, 110:130, 100 : 106 + 2 * index] *= 0.6
    return values


def frames(count: int = FRAMES) -> Iterator[Frame]:
    """The same as frames."""
    for index, pixels in enumerate(stack(count)):
        yield Frame(index, FRAME_S * index, read_only(pixels), ACQUISITION)


def write_dicom(path: Path, compressed: bool = False) -> None:
    """The same as an XA multi-frame file without any spacing; `compressed`: RLE Lossless."""
    values = stack()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = XRayAngiographicImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.NumberOfFrames = "XA", len(values)
    dataset.FrameTime = 1000.0 * FRAME_S
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = ROWS, COLUMNS, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation, dataset.PhotometricInterpretation = 0, "MONOCHROME2"
    dataset.PixelIntensityRelationship = "LIN"
    dataset.PixelData = values.tobytes()
    if compressed:
        dataset.compress(RLELossless)
    dataset.save_as(path, enforce_file_format=True)


def write_case(path: Path, dicom: Path) -> None:
    """A NAME.case.json for `dicom`, with everything that `MARKS` and `CALIBRATION` say."""
    content = {"schema": "leakwatch.case/1", "dicom": dicom.name, "view": "lateral"}
    content |= {"anterior": "left", "posterior_wall_px": WALL}
    content |= {"baseline_frames": [0, FIRST_CEMENT]}
    path.write_text(json.dumps(content | {"mm_per_px": MM_PER_PX, "mm_per_px_sigma": 0.005}))

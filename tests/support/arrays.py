"""The sample case as arrays, opened without the interface that is tested."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from leakwatch.case_files.case_file import load_case
from leakwatch.core.marks import Marks
from leakwatch.sources.dicom.dicom_file import DicomFile

SAMPLES = Path(__file__).resolve().parent.parent.parent / "sample_dicom"
MM_PER_PX = 0.2331
HALF_MM_PER_PX = 2.0 * MM_PER_PX


@dataclass(frozen=True)
class Sample:
    """A case of the samples."""

    images: Any
    times_s: Any
    marks: Marks


@cache
def half_size() -> Sample:
    """The same case with two by two pixels in one, for what need not be compared with the file."""
    whole = epidural()
    frames, rows, columns = whole.images.shape
    parts = whole.images.reshape(frames, rows // 2, 2, columns // 2, 2)
    images = np.rint(parts.mean(axis=(2, 4))).astype(np.uint16)
    wall = whole.marks.posterior_wall_px
    assert wall is not None
    marks = Marks(
        view=whole.marks.view,
        baseline_frames=whole.marks.baseline_frames,
        posterior_wall_px=(wall - 0.5) / 2.0,
        anterior=whole.marks.anterior,
    )
    return Sample(images, whole.times_s, marks)


@cache
def epidural() -> Sample:
    """Cement goes through the posterior wall; 12 bits, linear."""
    source = DicomFile(SAMPLES / "epidural.dcm")
    frames = list(source.frames())
    source.close()
    return Sample(
        np.stack([frame.pixels for frame in frames]),
        np.array([frame.time_s for frame in frames]),
        load_case(SAMPLES / "epidural.case.json").marks,
    )

"""The sample case as arrays, opened without the interface that is tested."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from leakwatch.case import load_case
from leakwatch.model import Marks
from leakwatch.sources.dicom_file import DicomFile

SAMPLES = Path(__file__).resolve().parent.parent.parent / "sample_dicom"
MM_PER_PX = 0.2331


@dataclass(frozen=True)
class Sample:
    """A case of the samples."""

    images: Any
    times_s: Any
    marks: Marks


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

"""An export to a medium with a DICOMDIR, written by pydicom."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet


def write_export(folder: Path, sources: Iterable[Path]) -> list[Path]:
    """Write each file as a series of its own; return the images, in order."""
    files = FileSet()
    for number, source in enumerate(sources, 1):
        files.add(_as_series(pydicom.dcmread(source), number))
    files.write(folder)
    files._stage["t"].cleanup()  # it leaves its copies to the collector, with a warning
    return sorted(path for path in folder.rglob("IM*") if path.is_file())


def _as_series(dataset: Dataset, number: int) -> Dataset:
    uid = f"1.2.826.0.1.{number}"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID = f"{uid}.1", "1.2.826.0.1"
    dataset.SeriesNumber = dataset.InstanceNumber = number
    dataset.PatientID, dataset.StudyID = "A", "1"
    dataset.StudyDate, dataset.StudyTime = "20260101", "120000"
    return dataset

"""All DICOM objects of a case in one folder: frames, report, segmentation, presentation states."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileDataset

from leakwatch.case_files.key_image_index import KEY_IMAGE_FOLDER
from leakwatch.core.errors import SinkError, missing_extra
from leakwatch.core.messages import text
from leakwatch.files.private_files import copy_private_file, make_private_folder, new_private_file
from leakwatch.sinks.dicom_export.derived_objects import new_series
from leakwatch.sinks.dicom_export.presentation_state import make_presentation_state
from leakwatch.sinks.dicom_export.segmentation import make_segmentation
from leakwatch.sinks.report.case_findings import Findings

REPORT_NAME = "measurements.sr.dcm"


# Files of an earlier export.
_EARLIER = (
    "alert-*.pr.dcm",
    "cement-*.seg.dcm",
    REPORT_NAME,
    "fluoroscopy-*.dcm",
    "key-image-*.dcm",
)


def export_dicom(findings: Findings, folder: Path) -> tuple[Path, ...]:
    """Write the objects of a case; those of an earlier export are replaced.

    Parameters
    ----------
    findings : Findings
    folder : Path
        Made if absent.

    Returns
    -------
    tuple of Path
        Written files, the recorded files first, then those of key images. Without an alert there
        is no report and no presentation state, without cement no segmentation.

    Raises
    ------
    SinkError
        The folder cannot be written, or the extra `dicom` is missing.
    """
    sources = [pydicom.dcmread(path, stop_before_pixels=True) for path in findings.parts]
    made: dict[str, Dataset] = {}
    if findings.key_frames:
        made[REPORT_NAME] = _report(sources, findings)
    cement = new_series("SEG", 101, "LeakWatch: bone cement")
    for part, source in enumerate(sources):
        outlines = [one for one in findings.outlines if one.reference.part == part]
        if outlines:
            made[f"cement-{part + 1:03d}.seg.dcm"] = make_segmentation(source, outlines, cement)
    states = new_series("PR", 102, "LeakWatch: alerts")
    for key_frame in findings.key_frames:
        state = make_presentation_state(
            sources[key_frame.reference.part], key_frame, findings.greys, states
        )
        made[f"alert-{key_frame.number:03d}.pr.dcm"] = state
    return _written(findings, folder, made)


def _report(sources: list[FileDataset], findings: Findings) -> Dataset:
    try:
        from leakwatch.sinks.dicom_export.structured_report import make_structured_report
    except ImportError as error:
        raise SinkError(missing_extra("the measurement report", "dicom", error)) from error
    return make_structured_report(
        sources, findings, new_series("SR", 100, "LeakWatch: measurements at alerts")
    )


def _key_image_files(findings: Findings) -> list[Path]:
    """Return the objects of key images; what was removed from the record is left out."""
    if findings.folder is None:
        return []
    folder = findings.folder / KEY_IMAGE_FOLDER
    names = [
        f"{one.stem}{suffix}" for one in findings.key_images for suffix in (".sc.dcm", ".ko.dcm")
    ]
    return [folder / name for name in names if (folder / name).is_file()]


def _written(findings: Findings, folder: Path, made: dict[str, Dataset]) -> tuple[Path, ...]:
    try:
        make_private_folder(folder)
        for pattern in _EARLIER:
            for old in folder.glob(pattern):
                old.unlink()
        paths = [folder / part.name for part in findings.parts]
        for part, path in zip(findings.parts, paths, strict=True):
            copy_private_file(part, path)
        for kept in _key_image_files(findings):
            copy_private_file(kept, folder / kept.name)
            paths.append(folder / kept.name)
        for name, dataset in made.items():
            with new_private_file(folder / name) as file:
                dataset.save_as(file, enforce_file_format=True)
            paths.append(folder / name)
    except OSError as error:
        raise SinkError(
            text(
                "{folder} cannot be written: {error}. Check permissions and free disk space.",
                folder=folder,
                error=str(error),
            )
        ) from error
    return tuple(paths)

"""DICOMDIR of an export: the images that it lists and that are missing below its folder."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from leakwatch.config import LiveDicomSettings
from leakwatch.core.messages import HeaderText, counted
from leakwatch.sources.dicom.bounded_header import BoundedHeader
from leakwatch.sources.dicom.element_values import text_value, text_values

DIRECTORY_NAME = "DICOMDIR"
# What systems add to a name of a medium (ISO 9660): a version, and the dot of an empty suffix.
_ADDED = re.compile(r"\.?(;\d+)?$")


def missing_images(directory: Path, files: Iterable[Path]) -> str:
    """Return which of the listed images are missing, as text; empty if none is.

    A directory that cannot be read lists nothing: the images themselves are what is read.

    Parameters
    ----------
    directory : Path
        A DICOMDIR.
    files : iterable of Path
        All files below its folder.
    """
    folder = directory.parent
    present = {_plain(path.relative_to(folder).parts) for path in files if folder in path.parents}
    listed = [parts for parts in _listed_images(directory) if _plain(parts) not in present]
    if not listed:
        return ""
    return counted(
        "{path}: lists {count} image that is missing, {first}. Copy the whole export again.",
        "{path}: lists {count} images that are missing, the first being {first}. Copy the whole "
        "export again.",
        count=len(listed),
        path=directory,
        first=HeaderText("/".join(listed[0])),
    )


def _listed_images(directory: Path) -> list[tuple[str, ...]]:
    try:
        with BoundedHeader(directory, LiveDicomSettings()) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            records = pydicom.dcmread(file).get("DirectoryRecordSequence") or ()
            return [parts for record in records if (parts := _image_of(record))]
    # It is untrusted, and a parser may fail over it in any way.
    except Exception:  # noqa: BLE001
        return []


def _image_of(record: Dataset) -> tuple[str, ...]:
    """Return the parts of the path of an image; empty for another record."""
    if text_value(record, "DirectoryRecordType") != "IMAGE":
        return ()
    return tuple(text_values(record, "ReferencedFileID"))


def _plain(parts: Iterable[str]) -> str:
    return "/".join(_ADDED.sub("", part).casefold() for part in parts)

"""Copies of the DICOM files of one session, without patient identity."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.deidentification.deidentified_header import Keys, deidentify_header, make_keys
from leakwatch.deidentification.deidentified_pixels import make_samples
from leakwatch.files.private_files import make_private_folder, new_private_file
from leakwatch.sources.dicom.burned_in import burned_in_annotation

# Larger elements are read only when needed: of those kept, only functional groups are larger.
_LARGE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class CopyResult:
    """Result of copying files.

    Parameters
    ----------
    written : int
    refused : tuple of str
        Reasons why files were not copied, with their paths, which may name the patient.
    not_dicom : int
        Number of files that are not DICOM files.
    unstated : int
        Number of written files without Burned In Annotation.
    """

    written: int
    refused: tuple[str, ...]
    not_dicom: int
    unstated: int


def copy_deidentified(source: Path, out: Path, pictures_checked: bool = False) -> CopyResult:
    """Copy a DICOM file, or all files in a folder, as one session without patient identity.

    File names may name the patient, so copies are numbered in the order of the names.

    Parameters
    ----------
    source : Path
    out : Path
        Made if absent; must be empty.
    pictures_checked : bool
        The user confirmed that no screen capture shows a name.

    Raises
    ------
    SourceError
        There is no file at `source`, or `out` is not empty or cannot be written.
    """
    paths = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
    if not paths:
        raise SourceError(text("{source}: no file was found. Check the path.", source=source))
    _make_empty(out)
    keys, written, not_dicom, unstated = _session_keys(paths), 0, 0, 0
    refused = []
    for path in paths:
        try:
            unstated += _copy(path, out / f"{written + 1:05d}.dcm", keys, pictures_checked)
            written += 1
        except InvalidDicomError:
            not_dicom += 1
        # Files are untrusted: any fault means that this one is not copied.
        except Exception as error:  # noqa: BLE001
            refused.append(f"{path}: {_reason(error, path)}")
    return CopyResult(written, tuple(refused), not_dicom, unstated)


def _copy(path: Path, copy: Path, keys: Keys, pictures_checked: bool) -> bool:
    """Write one copy, and return whether it lacks Burned In Annotation."""
    with warnings.catch_warnings():
        # pydicom quotes invalid values in its warnings, and they may name the patient.
        warnings.simplefilter("ignore")
        header = _read_header(path)
        clean = deidentify_header(header, keys, pictures_checked)
        samples = make_samples(path, header)
        samples.describe(clean)
        clean.file_meta.TransferSyntaxUID = samples.syntax
        buffer = io.BytesIO()
        pydicom.dcmwrite(buffer, clean, enforce_file_format=True)
        try:
            with new_private_file(copy) as file:
                file.write(buffer.getvalue())
                samples.write(file)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    return burned_in_annotation(clean) is None


def _read_header(path: Path) -> FileDataset:
    """Return the header of a file, without pixels."""
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        raise SourceError(
            text(
                "it uses Deflated Explicit VR Little Endian, which cannot be read within bounds. "
                "Convert it with dcmtk: dcmconv +te IN.dcm OUT.dcm"
            )
        )
    return pydicom.dcmread(path, stop_before_pixels=True, defer_size=_LARGE_BYTES)


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, SourceError):
        return str(error).removeprefix(f"{path}: ")
    if isinstance(error, OSError):
        return text(
            "it cannot be copied: {reason}. Check permissions and free disk space.",
            reason=error.strerror or str(error),
        )
    return text(
        "it cannot be read ({kind}: {error}). Copy it again.",
        kind=type(error).__name__,
        error=str(error),
    )


def _make_empty(out: Path) -> None:
    try:
        make_private_folder(out)
        if any(out.iterdir()):
            raise SourceError(text("{output} is not empty. Choose another --out.", output=out))
    except OSError as error:
        raise SourceError(
            text(
                "{output} cannot be created: {reason}. Choose another --out.",
                output=out,
                reason=error.strerror,
            )
        ) from error


def _session_keys(paths: list[Path]) -> Keys:
    """Return keys that begin with the earliest time of all objects."""
    keys: Keys | None = None
    begins: list[dt.datetime] = []
    for made in _keys_of_headers(paths):
        keys = keys or made
        if made.begin is not None:
            begins.append(made.begin)
    if keys is None:
        raise SourceError(
            text("{folder}: no DICOM file was found. Check the path.", folder=paths[0].parent)
        )
    return replace(keys, begin=min(begins, default=None))


def _keys_of_headers(paths: list[Path]) -> Iterator[Keys]:
    for path in paths:
        with suppress(Exception), warnings.catch_warnings():  # reported when the file is copied
            warnings.simplefilter("ignore")
            yield make_keys(_read_header(path))

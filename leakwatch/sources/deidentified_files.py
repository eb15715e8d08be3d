"""DICOM files of one session, copied without the patient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from leakwatch.errors import SourceError
from leakwatch.sources.deidentification import Keys, deidentified, new_keys


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of the files.

    Parameters
    ----------
    written : int
    refused : tuple of str
        Why a file was not copied, with its path; it may name the patient.
    passed_over : int
        Files that are no DICOM.
    """

    written: int
    refused: tuple[str, ...]
    passed_over: int


def copy_without_patient(source: Path, out: Path) -> Copied:
    """Copy a DICOM file, or all below a folder, as one session.

    Names of files may name the patient: copies are numbered, in the order of the names.

    Parameters
    ----------
    source : Path
    out : Path
        Made where absent; must be empty.

    Raises
    ------
    SourceError
        There is nothing at `source`, `out` holds something, or cannot be written.
    """
    paths = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
    if not paths:
        raise SourceError(f"{source}: there is no file. Check the path.")
    _make_empty(out)
    keys, written, passed_over = _session_keys(paths), 0, 0
    refused = []
    for path in paths:
        try:
            clean = deidentified(pydicom.dcmread(path), keys)
            clean.save_as(out / f"{written + 1:05d}.dcm", enforce_file_format=True)
            written += 1
        except InvalidDicomError:
            passed_over += 1
        # Bytes of any kind come in here; what cannot be read to its end is not copied.
        except Exception as error:  # noqa: BLE001
            refused.append(f"{path}: {error}")
    return Copied(written, tuple(refused), passed_over)


def _make_empty(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise SourceError(f"{out} is not empty. Choose another --out.")
    except OSError as error:
        raise SourceError(
            f"{out} cannot be made: {error.strerror}. Choose another --out."
        ) from error


def _session_keys(paths: list[Path]) -> Keys:
    """Keys whose beginning is the earliest of all objects."""
    keys: Keys | None = None
    begins: list[dt.datetime] = []
    for made in _keys_of_heads(paths):
        keys = keys or made
        if made.begin is not None:
            begins.append(made.begin)
    if keys is None:
        raise SourceError(f"{paths[0].parent}: there is no DICOM file. Check the path.")
    return replace(keys, begin=min(begins, default=None))


def _keys_of_heads(paths: list[Path]) -> Iterator[Keys]:
    for path in paths:
        with suppress(Exception):  # told when it is copied
            yield new_keys(pydicom.dcmread(path, stop_before_pixels=True))

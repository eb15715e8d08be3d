"""DICOM files of one session, copied without the patient."""

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
from leakwatch.deidentification.deidentified_header import Keys, deidentified, new_keys
from leakwatch.deidentification.deidentified_pixels import samples_of
from leakwatch.sources.dicom.burned_in import says_of_text

# Of an element: no kept one is larger, but groups of frames, and those are read when asked for.
_LARGE_BYTES = 2**20


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
    unsaid : int
        Of those written: nothing says whether text is burned into the pictures.
    """

    written: int
    refused: tuple[str, ...]
    passed_over: int
    unsaid: int


def copy_without_patient(source: Path, out: Path, pictures_checked: bool = False) -> Copied:
    """Copy a DICOM file, or all below a folder, as one session.

    Names of files may name the patient: copies are numbered, in the order of the names.

    Parameters
    ----------
    source : Path
    out : Path
        Made where absent; must be empty.
    pictures_checked : bool
        A person looked: no picture of a screen names anybody.

    Raises
    ------
    SourceError
        There is nothing at `source`, `out` holds something, or cannot be written.
    """
    paths = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
    if not paths:
        raise SourceError(f"{source}: there is no file. Check the path.")
    _make_empty(out)
    keys, written, passed_over, unsaid = _session_keys(paths), 0, 0, 0
    refused = []
    for path in paths:
        try:
            unsaid += _copy(path, out / f"{written + 1:05d}.dcm", keys, pictures_checked)
            written += 1
        except InvalidDicomError:
            passed_over += 1
        # Bytes of any kind come in here; what cannot be read to its end is not copied.
        except Exception as error:  # noqa: BLE001
            refused.append(f"{path}: {_reason(error, path)}")
    return Copied(written, tuple(refused), passed_over, unsaid)


def _copy(path: Path, copy: Path, keys: Keys, pictures_checked: bool) -> bool:
    """Write one copy; whether nothing says if there is text in its pictures."""
    with warnings.catch_warnings():
        # pydicom warns of values that break the rules, and cites them.
        warnings.simplefilter("ignore")
        head = _read_head(path)
        clean = deidentified(head, keys, pictures_checked)
        samples = samples_of(path, head)
        samples.describe(clean)
        clean.file_meta.TransferSyntaxUID = samples.syntax
        buffer = io.BytesIO()
        pydicom.dcmwrite(buffer, clean, enforce_file_format=True)
        try:
            with copy.open("wb") as file:
                file.write(buffer.getvalue())
                samples.write(file)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    return says_of_text(clean) is None


def _read_head(path: Path) -> FileDataset:
    """All up to the pixels."""
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        raise SourceError(
            "it is deflated as a whole, which no sequence of a C-arm is. dcmtk writes it inflated: "
            "dcmconv +te IN.dcm OUT.dcm"
        )
    return pydicom.dcmread(path, stop_before_pixels=True, defer_size=_LARGE_BYTES)


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, SourceError):
        return str(error).removeprefix(f"{path}: ")
    if isinstance(error, OSError):
        return f"it cannot be copied: {error.strerror or error}. Check rights and room."
    return f"it cannot be read ({type(error).__name__}: {error}). Copy it again."


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
        with suppress(Exception), warnings.catch_warnings():  # told when it is copied
            warnings.simplefilter("ignore")
            yield new_keys(_read_head(path))

"""Check that two paths are one sequence: marks are valid only for their own image."""

from __future__ import annotations

from pathlib import Path

import pydicom

from leakwatch.config import LiveDicomSettings
from leakwatch.core.errors import CaseError
from leakwatch.core.messages import text
from leakwatch.sources.dicom.bounded_header import BoundedHeader

# Compared by its bytes, a file is read in pieces of this size.
_PIECE = 1 << 20


def check_same_sequence(path: Path, named: Path, case: str) -> None:
    """Refuse the case of another sequence than the one that is looked at.

    A copy is the same sequence: its bytes are, or its SOP Instance UID (0008,0018). Where what the
    case names is not there to compare with, the names must be the same.

    Parameters
    ----------
    path : Path
        What is looked at.
    named : Path
        What the case names.
    case : str
        What the message calls the case.

    Raises
    ------
    CaseError
        They are two.
    """
    if not path.exists():
        return  # reported when it is opened
    if named.exists():
        if path.samefile(named) or named.resolve().parent == path.resolve() or _same(path, named):
            return
        how = "which is another one"
    elif path.name == named.name:
        return
    else:
        how = f"which is not at {named}"
    raise CaseError(
        text(
            "{case}: is the case of {marked}, {how}, and not of {opened}. Marks hold for the "
            "image that they were drawn on. Give the case of {opened}, or mark it: leakwatch "
            "mark {path}. If both are one view and the marks are right for both, let the key "
            "dicom of a copy of the case name {opened}.",
            case=case,
            marked=named.name,
            how=how,
            opened=path.name,
            path=path,
        )
    )


def _same(one: Path, other: Path) -> bool:
    if not (one.is_file() and other.is_file()):
        return _uid_in(one, "SeriesInstanceUID") == _uid_in(other, "SeriesInstanceUID") != ""
    return _uid(one, "SOPInstanceUID") == _uid(other, "SOPInstanceUID") != "" or _same_bytes(
        one, other
    )


def _uid_in(folder: Path, tag: str) -> str:
    """Return the UID of the first file in a folder that has one; else an empty text."""
    if not folder.is_dir():
        return ""
    found = (_uid(path, tag) for path in sorted(folder.iterdir()) if path.is_file())
    return next((uid for uid in found if uid), "")


def _uid(path: Path, tag: str) -> str:
    try:
        with BoundedHeader(path, LiveDicomSettings()) as header:
            dataset = pydicom.dcmread(
                header, stop_before_pixels=True, specific_tags=[tag], force=True
            )
        return str(dataset.get(tag, "") or "")
    # pydicom raises whatever a damaged file makes it do; what cannot be read is not the same.
    except Exception:  # noqa: BLE001
        return ""


def _same_bytes(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while piece := first.read(_PIECE):
            if piece != second.read(_PIECE):
                return False
    return True

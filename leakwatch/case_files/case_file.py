"""NAME.case.json: what a person says before an injection.

An unknown key is an error: a misspelt `mm_per_px` that is passed over is a wrong distance. What is
not known is left out, never null.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType

from leakwatch.case_files.session_file import CASE_NAME
from leakwatch.case_files.strict_json import (
    Index,
    NotNegative,
    Positive,
    Xy,
    decode,
    known,
    read,
    rounded_point,
    unset,
)
from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import Acquisition, View
from leakwatch.core.marks import CaseFile, Marks, Side
from leakwatch.core.plural import counted_noun

CASE_SCHEMA: Final = "leakwatch.case/1"
CASE_SUFFIX: Final = ".case.json"

# An outline may run past the edge of the picture by this share of its longer side; a mark that is
# further out was made on another picture.
_OVERRUN = 0.1
# A hand clicks some dozens; the edge of a mask of 2048 x 2048 pixels has some thousands.
_MOST_POINTS = 10_000
_DIGITS = 2  # of a pixel: a tenth of what a hand can mark


_Wall = Annotated[list[Xy], Meta(min_length=2, max_length=_MOST_POINTS)]
_Outline = Annotated[list[Xy], Meta(min_length=3, max_length=_MOST_POINTS)]


class _CaseJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    schema: Literal["leakwatch.case/1"]
    dicom: Annotated[str, Meta(min_length=1)]
    view: View
    vertebra: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    anterior: Side | UnsetType = UNSET
    reference_frame: Index = 0
    baseline_frames: tuple[Index, Index] | UnsetType = UNSET
    posterior_wall_px: _Wall | UnsetType = UNSET
    body_outline_px: _Outline | UnsetType = UNSET
    needle_tip_px: Xy | UnsetType = UNSET
    mm_per_px: Positive | UnsetType = UNSET
    mm_per_px_sigma: NotNegative | UnsetType = UNSET


_HINTS = {
    "schema": f"Write {CASE_SCHEMA}.",
    "dicom": "Give the path of the sequence, relative to this file.",
    "view": "Write lateral, ap or oblique.",
    "anterior": "Write left or right: the side of the picture that is anterior.",
    "reference_frame": "Give the index of the frame that was marked, from 0.",
    "baseline_frames": "Give [first, last): two indices from 0, the last one not included.",
    "posterior_wall_px": f"Give two or more points [column, row], {_MOST_POINTS} at most.",
    "body_outline_px": f"Give three or more points [column, row], {_MOST_POINTS} at most.",
    "needle_tip_px": "Give one point [column, row].",
    "mm_per_px": "Give millimetres per pixel at the vertebra, above 0.",
    "mm_per_px_sigma": "Give its standard deviation in millimetres per pixel.",
}


def load_case(path: Path) -> CaseFile:
    """Read and validate a NAME.case.json.

    Parameters
    ----------
    path : Path

    Returns
    -------
    CaseFile

    Raises
    ------
    CaseError
        The file cannot be read, or breaks the schema.
    """
    return decode_case(read(path), str(path))


def decode_case(data: bytes, name: str) -> CaseFile:
    """Validate the content of a NAME.case.json.

    Parameters
    ----------
    data : bytes
    name : str
        What messages call it, usually its path.

    Returns
    -------
    CaseFile

    Raises
    ------
    CaseError
        It breaks the schema.
    """
    case = decode(data, name, _CaseJson, _HINTS)
    _check_case(case, name)
    marks = Marks(
        view=case.view,
        reference_frame=case.reference_frame,
        baseline_frames=known(case.baseline_frames),
        posterior_wall_px=_points(case.posterior_wall_px),
        body_outline_px=_points(case.body_outline_px),
        needle_tip_px=known(case.needle_tip_px),
        anterior=known(case.anterior),
        vertebra=known(case.vertebra),
    )
    return CaseFile(case.dicom, marks, known(case.mm_per_px), known(case.mm_per_px_sigma))


def dicom_path(case_path: Path, case: CaseFile) -> Path:
    """Where the sequence of `case` lies; whether it is there is seen when it is opened.

    Raises
    ------
    CaseError
        No system takes it for a path.
    """
    found = case_path.parent / case.dicom_path
    try:
        found.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CaseError(
            f"{case_path}: key dicom: {case.dicom_path[:40]!a}, {len(case.dicom_path)} "
            f"characters, is no path ({reason}). Give the path of the sequence, relative to this "
            "file."
        ) from error
    return found


def case_beside(sequence: Path) -> Path | None:
    """The case that lies beside a sequence, or in the folder of a recorded session.

    ``run.case.json`` beside ``run.dcm`` or the folder ``run``; None where there is none.
    """
    whole = sequence if sequence.name else sequence.resolve()
    near = [whole.parent / f"{one}{CASE_SUFFIX}" for one in (whole.name, whole.stem)]
    inside = sequence / CASE_NAME
    return next((path for path in (inside, *near) if _is_there(path)), None)


def _is_there(path: Path) -> bool:
    """Whether there is a file; none has a name that is too long, as that of a sequence may make."""
    try:
        return path.is_file()
    except OSError:
        return False


def check_fits(case: CaseFile, acquisition: Acquisition, name: str = "the case") -> None:
    """Refuse a case that was made for another sequence.

    Parameters
    ----------
    case : CaseFile
    acquisition : Acquisition
        Of the sequence that shall be judged by it.
    name : str
        What the message calls the case, usually its path.

    Raises
    ------
    CaseError
        A frame that it names is not there, no point of a mark lies in the picture, or one lies
        far outside.
    """
    marks, count = case.marks, acquisition.number_of_frames
    named = [("reference_frame", marks.reference_frame)]
    if marks.baseline_frames is not None:
        named.append(("baseline_frames", marks.baseline_frames[1] - 1))
    for key, index in named:
        if count is not None and index >= count:
            raise CaseError(
                f"{name}: {key} names frame {index}, but the sequence has "
                f"{counted_noun(count, 'frame')} (0 to {count - 1}). Is this the case of another "
                "sequence?"
            )
    tip = None if marks.needle_tip_px is None else np.array([marks.needle_tip_px])
    for key, points in (
        ("posterior_wall_px", marks.posterior_wall_px),
        ("body_outline_px", marks.body_outline_px),
        ("needle_tip_px", tip),
    ):
        if points is not None:
            _check_points(points, key, acquisition, name)


def encode_case(case: CaseFile) -> bytes:
    """The bytes of a NAME.case.json; `load_case` gives the same case back.

    Raises
    ------
    CaseError
        The case has no view, which a case file must have, or breaks another rule of the schema.
    """
    marks = case.marks
    if marks.view is None:
        raise CaseError("a case needs its view, and none is known. Say lateral, ap or oblique.")
    document = _CaseJson(
        CASE_SCHEMA,
        case.dicom_path,
        marks.view,
        unset(marks.vertebra),
        unset(marks.anterior),
        marks.reference_frame,
        unset(marks.baseline_frames),
        _pairs(marks.posterior_wall_px),
        _pairs(marks.body_outline_px),
        UNSET if marks.needle_tip_px is None else rounded_point(marks.needle_tip_px, _DIGITS),
        unset(case.mm_per_px),
        unset(case.mm_per_px_sigma),
    )
    data = msgspec.json.encode(document)
    _check_case(decode(data, "the new case", _CaseJson, _HINTS), "the new case")
    return msgspec.json.format(data, indent=1) + b"\n"


def _check_case(case: _CaseJson, name: str) -> None:
    """Rules that no single key shows."""
    if not isinstance(case.baseline_frames, UnsetType):
        first, last = case.baseline_frames
        if last <= first:
            raise CaseError(
                f"{name}: baseline_frames [{first}, {last}) holds no frame. "
                "The second index is one past the last frame without cement."
            )
    if not isinstance(case.mm_per_px_sigma, UnsetType) and isinstance(case.mm_per_px, UnsetType):
        raise CaseError(
            f"{name}: mm_per_px_sigma is {case.mm_per_px_sigma}, but there is no mm_per_px. "
            "Give both, or neither."
        )
    wall = case.posterior_wall_px
    if not isinstance(wall, UnsetType) and len(set(wall)) < 2:
        raise CaseError(
            f"{name}: all points of posterior_wall_px are {list(wall[0])}. "
            "Mark at least two different points along the wall."
        )


def _check_points(points: PointArray, key: str, acquisition: Acquisition, name: str) -> None:
    size = np.array([acquisition.columns, acquisition.rows])
    beyond = np.maximum(-0.5 - points, points - (size - 0.5)).max(axis=1)
    far = np.flatnonzero(beyond > _OVERRUN * size.max())
    if np.all(beyond > 0) or far.size:
        index = int(far[0]) if far.size else 0
        place = key if key == "needle_tip_px" else f"{key}[{index}]"
        raise CaseError(
            f"{name}: {place} is {points[index].tolist()}, outside of the picture of "
            f"{acquisition.columns} columns and {acquisition.rows} rows. Points are [column, row]. "
            "Is this the case of another sequence?"
        )


def _pairs(points: PointArray | None) -> list[Xy] | UnsetType:
    return UNSET if points is None else [rounded_point((x, y), _DIGITS) for x, y in points.tolist()]


def _points(pairs: Sequence[Xy] | UnsetType) -> PointArray | None:
    return None if isinstance(pairs, UnsetType) else read_only(np.array(pairs, dtype=np.float64))

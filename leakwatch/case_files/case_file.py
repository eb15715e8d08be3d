"""NAME.case.json: what the user specifies before an injection.

An unknown key is an error: ignoring a misspelt `mm_per_px` would give wrong distances. Unknown
values are omitted, never null.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
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
from leakwatch.core.messages import counted, text
from leakwatch.core.volume import (
    LEAST_ML,
    ML_DIGITS,
    MOST_ML,
    MOST_READINGS,
    CementInputs,
    Gauge,
    SyringeReading,
)

CASE_SCHEMA: Final = "leakwatch.case/1"
CASE_SUFFIX: Final = ".case.json"

# An outline may extend beyond the edge of the image by this share of its longer side; a mark
# further outside belongs to another image.
_OVERRUN = 0.1
# A user sets some dozens; the contour of a mask of 2048 x 2048 pixels has some thousands.
_MOST_POINTS = 10_000
_NEW_CASE = text("the new case")
_DIGITS = 2  # of a pixel: a tenth of the precision of a manual mark


_Wall = Annotated[list[Xy], Meta(min_length=2, max_length=_MOST_POINTS)]
_Outline = Annotated[list[Xy], Meta(min_length=3, max_length=_MOST_POINTS)]
_Millilitres = Annotated[float, Meta(ge=LEAST_ML, le=MOST_ML)]
# Frame 0 is part of the baseline, which has no cement.
_Reading = tuple[Annotated[int, Meta(ge=1)], _Millilitres]
_Readings = Annotated[list[_Reading], Meta(min_length=1, max_length=MOST_READINGS)]


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
    cement_product: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    cannula_gauge: Gauge | UnsetType = UNSET
    syringe_ml: _Readings | UnsetType = UNSET


_HINTS = {
    "schema": text("Write {schema}.", schema=CASE_SCHEMA),
    "dicom": text("Give the path of the sequence, relative to this file."),
    "view": text("Write lateral, ap or oblique."),
    "anterior": text("Write left or right: the anterior side of the image."),
    "reference_frame": text("Give the index of the marked frame, from 0."),
    "baseline_frames": text("Give [first, last): two indices from 0, the last one not included."),
    "posterior_wall_px": text("Give two to {maximum} points [column, row].", maximum=_MOST_POINTS),
    "body_outline_px": text("Give three to {maximum} points [column, row].", maximum=_MOST_POINTS),
    "needle_tip_px": text("Give one point [column, row]."),
    "mm_per_px": text("Give millimetres per pixel at the vertebra, above 0."),
    "mm_per_px_sigma": text("Give its standard deviation in millimetres per pixel."),
    "cement_product": text("Give the name of a product in section [volume] of the settings."),
    "cannula_gauge": text("Give the gauge of the cannula: 8, 10, 11 or 13."),
    "syringe_ml": text(
        "Give one to {most} pairs [frame, mL]: a frame from 1, and {least_ml:g} to {most_ml:g} mL "
        "that were injected before it.",
        most=MOST_READINGS,
        least_ml=LEAST_ML,
        most_ml=MOST_ML,
    ),
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
        The file cannot be read, or violates the schema.
    """
    return decode_case(read(path), str(path))


def decode_case(data: bytes, name: str) -> CaseFile:
    """Validate the content of a NAME.case.json.

    Parameters
    ----------
    data : bytes
    name : str
        Its name in messages, usually its path.

    Returns
    -------
    CaseFile

    Raises
    ------
    CaseError
        It violates the schema.
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
        cement=CementInputs(
            known(case.cement_product),
            known(case.cannula_gauge),
            tuple(SyringeReading(*one) for one in known(case.syringe_ml) or ()),
        ),
    )
    return CaseFile(case.dicom, marks, known(case.mm_per_px), known(case.mm_per_px_sigma))


def dicom_path(case_path: Path, case: CaseFile) -> Path:
    """Return the path of the sequence of `case`, which may not exist.

    Raises
    ------
    CaseError
        It is not a valid path.
    """
    found = case_path.parent / case.dicom_path
    try:
        found.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CaseError(
            text(
                "{case_path}: key dicom: {dicom_path!a}, {length} characters, is not a "
                "path ({reason}). Give the path of the sequence, relative to this file.",
                case_path=case_path,
                dicom_path=case.dicom_path[:40],
                length=len(case.dicom_path),
                reason=reason,
            )
        ) from error
    return found


def case_beside(sequence: Path) -> Path | None:
    """Return the case beside a sequence, or in the folder of a recorded session; None if absent.

    It is ``run.case.json`` beside ``run.dcm`` or the folder ``run``.
    """
    whole = sequence if sequence.name else sequence.resolve()
    near = [whole.parent / f"{one}{CASE_SUFFIX}" for one in (whole.name, whole.stem)]
    inside = sequence / CASE_NAME
    return next((path for path in (inside, *near) if _is_there(path)), None)


def _is_there(path: Path) -> bool:
    """Return whether there is a file; a name may be too long, since it is made from another."""
    try:
        return path.is_file()
    except OSError:
        return False


def check_fits(case: CaseFile, acquisition: Acquisition, name: str = text("the case")) -> None:
    """Check that a case belongs to a sequence.

    Parameters
    ----------
    case : CaseFile
    acquisition : Acquisition
        Acquisition of the sequence to be analysed.
    name : str
        Name of the case in messages, usually its path.

    Raises
    ------
    CaseError
        A frame that it refers to does not exist, all points of a mark are outside the image, or
        one is far outside.
    """
    marks, count = case.marks, acquisition.number_of_frames
    named = [("reference_frame", marks.reference_frame)]
    if marks.baseline_frames is not None:
        named.append(("baseline_frames", marks.baseline_frames[1] - 1))
    for key, index in named:
        if count is not None and index >= count:
            raise CaseError(
                counted(
                    "{name}: {key} refers to frame {index}, but the sequence has {count} frame "
                    "(0 to {last_frame}). Is this the case of another sequence?",
                    "{name}: {key} refers to frame {index}, but the sequence has {count} frames "
                    "(0 to {last_frame}). Is this the case of another sequence?",
                    count=count,
                    name=name,
                    key=key,
                    index=index,
                    last_frame=count - 1,
                )
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
    """Return a case as bytes of a NAME.case.json, which `load_case` reads.

    Raises
    ------
    CaseError
        The case has no view, which is required, or violates another rule of the schema.
    """
    marks = case.marks
    if marks.view is None:
        raise CaseError(
            text("a case requires a view, and none is given. Give lateral, ap or oblique.")
        )
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
        unset(marks.cement.product),
        unset(marks.cement.gauge),
        [(one.frame, round(one.ml, ML_DIGITS)) for one in marks.cement.syringe] or UNSET,
    )
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError as error:
        raise CaseError(
            text(
                "the path of the sequence, {path}, is not valid text (UTF-8), so that no case can "
                "name it. Rename the file.",
                path=case.dicom_path,
            )
        ) from error
    _check_case(decode(data, _NEW_CASE, _CaseJson, _HINTS), _NEW_CASE)
    return msgspec.json.format(data, indent=1) + b"\n"


def _check_case(case: _CaseJson, name: str) -> None:
    """Check rules that involve several keys."""
    if not isinstance(case.baseline_frames, UnsetType):
        first, last = case.baseline_frames
        if last <= first:
            raise CaseError(
                text(
                    "{name}: baseline_frames [{first}, {end}) contains no frame. Give as second "
                    "index one more than the last frame without cement.",
                    name=name,
                    first=first,
                    end=last,
                )
            )
    if not isinstance(case.mm_per_px_sigma, UnsetType) and isinstance(case.mm_per_px, UnsetType):
        raise CaseError(
            text(
                "{name}: mm_per_px_sigma is {mm_per_px_sigma}, but there is no mm_per_px. Give "
                "both, or neither.",
                name=name,
                mm_per_px_sigma=case.mm_per_px_sigma,
            )
        )
    readings = known(case.syringe_ml) or []
    for (before, _), (after, _) in pairwise(readings):
        if after <= before:
            raise CaseError(
                text(
                    "{name}: syringe_ml has a reading at frame {after} after one at frame "
                    "{before}. Give them in the order of their frames, one for each frame.",
                    name=name,
                    after=after,
                    before=before,
                )
            )
    wall = case.posterior_wall_px
    if not isinstance(wall, UnsetType) and len(set(wall)) < 2:
        raise CaseError(
            text(
                "{name}: all points of posterior_wall_px are {point}. Mark at least two "
                "different points along the wall.",
                name=name,
                point=list(wall[0]),
            )
        )


def _check_points(points: PointArray, key: str, acquisition: Acquisition, name: str) -> None:
    size = np.array([acquisition.columns, acquisition.rows])
    beyond = np.maximum(-0.5 - points, points - (size - 0.5)).max(axis=1)
    far = np.flatnonzero(beyond > _OVERRUN * size.max())
    if np.all(beyond > 0) or far.size:
        index = int(far[0]) if far.size else 0
        place = key if key == "needle_tip_px" else f"{key}[{index}]"
        raise CaseError(
            text(
                "{name}: {point_name} is {point}, outside the image of {columns} columns and "
                "{rows} rows. Points are [column, row]. Is this the case of another sequence?",
                name=name,
                point_name=place,
                point=points[index].tolist(),
                columns=acquisition.columns,
                rows=acquisition.rows,
            )
        )


def _pairs(points: PointArray | None) -> list[Xy] | UnsetType:
    return UNSET if points is None else [rounded_point((x, y), _DIGITS) for x, y in points.tolist()]


def _points(pairs: Sequence[Xy] | UnsetType) -> PointArray | None:
    return None if isinstance(pairs, UnsetType) else read_only(np.array(pairs, dtype=np.float64))

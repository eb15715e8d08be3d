"""Marks and calibration from Python values, checked like those of a NAME.case.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leakwatch.calibration.spacing_ladder import resolve_calibration
from leakwatch.case_files.case_file import CASE_SCHEMA, decode_case
from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.errors import InputError
from leakwatch.core.frame import Acquisition
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.spacing import Calibration

# Name of the input in messages.
NAME = "marks"
_GIVEN = "mm_per_px as given"
_NOT_GIVEN = "no mm_per_px was given"

Points = npt.ArrayLike


def make_marks(  # noqa: PLR0913 - one for each key of a case file
    wall: Points | None = None,
    *,
    anterior: Literal["left", "right"] | None = None,
    view: Literal["lateral", "ap", "oblique"] = "lateral",
    outline: Points | None = None,
    needle_tip: Point | None = None,
    baseline_frames: tuple[int, int] | None = None,
    reference_frame: int = 0,
    vertebra: str | None = None,
    cement_product: str | None = None,
    cannula_gauge: Literal[8, 10, 11, 13] | None = None,
    syringe_ml: Sequence[tuple[int, float]] | None = None,
) -> Marks:
    """Return the marks of a vertebra, made from points and checked.

    Points are (column, row) in pixels of the image; the centre of the top left pixel is (0, 0).

    Parameters
    ----------
    wall : array_like or None
        Posterior wall, ``(n, 2)``: two or more points from one end to the other.
    anterior : {"left", "right"} or None
        The anterior side of the image. None: unknown until a cannula or cement shows it.
    view : {"lateral", "ap", "oblique"}
    outline : array_like or None
        Vertebral body, ``(n, 2)``: three or more points around it.
    needle_tip : (float, float) or None
    baseline_frames : (int, int) or None
        First cement-free frame, and one past the last.
    reference_frame : int
        Index of the frame on which the points were marked.
    vertebra : str or None
        Such as ``L1``.
    cement_product : str or None
        A product in section [volume] of the settings. It gives the volume if a cannula is seen.
    cannula_gauge : {8, 10, 11, 13} or None
        Cement in a cannula of known gauge gives the volume without a product.
    syringe_ml : sequence of (int, float) or None
        Index of a frame, and millilitres injected before it: gives the volume from there on.

    Returns
    -------
    Marks

    Raises
    ------
    LeakWatchError
        A value is invalid; the message states which, what was found, and what to do.
    """
    document = {
        "view": view,
        "anterior": anterior,
        "posterior_wall_px": _pairs(wall, "wall"),
        "body_outline_px": _pairs(outline, "outline"),
        "needle_tip_px": _plain(needle_tip, "needle_tip"),
        "baseline_frames": _plain(baseline_frames, "baseline_frames", whole=True),
        "reference_frame": _plain(reference_frame, "reference_frame", whole=True),
        "vertebra": vertebra,
        "cement_product": cement_product,
        "cannula_gauge": _plain(cannula_gauge, "cannula_gauge", whole=True),
        "syringe_ml": syringe_ml,
    }
    return _checked(document).marks


def case_of(
    marks: Marks | None, spacing: Calibration | float | None, settings: Settings
) -> CaseFile:
    """Check marks and pixel spacing given by a program.

    Parameters
    ----------
    marks : Marks or None
        May contain plain strings and lists.
    spacing : Calibration, float or None
        Millimetres per pixel at the vertebra; a `Calibration` is not part of the case.
    settings : Settings

    Returns
    -------
    CaseFile

    Raises
    ------
    LeakWatchError
    """
    if marks is not None and not isinstance(marks, Marks):
        raise InputError(
            f"marks: expected leakwatch.Marks, found {type(marks).__name__}. "
            "Make them with leakwatch.make_marks(wall=...)."
        )
    if not isinstance(settings, Settings):
        raise InputError(
            f"settings: expected leakwatch.Settings, found {type(settings).__name__}. "
            "Read them with leakwatch.load_settings(PATH), or leave them out."
        )
    mm_per_px = None if isinstance(spacing, Calibration) else _plain(spacing, "mm_per_px")
    known = Marks() if marks is None else marks
    document = {
        "view": known.view or "lateral",
        "anterior": known.anterior,
        "posterior_wall_px": _pairs(known.posterior_wall_px, "posterior_wall_px"),
        "body_outline_px": _pairs(known.body_outline_px, "body_outline_px"),
        "needle_tip_px": _plain(known.needle_tip_px, "needle_tip_px"),
        "baseline_frames": _plain(known.baseline_frames, "baseline_frames", whole=True),
        "reference_frame": _plain(known.reference_frame, "reference_frame", whole=True),
        "vertebra": known.vertebra,
        "cement_product": known.cement.product,
        "cannula_gauge": known.cement.gauge,
        "syringe_ml": [(one.frame, one.ml) for one in known.cement.syringe] or None,
        "mm_per_px": mm_per_px,
    }
    case = _checked(document)
    view = case.marks.view if known.view else None
    return replace(case, marks=replace(case.marks, view=view))


def calibration_of(
    case: CaseFile,
    spacing: Calibration | float | None,
    acquisition: Acquisition,
    settings: Settings,
) -> Calibration:
    """Return the calibration: as given, or else from the acquisition.

    Raises
    ------
    CalibrationError
        The spacing is impossible for a vertebra.
    """
    if isinstance(spacing, Calibration):
        return spacing
    found = resolve_calibration(acquisition, case, None, settings.calibration)
    if case.mm_per_px is not None and found.mm_per_px == case.mm_per_px:
        return replace(found, source=_GIVEN)
    return replace(found, source=_NOT_GIVEN) if found.mm_per_px is None else found


def _checked(document: dict[str, Any]) -> CaseFile:
    """Read a case with these keys; those with value None are omitted."""
    given = {key: value for key, value in document.items() if value is not None}
    whole = {"schema": CASE_SCHEMA, "dicom": "images"} | given
    # NaN is written as such, so that the reader can report its position.
    return decode_case(json.dumps(whole, default=str).encode(), NAME)


def _pairs(points: Points | None, name: str) -> list[Any] | None:
    found = _plain(points, name)
    if found is not None and not (isinstance(found, list) and all(_is_pair(one) for one in found)):
        raise InputError(
            f"{name}: expected points [column, row], shape (n, 2); found {_described(points)}. "
            "Give one pair for each point."
        )
    return found


def _is_pair(found: Any) -> bool:
    return isinstance(found, list) and len(found) == 2


def _plain(value: Any, name: str, whole: bool = False) -> Any:
    """Return numbers as Python numbers, alone or in lists; None stays None."""
    if value is None:
        return None
    try:
        found = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise _no_numbers(value, name) from error
    if found.dtype.kind not in "iuf":
        raise _no_numbers(value, name)
    return (found if whole else found.astype(np.float64)).tolist()


def _no_numbers(value: Any, name: str) -> InputError:
    return InputError(
        f"{name}: expected numbers, found {_described(value)}. Give integers or floats, and points "
        "as pairs (column, row)."
    )


def _described(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"an array of shape {tuple(shape)}"
    text = repr(value) if isinstance(value, str | int | float | Sequence) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:60]}..."

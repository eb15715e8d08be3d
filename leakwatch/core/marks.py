"""Marks that the user sets before an injection, and the case that contains them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.frame import View
from leakwatch.core.volume import NO_INPUTS, CementInputs


class Side(StrEnum):
    """A side of the image, as displayed unrotated."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks set by the user on `reference_frame`; they follow the anatomy from there.

    Parameters
    ----------
    view : View or None
        None: not specified; the posterior wall rule is then inactive.
    reference_frame : int
    baseline_frames : (int, int) or None
        [first, last) frames known to be free of cement.
    posterior_wall_px : ndarray or None
        ``(n >= 2, 2)`` polyline.
    body_outline_px : ndarray or None
        ``(n >= 3, 2)`` polygon.
    needle_tip_px : Point or None
    anterior : Side or None
    vertebra : str or None
    cement : CementInputs
        What is known of the cement for its volume: product, cannula, readings of the syringe.
    """

    view: View | None = None
    reference_frame: int = 0
    baseline_frames: tuple[int, int] | None = None
    posterior_wall_px: PointArray | None = None
    body_outline_px: PointArray | None = None
    needle_tip_px: Point | None = None
    anterior: Side | None = None
    vertebra: str | None = None
    cement: CementInputs = NO_INPUTS


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A read and validated NAME.case.json.

    Parameters
    ----------
    dicom_path : str
        As written, relative to the case file.
    marks : Marks
    mm_per_px, mm_per_px_sigma : float or None
        Calibration at the vertebra given by the user; overrides the header.
    """

    dicom_path: str
    marks: Marks
    mm_per_px: float | None = None
    mm_per_px_sigma: float | None = None


def same_drawing(one: Marks, other: Marks) -> bool:
    """Return whether two marks differ in nothing but what is known of the cement.

    Lines are the same if they are the same array: a copy was drawn again.
    """
    if one.posterior_wall_px is not other.posterior_wall_px:
        return False
    if one.body_outline_px is not other.body_outline_px:
        return False
    return replace(one, cement=other.cement) == other

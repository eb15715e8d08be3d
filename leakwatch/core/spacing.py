"""Millimetres per pixel at the vertebra, how they are known, and distortion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class SpacingRung(IntEnum):
    """Rungs of the spacing ladder, best first."""

    CASE = 0
    CALIBRATION_FILE = 1
    PIXEL_SPACING_FIDUCIAL = 2
    PIXEL_SPACING_GEOMETRY = 3
    IMAGER_PIXEL_SPACING_GEOMETRY = 4
    NONE = 5


@dataclass(frozen=True, slots=True)
class Distortion:
    """How an image intensifier bends the picture, as measured with a grid; see `distortion`.

    A point that is shown at `p` truly lies at ``p + d(u)``, in the picture that would be seen
    without the distortion and with the scale of the middle of the frame. ``u`` is `p` from the
    middle of the frame, in half diagonals, and `d` a polynomial in its two coordinates.

    Parameters
    ----------
    rows, columns : int
        Size of a frame.
    degree : int
    column_px, row_px : tuple of float
        Coefficients of `d`: of ``1, x, y, x^2, x y, y^2, ...`` up to `degree`, in pixels.
    reach_px : float
        So far from the middle the grid was seen. Beyond, `d` is held as it is there.
    sigma_px : float
        Standard deviation of what remains.
    """

    rows: int
    columns: int
    degree: int
    column_px: tuple[float, ...]
    row_px: tuple[float, ...]
    reach_px: float
    sigma_px: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Millimetres at the vertebra for one pixel, and where they come from.

    Parameters
    ----------
    mm_per_px, mm_per_px_sigma : float or None
        Both None where no source was found.
    rung : SpacingRung
    source : str
        Short text shown beside every millimetre, e.g. ``ImagerPixelSpacing*SOD/SID``;
        where there is none, the reason.
    distortion : Distortion or None
        None: the picture counts as true.
    """

    mm_per_px: float | None
    mm_per_px_sigma: float | None
    rung: SpacingRung
    source: str
    distortion: Distortion | None = None

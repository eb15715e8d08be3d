"""Calibration: pixel spacing at the vertebra, its source, and distortion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class SpacingRung(IntEnum):
    """Sources of the pixel spacing, most reliable first."""

    CASE = 0
    CALIBRATION_FILE = 1
    PIXEL_SPACING_FIDUCIAL = 2
    PIXEL_SPACING_GEOMETRY = 3
    IMAGER_PIXEL_SPACING_GEOMETRY = 4
    NONE = 5


@dataclass(frozen=True, slots=True)
class Distortion:
    """Distortion by an image intensifier, as measured with a grid; see `distortion`.

    A point shown at `p` is at ``p + d(u)`` in the undistorted image, which has the scale of the
    frame's centre. ``u`` is `p` relative to the centre, in half diagonals, and `d` a polynomial in
    its two coordinates.

    Parameters
    ----------
    rows, columns : int
        Size of a frame.
    degree : int
    column_px, row_px : tuple of float
        Coefficients of `d`: of ``1, x, y, x^2, x y, y^2, ...`` up to `degree`, in pixels.
    reach_px : float
        Distance from the centre up to which the grid was visible. `d` is constant beyond.
    sigma_px : float
        Standard deviation of the residual.
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
    """Pixel spacing at the vertebra with its source and standard deviation, and distortion.

    Parameters
    ----------
    mm_per_px, mm_per_px_sigma : float or None
        Both None if not calibrated.
    rung : SpacingRung
    source : str
        Short text shown beside every distance, such as ``ImagerPixelSpacing*SOD/SID``; if not
        calibrated, the reason.
    distortion : Distortion or None
        None: the image is taken to be undistorted.
    """

    mm_per_px: float | None
    mm_per_px_sigma: float | None
    rung: SpacingRung
    source: str
    distortion: Distortion | None = None

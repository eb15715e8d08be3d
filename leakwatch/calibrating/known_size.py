"""Pixel spacing at the vertebra by an object of known size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from leakwatch.config import CalibrationSettings
from leakwatch.core.arrays import PointArray
from leakwatch.core.distortion import undistort_px
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import ProjectionGeometry
from leakwatch.core.messages import text
from leakwatch.core.spacing import Distortion

# Outer diameters of cannulas, mm, by gauge (Stubs' needle gauge; ISO 9626 has the same within 1 %).
GAUGES_MM: Final[dict[int, float]] = {
    8: 4.19,
    9: 3.76,
    10: 3.40,
    11: 3.05,
    12: 2.77,
    13: 2.41,
    14: 2.11,
    15: 1.83,
    16: 1.65,
}


class KnownObject(StrEnum):
    """Kind of the measured object."""

    CANNULA_WIDTH = "cannula, across"
    CANNULA_LENGTH = "cannula, along"
    RULER = "ruler"
    SPHERE = "sphere"


@dataclass(frozen=True, slots=True)
class ObjectToMeasure:
    """Size and position of an object, as stated by the user.

    Parameters
    ----------
    what : KnownObject
    size_mm : float
        Between the two points.
    tilt_deg : float
        Out of the image plane.
    depth_sigma_mm : float or None
        Relative to the vertebra, along the beam; None: by the settings.
    distortion : Distortion or None
    """

    what: KnownObject
    size_mm: float
    tilt_deg: float = 0.0
    depth_sigma_mm: float | None = None
    distortion: Distortion | None = None

    @property
    def is_long(self) -> bool:
        """Return whether it appears shorter if tilted."""
        return self.what in (KnownObject.CANNULA_LENGTH, KnownObject.RULER)

    @property
    def apparent_mm(self) -> float:
        """Size perpendicular to the beam."""
        return self.size_mm * (math.cos(math.radians(self.tilt_deg)) if self.is_long else 1.0)


@dataclass(frozen=True, slots=True)
class MeasuredSpacing:
    """Pixel spacing by an object of known size.

    Parameters
    ----------
    what : KnownObject
    mm_per_px, mm_per_px_sigma : float
        At the vertebra, at the centre of the frame.
    size_mm, size_px : float
        Of the object; in pixels after correction of distortion.
    parts : dict of str to float
        Contributions to the standard deviation, relative to the spacing.
    """

    what: KnownObject
    mm_per_px: float
    mm_per_px_sigma: float
    size_mm: float
    size_px: float
    parts: dict[str, float]


def outer_diameter_mm(gauge: int) -> float:
    """Return the outer diameter of a cannula.

    Raises
    ------
    CalibrationError
        The gauge is not in the table.
    """
    if gauge not in GAUGES_MM:
        known = ", ".join(str(one) for one in GAUGES_MM)
        raise CalibrationError(
            text(
                "unknown gauge {gauge}; choose one of {known}, or give the outer diameter.",
                gauge=gauge,
                known=known,
            )
        )
    return GAUGES_MM[gauge]


def measure_spacing(
    measured_object: ObjectToMeasure,
    ends_px: PointArray,
    end_sigma_px: float,
    geometry: ProjectionGeometry,
    settings: CalibrationSettings,
) -> MeasuredSpacing:
    """Return the pixel spacing by the two ends, or edges, of an object.

    Its standard deviation combines those of the two points, of the depth of the object relative to
    the vertebra, of its tilt out of the image plane, and of its size (GUM, JCGM 100:2008, eq. 10).

    Parameters
    ----------
    measured_object : ObjectToMeasure
    ends_px : ndarray
        ``(2, 2)``, in the frame.
    end_sigma_px : float
        Of each point, along the line between them.
    geometry : ProjectionGeometry
        For the source-object distance.
    settings : CalibrationSettings

    Raises
    ------
    CalibrationError
        The points coincide, or the spacing is impossible for a C-arm.
    """
    size_mm, distortion = measured_object.size_mm, measured_object.distortion
    if not (math.isfinite(size_mm) and size_mm > 0.0):
        raise CalibrationError(
            text("a size of {size_mm:g} mm is not possible. Give a size above 0.", size_mm=size_mm)
        )
    ends = undistort_px(distortion, np.asarray(ends_px, np.float64))
    size_px = float(np.hypot(*(ends[1] - ends[0])))
    if size_px < 2.0:
        raise CalibrationError(
            text(
                "the two points are {size_px:.1f} pixels apart. Set one at each end of the object.",
                size_px=size_px,
            )
        )
    spacing = measured_object.apparent_mm / size_px
    if not settings.min_mm_per_px <= spacing <= settings.max_mm_per_px:
        raise CalibrationError(
            text(
                "{size_mm:g} mm over {size_px:.1f} pixels is {spacing:.3g} mm/px; possible at a "
                "vertebra are {min_mm_per_px:g} to {max_mm_per_px:g}. Check the size and the "
                "points.",
                size_mm=size_mm,
                size_px=size_px,
                spacing=spacing,
                min_mm_per_px=settings.min_mm_per_px,
                max_mm_per_px=settings.max_mm_per_px,
            )
        )
    parts = _contributions(measured_object, size_px, end_sigma_px, geometry, settings)
    sigma = spacing * math.hypot(*parts.values())
    return MeasuredSpacing(measured_object.what, spacing, sigma, size_mm, size_px, parts)


def _contributions(
    measured_object: ObjectToMeasure,
    size_px: float,
    end_sigma_px: float,
    geometry: ProjectionGeometry,
    settings: CalibrationSettings,
) -> dict[str, float]:
    """Return standard deviations relative to the spacing."""
    parts = {"points": math.sqrt(2.0) * end_sigma_px / size_px}
    parts["depth"] = _depth_uncertainty(measured_object, geometry, settings)
    if measured_object.is_long:
        parts["tilt"] = _tilt_uncertainty(measured_object.tilt_deg, settings)
    if measured_object.what is KnownObject.CANNULA_WIDTH:
        parts["size"] = settings.cannula_sigma_share
    if measured_object.distortion is not None:
        parts["distortion"] = math.sqrt(2.0) * measured_object.distortion.sigma_px / size_px
    return parts


def _tilt_uncertainty(tilt_deg: float, settings: CalibrationSettings) -> float:
    """Return the relative error of ``cos(tilt)``, to second order as the first is 0 at 0°."""
    sigma = math.radians(settings.tilt_sigma_deg)
    return math.hypot(math.tan(math.radians(tilt_deg)) * sigma, math.sqrt(3.0) / 2.0 * sigma**2)


def _depth_uncertainty(
    measured_object: ObjectToMeasure, geometry: ProjectionGeometry, settings: CalibrationSettings
) -> float:
    depth_sigma_mm = measured_object.depth_sigma_mm
    if depth_sigma_mm is None:
        in_bone = measured_object.what in (KnownObject.CANNULA_WIDTH, KnownObject.CANNULA_LENGTH)
        depth_sigma_mm = settings.cannula_depth_mm if in_bone else settings.object_depth_mm
    return depth_sigma_mm / max(geometry.sod_mm or 0.0, settings.min_sod_mm)

"""Millimetres per pixel at the vertebra, from an object whose size is known."""

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
    """What was measured."""

    CANNULA_WIDTH = "cannula, across"
    CANNULA_LENGTH = "cannula, along"
    RULER = "ruler"
    SPHERE = "sphere"


@dataclass(frozen=True, slots=True)
class ObjectToMeasure:
    """What a person says of an object.

    Parameters
    ----------
    what : KnownObject
    size_mm : float
        Between the two points.
    tilt_deg : float
        Out of the plane of the picture.
    depth_sigma_mm : float or None
        Against the vertebra, along the beam; None: as the settings have it.
    distortion : Distortion or None
    """

    what: KnownObject
    size_mm: float
    tilt_deg: float = 0.0
    depth_sigma_mm: float | None = None
    distortion: Distortion | None = None

    @property
    def is_long(self) -> bool:
        """Whether it looks shorter where it is tilted."""
        return self.what in (KnownObject.CANNULA_LENGTH, KnownObject.RULER)

    @property
    def seen_mm(self) -> float:
        """Its size across the beam."""
        return self.size_mm * (math.cos(math.radians(self.tilt_deg)) if self.is_long else 1.0)


@dataclass(frozen=True, slots=True)
class MeasuredSpacing:
    """Spacing by a known object.

    Parameters
    ----------
    what : KnownObject
    mm_per_px, mm_per_px_sigma : float
        At the vertebra, in the middle of the frame.
    size_mm, size_px : float
        Of the object; in pixels without distortion.
    parts : dict of str to float
        What the standard deviation is made of, as shares of the spacing.
    """

    what: KnownObject
    mm_per_px: float
    mm_per_px_sigma: float
    size_mm: float
    size_px: float
    parts: dict[str, float]


def diameter_mm(gauge: int) -> float:
    """Outer diameter of a cannula.

    Raises
    ------
    CalibrationError
        The gauge is not in the table.
    """
    if gauge not in GAUGES_MM:
        known = ", ".join(str(one) for one in GAUGES_MM)
        raise CalibrationError(
            f"gauge {gauge} is not known; known are {known}. Give the outer diameter instead."
        )
    return GAUGES_MM[gauge]


def spacing_of(
    asked: ObjectToMeasure,
    ends_px: PointArray,
    end_sigma_px: float,
    geometry: ProjectionGeometry,
    settings: CalibrationSettings,
) -> MeasuredSpacing:
    """Spacing from the two ends, or edges, of an object.

    Its standard deviation is made of that of the two points, of the depth at which the object lies
    against the vertebra, of its tilt out of the picture, and of its own size (GUM, JCGM 100:2008,
    eq. 10).

    Parameters
    ----------
    asked : ObjectToMeasure
    ends_px : ndarray
        ``(2, 2)``, as the frame shows them.
    end_sigma_px : float
        Of each point, along the line between them.
    geometry : ProjectionGeometry
        For the distance of source and object.
    settings : CalibrationSettings

    Raises
    ------
    CalibrationError
        The points are one, or the spacing is none that a C-arm has.
    """
    size_mm, distortion = asked.size_mm, asked.distortion
    if not (math.isfinite(size_mm) and size_mm > 0.0):
        raise CalibrationError(f"a size of {size_mm:g} mm is none. Give millimetres, above 0.")
    ends = undistort_px(distortion, np.asarray(ends_px, np.float64))
    size_px = float(np.hypot(*(ends[1] - ends[0])))
    if size_px < 2.0:
        raise CalibrationError(
            f"the two points are {size_px:.1f} pixels apart. Set one on either end of the object."
        )
    spacing = asked.seen_mm / size_px
    if not settings.min_mm_per_px <= spacing <= settings.max_mm_per_px:
        raise CalibrationError(
            f"{size_mm:g} mm over {size_px:.1f} pixels is {spacing:.3g} mm/px; possible at a "
            f"vertebra are {settings.min_mm_per_px:g} to {settings.max_mm_per_px:g}. Check the "
            "size and the points."
        )
    parts = _parts(asked, size_px, end_sigma_px, geometry, settings)
    sigma = spacing * math.hypot(*parts.values())
    return MeasuredSpacing(asked.what, spacing, sigma, size_mm, size_px, parts)


def _parts(
    asked: ObjectToMeasure,
    size_px: float,
    end_sigma_px: float,
    geometry: ProjectionGeometry,
    settings: CalibrationSettings,
) -> dict[str, float]:
    """Standard deviations as shares of the spacing."""
    parts = {"points": math.sqrt(2.0) * end_sigma_px / size_px}
    parts["depth"] = _depth_share(asked, geometry, settings)
    if asked.is_long:
        parts["tilt"] = _tilt_share(asked.tilt_deg, settings)
    if asked.what is KnownObject.CANNULA_WIDTH:
        parts["size"] = settings.cannula_sigma_share
    if asked.distortion is not None:
        parts["distortion"] = math.sqrt(2.0) * asked.distortion.sigma_px / size_px
    return parts


def _tilt_share(tilt_deg: float, settings: CalibrationSettings) -> float:
    """Of ``cos(tilt)``, to the second order: the first is none where nothing is tilted."""
    sigma = math.radians(settings.tilt_sigma_deg)
    return math.hypot(math.tan(math.radians(tilt_deg)) * sigma, math.sqrt(3.0) / 2.0 * sigma**2)


def _depth_share(
    asked: ObjectToMeasure, geometry: ProjectionGeometry, settings: CalibrationSettings
) -> float:
    depth_sigma_mm = asked.depth_sigma_mm
    if depth_sigma_mm is None:
        in_bone = asked.what in (KnownObject.CANNULA_WIDTH, KnownObject.CANNULA_LENGTH)
        depth_sigma_mm = settings.cannula_depth_mm if in_bone else settings.object_depth_mm
    return depth_sigma_mm / max(geometry.sod_mm or 0.0, settings.min_sod_mm)

"""Measurement of an object in an image: the points set by the user, edges near them, spacing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leakwatch.calibrating.known_size import (
    KnownObject,
    MeasuredSpacing,
    ObjectToMeasure,
    measure_spacing,
)
from leakwatch.calibrating.still_image import StillImage
from leakwatch.config import CalibrationSettings
from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.errors import CalibrationError, missing_extra

if TYPE_CHECKING:
    from leakwatch.calibrating.metal_edges import FoundEdges


@dataclass(frozen=True, slots=True)
class Measurement:
    """A pixel spacing and the two points from which it was measured.

    Parameters
    ----------
    spacing : MeasuredSpacing
    ends_px : ndarray
        ``(2, 2)``, in the frame.
    found : bool
        Whether they are detected edges, rather than the points set by the user.
    """

    spacing: MeasuredSpacing
    ends_px: PointArray
    found: bool


def measure(
    image: StillImage,
    measured_object: ObjectToMeasure,
    points_px: PointArray,
    with_edges: bool,
    settings: CalibrationSettings,
) -> Measurement:
    """Measure an object.

    Parameters
    ----------
    image : StillPicture
    measured_object : ObjectToMeasure
    points_px : ndarray
        ``(2, 2)``, or ``(1, 2)`` inside a sphere.
    with_edges : bool
        Detect the edges of a cannula or a sphere near the points.
    settings : CalibrationSettings

    Raises
    ------
    CalibrationError
        No such edges are found, the spacing is impossible for a C-arm, or the extra that finds
        edges is not installed.
    """
    ends, sigma = np.asarray(points_px, np.float64), settings.point_sigma_px
    edges = _find_edges(image, measured_object.what, ends) if with_edges else None
    if edges is not None:
        ends, sigma = edges.ends_px, max(edges.sigma_px, settings.edge_sigma_px)
    spacing = measure_spacing(measured_object, ends, sigma, image.acquisition.geometry, settings)
    return Measurement(spacing, read_only(ends), edges is not None)


def _find_edges(image: StillImage, what: KnownObject, ends_px: PointArray) -> FoundEdges | None:
    """Return the edges near the given points; None for an object without edges."""
    if what not in (KnownObject.CANNULA_WIDTH, KnownObject.SPHERE):
        return None
    try:
        from leakwatch.calibrating.metal_edges import find_cannula_edges, find_sphere_edges
    except ModuleNotFoundError as error:
        raise CalibrationError(missing_extra("looking for edges", "calibrate", error)) from error
    if what is KnownObject.CANNULA_WIDTH:
        return find_cannula_edges(image, ends_px)
    middle = ends_px.mean(axis=0)
    return find_sphere_edges(image, (float(middle[0]), float(middle[1])))

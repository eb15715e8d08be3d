"""Measure an object in a picture: the points of a hand, the edges near them, the spacing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leakwatch.calibrating.known_size import (
    KnownObject,
    MeasuredSpacing,
    ObjectToMeasure,
    spacing_of,
)
from leakwatch.calibrating.still_picture import StillPicture
from leakwatch.config import CalibrationSettings
from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.errors import CalibrationError, missing_extra

if TYPE_CHECKING:
    from leakwatch.calibrating.metal_edges import FoundEdges


@dataclass(frozen=True, slots=True)
class Measurement:
    """A spacing, and the two points that it rests on.

    Parameters
    ----------
    spacing : MeasuredSpacing
    ends_px : ndarray
        ``(2, 2)``, as the frame shows them.
    found : bool
        Whether they are edges that were found in the picture, and not the points of the hand.
    """

    spacing: MeasuredSpacing
    ends_px: PointArray
    found: bool


def measure(
    picture: StillPicture,
    asked: ObjectToMeasure,
    points_px: PointArray,
    with_edges: bool,
    settings: CalibrationSettings,
) -> Measurement:
    """Measure an object.

    Parameters
    ----------
    picture : StillPicture
    asked : ObjectToMeasure
    points_px : ndarray
        ``(2, 2)``, or ``(1, 2)`` inside a sphere.
    with_edges : bool
        Look for the edges of a cannula or a sphere near the points.
    settings : CalibrationSettings

    Raises
    ------
    CalibrationError
        No such edges are seen, the spacing is none that a C-arm has, or what looks for edges is
        not installed.
    """
    ends, sigma = np.asarray(points_px, np.float64), settings.point_sigma_px
    edges = _edges(picture, asked.what, ends) if with_edges else None
    if edges is not None:
        ends, sigma = edges.ends_px, max(edges.sigma_px, settings.edge_sigma_px)
    spacing = spacing_of(asked, ends, sigma, picture.acquisition.geometry, settings)
    return Measurement(spacing, read_only(ends), edges is not None)


def _edges(picture: StillPicture, what: KnownObject, ends_px: PointArray) -> FoundEdges | None:
    """Return the edges near the points of a hand; None for an object that has none to look for."""
    if what not in (KnownObject.CANNULA_WIDTH, KnownObject.SPHERE):
        return None
    try:
        from leakwatch.calibrating.metal_edges import cannula_edges, sphere_edges
    except ModuleNotFoundError as error:
        raise CalibrationError(missing_extra("looking for edges", "calibrate", error)) from error
    if what is KnownObject.CANNULA_WIDTH:
        return cannula_edges(picture, ends_px)
    middle = ends_px.mean(axis=0)
    return sphere_edges(picture, (float(middle[0]), float(middle[1])))

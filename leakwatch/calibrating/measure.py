"""Measure an object in a picture: the points of a hand, the edges near them, the spacing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.calibrating.known_size import (
    KnownObject,
    MeasuredSpacing,
    ObjectToMeasure,
    spacing_of,
)
from leakwatch.calibrating.metal_edges import cannula_edges, sphere_edges
from leakwatch.calibrating.still_picture import StillPicture
from leakwatch.config import CalibrationSettings
from leakwatch.core.arrays import PointArray, read_only


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
        No such edges are seen, or the spacing is none that a C-arm has.
    """
    ends, sigma, found = np.asarray(points_px, np.float64), settings.point_sigma_px, False
    if with_edges and asked.what is KnownObject.CANNULA_WIDTH:
        edges, found = cannula_edges(picture, ends), True
    elif with_edges and asked.what is KnownObject.SPHERE:
        middle = ends.mean(axis=0)
        edges, found = sphere_edges(picture, (float(middle[0]), float(middle[1]))), True
    if found:
        ends, sigma = edges.ends_px, max(edges.sigma_px, settings.edge_sigma_px)
    spacing = spacing_of(asked, ends, sigma, picture.acquisition.geometry, settings)
    return Measurement(spacing, read_only(ends), found)

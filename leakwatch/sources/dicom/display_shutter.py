"""Display shutter in the header (PS3.3 C.7.6.11)."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.frame import Shutter
from leakwatch.core.geometry import area_of
from leakwatch.core.messages import join_with, text
from leakwatch.sources.dicom.element_values import number, numbers, pair, text_values

_RECTANGLE = (
    ("left", "ShutterLeftVerticalEdge"),
    ("right", "ShutterRightVerticalEdge"),
    ("top", "ShutterUpperHorizontalEdge"),
    ("bottom", "ShutterLowerHorizontalEdge"),
)


def shutter_of(dataset: Dataset) -> Shutter | None:
    """Return the shutter; None without one, and where its tags serve for nothing.

    Rows are before columns, and the first pixel is 1, 1. A shape that would leave nothing open is
    passed over: such values are written where there is no shutter.
    """
    found: dict[str, Any] = {}
    for shape in _shapes(dataset):
        found |= _READERS[shape](dataset) if shape in _READERS else {}
    return Shutter(**found) if found else None


def shutter_note(dataset: Dataset) -> str:
    """Return which shapes of the shutter are passed over, for the person; empty for none."""
    passed_over = [
        shape for shape in _shapes(dataset) if shape not in _READERS or not _READERS[shape](dataset)
    ]
    if not passed_over:
        return ""
    return text(
        "Shutter tags are incomplete, leave nothing open, or are of a kind that is not "
        "read, and were passed over ({tags}).",
        tags=join_with(", ", passed_over),
    )


def _shapes(dataset: Dataset) -> list[str]:
    return sorted({shape.upper() for shape in text_values(dataset, "ShutterShape")})


def _edges(dataset: Dataset) -> dict[str, Any]:
    told = {name: number(dataset, keyword) for name, keyword in _RECTANGLE}
    edges = {name: value - 1 for name, value in told.items() if value is not None}
    for first, last in (("left", "right"), ("top", "bottom")):
        if first in edges and last in edges and edges[last] - edges[first] <= 1:
            return {}
    return edges


def _circle(dataset: Dataset) -> dict[str, Any]:
    row_column = pair(dataset, "CenterOfCircularShutter")
    radius = number(dataset, "RadiusOfCircularShutter")
    if row_column is None or radius is None or radius <= 0:
        return {}
    return {"centre_px": (row_column[1] - 1, row_column[0] - 1), "radius_px": radius}


def _polygon(dataset: Dataset) -> dict[str, Any]:
    values = numbers(dataset, "VerticesOfThePolygonalShutter")
    if values is None or len(values) < 6 or len(values) % 2:
        return {}
    rows_columns = np.array(values, dtype=np.float64).reshape(-1, 2)
    points: PointArray = rows_columns[:, ::-1] - 1
    return {"vertices_px": read_only(points)} if area_of(points) > 0 else {}


_READERS = {"RECTANGULAR": _edges, "CIRCULAR": _circle, "POLYGONAL": _polygon}

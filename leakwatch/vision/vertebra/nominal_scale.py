"""Nominal pixel spacing without a calibration: from the marks, or from the image.

Signs need no scale, but tolerances do: how far beyond an outline cement is clearly outside, how
thin a tube is. A marked body tells the scale as well as bodies are alike; without one there is only
the width that a picture usually has. Nothing of it is ever shown as millimetres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import PointArray
from leakwatch.core.marks import Marks
from leakwatch.vision.vertebra.body_size import BodySize, expected_size


@dataclass(frozen=True, slots=True)
class NominalScale:
    """A scale that stands in for millimetres.

    Parameters
    ----------
    mm_per_px : float
        At the vertebra, for a pixel of the frame.
    spread : float
        Its standard deviation, as a share.
    """

    mm_per_px: float
    spread: float

    def widest_px(self, mm: float) -> float:
        """Return a length in pixels, one standard deviation above the nominal."""
        return mm * (1.0 + self.spread) / self.mm_per_px


def nominal_scale(marks: Marks, columns: int, settings: Settings) -> NominalScale:
    """Take the marked body for one of the usual size; without one, the picture for a usual one.

    Parameters
    ----------
    marks : Marks
    columns : int
        Of a frame.
    settings : Settings

    Returns
    -------
    NominalScale
    """
    tubular = settings.tubular
    size, spread = expected_size(marks.vertebra, settings.vertebra)
    # Over bodies of CTs a hand marks no more than the body, over radiographs its rims as well. The
    # smaller scale is the safe one: taken for too thick, a cannula is no cannula any more.
    marked = _from_marks(marks, size, settings.vertebra.size_on_film)
    least, most = tubular.least_field_mm, tubular.most_field_mm
    if marked is not None and least <= marked * columns <= most:
        return NominalScale(marked, spread)
    return NominalScale(tubular.nominal_field_mm / columns, tubular.nominal_field_spread)


def _from_marks(marks: Marks, size: BodySize, on_film: float) -> float | None:
    """Return millimetres per pixel if the marks are as large as a body without its rims."""
    if marks.body_outline_px is not None:
        side_px = math.sqrt(_area(marks.body_outline_px))
        side_mm = math.sqrt(size.depth_mm * size.height_mm) / on_film
        return side_mm / side_px if side_px > 0.0 else None
    wall = marks.posterior_wall_px
    if wall is None:
        return None
    height_px = float(np.hypot(*(wall[-1] - wall[0])))
    return size.height_mm / on_film / height_px if height_px > 0.0 else None


def _area(polygon: PointArray) -> float:
    columns, rows = polygon.T
    twice = columns @ np.roll(rows, -1) - rows @ np.roll(columns, -1)
    return abs(float(twice)) / 2.0

"""Monitored region, and what is derived from it and changes only with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import BoolImage, read_only
from leakwatch.vision.background.baseline import BaselineComparator
from leakwatch.vision.image_processing.patches import Window, around, near
from leakwatch.vision.vertebra.projected_marks import PlacedMarks


@dataclass(frozen=True, slots=True)
class WatchedArea:
    """Monitored region with its surroundings, in reference coordinates.

    Parameters
    ----------
    area : ndarray of bool
        `PlacedMarks.watched`, working grid: what this was made for.
    beside_wall : ndarray of bool or None
        `PlacedMarks.beside_wall`: what this was made for.
    window : (slice, slice)
        Rows and columns that hold the area with its surroundings.
    surroundings : ndarray of bool
        The area, and what must be seen around it, in `window`.
    coarse : ndarray of bool
        The area on the grid of the shading.
    margin_window : (slice, slice) or None
        Rows and columns that hold the margin of the wall; None without one.
    """

    area: BoolImage
    beside_wall: BoolImage | None
    window: Window
    surroundings: BoolImage
    coarse: BoolImage
    margin_window: Window | None


def watched_area(
    placed: PlacedMarks | None,
    before: WatchedArea | None,
    around_px: float,
    comparator: BaselineComparator,
) -> WatchedArea | None:
    """Return what is derived from the marks; as before while the area is the same.

    Parameters
    ----------
    placed : PlacedMarks or None
    before : WatchedArea or None
    around_px : float
        What must be seen around the area, working pixels.
    comparator : BaselineComparator
    """
    if placed is None:
        return None
    area, beside = placed.watched, placed.beside_wall
    if before is not None and before.area is area and before.beside_wall is beside:
        return before
    surroundings = near(area, around_px)
    window = around(surroundings, 0)
    return WatchedArea(
        area,
        beside,
        window,
        read_only(np.ascontiguousarray(surroundings[window])),
        read_only(comparator.coarse_area(area)),
        None if beside is None or not beside.any() else around(beside, 0),
    )

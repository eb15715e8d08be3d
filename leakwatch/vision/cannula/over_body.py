"""A cannula over the body that a user clicked in, to be left out of the search for its edges."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Point
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.cannula_search import CannulaSearch
from leakwatch.vision.vertebra.straightened_patch import SpinePicture

# A cannula in a body passes so near to its middle: half a body.
_NEAR_MM = 25.0
# It comes through a pedicle, from behind: steeper lines are the spine's own, and ribs.
_STEEPEST_DEG = 45.0


def mask_cannula_near(
    picture: SpinePicture, click_px: Point, settings: InstrumentSettings
) -> tuple[SpinePicture, Cannula | None]:
    """Leave a cannula near the click out of what edges are looked for in.

    Over the whole picture a row of spinous processes, or a rib, may be straighter and longer than
    what is seen of a cannula.

    Parameters
    ----------
    picture : SpinePicture
    click_px : Point
        Frame pixels, reference coordinates.
    settings : InstrumentSettings

    Returns
    -------
    picture : SpinePicture
        As it was where a cannula is known already, or none is there.
    cannula : Cannula or None
        The one that was found here.
    """
    if picture.cannula is not None:
        return picture, None
    scale = Scale(picture.mm_per_px * picture.grid.binning)
    column, row = picture.grid.to_working(np.array([click_px]))[0]
    rows, columns = picture.seen.shape
    away = np.hypot(*np.ogrid[-row : rows - row, -column : columns - column])
    near = picture.seen & (away[:rows, :columns] <= scale.px(_NEAR_MM))
    # Without a wall or a tip to aim by, two cortical lines of bone are as far apart as a sheath's.
    needle = msgspec.structs.replace(settings, sheath_mm=settings.width_mm)
    found = CannulaSearch(scale, needle).find(Baseline(picture.attenuation, near, 1), None, None)
    if found.cannula is None or found.footprint is None:
        return picture, None
    _, down = found.cannula.direction
    if abs(down) > math.sin(math.radians(_STEEPEST_DEG)):
        return picture, None
    return replace(picture, cannula=found.footprint), found.cannula

"""Surround of the exposed field: shutter, blades, blanked corners. Pure."""

from __future__ import annotations

import math

import numpy as np

from leakwatch.config import IntensitySettings
from leakwatch.core.arrays import Array, BoolImage, read_only
from leakwatch.core.frame import PixelFormat
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.preprocessing.intensity import log_attenuation

# As in the search for the exposed field: the brightest tenth of the anatomy.
BRIGHT_PERCENTILE = 10.0


def blank_values(pixel_format: PixelFormat, anatomy: Array) -> BoolImage:
    """Return which stored values are darker than anatomy can be, for every value of the format.

    Parameters
    ----------
    pixel_format : PixelFormat
    anatomy : ndarray
        Stored values of frames before cement, counted from the smallest of the format.

    Returns
    -------
    ndarray of bool
    """
    settings = IntensitySettings()
    count = 1 << pixel_format.bits_stored
    first = -(count >> 1) if pixel_format.signed else 0
    values = np.arange(first, first + count)[np.newaxis]
    attenuation = log_attenuation(values, pixel_format, WorkingGrid(1, count, 1))[0]
    bright, middle = np.percentile(attenuation[anatomy], (BRIGHT_PERCENTILE, 50.0))
    level = min(float(middle), float(bright) + math.log(settings.anatomy_range))
    blank: BoolImage = attenuation > level - math.log(settings.blanked_fraction)
    return read_only(blank)


def surround(blank: BoolImage) -> BoolImage:
    """Return the blank pixels that reach the border along their row or column.

    Around a convex field these are all of them; metal inside the field is not among them.

    Parameters
    ----------
    blank : ndarray of bool
        ``(rows, columns)``.
    """
    upright = np.ascontiguousarray(blank.T)
    reached: BoolImage = _between(blank) | _between(upright).T
    return reached


class Surrounds:
    """Surround of successive frames, found again only where their blank pixels changed.

    A shutter stands still from frame to frame, and so do blanked corners: which stored values are
    blank in a frame decides alone, and to compare them is cheap beside the search along every row
    and column.
    """

    def __init__(self) -> None:
        self._last: tuple[BoolImage, BoolImage] | None = None

    def of(self, blank: BoolImage) -> BoolImage:
        """Return `surround` of the blank pixels of a frame."""
        last = self._last
        if last is not None and np.array_equal(last[0], blank):
            return last[1]
        found: BoolImage = read_only(surround(blank))
        self._last = blank, found
        return found


def _between(blank: BoolImage) -> BoolImage:
    """Return, in each row, what lies before its first and behind its last other pixel."""
    columns = blank.shape[1]
    column = np.arange(columns, dtype=np.int32)
    outside: BoolImage = column < _first(blank)
    outside |= column >= columns - _first(blank[:, ::-1])
    return outside


def _first(blank: BoolImage) -> Array:
    """Return the column of the first pixel of each row that is not blank, ``(rows, 1)``."""
    anatomy = ~blank
    found = anatomy.argmax(axis=1)
    found[~anatomy.any(axis=1)] = blank.shape[1]
    first: Array = found.astype(np.int32)[:, np.newaxis]
    return first

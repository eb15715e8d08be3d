"""Whether all of the cement is seen, and none of it as dark as a picture can be. Pure."""

from __future__ import annotations

import math

import numpy as np

from leakwatch.core.arrays import BoolImage, FloatImage
from leakwatch.core.frame import IntensityRelationship, PixelFormat
from leakwatch.vision.image_processing.patches import Window

# A stored value of so little may be any that is smaller: it was rounded.
_DARKEST_COUNTS = 1.5


def cut_off_share(mask: BoolImage, box: Window, seen: BoolImage) -> float:
    """Return the share of the cement's edge that lies at the end of what the image shows.

    Parameters
    ----------
    mask : ndarray of bool
        Cement.
    box : (slice, slice)
        Rows and columns that contain it.
    seen : ndarray of bool
        What the frame shows of the reference: within the picture, exposed, not masked.
    """
    part, shown = np.pad(mask[box], 1), _with_margin(seen, box)
    grown = part.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            grown |= np.roll(part, step, axis)
    rim = grown & ~part
    at_end = int(np.count_nonzero(rim & ~shown))
    return at_end / max(int(np.count_nonzero(rim)), 1)


def dark_share(
    attenuation: FloatImage, mask: BoolImage, box: Window, pixel_format: PixelFormat
) -> float:
    """Return the share of the cement that is as dark as the picture can be.

    Parameters
    ----------
    attenuation : ndarray
        From `intensity.log_attenuation`, in reference coordinates.
    mask : ndarray of bool
    box : (slice, slice)
    pixel_format : PixelFormat
    """
    there = attenuation[box][mask[box]]
    limit = -math.log(_DARKEST_COUNTS)
    if pixel_format.relationship is IntensityRelationship.LOG:
        top = float((1 << pixel_format.bits_stored) - 1)
        limit = -_DARKEST_COUNTS * math.log(top + 1.0) / top
    return float(np.count_nonzero(there >= limit)) / max(there.size, 1)


def _with_margin(seen: BoolImage, box: Window) -> BoolImage:
    """Return a part with a margin of one pixel; nothing is seen beyond the picture."""
    rows, columns = box
    padded = np.pad(seen, 1)
    part: BoolImage = padded[rows.start : rows.stop + 2, columns.start : columns.stop + 2]
    return part

"""Visibility of the cement: all of it in the exposed field, and none of it saturated. Pure."""

from __future__ import annotations

import math

import cv2
import numpy as np

from leakwatch.core.arrays import BoolImage, FloatImage, read_only
from leakwatch.core.frame import IntensityRelationship, PixelFormat
from leakwatch.vision.image_processing.patches import Window, grown

# A stored value of so little may be any that is smaller: it was rounded.
_DARKEST_COUNTS = 1.5
# The neighbours of a pixel: beside, above and below it.
_CROSS = read_only(cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))


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
    part, shown = _with_margin(mask, box), _with_margin(seen, box)
    rim = cv2.dilate(part.view(np.uint8), _CROSS).view(np.bool_) & ~part
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
    wide = grown(box, 1, seen.shape)
    part = np.zeros(tuple(span.stop - span.start + 2 for span in box), np.bool_)
    part[
        tuple(
            slice(of_wide.start - span.start + 1, of_wide.stop - span.start + 1)
            for span, of_wide in zip(box, wide, strict=True)
        )
    ] = seen[wide]
    return part

"""Exchanged bytes of 16-bit samples, found in the pixels whatever a header states."""

from __future__ import annotations

import numpy as np

from leakwatch.core.arrays import Array

# Every fourth row and column show it, in a sixteenth of the time.
_STEP = 4
# A C-arm stores 10 to 14 bits: the upper byte of a sample is never above this.
_MOST_UPPER_BYTE = 0x3F
# Neighbours of an exchanged image of 12 bits differ by some hundred times as much as they should;
# those of an 8-bit image in the upper byte, with anything in the lower one, by a few times at most.
_ROUGHER = 16.0


def bytes_look_swapped(pixels: Array) -> bool:
    """Return whether an image has the two bytes of its samples exchanged.

    The low byte of every sample then is the high one of a small number, and the image is smooth
    only with its bytes exchanged back.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``, integers of 8 or 16 bits.
    """
    if pixels.dtype.itemsize == 1:
        return False
    some = np.ascontiguousarray(pixels[::_STEP, ::_STEP])
    own = some.astype(some.dtype.newbyteorder("="), copy=False).view(np.uint16)
    low = own & 0xFF
    if not 0 < low.max() <= _MOST_UPPER_BYTE or own.max() <= _MOST_UPPER_BYTE << 8:
        return False
    return _roughness(own) > _ROUGHER * _roughness(own.byteswap())


def _roughness(samples: Array) -> float:
    """Return the mean difference of neighbours."""
    return float(np.abs(np.diff(samples.astype(np.int32))).mean()) if samples.size > 1 else 0.0

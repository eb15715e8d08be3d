"""Stored values to greys for a display: fixed for a run, cement dark whatever the polarity.

A window that adapts to each frame would make a faint leak look alike before and after: the
mapping is taken once, from the frames before cement, and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import Array, FloatImage, read_only
from leakwatch.core.frame import Frame, IntensityRelationship, PixelFormat
from leakwatch.display.window_level import WHOLE, Look
from leakwatch.vision.preprocessing.intensity import more_value_is_more_beam

GreyImage = npt.NDArray[np.uint8]

# Percentiles of the anatomy that become black and white.
DARK_PERCENTILE, BRIGHT_PERCENTILE = 1.0, 99.5
# Cement is darker than all that the baseline holds: this share of its range is kept for it.
HEADROOM_FOR_CEMENT = 0.15
# Percentiles are taken from so many rows and columns.
ENOUGH_PIXELS = 256
# A value at the end of the range that covers more of the frame than this is a shutter or a
# blanked corner, not anatomy.
BLANKED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class GreyMapping:
    """A table from stored values to greys.

    Parameters
    ----------
    table : ndarray
        uint8; entry i is the grey of stored value ``i + first``.
    first : int
        Smallest stored value of the format.
    unclipped : ndarray or None
        float32, the same before it was cut at black and white; None where a window is chosen.
    """

    table: GreyImage
    first: int
    unclipped: FloatImage | None = None

    def apply(self, pixels: Array) -> GreyImage:
        """Map stored values to 0..255, less beam darker.

        Parameters
        ----------
        pixels : ndarray
            Any shape, integers; values outside the format's range take its nearest end.

        Returns
        -------
        ndarray
            Same shape, uint8.
        """
        index = pixels if self.first == 0 else pixels.astype(np.int32) - self.first
        greys: GreyImage = np.take(self.table, index, mode="clip")
        return greys

    def seen_with(self, look: Look) -> GreyMapping:
        """The mapping with the window of a person: taken from stored values, so without steps."""
        if self.unclipped is None or look == Look():
            return self
        black = look.level - look.width / 2.0
        greys = np.clip((self.unclipped - black) * (WHOLE / look.width), 0.0, 255.0)
        if look.inverted:
            greys = 255.0 - greys
        return GreyMapping(read_only(greys.astype(np.uint8)), self.first)


def grey_mapping(frames: Sequence[Frame]) -> GreyMapping:
    """Take the mapping from frames before cement.

    Linear pixels are shown by their logarithm, in which cement adds the same grey in front of
    lung and in front of bone.

    Parameters
    ----------
    frames : sequence of Frame
        At least one, of one acquisition.

    Returns
    -------
    GreyMapping
    """
    pixel_format = frames[0].acquisition.pixel_format
    first = -(1 << (pixel_format.bits_stored - 1)) if pixel_format.signed else 0
    beam = _beam(pixel_format)
    anatomy = np.concatenate([_anatomy(_thinned(frame.pixels)) for frame in frames])
    anatomy = anatomy.astype(np.int32)
    index = np.clip(anatomy - first, 0, len(beam) - 1)
    dark, bright = np.percentile(beam[index], (DARK_PERCENTILE, BRIGHT_PERCENTILE))
    span = max(float(bright - dark), 1e-6)
    black = dark - HEADROOM_FOR_CEMENT * span
    grey = (beam - black) * (255.0 / (bright - black if bright > black else 1.0))
    table = read_only(np.clip(grey, 0.0, 255.0).astype(np.uint8))
    return GreyMapping(table, first, read_only(grey.astype(np.float32)))


def _beam(pixel_format: PixelFormat) -> npt.NDArray[np.float64]:
    """Something that grows with the beam, for every stored value of the format."""
    values = np.arange(1 << pixel_format.bits_stored, dtype=np.float64)
    if not more_value_is_more_beam(pixel_format):
        values = values[::-1]
    linear = pixel_format.relationship is IntensityRelationship.LIN
    return np.log(np.maximum(values, 0.5)) if linear else values


def _thinned(pixels: Array) -> Array:
    """Enough pixels for percentiles: all of a large frame would hold a window up."""
    step = max(min(pixels.shape) // ENOUGH_PIXELS, 1)
    return pixels[::step, ::step]


def _anatomy(pixels: Array) -> Array:
    values = pixels.ravel()
    for extreme in (values.min(), values.max()):
        blanked = values == extreme
        if BLANKED_SHARE < blanked.mean() < 1.0:
            values = values[~blanked]
    return values

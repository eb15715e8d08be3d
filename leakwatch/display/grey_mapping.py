"""Mapping of stored values to greys: fixed for a sequence, with cement dark.

A window that adapts to each frame would hide a faint leak: the mapping is determined once, from
the frames before cement, and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.core.frame import Frame, IntensityRelationship, PixelFormat
from leakwatch.display.surround import Surrounds, blank_values
from leakwatch.display.window_level import WHOLE, ViewSettings
from leakwatch.vision.preprocessing.intensity import more_value_is_more_beam

GreyImage = npt.NDArray[np.uint8]

# Percentiles of the anatomy that become black and white.
DARK_PERCENTILE, BRIGHT_PERCENTILE = 1.0, 99.5
# Cement is darker than the baseline: this share of its range is reserved for it.
HEADROOM_FOR_CEMENT = 0.15
# Rows and columns from which percentiles are taken.
ENOUGH_PIXELS = 256
# A value at the end of the range that covers more of the frame than this is a shutter or a
# blanked corner, not anatomy.
BLANKED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class GreyMapping:
    """Table from stored values to greys.

    Parameters
    ----------
    table : ndarray
        uint8; entry i is the grey of stored value ``i + first``.
    first : int
        Smallest stored value of the format.
    unclipped : ndarray or None
        float32, before clipping at black and white; None once a window is applied.
    blank : ndarray of bool or None
        Which stored values are darker than anatomy; see `leakwatch.display.surround`.
    around : ndarray or None
        uint8, once a window is applied: the table for what lies around the exposed field. A window
        or inversion leaves it alone: an inverted shutter would glare.
    surrounds : Surrounds
        Kept between frames, and between the windows of one mapping.
    """

    table: GreyImage
    first: int
    unclipped: FloatImage | None = None
    blank: BoolImage | None = None
    around: GreyImage | None = None
    surrounds: Surrounds = field(default_factory=Surrounds, compare=False)

    def apply(self, pixels: Array) -> GreyImage:
        """Map stored values to 0..255, less beam darker.

        Parameters
        ----------
        pixels : ndarray
            Any shape, integers; values outside the range of the format take its nearest end.

        Returns
        -------
        ndarray
            Same shape, uint8.
        """
        index = pixels if self.first == 0 else pixels.astype(np.int32) - self.first
        greys: GreyImage = np.take(self.table, index, mode="clip")
        if self.blank is not None and self.around is not None and greys.ndim == 2:
            outside = self.surrounds.of(np.take(self.blank, index, mode="clip"))
            greys[outside] = np.take(self.around, index[outside], mode="clip")
        return greys

    def with_view(self, view: ViewSettings) -> GreyMapping:
        """Return the mapping with a chosen window, computed from stored values."""
        if self.unclipped is None or view == ViewSettings():
            return self
        black = view.level - view.width / 2.0
        greys = np.clip((self.unclipped - black) * (WHOLE / view.width), 0.0, 255.0)
        if view.inverted:
            greys = 255.0 - greys
        table = read_only(greys.astype(np.uint8))
        return GreyMapping(table, self.first, None, self.blank, self.table, self.surrounds)


def grey_mapping(frames: Sequence[Frame]) -> GreyMapping:
    """Return the mapping for frames before cement.

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
    blank = blank_values(pixel_format, index)
    return GreyMapping(table, first, read_only(grey.astype(np.float32)), blank)


def _beam(pixel_format: PixelFormat) -> npt.NDArray[np.float64]:
    """Return a value that grows with the beam, for every stored value of the format."""
    values = np.arange(1 << pixel_format.bits_stored, dtype=np.float64)
    if not more_value_is_more_beam(pixel_format):
        values = values[::-1]
    linear = pixel_format.relationship is IntensityRelationship.LIN
    return np.log(np.maximum(values, 0.5)) if linear else values


def _thinned(pixels: Array) -> Array:
    """Return enough pixels for percentiles: all of a large frame would delay the window."""
    step = max(min(pixels.shape) // ENOUGH_PIXELS, 1)
    return pixels[::step, ::step]


def _anatomy(pixels: Array) -> Array:
    values = pixels.ravel()
    for extreme in (values.min(), values.max()):
        blanked = values == extreme
        if BLANKED_SHARE < blanked.mean() < 1.0:
            values = values[~blanked]
    return values

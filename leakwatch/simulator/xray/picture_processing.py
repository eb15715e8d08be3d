"""Processing of pictures by a C-arm, between the detector and the stored values.

In the order that is usual (cf. Bushberg, The Essential Physics of Medical Imaging, ch. 9): on the
log of the signal a recursive filter, a local equalisation of the histogram (CLAHE, Zuiderveld 1994)
and an unsharp mask, then a display curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.simulator.scenario.scenario_room import ProcessingSection

Image = npt.NDArray[np.float64]

_LEAST = 1e-4  # of the greatest value: below is nothing but noise
# The span of the log signal that is equalised, about the set value; CLAHE's limit and tiles.
_SPAN = (-3.5, 2.0)
_CLIP_LIMIT, _TILES, _DIGITS = 2.5, (6, 6), 65535.0
# A change counts as motion from this multiple of its noise on, looked at over this many pixels.
_MOTION_SIGMAS, _MOTION_PX = 3.0, 1.5
_MAD_TO_SIGMA = 1.4826
# After so many pulses without a picture, the filter begins anew.
_FORGETS_PULSES = 2.5


@dataclass(frozen=True, slots=True)
class _Kept:
    """State that the recursive filter keeps of earlier images."""

    pulse: float
    log: Image


class PictureProcessing:
    """Processing of one sequence, image by image in order.

    Parameters
    ----------
    section : ProcessingSection
    pitch_mm : float
        At the detector.
    set_value : float
        That brightness control aims at.
    """

    def __init__(self, section: ProcessingSection, pitch_mm: float, set_value: float) -> None:
        self._section, self._set_value = section, set_value
        self._edge_px = section.edge_mm / pitch_mm
        self._kept: _Kept | None = None
        self._clahe = cv2.createCLAHE(_CLIP_LIMIT, _TILES)

    @property
    def has_curve(self) -> bool:
        """Return whether its result is for display already."""
        return self._section.display_slope > 0.0

    def process(self, value: Image, field: Image, pulse: float) -> Image:
        """Return the processed picture, 1 at the greatest value.

        Parameters
        ----------
        value : ndarray
            ``(rows, columns)``, signal.
        field : ndarray
            Share of each pixel that shutter and blades leave open.
        pulse : float
            Number of the pulse, those without a picture counted.
        """
        log = np.log(np.maximum(value, _LEAST) / self._set_value)
        log = self._filtered(log, pulse)
        log = self._equalised(log)
        log = self._sharpened(log, field)
        return self._displayed(log)

    def _filtered(self, log: Image, pulse: float) -> Image:
        """Mix with the picture before: all of it alike, or less where something moved."""
        section, kept = self._section, self._kept
        if section.recursive and kept is not None and pulse - kept.pulse < _FORGETS_PULSES:
            share: Image | float = section.recursive
            if section.motion_detection:
                share = section.recursive * _still(log - kept.log)
            log = log + share * (kept.log - log)
        self._kept = _Kept(pulse, log)
        return log

    def _equalised(self, log: Image) -> Image:
        share = self._section.local_contrast
        if not share:
            return log
        low, high = _SPAN
        level = np.clip((log - low) / (high - low), 0.0, 1.0)
        even = self._clahe.apply(np.rint(level * _DIGITS).astype(np.uint16)) / _DIGITS
        # What the span cuts off, air and lead, stays what it was.
        equalised: Image = log + share * (even - level) * (high - low)
        return equalised

    def _sharpened(self, log: Image, field: Image) -> Image:
        """Raise what is fine; blades and shutter are left out of what is around a pixel."""
        if not self._section.edge_gain:
            return log
        weight = cv2.GaussianBlur(field, (0, 0), self._edge_px)
        around = cv2.GaussianBlur(log * field, (0, 0), self._edge_px) / np.maximum(weight, 1e-3)
        return np.where(field > 0.0, log + self._section.edge_gain * (log - around), log)

    def _displayed(self, log: Image) -> Image:
        """Return values by the display curve, which leaves the set value where it is."""
        slope = self._section.display_slope
        if not slope:
            value: Image = np.exp(log) * self._set_value
            return value
        at_set = np.log(self._set_value / (1.0 - self._set_value))
        curve: Image = 1.0 / (1.0 + np.exp(-(slope * log + at_set)))
        return curve


def _still(change: Image) -> Image:
    """Return 1 where a change is noise, and less the more it is motion."""
    seen = cv2.GaussianBlur(change, (0, 0), _MOTION_PX)
    middle = np.median(seen)
    noise = _MAD_TO_SIGMA * float(np.median(np.abs(seen - middle))) + 1e-9
    beyond = np.abs(seen) / (_MOTION_SIGMAS * noise)
    still: Image = np.exp(-(beyond**4))
    return still

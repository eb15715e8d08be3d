"""What a rod adds to a picture: itself, what fills it, and what its model misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.geometry import Scale
from leakwatch.model import Array, BoolImage, FloatImage, read_only
from leakwatch.vision.rod.cannula import FINE_STEP, Cannula, Pose


@dataclass(frozen=True, slots=True)
class RodLayer:
    """Attenuation along a rod: a profile across its axis times the rod's contrast.

    Parameters
    ----------
    profile : ndarray
        Across the axis in units of the rod's contrast: as long as the rod's own profile, or as its
        fine one, and at the same steps.
    front : float
        Where along the axis it begins, working pixels.
    gain : ndarray or None
        ``(n,)`` factor at steps of a pixel along the axis from the front end of the baseline;
        None: 1 everywhere.
    """

    profile: FloatImage
    front: float = 0.0
    gain: FloatImage | None = None


@dataclass(frozen=True, slots=True)
class RodPlace:
    """The pixels that a rod reaches in one pose, with its rim, as flat arrays.

    Parameters
    ----------
    shape : (int, int)
        Of the picture.
    at : ndarray of int
        Flat places in it.
    axis : ndarray
        Distance from the rod's axis, where its profile has them.
    along : ndarray
        Way along the axis from the front end of the baseline.
    contrast : ndarray
        Of the rod there.
    """

    shape: tuple[int, ...]
    at: Array
    axis: Array
    along: Array
    contrast: Array

    def within(self, distance: float, front: float) -> BoolImage:
        """Which of them lie so near to the axis, from so far along it on."""
        return np.asarray((np.abs(self.axis) <= distance) & (self.along >= front))


def place_of(
    cannula: Cannula, pose: Pose, shape: tuple[int, ...], scale: Scale, settings: InstrumentSettings
) -> RodPlace:
    """The pixels that a rod reaches in a pose, with its rim."""
    pixels = cannula.pixels
    axis = pose.from_axis(pixels.along, pixels.across)
    reach = max(_reach(cannula), cannula.width / 2 + scale.px(settings.rim_mm))
    some = np.flatnonzero(np.abs(axis) <= reach)
    parts = (pixels.at[some], axis[some], pixels.along[some], pixels.contrast[some])
    return RodPlace(shape, *(read_only(part) for part in parts))


def _reach(cannula: Cannula) -> float:
    reached = np.flatnonzero(cannula.fine_profile) - (len(cannula.fine_profile) - 1) // 2
    return 1.0 + FINE_STEP * float(np.abs(reached).max())


def added_by(cannula: Cannula, place: RodPlace, layers: Sequence[RodLayer]) -> FloatImage:
    """What layers add to a picture, at each pixel that the rod reaches.

    Parameters
    ----------
    cannula : Cannula
    place : RodPlace
        Where the rod is.
    layers : sequence of RodLayer

    Returns
    -------
    ndarray
        ``(n,)`` attenuation at ``place.at``.
    """
    shape = np.zeros(len(place.at), np.float32)
    for layer in layers:
        step = _step(cannula, layer.profile)
        added = _between(layer.profile, place.axis / step + (len(layer.profile) - 1) // 2)
        if layer.gain is not None:
            added *= _between(layer.gain, place.along)
        added[place.along < layer.front] = 0.0
        shape += added
    shape *= place.contrast
    return shape


def _between(values: FloatImage, at: Array) -> FloatImage:
    """Linear interpolation at steps of 1 from 0 on: half the time of a search for the steps."""
    at = np.clip(at, np.float32(0.0), np.float32(len(values) - 1.001))
    first = at.astype(np.intp)
    at -= first
    between: FloatImage = values[first]
    between += at * (values[1:] - values[:-1])[first]
    return between


def _step(cannula: Cannula, profile: FloatImage) -> float:
    """From value to value of a profile, working pixels."""
    return 1.0 if len(profile) == len(cannula.profile) else FINE_STEP


def straightened(cannula: Cannula, layer: RodLayer) -> FloatImage:
    """What a layer adds to a strip along the rod, as far as the rod was measured."""
    length = cannula.steps
    gain = (np.arange(length) >= layer.front).astype(np.float32)
    if layer.gain is not None:
        gain = gain * layer.gain[:length]
    strip: FloatImage = layer.profile[:, None] * (gain * cannula.contrast[:length])
    return strip

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
    return 1.0 + float(
        np.abs(_places(cannula, cannula.fine_profile)[cannula.fine_profile != 0.0]).max()
    )


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
    shape = np.zeros(len(place.at))
    for layer in layers:
        added = np.interp(place.axis, _places(cannula, layer.profile), layer.profile)
        if layer.gain is not None:
            added *= np.interp(place.along, np.arange(len(layer.gain)), layer.gain)
        shape += np.where(place.along >= layer.front, added, 0.0)
    return (shape * place.contrast).astype(np.float32)


def _places(cannula: Cannula, profile: FloatImage) -> Array:
    """Distance from the axis of each value of a profile, working pixels."""
    step = 1.0 if len(profile) == len(cannula.profile) else FINE_STEP
    return (np.arange(len(profile)) - (len(profile) - 1) // 2) * step


def straightened(cannula: Cannula, layer: RodLayer) -> FloatImage:
    """What a layer adds to a strip along the rod, as far as the rod was measured."""
    length = cannula.steps
    gain = (np.arange(length) >= layer.front).astype(np.float32)
    if layer.gain is not None:
        gain = gain * layer.gain[:length]
    strip: FloatImage = layer.profile[:, None] * (gain * cannula.contrast[:length])
    return strip

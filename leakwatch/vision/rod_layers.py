"""What a rod adds to a picture: itself, what fills it, and what its model misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leakwatch.model import Array, FloatImage, read_only
from leakwatch.vision.cannula import FINE_STEP, Cannula, Pose


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


def with_layers(
    picture: FloatImage, cannula: Cannula, pose: Pose, layers: Sequence[RodLayer]
) -> FloatImage:
    """A picture with what layers add to it.

    Parameters
    ----------
    picture : ndarray
        Reference coordinates on the working grid.
    cannula : Cannula
    pose : Pose
    layers : sequence of RodLayer
    """
    pixels = cannula.pixels
    axis = pose.from_axis(pixels.along, pixels.across)
    some = np.flatnonzero(np.abs(axis) <= max(_reach(cannula, layer) for layer in layers))
    axis, along = axis[some], pixels.along[some]
    shape = np.zeros(len(some))
    for layer in layers:
        added = np.interp(axis, _places(cannula, layer), layer.profile)
        if layer.gain is not None:
            added *= np.interp(along, np.arange(len(layer.gain)), layer.gain)
        shape += np.where(along >= layer.front, added, 0.0)
    image = picture.copy()
    image.ravel()[pixels.at[some]] += (shape * pixels.contrast[some]).astype(np.float32)
    return read_only(image)


def _places(cannula: Cannula, layer: RodLayer) -> Array:
    """Distance from the axis of each value of a layer's profile, working pixels."""
    step = 1.0 if len(layer.profile) == len(cannula.profile) else FINE_STEP
    return (np.arange(len(layer.profile)) - (len(layer.profile) - 1) // 2) * step


def _reach(cannula: Cannula, layer: RodLayer) -> float:
    return 1.0 + float(np.abs(_places(cannula, layer)[layer.profile != 0.0]).max(initial=0.0))


def straightened(cannula: Cannula, layer: RodLayer) -> FloatImage:
    """What a layer adds to a strip along the rod, as far as the rod was measured."""
    length = cannula.steps
    gain = (np.arange(length) >= layer.front).astype(np.float32)
    if layer.gain is not None:
        gain = gain * layer.gain[:length]
    strip: FloatImage = layer.profile[:, None] * (gain * cannula.contrast[:length])
    return strip

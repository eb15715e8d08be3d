"""Layers of attenuation that a rod adds: itself, its content, and what its model misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.rod_model import FINE_STEP, Cannula, Pose


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
class Places:
    """Places between the values of a row, found once for all rows that are looked up there.

    Parameters
    ----------
    first : ndarray of int
        The value before each place.
    part : ndarray
        How far it is from there to the next, 0 to 1.
    """

    first: Array
    part: FloatImage

    def of(self, values: Array) -> FloatImage:
        """Interpolate the row at these places, linearly, and go on beyond its ends."""
        between: FloatImage = np.diff(values).astype(np.float32).take(self.first)
        between *= self.part
        between += values.take(self.first)
        return between

    def some(self, which: Array) -> Places:
        """Return a part of the places."""
        return Places(self.first[which], self.part[which])


def _locate_places(at: Array, count: int) -> Places:
    """Return the places `at` steps from the first of `count` values."""
    at = np.clip(at, 0.0, count - 1.0)
    first = np.minimum(at.astype(np.intp), count - 2)
    return Places(read_only(first), read_only((at - first).astype(np.float32)))


@dataclass(frozen=True, slots=True)
class RodPlace:
    """Pixels that a rod reaches in one pose, with its rim, as flat arrays.

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
    across, lengthwise : Places
        The same distances and ways, in a fine profile and in what is known at steps of a pixel
        along the axis.
    rod : ndarray
        What the rod itself adds there, however far it was drawn back.
    middle : ndarray of int
        Which of them lie within the rod's width, as far as it was measured.
    """

    shape: tuple[int, ...]
    at: Array
    axis: Array
    along: Array
    contrast: Array
    across: Places
    lengthwise: Places
    rod: FloatImage
    middle: Array

    def within(self, distance: float, front: float) -> BoolImage:
        """Return which pixels lie within a distance of the axis, from `front` along it on."""
        return np.asarray((np.abs(self.axis) <= distance) & (self.along >= front))


def place_of(
    cannula: Cannula, pose: Pose, shape: tuple[int, ...], scale: Scale, settings: InstrumentSettings
) -> RodPlace:
    """Find the pixels that a rod reaches in a pose, with its rim."""
    pixels = cannula.pixels
    axis = pose.from_axis(pixels.along, pixels.across)
    reach = max(_reach(cannula), cannula.width / 2 + scale.px(settings.rim_mm))
    some = np.flatnonzero(np.abs(axis) <= reach)
    axis, along = read_only(axis[some]), read_only(pixels.along[some])
    middle = (np.abs(axis) <= cannula.width / 2) & (along >= 0.0) & (along < cannula.steps)
    fine, contrast = len(cannula.fine_profile), read_only(pixels.contrast[some])
    across = _locate_places(axis / FINE_STEP + (fine - 1) // 2, fine)
    return RodPlace(
        shape,
        read_only(pixels.at[some]),
        axis,
        along,
        contrast,
        across,
        _locate_places(along, cannula.steps),
        read_only(across.of(cannula.fine_profile) * contrast * (along >= 0.0)),
        read_only(np.flatnonzero(middle)),
    )


def _reach(cannula: Cannula) -> float:
    reached = np.flatnonzero(cannula.fine_profile) - (len(cannula.fine_profile) - 1) // 2
    return 1.0 + FINE_STEP * float(np.abs(reached).max())


def added_by(cannula: Cannula, place: RodPlace, layers: Sequence[RodLayer]) -> FloatImage:
    """Return the attenuation that layers add at each pixel that the rod reaches.

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
    # Those that begin at the same place, and are as strong all along, are looked up as one.
    even: dict[float, FloatImage] = {}
    for layer in layers:
        profile = fine_steps(cannula, layer.profile)
        if layer.gain is None:
            even[layer.front] = profile + even.get(layer.front, np.float32(0.0))
        else:
            added = place.across.of(profile) * place.lengthwise.of(layer.gain)
            shape += np.where(place.along >= layer.front, added, np.float32(0.0))
    for front, profile in even.items():
        shape += np.where(place.along >= front, place.across.of(profile), np.float32(0.0))
    shape *= place.contrast
    return shape


def fine_steps(cannula: Cannula, profile: FloatImage) -> FloatImage:
    """Resample a profile at fine steps, linearly between those that are there."""
    fine, coarse = len(cannula.fine_profile), len(cannula.profile)
    if len(profile) == fine:
        return profile
    between = np.interp(np.arange(fine) * FINE_STEP, np.arange(coarse), profile)
    return np.asarray(between, np.float32)


def straightened(cannula: Cannula, layer: RodLayer) -> FloatImage:
    """Return the attenuation that a layer adds along the rod, as far as the rod was measured."""
    length = cannula.steps
    gain = (np.arange(length) >= layer.front).astype(np.float32)
    if layer.gain is not None:
        gain = gain * layer.gain[:length]
    strip: FloatImage = layer.profile[:, None] * (gain * cannula.contrast[:length])
    return strip

"""Attenuation that a cannula adds to a picture: of its steel, its content, and what a model misses.

What changes of a cannula is described as layers, each a profile across the axis times the contrast
along it. They are rendered at the pixels that the cannula reaches in a pose, or along its strip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.vision.cannula.cannula_model import FINE_STEP, Cannula, Pose


@dataclass(frozen=True, slots=True)
class CannulaLayer:
    """Attenuation along a cannula: a profile across its axis times the cannula's contrast.

    Parameters
    ----------
    profile : ndarray
        Across the axis in units of the cannula's contrast: as long as the cannula's own profile, or
        as its fine one, and at the same steps.
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
class Interpolator:
    """Linear interpolation between the values of a row, always at the same places.

    Parameters
    ----------
    first : ndarray of int
        The value before each place.
    part : ndarray
        How far it is from there to the next, 0 to 1.
    """

    first: Array
    part: FloatImage

    @classmethod
    def at(cls, places: Array, count: int) -> Interpolator:
        """Return the interpolator at so many steps from the first of `count` values."""
        places = np.clip(places, 0.0, count - 1.0)
        first = np.minimum(places.astype(np.intp), count - 2)
        return cls(read_only(first), read_only((places - first).astype(np.float32)))

    def interpolate(self, values: Array) -> FloatImage:
        """Return the values at these places; beyond its ends a row goes on as it ends."""
        between: FloatImage = np.diff(values).astype(np.float32).take(self.first)
        between *= self.part
        between += values.take(self.first)
        return between

    def select(self, which: Array) -> Interpolator:
        """Return the interpolator at some of the places."""
        return Interpolator(self.first[which], self.part[which])


@dataclass(frozen=True, slots=True)
class CannulaPixels:
    """Pixels that a cannula reaches in one pose, with its rim, as flat arrays.

    Parameters
    ----------
    shape : (int, int)
        Of the picture.
    at : ndarray of int
        Flat places in it.
    axis : ndarray
        Distance from the cannula's axis, where its profile has them.
    along : ndarray
        Way along the axis from the front end of the baseline.
    across, lengthwise : Interpolator
        There, of a fine profile, and of what is known at steps of a pixel along the axis.
    steel : ndarray
        What the cannula itself adds there, however far it was drawn back.
    middle : ndarray of int
        Which of them lie within the cannula's width, as far as it was measured.
    """

    shape: tuple[int, ...]
    at: Array
    axis: Array
    along: Array
    across: Interpolator
    lengthwise: Interpolator
    steel: FloatImage
    middle: Array


def find_pixels(cannula: Cannula, pose: Pose, shape: tuple[int, ...]) -> CannulaPixels:
    """Find the pixels that a cannula reaches in a pose, with its rim."""
    pixels = cannula.pixels
    axis = pose.from_axis(pixels.along, pixels.across)
    reach = max(_reach(cannula), cannula.width / 2 + cannula.rim)
    some = np.flatnonzero(np.abs(axis) <= reach)
    axis, along = read_only(axis[some]), read_only(pixels.along[some])
    middle = (np.abs(axis) <= cannula.width / 2) & (along >= 0.0) & (along < cannula.steps)
    fine, contrast = len(cannula.fine_profile), read_only(pixels.contrast[some])
    across = Interpolator.at(axis / FINE_STEP + (fine - 1) // 2, fine)
    return CannulaPixels(
        shape,
        read_only(pixels.at[some]),
        axis,
        along,
        across,
        Interpolator.at(along, cannula.steps),
        read_only(across.interpolate(cannula.fine_profile) * contrast * (along >= 0.0)),
        read_only(np.flatnonzero(middle)),
    )


def _reach(cannula: Cannula) -> float:
    reached = np.flatnonzero(cannula.fine_profile) - (len(cannula.fine_profile) - 1) // 2
    return 1.0 + FINE_STEP * float(np.abs(reached).max())


def draw_footprint(cannula: Cannula, place: CannulaPixels, front: float) -> BoolImage:
    """Return where a cannula lies from `front` along its axis on, with its rim, as a mask."""
    distance = cannula.width / 2 + cannula.rim
    inside = (np.abs(place.axis) <= distance) & (place.along >= front - 2 * cannula.rim)
    mask = np.zeros(place.shape, np.bool_)
    mask.ravel()[place.at] = inside
    return read_only(mask)


def draw_cannula(cannula: Cannula, shape: tuple[int, ...]) -> FloatImage:
    """Return what a cannula adds to the baseline, as an image."""
    place = find_pixels(cannula, cannula.pose, shape)
    image = np.zeros(shape, np.float32)
    image.ravel()[place.at] = place.steel
    return image


def render_layers(
    cannula: Cannula, place: CannulaPixels, layers: Sequence[CannulaLayer]
) -> FloatImage:
    """Return the attenuation that layers add at each pixel that the cannula reaches.

    Parameters
    ----------
    cannula : Cannula
    place : CannulaPixels
        Where the cannula is.
    layers : sequence of CannulaLayer

    Returns
    -------
    ndarray
        ``(n,)`` attenuation at ``place.at``.
    """
    shape = np.zeros(len(place.at), np.float32)
    # Those that begin at the same place, and are as strong all along, are looked up as one.
    even: dict[float, FloatImage] = {}
    for layer in layers:
        profile = resample_finely(cannula, layer.profile)
        if layer.gain is None:
            even[layer.front] = profile + even.get(layer.front, np.float32(0.0))
        else:
            added = place.across.interpolate(profile) * place.lengthwise.interpolate(layer.gain)
            shape += np.where(place.along >= layer.front, added, np.float32(0.0))
    for front, profile in even.items():
        shape += np.where(place.along >= front, place.across.interpolate(profile), np.float32(0.0))
    shape *= place.lengthwise.interpolate(cannula.steel_contrast[: cannula.steps])
    return shape


def resample_finely(cannula: Cannula, profile: FloatImage) -> FloatImage:
    """Resample a profile at fine steps, linearly between those that are there."""
    fine, coarse = len(cannula.fine_profile), len(cannula.profile)
    if len(profile) == fine:
        return profile
    between = np.interp(np.arange(fine) * FINE_STEP, np.arange(coarse), profile)
    return np.asarray(between, np.float32)


def render_strip(cannula: Cannula, layer: CannulaLayer) -> FloatImage:
    """Return what a layer adds to a strip along the cannula."""
    length = cannula.steps
    gain = (np.arange(length) >= layer.front).astype(np.float32)
    if layer.gain is not None:
        gain = gain * layer.gain[:length]
    strip: FloatImage = layer.profile[:, None] * (gain * cannula.steel_contrast[:length])
    return strip

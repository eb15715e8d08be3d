"""Shift and width of a cannula's profile, to a hundredth of a pixel.

To first order both are linear: a profile that is shifted or wider is the profile and parts of its
slope. So they are fitted to many places along a cannula at once, and a line, bend and taper to
what is found there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.vision.image_processing.medians import medians, spread

_SURE = 3.0  # standard errors
_LEAST_FOR_LINE = 3
_LEAST_FOR_BEND = 6  # profiles: three more than a parabola needs
_LEAST_SHIFT = 0.02  # pixels
_GAP = 0.35  # of the greatest contrast: less is between two cannulas, with their blur
_RISE = 0.5
_LEAST_SPREAD = 0.01  # a tenth of a pixel over ten: no profile is known better


@dataclass(frozen=True, slots=True)
class ProfileFit:
    """Least squares for one cannula's profile: what is the same for all that is fitted to it.

    Parameters
    ----------
    used : ndarray of bool
        ``(2 half + 1,)`` places across the axis that count.
    solve : ndarray
        ``(6, count)`` pseudo-inverse: size, shift and width of the profile, and nuisances.
    """

    used: BoolImage
    solve: FloatImage


def find_own_lobe(profile: Array) -> BoolImage:
    """Return which places across the axis are free of another cannula beside this one.

    From the axis outwards a profile falls. Where it has risen again by half of the cannula's
    contrast, another cannula begins.

    Parameters
    ----------
    profile : ndarray
        ``(2 half + 1,)``, its maximum 1.
    """
    half = (len(profile) - 1) // 2
    free = np.ones(len(profile), np.bool_)
    for side in (slice(half, None), slice(half, None, -1)):
        lowest = np.minimum.accumulate(profile[side])
        risen = (lowest < _GAP) & (profile[side] - lowest > _RISE)
        if risen.any():
            # The gap itself is the last that is free.
            gap = int(np.argmin(profile[side][: int(np.argmax(risen)) + 1]))
            free[side][gap + 1 :] = False
    return free


def measure_width(profile: Array) -> float:
    """Return the full width of a profile at half of its maximum, in steps.

    A wide lumen attenuates less than half of what the walls on both of its sides do.
    """
    high = np.flatnonzero(profile > 0.5)
    return float(high[-1] - high[0] + 1) if high.size else 0.0


def prepare_fit(profile: Array, free: BoolImage | None = None) -> ProfileFit:
    """Prepare least squares for a cannula's profile, at steps of a pixel.

    To first order a profile that is shifted by `o` and wider by a share `s` is
    ``p(x) - o p'(x) - s x p'(x)``. Beside it a straight line is left for what lies behind, and a
    bump for what fills the bore.

    Parameters
    ----------
    profile : ndarray
        ``(2 half + 1,)``.
    free : ndarray of bool or None
        Places that count, from `find_own_lobe`; None: all near the cannula.
    """
    half = (len(profile) - 1) // 2
    across = np.arange(-half, half + 1)
    # What was taken for a cannula may reach half its height nowhere: it is no narrower than a
    # pixel.
    width = max(measure_width(profile), 1.0)
    used = np.abs(across) <= 1.25 * width + 1.0
    if free is not None:
        used &= free
    slope = np.gradient(profile)
    bump = np.maximum(1.0 - (2.0 * across / width) ** 2, 0.0)
    parts = (profile, -slope, -across * slope, bump, np.ones(len(across)), across)
    solve = np.linalg.pinv(np.stack(parts, axis=1)[used])
    return ProfileFit(read_only(used), read_only(solve.astype(np.float32)))


def fit_profiles(means: Array, fit: ProfileFit) -> tuple[Array, Array]:
    """Fit shift and widening of profiles against the cannula's, by linear least squares.

    Parameters
    ----------
    means : ndarray
        ``(n, 2 half + 1)`` mean profiles less the anatomy, at steps of a pixel.
    fit : ProfileFit
        Of the cannula.

    Returns
    -------
    shift : ndarray
        ``(n,)`` pixels; NaN where there is no cannula.
    wider : ndarray
        ``(n,)`` shares; NaN where there is no cannula.
    """
    found = fit.solve @ means[:, fit.used].T
    size = np.where(found[0] > 0.0, found[0], np.nan)
    return found[1] / size, found[2] / size


def fit_line(at: Array, values: Array) -> tuple[float, float]:
    """Fit offset and slope of a line through values with outliers (Theil-Sen)."""
    first, second = _list_pairs(len(at))
    slope = float(medians((values[second] - values[first]) / (at[second] - at[first])))
    return float(medians(values - slope * at)), slope


@lru_cache(maxsize=64)  # one for each number of stations along a cannula
def _list_pairs(count: int) -> tuple[Array, Array]:
    """Return the index pairs of so many values."""
    first, second = np.triu_indices(count, 1)
    return read_only(first), read_only(second)


def fit_bend(at: Array, shift: Array, length: float) -> tuple[float, float, float]:
    """Fit offset, slope and bend of a cannula's axis; no bend where it is not significant.

    Parameters
    ----------
    at : ndarray
        ``(n,)`` places along the axis, pixels.
    shift : ndarray
        ``(n,)`` from `fit_profiles`, pixels.
    length : float
        Of the cannula, pixels.
    """
    known = np.isfinite(shift)
    at, shift = at[known], shift[known]
    if len(at) < _LEAST_FOR_LINE:
        return 0.0, 0.0, 0.0
    straight = (*fit_line(at, shift), 0.0)
    if len(at) < _LEAST_FOR_BEND:
        return straight
    bend, slope, offset = np.polyfit(at, shift, 2)
    error = max(spread(shift - np.polyval((bend, slope, offset), at)), _LEAST_SHIFT)
    # Sagitta of a parabola, and the error of it from n values.
    if abs(bend) * length**2 / 4.0 < _SURE * 2.0 * error / math.sqrt(len(at)):
        return straight
    return float(offset), float(slope), float(bend)


def fit_taper(
    at: Array, wider: Array, length: float, least_count: int, max_wider: float
) -> tuple[float, float]:
    """Estimate by which fraction a cannula is wider at its front end, and its gain per pixel along.

    What lies behind the cannula spoils some of the profiles: a taper is believed only where they
    agree, and perspective can do as much; else there is none.

    Parameters
    ----------
    at : ndarray
        ``(n,)`` places along the axis, pixels.
    wider : ndarray
        ``(n,)`` from `fit_profiles`.
    length : float
        Of the cannula, pixels.
    least_count : int
        Fewer profiles do not fix a line.
    max_wider : float
        Largest share that perspective explains.
    """
    known = np.isfinite(wider)
    count = np.count_nonzero(known)
    if count < least_count:
        return 0.0, 0.0
    at, wider = at[known], wider[known]
    front, taper = fit_line(at, wider)
    # Either end of a line through n values is uncertain by twice the error of their mean.
    error = 2.0 * max(spread(wider - front - taper * at), _LEAST_SPREAD) / math.sqrt(count)
    largest = max(abs(front), abs(front + taper * length))
    if largest < _SURE * error or largest > max_wider:
        return 0.0, 0.0
    return front, taper

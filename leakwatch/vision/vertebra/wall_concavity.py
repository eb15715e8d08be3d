"""Position of the posterior wall in the midline, in front of the line of its rims.

A lateral view looks along the back from side to side. Past a flat back all rays leave the bone at
once, and attenuation rises in one step. Past a hollow one they leave its rims first and its midline
last, past a bulging one the other way round: the rise is spread over as much as the back is bent,
and it ends, or begins, at the midline. Most of it lies there, for a bent back is steepest to the
rays at its vertex. So where the midline is, is told by which way the rise is drawn out, and by how
much: the line of the strongest rise alone does not know.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import Array, read_only
from leakwatch.vision.vertebra.body_sides import Edge, normal_prior
from leakwatch.vision.vertebra.straightened_patch import Patch

# What is tried: the midline so far in front of the line, the rims so far behind the midline.
_AHEAD_MM, _AHEAD_STEP_MM = 4.0, 0.25
_BOWS_MM, _BOW_STEP_MM = (-8.0, 8.0), 0.5
_STEP_MM = 0.5  # of the samples across, those of the patch
_ROW_MM = 1.0  # between the rows that are averaged: finer than detail is
_SHARE = 0.92  # of the height: without its rounded corners
_LEAST_ROWS = 0.3  # of the rows must be seen at each place
_ACROSS = 24  # samples from the midline to a rim: finer than the finest blur


@dataclass(frozen=True, slots=True)
class Midline:
    """Wall in the midline relative to the line at the posterior edge of a body.

    Parameters
    ----------
    ahead_mm : float
        How far it lies in front of that line.
    sd_mm : float
        Standard deviation of that.
    bow_mm : float or None
        How far the rims lie behind the midline, negative where the back bulges; None where the
        picture does not tell.
    """

    ahead_mm: float
    sd_mm: float
    bow_mm: float | None


@dataclass(frozen=True, slots=True)
class _Rises:
    """All rises that are tried, ``(n, k)`` over `across`, without mean, of length one."""

    across: Array
    rises: Array
    ahead_mm: Array
    bow_mm: Array


def find_midline(
    patch: Patch, back: Edge, half_height_mm: float, settings: VertebraSettings
) -> Midline:
    """Place the wall by the rise across the line, and by how hollow backs are.

    Parameters
    ----------
    patch : Patch
        In the axes of `back`.
    back : Edge
        The line at the back of the body, see `posterior_line`.
    half_height_mm : float
        Of the body.
    settings : VertebraSettings
    """
    usual = Midline(settings.back_hollow_mm, settings.back_hollow_sd_mm, None)
    rise = _measure_rise(patch, back, half_height_mm, settings)
    if rise is None:
        return usual
    tried = _build_rises(settings)
    rise = rise - rise.mean()
    length = float(np.linalg.norm(rise))
    if length <= 0.0:
        return usual
    explained = np.maximum(tried.rises @ rise / length, 0.0) ** 2
    if explained.max() < settings.rise_explained:
        return usual
    # Detail within a correlation length is one and the same finding.
    findings = 2 * settings.rise_reach_mm / settings.correlation_mm
    score = -0.5 * findings * (1.0 - explained) / settings.rise_misfit**2
    score = score + normal_prior(tried.bow_mm, settings.bow_mm, settings.bow_sd_mm)
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    ahead = float(weight @ tried.ahead_mm)
    told = 1.0 / (float(weight @ (tried.ahead_mm - ahead) ** 2) + settings.rise_sd_mm**2)
    known = 1.0 / settings.back_hollow_sd_mm**2
    mean = (told * (ahead + settings.rise_ahead_mm) + known * settings.back_hollow_mm) / (
        told + known
    )
    return Midline(mean, 1.0 / math.sqrt(told + known), float(weight @ tried.bow_mm))


def _measure_rise(
    patch: Patch, back: Edge, half_height_mm: float, settings: VertebraSettings
) -> Array | None:
    """Return how steeply attenuation rises forwards, ``(k,)``, averaged along the line."""
    half = _SHARE * half_height_mm
    up = np.arange(-half, half, _ROW_MM)
    across = _build_rises(settings).across
    # Outwards is backwards.
    points = back.direction.placed(up[:, None], back.at(up)[:, None] - across)
    outwards = np.broadcast_to(back.direction.placed(np.zeros(1), np.ones(1))[0], points.shape)
    drop, _, seen = patch.drop_and_line(points, outwards, settings.line_depth_mm)
    count = seen.sum(axis=0)
    if count.min() < _LEAST_ROWS * len(up):
        return None
    rise: Array = np.where(seen, drop, 0.0).sum(axis=0) / count
    return rise


@functools.lru_cache(maxsize=4)
def _build_rises(settings: VertebraSettings) -> _Rises:
    reach = settings.rise_reach_mm
    across = np.arange(-reach, reach + 1e-6, _STEP_MM)
    places = np.arange(-_AHEAD_MM, _AHEAD_MM + 1e-6, _AHEAD_STEP_MM)
    bows = np.arange(_BOWS_MM[0], _BOWS_MM[1] + 1e-6, _BOW_STEP_MM)
    blurs = np.array(settings.rise_blurs_mm)
    blur, bow, ahead = (one.ravel() for one in np.meshgrid(blurs, bows, places, indexing="ij"))
    # A parabola from rim to rim.
    shares = (np.arange(_ACROSS) + 0.5) / _ACROSS
    edges = ahead[:, None] - bow[:, None] * shares**2
    broad = np.hypot(blur, settings.broad_mm)  # what the band-pass of the patch takes away
    rises = np.stack(
        [
            (_normal(at - edges, blur[:, None]) - _normal(at - edges, broad[:, None])).mean(axis=1)
            for at in across
        ],
        axis=1,
    )
    rises -= rises.mean(axis=1, keepdims=True)
    rises /= np.linalg.norm(rises, axis=1, keepdims=True)
    return _Rises(*(read_only(one) for one in (across, rises, ahead, bow)))


def _normal(away: Array, sd: Array) -> Array:
    density: Array = np.exp(-0.5 * (away / sd) ** 2) / sd
    return density

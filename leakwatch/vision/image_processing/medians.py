"""Medians: numpy's own costs ten times as much in overhead on some thousand values."""

from __future__ import annotations

import numpy as np

from leakwatch.core.arrays import Array

# A normal distribution's standard deviation over its median absolute deviation.
SIGMA_PER_MAD = 1.4826


def median(values: Array) -> float:
    """Return the upper median of `values`, any shape; 0.0 where there are none."""
    flat = values.flatten()
    if flat.size == 0:
        return 0.0
    middle = flat.size // 2
    flat.partition(middle)
    return float(flat[middle])


def medians(values: Array) -> Array:
    """Return the medians along the last axis; for some hundred values a sort is cheapest."""
    ordered, count = np.sort(values, axis=-1), values.shape[-1]
    middle: Array = 0.5 * (ordered[..., (count - 1) // 2] + ordered[..., count // 2])
    return middle


def spread(values: Array) -> float:
    """Return the robust standard deviation of `values`; 0.0 where there are none."""
    flat = values.flatten()
    if flat.size == 0:
        return 0.0
    half = flat.size // 2
    flat.partition(half)
    away = np.abs(flat - flat[half])
    away.partition(half)
    return SIGMA_PER_MAD * float(away[half])


def middle(values: Array) -> float:
    """Return the median of `values`, any shape; of two in the middle their mean, as in NumPy."""
    flat = values.flatten()
    upper = flat.size // 2
    if flat.size % 2:
        flat.partition(upper)
        return float(flat[upper])
    flat.partition((upper - 1, upper))
    return float((flat[upper - 1] + flat[upper]) / 2)


def percentile(values: Array, percent: float) -> float:
    """Return a percentile of `values`, any shape, linear between neighbours as in NumPy."""
    flat = values.flatten()
    place = (flat.size - 1) * percent / 100.0
    lower = int(place)
    upper = min(lower + 1, flat.size - 1)
    flat.partition((lower, upper))
    low, high = float(flat[lower]), float(flat[upper])
    return low + (high - low) * (place - lower)

"""Brightness control: delayed and stepped exposure, with drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float64]

_FIELD_SHARE = 0.45  # of rows and of columns: the measuring field in the middle


@dataclass(frozen=True, slots=True)
class Jump:
    """A sudden change of exposure, as by a step of the tube voltage."""

    at_s: float
    factor: float


@dataclass(frozen=True, slots=True)
class BrightnessControl:
    """Settings of the brightness control.

    Parameters
    ----------
    enabled : bool
    response_s : float
        Time constant.
    gain : float
        Share of a deviation that is made good in the end, in its log; 1: all of it.
    dead_band : float
        Deviation that is let be, as a share.
    step : float
        Exposure changes by whole steps of this share; 0: smoothly.
    drift_per_s : float
        Standard deviation of a slow wandering that it does not see, per root second.
    jumps : sequence of Jump
    """

    enabled: bool
    response_s: float
    dead_band: float
    step: float
    drift_per_s: float
    jumps: Sequence[Jump]
    gain: float = 1.0


def measured(image: Image) -> float:
    """Return the mean in the measuring field."""
    rows, columns = image.shape
    top, left = (int(size * (1 - _FIELD_SHARE) / 2) for size in (rows, columns))
    return float(image[top : rows - top, left : columns - left].mean())


def next_exposure(
    control: BrightnessControl,
    exposure: float,
    seen: float,
    wanted: float,
    dt_s: float,
    first: float = 1.0,
) -> float:
    """Return the desired exposure of the next pulse, from the current one.

    Parameters
    ----------
    control : BrightnessControl
    exposure : float
        Of this pulse.
    seen, wanted : float
        Means in the measuring field.
    dt_s : float
        To the next pulse.
    first : float
        Exposure that a gain below 1 holds on to: that of the first picture.
    """
    if not control.enabled or seen <= 0.0:
        return exposure
    error = float(np.log(wanted / seen))
    if control.gain != 1.0:
        error -= (1.0 - control.gain) * float(np.log(exposure * wanted / (seen * first)))
    if abs(error) < control.dead_band:
        return exposure
    change = error * (1.0 - float(np.exp(-dt_s / control.response_s)))
    return exposure * float(np.exp(change))


def nearest_exposure(control: BrightnessControl, wished: float, first: float) -> float:
    """Return the possible exposure nearest to the desired one, in whole steps from `first`.

    Steps are taken of what is wished, not of its change from pulse to pulse, which at 30 pulses a
    second is less than half a step for ever.
    """
    if not control.step:
        return wished
    steps = round(float(np.log(wished / first)) / control.step)
    return first * float(np.exp(steps * control.step))


def output_factors(
    control: BrightnessControl, times_s: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return drift and jumps of the tube's output at each time, ``(n,)``."""
    steps = rng.standard_normal(len(times_s)) * np.sqrt(np.gradient(times_s))
    log_drift = control.drift_per_s * (np.cumsum(steps) - steps[0])
    factors: npt.NDArray[np.float64] = np.exp(log_drift)
    for jump in control.jumps:
        factors *= np.where(times_s >= jump.at_s, jump.factor, 1.0)
    return factors

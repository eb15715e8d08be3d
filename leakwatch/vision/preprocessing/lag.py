"""Lag: what the detector, or a recursive noise filter, kept of the frame before."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import IntensitySettings
from leakwatch.core.arrays import FloatImage, read_only

# Passes noise, stops everything that is smooth over three pixels (mixed second difference).
_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


@dataclass(frozen=True, slots=True)
class LagState:
    """State of the estimation and correction of detector lag.

    Parameters
    ----------
    noise : tuple of ndarray
        Spatially high-passed centre of the last frames, newest first, each of unit variance.
    correlation_sums : tuple of float
        Sums over frames of the noise correlation one, two and three frames apart.
    frames : int
        Terms in each of those sums.
    previous : ndarray or None
        Log attenuation of the last frame as it came.
    fraction : float
        Estimated share of each frame that is left over from the frame before, 0 to < 1.
    time_s : float
        Of the last frame.
    interval_s : float
        From the frame before to it.
    """

    noise: tuple[FloatImage, ...] = ()
    correlation_sums: tuple[float, float, float] = (0.0, 0.0, 0.0)
    frames: int = 0
    previous: FloatImage | None = None
    fraction: float = 0.0
    time_s: float = -math.inf
    interval_s: float = math.inf


@dataclass(frozen=True, slots=True)
class LagFilter:
    """Estimation and correction of lag, with its settings."""

    settings: IntensitySettings

    def undo(
        self, state: LagState, attenuation: FloatImage, time_s: float
    ) -> tuple[LagState, FloatImage]:
        """Take out what the detector or a recursive noise filter kept of the frame before.

        Lag smears moving anatomy towards where it was, by ``fraction / (1 - fraction)`` of the last
        movement: at breathing speed that is more than the registration's own error. It shows itself
        in the quantum noise, which is otherwise independent from frame to frame: with
        ``I_t = (1 - f) P_t + f I_(t-1)`` noise correlates as ``a f^k + c`` over k frames, where `a`
        is the share of noise that is older than the lag and `c` what stands still. Three lags give
        f.

        Parameters
        ----------
        state : LagState
        attenuation : ndarray
            As it came.
        time_s : float
            After a gap in the frames nothing is left of the last one, or frames came that were not
            seen: then it is taken as it came.

        Returns
        -------
        LagState, ndarray
            The attenuation without lag, to first order in the change between frames.
        """
        elapsed_s = time_s - state.time_s
        if not 0.0 < elapsed_s <= max(self.settings.stale_after_s, 2.0 * state.interval_s):
            state = replace(state, noise=(), previous=None, interval_s=math.inf)
        else:
            state = replace(state, interval_s=elapsed_s)
        state = replace(state, time_s=time_s)
        if state.frames < self.settings.lag_settled_frames:
            state = self._with_noise(state, self._measure_unit_noise(attenuation))
        clean = attenuation
        if state.previous is not None and state.fraction > 0.0:
            keep = 1.0 / (1.0 - state.fraction)
            clean = cv2.addWeighted(attenuation, keep, state.previous, -state.fraction * keep, 0.0)
        return replace(state, previous=read_only(attenuation)), clean

    def _with_noise(self, state: LagState, noise: FloatImage) -> LagState:
        """Return the state with the noise of one more frame, and the fraction that follows."""
        sums, frames = state.correlation_sums, state.frames
        if len(state.noise) == 3:
            terms = [float(np.vdot(noise, earlier)) / noise.size for earlier in state.noise]
            sums = (sums[0] + terms[0], sums[1] + terms[1], sums[2] + terms[2])
            frames += 1
        fraction = self._estimate_fraction(sums, frames, noise.size)
        history = (read_only(noise), *state.noise[:2])
        return replace(
            state, noise=history, correlation_sums=sums, frames=frames, fraction=fraction
        )

    def _measure_unit_noise(self, attenuation: FloatImage) -> FloatImage:
        """Return the noise in the middle of a frame, of unit variance."""
        rows, columns = attenuation.shape
        side = self.settings.noise_window_px
        high, wide = min(rows, side), min(columns, side)
        top, left = (rows - high) // 2, (columns - wide) // 2
        centre = attenuation[top : top + high, left : left + wide]
        noise = cv2.filter2D(centre, cv2.CV_32F, _NOISE_KERNEL)
        size = float(cv2.norm(noise)) / math.sqrt(noise.size)
        noise *= np.float32(1.0 / max(size, 1e-9))
        # Edges of metal and shutter would count a thousandfold; quanta stay within a few sigma.
        clipped: FloatImage = np.clip(noise, -4.0, 4.0, out=noise)
        return clipped

    def _estimate_fraction(
        self, sums: tuple[float, float, float], frames: int, pixels: int
    ) -> float:
        """Return the fraction that the correlation of the noise shows; 0.0 if it is not sure."""
        if frames < self.settings.lag_min_frames:
            return 0.0
        one, two, three = (value / frames for value in sums)
        error = 2.0 / math.sqrt(frames * pixels)
        if one - three < self.settings.lag_min_sigmas * error:
            return 0.0
        ratio = (two - three) / (one - three)
        if ratio >= 1.0:
            return 0.0
        return min(max(ratio / (1.0 - ratio), 0.0), self.settings.lag_max_fraction)

"""Whether the fine detail of a picture is that of an earlier one, moved, dimmed or noisier.

The phase correlation (Kuglin and Hines 1975; sub-pixel by matrix multiplication as in
doi:10.1364/OL.33.000156) gives every spatial frequency the same weight. Anatomy that lies still
fills few of them, quantum noise all: two live pictures correlate by a twentieth, whatever they
show, and a picture that is held, also by a link that trembles or adds noise, by a quarter and more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.config import LivenessSettings
from leakwatch.model import Array, FloatImage, read_only
from leakwatch.vision.patches import Window
from leakwatch.vision.robust import SIGMA_PER_MAD

ComplexImage = npt.NDArray[np.complex64]

# Below, in cycles per pixel, anatomy outweighs noise.
_LOWEST_FREQUENCY = 0.08
# Edges of metal would hide noise, in its standard deviations.
_CLIPPED_SIGMA = 3.0
# Shifts that are tried along each axis, working pixels, and their step.
_REACH_PX, _STEP_PX = 4.0, 0.5
# The second picture compared with is older by this factor: a trembling one is seldom off twice.
_OLDER_FACTOR = 1.5
# Pictures are kept no closer than this share of the least age.
_KEPT_SHARE = 1 / 6


@dataclass(frozen=True, slots=True)
class Spectra:
    """Phases of some frames of the last second, oldest first.

    Parameters
    ----------
    phases : tuple of ndarray
        Each ``(side, side // 2 + 1)``, complex64, of modulus 1.
    times_s : tuple of float
    usual : float or None
        Correlation of frames that are new; None before any was compared.
    """

    phases: tuple[ComplexImage, ...] = ()
    times_s: tuple[float, ...] = ()
    usual: float | None = None

    def with_frame(self, phase: ComplexImage, time_s: float, settings: LivenessSettings) -> Spectra:
        """Return the spectra with one more frame, and without what is too old to be needed."""
        oldest_s = _OLDER_FACTOR * settings.phase_age_s
        both = [pair for pair in zip(self.phases, self.times_s, strict=True) if pair[1] < time_s]
        if both and time_s - both[-1][1] < _KEPT_SHARE * settings.phase_age_s:
            return self
        first = max((at for at, (_, t) in enumerate(both) if time_s - t >= oldest_s), default=0)
        both = [*both[first:], (phase, time_s)]
        return Spectra(tuple(one for one, _ in both), tuple(t for _, t in both), self.usual)

    def with_usual(self, found: Likeness, settings: LivenessSettings) -> Spectra:
        """Return the spectra after a frame that was new."""
        if found.age_s == 0.0:
            return self
        before = found.correlation if self.usual is None else self.usual
        usual = before + settings.newest_share * (found.correlation - before)
        return replace(self, usual=min(usual, settings.max_usual_correlation))

    def hold(self, found: Likeness, settings: LivenessSettings) -> bool:
        """Tell whether a frame shows an earlier one: it correlates more than new frames do."""
        usual = settings.max_usual_correlation if self.usual is None else self.usual
        limit = max(settings.max_phase_correlation, usual + settings.more_than_usual)
        return found.correlation > limit


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much a frame's fine detail is that of an earlier one.

    Parameters
    ----------
    correlation : float
        0.0 to 1.0.
    age_s : float
        How old that earlier frame is; 0.0 where none is old enough to compare with.
    """

    correlation: float = 0.0
    age_s: float = 0.0


def square_in(window: Window, shape: tuple[int, int], settings: LivenessSettings) -> Window:
    """Return a square about the middle of a window, within the picture less one pixel."""
    side = min(settings.phase_px, shape[0] - 2, shape[1] - 2) // 2 * 2
    rows, columns = (
        _around((span.start + span.stop) // 2, side, length)
        for span, length in zip(window, shape, strict=True)
    )
    return rows, columns


def _around(middle: int, side: int, length: int) -> slice:
    start = min(max(middle - side // 2, 1), length - 1 - side)
    return slice(start, start + side)


def phase_of(passed: FloatImage) -> ComplexImage:
    """Return the phases of a square of noise.

    Parameters
    ----------
    passed : ndarray
        ``(side, side)``, fine detail of log attenuation.
    """
    side = len(passed)
    sigma = SIGMA_PER_MAD * float(np.median(np.abs(passed)))
    clipped = np.clip(passed, -_CLIPPED_SIGMA * sigma, _CLIPPED_SIGMA * sigma)
    spectrum = np.fft.rfft2(clipped * _tables(side).window)
    modulus = np.abs(spectrum)
    # A flat picture has no phase, and correlates with none.
    return read_only((spectrum / np.maximum(modulus, 1e-9)).astype(np.complex64))


def likeness(
    spectra: Spectra, phase: ComplexImage, time_s: float, settings: LivenessSettings
) -> Likeness:
    """Compare a frame with two earlier ones: the newest that are old enough.

    Parameters
    ----------
    spectra : Spectra
    phase : ndarray
        From `phase_of`.
    time_s : float
    settings : LivenessSettings

    Returns
    -------
    Likeness
        With the more alike of the two.
    """
    found = []
    for least_s in (settings.phase_age_s, _OLDER_FACTOR * settings.phase_age_s):
        old = [at for at, t in enumerate(spectra.times_s) if time_s - t >= least_s - 1e-6]
        if old:
            age_s = time_s - spectra.times_s[old[-1]]
            found.append(Likeness(_correlation(phase, spectra.phases[old[-1]]), age_s))
    return max(found, key=lambda one: one.correlation, default=Likeness())


def _correlation(one: ComplexImage, other: ComplexImage) -> float:
    tables = _tables(len(one))
    peaks = tables.along_rows @ (one * other.conj() * tables.weights) @ tables.along_columns
    return float(peaks.real.max())


@dataclass(frozen=True, slots=True)
class _Tables:
    """What depends on the side of a square alone."""

    window: Array
    weights: Array
    along_rows: ComplexImage
    along_columns: ComplexImage


@lru_cache(maxsize=4)
def _tables(side: int) -> _Tables:
    rows, columns = np.fft.fftfreq(side), np.fft.rfftfreq(side)
    shifts = np.arange(-_REACH_PX, _REACH_PX + _STEP_PX / 2, _STEP_PX)
    # The half of the spectrum that is not stored is the conjugate of the other.
    twice = np.where((columns == 0.0) | (columns == 0.5), 1.0, 2.0)
    weights = (np.hypot.outer(rows, columns) > _LOWEST_FREQUENCY) * twice
    return _Tables(
        read_only(cv2.createHanningWindow((side, side), cv2.CV_32F)),
        read_only((weights / weights.sum()).astype(np.float32)),
        read_only(np.exp(2j * np.pi * np.outer(shifts, rows)).astype(np.complex64)),
        read_only(np.exp(2j * np.pi * np.outer(columns, shifts)).astype(np.complex64)),
    )

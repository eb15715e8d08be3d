"""Tell whether the fine detail of an image is that of an earlier one, moved, dimmed or noisier.

The phase correlation (Kuglin and Hines 1975; sub-pixel by matrix multiplication as in
doi:10.1364/OL.33.000156) gives every spatial frequency the same weight. Anatomy that lies still
fills few of them, quantum noise all: two live images correlate by a twentieth, whatever they
show, and an image that is held, also by a link that trembles or adds noise, by a quarter and more.

A loop shows any image of the last seconds again. Which one it may be is told by the modulus of the
spectrum, which a shift leaves as it is, so that one product compares a frame with all earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.config import LivenessSettings
from leakwatch.core.arrays import Array, FloatImage, read_only
from leakwatch.vision.image_processing.medians import SIGMA_PER_MAD, middle
from leakwatch.vision.image_processing.patches import Window

ComplexImage = npt.NDArray[np.complex64]

# Below, in cycles per pixel, anatomy outweighs noise.
_LOWEST_FREQUENCY = 0.08
# Above, an image that is moved by part of a pixel has lost what it had.
_HIGHEST_FREQUENCY = 0.35
# Edges of metal would hide noise, in its standard deviations.
_CLIPPED_SIGMA = 3.0
# Shifts that are tried along each axis, working pixels, and their step: around no shift, or around
# the largest correlation at whole pixels.
_REACH_PX, _STEP_PX = 4.0, 0.5
# The second image compared with is older by this factor: a trembling one is seldom off twice.
_OLDER_FACTOR = 1.5
# Phases are kept in eight bits: their own error is a hundredth of what noise does to them.
_PHASE_UNIT = 127.0


@dataclass(frozen=True, slots=True)
class NoiseSpectrum:
    """Spectrum of one frame's fine detail.

    Parameters
    ----------
    phase : ndarray
        ``(side, side + 2)``, int8: real and imaginary parts in turn, 127 at most.
    modulus : ndarray
        ``(n,)``, float32, of unit norm: logarithm at the middle frequencies, less its mean over
        all of the same length.
    """

    phase: npt.NDArray[np.int8]
    modulus: Array


@dataclass(frozen=True, slots=True)
class SpectrumHistory:
    """Spectra of the frames of the last seconds, oldest first.

    Parameters
    ----------
    spectra : tuple of NoiseSpectrum
    times_s : tuple of float
    usual : float or None
        Correlation of frames that are new; None before any was compared.
    """

    spectra: tuple[NoiseSpectrum, ...] = ()
    times_s: tuple[float, ...] = ()
    usual: float | None = None

    def with_frame(
        self, spectrum: NoiseSpectrum, time_s: float, settings: LivenessSettings
    ) -> SpectrumHistory:
        """Return the history with one more frame, and without what is too old or too much."""
        oldest_s = time_s - settings.window_s
        kept = [
            at
            for at, t in enumerate(self.times_s)
            # However long the pause between frames was, the last one is kept.
            if t < time_s and (t >= oldest_s or at == len(self.times_s) - 1)
        ][1 - settings.max_frames :]
        spectra = (*(self.spectra[at] for at in kept), spectrum)
        return SpectrumHistory(spectra, (*(self.times_s[at] for at in kept), time_s), self.usual)

    def with_usual(self, found: Likeness, settings: LivenessSettings) -> SpectrumHistory:
        """Return the history after a frame that was new."""
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
    """Similarity of a frame's fine detail to that of an earlier frame.

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


def spectrum_of(passed: FloatImage) -> NoiseSpectrum:
    """Return the spectrum of a square of noise.

    Parameters
    ----------
    passed : ndarray
        ``(side, side)``, fine detail of log attenuation.
    """
    tables = _make_tables(len(passed))
    # Every other row and column gives the median of thousands.
    sigma = SIGMA_PER_MAD * middle(np.abs(passed[::2, ::2]))
    clipped = np.clip(passed, -_CLIPPED_SIGMA * sigma, _CLIPPED_SIGMA * sigma)
    spectrum = np.fft.rfft2(clipped * tables.window)
    # A flat image has no phase, and correlates with none.
    modulus = np.maximum(np.abs(spectrum), 1e-9)
    phase = (spectrum / modulus).astype(np.complex64).view(np.float32)
    logarithm = np.log(modulus.ravel()[tables.middle])
    logarithm -= (np.bincount(tables.rings, logarithm) / tables.ring_counts)[tables.rings]
    norm = max(float(np.linalg.norm(logarithm)), 1e-9)
    return NoiseSpectrum(
        read_only(np.round(_PHASE_UNIT * phase).astype(np.int8)),
        read_only((logarithm / norm).astype(np.float32)),
    )


def compare_spectrum(
    history: SpectrumHistory, spectrum: NoiseSpectrum, time_s: float, settings: LivenessSettings
) -> Likeness:
    """Compare a frame with the newest two that are old enough, and with the one most alike.

    Parameters
    ----------
    history : SpectrumHistory
    spectrum : NoiseSpectrum
        From `spectrum_of`.
    time_s : float
    settings : LivenessSettings

    Returns
    -------
    Likeness
        With the most alike of the three; the last is that whose modulus is most alike.
    """
    age_s = settings.phase_age_s
    old = [at for at, t in enumerate(history.times_s) if time_s - t >= age_s - 1e-6]
    if not old:
        return Likeness()
    older = [at for at in old if time_s - history.times_s[at] >= _OLDER_FACTOR * age_s - 1e-6]
    alike = [float(history.spectra[at].modulus @ spectrum.modulus) for at in old]
    phase = _compute_phase(spectrum)
    # The modulus names an image wherever it was moved to; only that one is searched for so far.
    best = old[int(np.argmax(alike))]
    found = []
    for at in sorted({old[-1], *older[-1:], best}):
        other = _compute_phase(history.spectra[at])
        moved = _shift_to(phase, other) if at == best else phase
        found.append(Likeness(_correlate(moved, other), time_s - history.times_s[at]))
    return max(found, key=lambda one: one.correlation)


def _compute_phase(spectrum: NoiseSpectrum) -> ComplexImage:
    parts = spectrum.phase.astype(np.float32) / np.float32(_PHASE_UNIT)
    phase: ComplexImage = parts.view(np.complex64)
    return phase


def _shift_to(one: ComplexImage, other: ComplexImage) -> ComplexImage:
    """Return the phases of one square, shifted to the other by the whole pixels that fit best.

    Shifts within `_REACH_PX` are left as they are.
    """
    tables = _make_tables(len(one))
    surface = np.fft.irfft2(one * other.conj() * tables.passed)
    shift = np.array(np.unravel_index(int(np.argmax(surface)), surface.shape))
    shift = np.where(shift > len(one) // 2, shift - len(one), shift)
    if np.abs(shift).max() <= _REACH_PX:
        return one
    down, across = (
        np.exp(2j * np.pi * part * along).astype(np.complex64)
        for part, along in zip(shift, (tables.rows, tables.columns), strict=True)
    )
    moved: ComplexImage = one * down[:, None] * across
    return moved


def _correlate(one: ComplexImage, other: ComplexImage) -> float:
    tables = _make_tables(len(one))
    peaks = tables.along_rows @ (one * other.conj() * tables.weights) @ tables.along_columns
    return float(peaks.real.max())


@dataclass(frozen=True, slots=True)
class _Tables:
    """Tables that depend only on the side of a square."""

    window: Array
    rows: Array
    columns: Array
    passed: Array
    weights: Array
    middle: Array
    rings: Array
    ring_counts: Array
    along_rows: ComplexImage
    along_columns: ComplexImage


@lru_cache(maxsize=4)
def _make_tables(side: int) -> _Tables:
    rows, columns = np.fft.fftfreq(side), np.fft.rfftfreq(side)
    shifts = np.arange(-_REACH_PX, _REACH_PX + _STEP_PX / 2, _STEP_PX)
    # The half of the spectrum that is not stored is the conjugate of the other.
    twice = np.where((columns == 0.0) | (columns == 0.5), 1.0, 2.0)
    frequency = np.hypot.outer(rows, columns)
    weights = (frequency > _LOWEST_FREQUENCY) * twice
    middle = np.flatnonzero(weights * (frequency < _HIGHEST_FREQUENCY))
    rings = np.round(side * frequency.ravel()[middle]).astype(np.intp)
    rings -= rings.min()
    return _Tables(
        read_only(cv2.createHanningWindow((side, side), cv2.CV_32F)),
        read_only(rows.astype(np.float32)),
        read_only(columns.astype(np.float32)),
        read_only((weights > 0.0).astype(np.float32)),
        read_only((weights / weights.sum()).astype(np.float32)),
        read_only(middle),
        read_only(rings),
        read_only(np.maximum(np.bincount(rings), 1)),
        read_only(np.exp(2j * np.pi * np.outer(shifts, rows)).astype(np.complex64)),
        read_only(np.exp(2j * np.pi * np.outer(columns, shifts)).astype(np.complex64)),
    )

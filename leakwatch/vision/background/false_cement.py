"""Causes of false cement in the cement-free image: noise, artefacts of edges, breathing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import BoolImage, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Added, Baseline
from leakwatch.vision.image_processing.medians import median, spread

_EVERY = 3  # rows and columns: a ninth of the pixels gives the shift to a hundredth of a pixel
_LEAST_PIXELS = 500
_LEAST_SLOPE = 1e-9  # squared and summed: where nothing slopes, nothing is told
_QUANTUM_NOISE = 0.5  # exponent of quantum noise, the least that there is
_MOST_EXPONENT = 1.5  # coarse grey levels, and noise of the detector, reach 1
_NOISE_STEP = 0.25  # natural log: attenuations that count as one
_NOISE_PIXELS = 300  # of one attenuation; fewer do not tell its noise
_CLIP_SIGMAS = 6.0  # what is far more is cement that is not known yet


@dataclass(frozen=True, slots=True)
class Slopes:
    """Gradient of the anatomy, natural log per working pixel.

    Parameters
    ----------
    across, down : ndarray
    length : ndarray
    some : ndarray
        ``(2, n)``: across and down at every third row and column.
    products : ndarray
        ``(3, n)``, of `some`: across with itself, with down, and down with itself.
    """

    across: FloatImage
    down: FloatImage
    length: FloatImage
    some: FloatImage
    products: FloatImage


@dataclass(frozen=True, slots=True)
class Background:
    """Limits that the baseline sets against false cement, in reference coordinates.

    Parameters
    ----------
    noise_shape : ndarray
        Relative noise of each pixel, 1 at the median. Quantum noise is ``exp(attenuation / 2)``;
        behind dense anatomy, noise of the detector and the steps of the grey levels add to it.
    artefact : ndarray
        Attenuation that a small error of registration would add.
    slopes : Slopes or None
        Of the anatomy.
    """

    noise_shape: FloatImage
    artefact: FloatImage
    slopes: Slopes | None = None


@dataclass(frozen=True, slots=True)
class ResidualVariation:
    """Motion past the spine while there is no cement yet: breathing fat, muscle and bowel.

    Parameters
    ----------
    squares : ndarray
        Sum over frames of the smoothed added attenuation's square.
    frames : int
    """

    squares: FloatImage
    frames: int


@dataclass(frozen=True, slots=True)
class FalseCementModel:
    """Model of what looks like cement and is none, with its settings, at the scale of a run."""

    scale: Scale
    settings: CementSettings

    def with_variation(
        self, variation: ResidualVariation | None, added: Added
    ) -> ResidualVariation:
        """Return the variation with one more cement-free frame, smoothed to leave little noise."""
        sigma = self.scale.px(self.settings.variation_mm)
        smooth = cv2.GaussianBlur(added.image, (0, 0), sigma)
        squares = cv2.multiply(smooth, smooth)
        if variation is None:
            return ResidualVariation(read_only(squares), 1)
        return ResidualVariation(
            read_only(cv2.add(variation.squares, squares)), variation.frames + 1
        )

    def background(
        self,
        baseline: Baseline,
        variation: ResidualVariation | None,
        cannulas: FloatImage | None = None,
    ) -> Background:
        """Return where noise, artefacts of edges and shadows of breathing tissue are likely.

        Parameters
        ----------
        baseline : Baseline
        variation : ResidualVariation or None
        cannulas : ndarray or None
            What the cannulas add: they are tracked on their own, and better than the anatomy.
        """
        smooth = cv2.GaussianBlur(baseline.mean, (0, 0), 2.0)
        steel = None if cannulas is None else cv2.GaussianBlur(cannulas, (0, 0), 2.0)
        slopes = _measure_slopes(smooth if steel is None else smooth - steel)
        artefact = slopes.length * np.float32(self.settings.artefact_px)
        if steel is not None:
            artefact += _measure_steepness(steel) * np.float32(self.settings.cannula_artefact_px)
        if variation is None:
            shape = _shape_noise(smooth, baseline.seen, _QUANTUM_NOISE)
            return Background(shape, read_only(artefact), slopes)
        restless = cv2.sqrt(variation.squares / np.float32(variation.frames))
        quiet = median(restless[::6, ::6][baseline.seen[::6, ::6]])
        exponent = _fit_noise_exponent(smooth, restless, baseline.seen)
        shape = _shape_noise(smooth, baseline.seen, exponent)
        artefact = cv2.max(
            artefact, self.settings.variation_factor * (restless - 2.0 * quiet * shape)
        )
        return Background(shape, read_only(artefact), slopes)

    def without_residual_shift(
        self, added: Added, behind: Background, changed: BoolImage | None
    ) -> tuple[Added, Background]:
        """Return the added attenuation without residual motion of the anatomy, and raised limits.

        A jolt from one frame to the next is registered less accurately than usual. The error adds
        the anatomy's gradient times one small shift for the whole image, and cement does not.

        Parameters
        ----------
        added : Added
        behind : Background
        changed : ndarray of bool or None
            Cement and instruments, with their rims.
        """
        if behind.slopes is None:
            return added, behind
        some = np.s_[::_EVERY, ::_EVERY]
        counts = added.seen[some] if changed is None else added.seen[some] & ~changed[some]
        if cv2.countNonZero(counts.view(np.uint8)) < _LEAST_PIXELS:
            return added, behind
        across_px, down_px = _fit_shift(behind.slopes, added.image[some], counts)
        size_px = math.hypot(across_px, down_px)
        if size_px < self.settings.residual_px:
            return added, behind
        slopes = behind.slopes
        image = cv2.addWeighted(added.image, 1.0, slopes.across, -across_px, 0.0)
        image = cv2.addWeighted(image, 1.0, slopes.down, -down_px, 0.0)
        artefact = cv2.addWeighted(behind.artefact, 1.0, slopes.length, size_px, 0.0)
        image = cv2.copyTo(image, added.seen.view(np.uint8))
        return replace(added, image=image), replace(behind, artefact=read_only(artefact))


def _fit_noise_exponent(smooth: FloatImage, restless: FloatImage, seen: BoolImage) -> float:
    """Return the exponent of the noise: it grows as ``exp(exponent * attenuation)``.

    Parameters
    ----------
    smooth : ndarray
        Log attenuation of the baseline.
    restless : ndarray
        Root mean square of what cement-free frames add to it. It is larger where tissue breathes or
        an edge trembles, but hardly in half of the pixels of the same attenuation.
    seen : ndarray of bool
    """
    some = np.s_[::2, ::2]
    values, noise = smooth[some][seen[some]], restless[some][seen[some]]
    steps = np.floor(values / _NOISE_STEP).astype(int)
    at, logs, weights = [], [], []
    for step in np.unique(steps):
        there = steps == step
        if np.count_nonzero(there) >= _NOISE_PIXELS:
            at.append((step + 0.5) * _NOISE_STEP)
            logs.append(math.log(max(median(noise[there]), 1e-6)))
            weights.append(math.sqrt(np.count_nonzero(there)))
    if len(at) < 2:
        return _QUANTUM_NOISE
    exponent = float(np.polyfit(at, logs, 1, w=weights)[0])
    return min(max(exponent, _QUANTUM_NOISE), _MOST_EXPONENT)


def _shape_noise(smooth: FloatImage, seen: BoolImage, exponent: float) -> FloatImage:
    """Return the relative noise of each pixel of a smoothed baseline, 1 at the median."""
    middle = median(smooth[::6, ::6][seen[::6, ::6]])
    shape: FloatImage = np.exp(np.clip((smooth - middle) * np.float32(exponent), -1.0, 2.5))
    return read_only(shape)


def _fit_shift(slopes: Slopes, left: FloatImage, counts: BoolImage) -> tuple[float, float]:
    """Fit the shift that explains what is left, at every third row and column; pixels."""
    most = _CLIP_SIGMAS * max(spread(left[counts]), 1e-6)
    weight = counts.ravel().astype(np.float32)
    first, mixed, last = (slopes.products @ weight).tolist()
    right, down = (slopes.some @ (np.clip(left, -most, most).ravel() * weight)).tolist()
    first, last = first + _LEAST_SLOPE, last + _LEAST_SLOPE
    determinant = first * last - mixed * mixed
    across_px = (last * right - mixed * down) / determinant
    return across_px, (first * down - mixed * right) / determinant


def _compute_gradient(image: FloatImage) -> tuple[FloatImage, FloatImage]:
    across: FloatImage = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down: FloatImage = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return across, down


def _measure_slopes(image: FloatImage) -> Slopes:
    across, down = _compute_gradient(image)
    some = np.stack([one[::_EVERY, ::_EVERY].ravel() for one in (across, down)])
    products = np.stack([some[0] * some[0], some[0] * some[1], some[1] * some[1]])
    parts = (across, down, cv2.magnitude(across, down), some, products)
    return Slopes(*(read_only(part) for part in parts))


def _measure_steepness(image: FloatImage) -> FloatImage:
    """Return the length of an image's gradient, per pixel."""
    steep: FloatImage = cv2.magnitude(*_compute_gradient(image))
    return steep

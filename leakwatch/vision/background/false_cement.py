"""Where the cement-free picture makes false cement likely: noise, ghosts, what breathes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Added, Baseline
from leakwatch.vision.image_processing.medians import median


@dataclass(frozen=True, slots=True)
class Background:
    """What the baseline says of false cement, in reference coordinates.

    Parameters
    ----------
    noise_shape : ndarray
        Relative noise of each pixel, 1 at the median: quantum noise is ``exp(attenuation / 2)``.
    ghost : ndarray
        Attenuation that a small error of registration would add.
    """

    noise_shape: FloatImage
    ghost: FloatImage


@dataclass(frozen=True, slots=True)
class Unrest:
    """What moves past the spine while there is no cement yet: breathing fat, muscle and bowel.

    Parameters
    ----------
    squares : ndarray
        Sum over frames of the smoothed added attenuation's square.
    frames : int
    """

    squares: FloatImage
    frames: int


def with_unrest(
    unrest: Unrest | None, added: Added, scale: Scale, settings: CementSettings
) -> Unrest:
    """One more cement-free frame's unrest; smoothed, so that little of it is noise."""
    smooth = cv2.GaussianBlur(added.image, (0, 0), scale.px(settings.unrest_mm))
    squares = cv2.multiply(smooth, smooth)
    if unrest is None:
        return Unrest(read_only(squares), 1)
    return Unrest(read_only(cv2.add(unrest.squares, squares)), unrest.frames + 1)


def background(
    baseline: Baseline,
    unrest: Unrest | None,
    settings: CementSettings,
    rod: FloatImage | None = None,
) -> Background:
    """Where the baseline makes noise, ghost edges and shadows of what breathes likely.

    Parameters
    ----------
    baseline : Baseline
    unrest : Unrest or None
    settings : CementSettings
    rod : ndarray or None
        What the cannula adds: it is followed on its own, and better than the anatomy.
    """
    smooth = cv2.GaussianBlur(baseline.mean, (0, 0), 2.0)
    middle = median(smooth[::6, ::6][baseline.seen[::6, ::6]])
    shape = np.exp(np.clip((smooth - middle) / 2, -1.0, 1.5))
    if rod is None:
        ghost = steepness(smooth) * np.float32(settings.ghost_px)
    else:
        smooth_rod = cv2.GaussianBlur(rod, (0, 0), 2.0)
        ghost = steepness(smooth - smooth_rod) * np.float32(settings.ghost_px)
        ghost += steepness(smooth_rod) * np.float32(settings.rod_ghost_px)
    if unrest is not None:
        restless = cv2.sqrt(unrest.squares / np.float32(unrest.frames))
        quiet = median(restless[::6, ::6][baseline.seen[::6, ::6]])
        ghost = cv2.max(ghost, settings.unrest_factor * (restless - 2.0 * quiet))
    return Background(read_only(shape), read_only(ghost))


def steepness(image: FloatImage) -> FloatImage:
    """Length of a picture's gradient, per pixel."""
    across = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    steep: FloatImage = cv2.magnitude(across, down)
    return steep

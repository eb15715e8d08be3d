"""Attenuation added since baseline -> cement: a mask with hysteresis in space and time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.model import BoolImage, FloatImage, PointArray, read_only
from leakwatch.vision.baseline import Added


@dataclass(frozen=True, slots=True)
class CementState:
    """What earlier frames say of cement, in reference coordinates on the working grid.

    Parameters
    ----------
    mean : ndarray or None
        Added attenuation, averaged over the last moments.
    frames : int
        How many frames went into it.
    candidate : ndarray of bool or None
        What the last frame took for cement.
    mask : ndarray of bool or None
        Confirmed cement.
    time_s : float
        Of the last frame.
    """

    mean: FloatImage | None = None
    frames: int = 0
    candidate: BoolImage | None = None
    mask: BoolImage | None = None
    time_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes for one run: millimetres of the settings in working pixels.

    Parameters
    ----------
    mm_per_px : float
        Of a working pixel; nominal where there is no calibration.
    """

    mm_per_px: float

    def px(self, mm: float) -> float:
        """Millimetres to working pixels."""
        return mm / self.mm_per_px

    def px2(self, mm2: float) -> float:
        """Square millimetres to working pixels."""
        return mm2 / self.mm_per_px**2


def average(
    state: CementState, added: Added, time_s: float, settings: CementSettings
) -> CementState:
    """Fold one frame's added attenuation into the running mean.

    Exponential forgetting with a time constant and not a frame count, so that 7.5 and 30
    frames/s wait equally long; what a frame does not see keeps its last mean.
    """
    if state.mean is None:
        return CementState(read_only(added.image), 1, time_s=time_s)
    elapsed = max(time_s - state.time_s, 1e-3)
    share = max(1.0 - math.exp(-elapsed / settings.average_s), 1.0 / (state.frames + 1))
    mean = cv2.addWeighted(state.mean, 1.0 - share, added.image, share, 0.0)
    if not added.seen.all():
        np.copyto(mean, state.mean, where=~added.seen)
    return CementState(read_only(mean), state.frames + 1, state.candidate, state.mask, time_s)


def segment(
    state: CementState,
    seen: BoolImage,
    noise_shape: FloatImage,
    origin: BoolImage | None,
    instrument: BoolImage | None,
    scale: Scale,
    settings: CementSettings,
) -> tuple[CementState, FloatImage, float]:
    """Decide which pixels are cement.

    A pixel is a candidate when the smoothed mean exceeds both the edge thickness of cement and
    the noise there, in a patch that somewhere exceeds them clearly, and that touches cement or
    (the first) its origin. Two frames running confirm it. Confirmed cement does not vanish: it
    goes only where the attenuation clearly does.

    Parameters
    ----------
    state : CementState
        After `average`.
    seen : ndarray of bool
    noise_shape : ndarray
        Relative noise per pixel, 1 at the median; quantum noise is larger behind dense anatomy.
    origin : ndarray of bool or None
        Where the first cement may appear; None: anywhere.
    instrument : ndarray of bool or None
        Where a moving instrument hides what is new.
    scale : Scale
    settings : CementSettings

    Returns
    -------
    CementState, ndarray, float
        The state, the smoothed mean, and the noise of the smoothed mean where `noise_shape` is 1.
    """
    assert state.mean is not None
    smooth = cv2.GaussianBlur(state.mean, (0, 0), settings.smooth_sigma_px)
    noise = _noise(smooth, noise_shape, seen, state.mask)
    edge = settings.edge_mm * settings.attenuation_per_mm
    limit = cv2.max(noise_shape * np.float32(settings.grow_sigmas * noise), edge)
    above = smooth > limit
    above &= seen
    if instrument is not None:
        above &= ~instrument
    patches = _patches(above, smooth, limit, state.mask, origin, scale, settings)
    mask = patches if state.candidate is None else patches & state.candidate
    if state.mask is not None:
        kept = state.mask & ((smooth > settings.keep_share * edge) | ~seen)
        if instrument is not None:
            kept |= state.mask & instrument
        mask = mask | kept
    mask = _filled(mask, scale, settings) if mask.any() else mask
    new = CementState(state.mean, state.frames, read_only(patches), read_only(mask), state.time_s)
    return new, smooth, noise


def _noise(
    smooth: FloatImage, noise_shape: FloatImage, seen: BoolImage, mask: BoolImage | None
) -> float:
    where = seen if mask is None else seen & ~mask
    some = (smooth[::5, ::5] / noise_shape[::5, ::5])[where[::5, ::5]]
    if some.size == 0:
        return 0.0
    return 1.4826 * float(np.median(np.abs(some - np.median(some))))


def _patches(
    above: BoolImage,
    smooth: FloatImage,
    limit: FloatImage,
    mask: BoolImage | None,
    origin: BoolImage | None,
    scale: Scale,
    settings: CementSettings,
) -> BoolImage:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        above.view(np.uint8), connectivity=8, ltype=cv2.CV_16U
    )
    keep = stats[:, cv2.CC_STAT_AREA] >= scale.px2(settings.min_area_mm2)
    keep[0] = False
    if not keep.any():
        return np.zeros_like(above)
    clear = smooth > settings.seed_factor * limit
    keep &= _has(labels, clear, count)
    near = origin
    if mask is not None and mask.any():
        near = _near(mask, scale.px(settings.gap_mm))
    if near is not None:
        keep &= _has(labels, near, count)
    table: BoolImage = keep[labels]
    return table


def _has(labels: np.ndarray, where: BoolImage, count: int) -> BoolImage:  # type: ignore[type-arg]
    present: BoolImage = np.bincount(labels[where], minlength=count) > 0
    return present


def _near(mask: BoolImage, reach_px: float) -> BoolImage:
    size = 2 * round(reach_px) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    near: BoolImage = cv2.dilate(mask.view(np.uint8), kernel).view(np.bool_)
    return near


def _filled(mask: BoolImage, scale: Scale, settings: CementSettings) -> BoolImage:
    """Close what an instrument cuts out of cement: holes, and notches narrower than a cannula."""
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    filled = mask.view(np.uint8).copy()
    largest = scale.px2(settings.hole_mm2)
    for contour in contours:
        if cv2.contourArea(contour) <= largest:
            cv2.drawContours(filled, [contour], -1, 1, cv2.FILLED)
    result: BoolImage = filled.view(np.bool_)
    return result


def contours_px(mask: BoolImage) -> tuple[PointArray, ...]:
    """Outlines of a mask, outer and inner, each ``(n, 2)`` in the mask's own pixels."""
    if not mask.any():
        return ()
    found, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return tuple(read_only(contour[:, 0, :].astype(np.float64)) for contour in found)

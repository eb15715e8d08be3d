"""Attenuation added since baseline -> cement: a mask with hysteresis in space and time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.model import Array, BoolImage, FloatImage, PointArray, read_only
from leakwatch.vision.baseline import Added, Baseline


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
    share : float
        Weight of the last frame in the mean.
    frame_noise : float
        Noise of one smoothed frame in the middle of the picture.
    """

    mean: FloatImage | None = None
    frames: int = 0
    candidate: BoolImage | None = None
    mask: BoolImage | None = None
    time_s: float = 0.0
    share: float = 1.0
    frame_noise: float = 0.0


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


def background(baseline: Baseline, settings: CementSettings) -> Background:
    """Where the baseline makes noise and ghost edges likely."""
    smooth = cv2.GaussianBlur(baseline.mean, (0, 0), 2.0)
    middle = float(np.median(smooth[::6, ::6][baseline.seen[::6, ::6]]))
    shape = np.exp(np.clip((smooth - middle) / 2, -1.0, 1.5))
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    ghost = cv2.magnitude(across, down) * np.float32(settings.ghost_px)
    return Background(read_only(shape), read_only(ghost))


def average(
    state: CementState, added: Added, time_s: float, settings: CementSettings
) -> CementState:
    """Fold one frame's added attenuation into the running mean.

    Exponential forgetting, as short as noise allows: at full dose hardly any, at a quarter of it
    several frames, never longer than a time constant (in seconds, so that 7.5 and 30 frames/s
    wait equally long). What a frame does not see keeps its last mean.
    """
    if state.mean is None:
        return CementState(read_only(added.image), 1, time_s=time_s)
    frame_noise = _frame_noise(state, added, settings)
    share = max(_share(frame_noise, time_s - state.time_s, settings), 1.0 / (state.frames + 1))
    mean = cv2.addWeighted(state.mean, 1.0 - share, added.image, share, 0.0)
    if not added.seen.all():
        np.copyto(mean, state.mean, where=~added.seen)
    return replace(state, mean=read_only(mean), frames=state.frames + 1, share=share, time_s=time_s)


def _frame_noise(state: CementState, added: Added, settings: CementSettings) -> float:
    """Noise of one smoothed frame, from its difference with the running mean, in the middle.

    The difference holds the frame's noise and the mean's, ``w / (2 - w)`` of it; a slow average
    over frames steadies it.
    """
    assert state.mean is not None
    rows, columns = state.mean.shape
    middle = np.s_[rows // 4 : 3 * rows // 4, columns // 4 : 3 * columns // 4]
    change = cv2.subtract(added.image[middle], state.mean[middle])
    change = cv2.GaussianBlur(change, (0, 0), settings.smooth_sigma_px)[::4, ::4]
    spread = 1.4826 * float(np.median(np.abs(change)))
    newest = spread / math.sqrt(1.0 + state.share / (2.0 - state.share))
    if state.frames < 2:
        return newest
    return 0.8 * state.frame_noise + 0.2 * newest


def _share(frame_noise: float, elapsed_s: float, settings: CementSettings) -> float:
    """Weight of the newest frame: the mean's noise is ``sqrt(w / (2 - w))`` of a frame's."""
    least = 1.0 - math.exp(-max(elapsed_s, 1e-3) / settings.average_s)
    edge = settings.edge_mm * settings.attenuation_per_mm
    ratio = settings.noise_share * edge / (settings.grow_sigmas * max(frame_noise, 1e-6))
    wanted = 2.0 * ratio**2 / (1.0 + ratio**2)
    return min(max(wanted, least), 1.0)


def segment(
    state: CementState,
    seen: BoolImage,
    behind: Background,
    origin: BoolImage | None,
    instrument: BoolImage | None,
    scale: Scale,
    settings: CementSettings,
) -> tuple[CementState, FloatImage, float]:
    """Decide which pixels are cement.

    A pixel is a candidate when the smoothed mean exceeds the edge thickness of cement, the noise
    and the ghosts there, in a patch that somewhere exceeds them clearly, and that lies near
    cement or (the first) at its origin. Two frames running confirm it; growth by a rim needs one.
    Confirmed cement does not vanish: it goes only where the attenuation clearly does.

    Parameters
    ----------
    state : CementState
        After `average`.
    seen : ndarray of bool
    behind : Background
    origin : ndarray of bool or None
        Where the first cement may appear; None: anywhere.
    instrument : ndarray of bool or None
        Where a moving instrument hides what is new.
    scale : Scale
    settings : CementSettings

    Returns
    -------
    CementState, ndarray, float
        The state, the smoothed mean, and its noise where `noise_shape` is 1.
    """
    assert state.mean is not None
    smooth = cv2.GaussianBlur(state.mean, (0, 0), settings.smooth_sigma_px)
    noise = _noise(smooth, behind.noise_shape, seen, state.mask)
    edge = settings.edge_mm * settings.attenuation_per_mm
    limit = cv2.max(behind.noise_shape * np.float32(settings.grow_sigmas * noise), edge)
    limit += behind.ghost
    above = smooth > limit
    above &= seen
    if instrument is not None:
        above &= ~instrument
    patches = _patches(above, smooth, limit, state.mask, origin, scale, settings)
    mask = _confirmed(state, patches, scale, settings)
    if state.mask is not None:
        kept = (smooth > settings.keep_share * edge) | ~seen
        if instrument is not None:
            kept |= instrument
        mask = mask | (state.mask & kept)
    mask = _filled(mask, scale, settings) if mask.any() else mask
    new = replace(state, candidate=read_only(patches), mask=read_only(mask))
    return new, smooth, noise


def _confirmed(
    state: CementState, patches: BoolImage, scale: Scale, settings: CementSettings
) -> BoolImage:
    if state.candidate is None:
        return np.zeros_like(patches)
    sure = state.candidate
    if state.mask is not None and state.mask.any():
        sure = sure | near(state.mask, scale.px(settings.rim_mm))
    return patches & sure


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
    if mask is not None and mask.any():
        close = _has(labels, near(mask, scale.px(settings.gap_mm)), count)
        remote = _has(labels, near(mask, scale.px(settings.remote_mm)), count)
        large = stats[:, cv2.CC_STAT_AREA] >= scale.px2(settings.remote_area_mm2)
        keep &= close | (remote & large)
    elif origin is not None:
        keep &= _has(labels, origin, count)
    table: BoolImage = keep[labels]
    return table


def _has(labels: Array, where: BoolImage, count: int) -> BoolImage:
    present: BoolImage = np.bincount(labels[where], minlength=count) > 0
    return present


def near(mask: BoolImage, reach_px: float) -> BoolImage:
    """A mask grown by a square of `reach_px` to each side."""
    size = 2 * round(reach_px) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    grown: BoolImage = cv2.dilate(mask.view(np.uint8), kernel).view(np.bool_)
    return grown


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

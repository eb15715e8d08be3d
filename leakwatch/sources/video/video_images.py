"""Conversion of a screen image to fluoroscopy: crop, mask, grey values, repeats."""

from __future__ import annotations

from collections import deque

import numpy as np

from leakwatch.config import LiveVideoSettings
from leakwatch.core.arrays import Array, FloatImage, Rectangle, read_only
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.core.redaction import clip_rectangle
from leakwatch.sources.video.video_capture import coloured, grey, one_field, patch_means
from leakwatch.sources.video.video_options import VideoOptions

# Side of the window in which noise and combing are measured, pixels: tens of thousands of them.
_WINDOW_PX = 320
# Smaller is no image of a vertebra.
_LEAST_SIDE_PX = 64
# Number of new images whose noise is stored: at least one of them was not a repeat.
_REMEMBERED = 8
# Differences are cut off here, of 255: edges of what moves must not count as noise.
_MOST_NOISE = 64


class NotUsable(SourceError):
    """An image that is not fluoroscopy; the next one may be."""


def masks_in_region(region: Rectangle, masks_px: tuple[Rectangle, ...]) -> tuple[Rectangle, ...]:
    """Return masks of the image in coordinates of its region."""
    left, top, right, bottom = region
    moved = ((mask[0] - left, mask[1] - top, mask[2] - left, mask[3] - top) for mask in masks_px)
    inside = (clip_rectangle(mask, right - left, bottom - top) for mask in moved)
    return tuple(mask for mask in inside if mask is not None)


def fluoroscopy(image: Array, options: VideoOptions, settings: LiveVideoSettings) -> Array:
    """Return the grey pixels of the region, masked; ``(rows, columns)``, uint8, read-only.

    Parameters
    ----------
    image : ndarray
        Image as received.
    options : VideoOptions
    settings : LiveVideoSettings

    Raises
    ------
    NotUsable
        The region is outside the image, or the image is not of 8 bits or is in colour.
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise NotUsable(
            text("images of {dtype} instead of 8 bits: choose another format", dtype=image.dtype)
        )
    left, top, right, bottom = region_of(image, options)
    # A copy, so that masked pixels are not kept anywhere.
    cut = np.array(image[top:bottom, left:right])
    for mask in masks_in_region((left, top, right, bottom), options.masks_px):
        cut[mask[1] : mask[3], mask[0] : mask[2]] = 0
    if cut.ndim == 3:
        _refuse_colour(cut, (left, top), settings)
        cut = grey(cut)
    return read_only(one_field(cut) if options.one_field else cut)


def region_of(image: Array, options: VideoOptions) -> Rectangle:
    """Return the region, checked against the image.

    Raises
    ------
    NotUsable
        It reaches over the border.
    """
    rows, columns = image.shape[:2]
    left, top, right, bottom = options.region_px or (0, 0, columns, rows)
    if right > columns or bottom > rows:
        raise NotUsable(
            text(
                "images of {columns} x {rows} pixels, and the region "
                "{left},{top},{right},{bottom} reaches over the border: correct roi",
                columns=columns,
                rows=rows,
                left=left,
                top=top,
                right=right,
                bottom=bottom,
            )
        )
    if min(right - left, bottom - top) < _LEAST_SIDE_PX:
        raise NotUsable(
            text(
                "a region of {right} x {bottom} pixels is too small for a vertebra: give at "
                "least {least_side_px} each way",
                right=right - left,
                bottom=bottom - top,
                least_side_px=_LEAST_SIDE_PX,
            )
        )
    return left, top, right, bottom


def _refuse_colour(cut: Array, corner: tuple[int, int], settings: LiveVideoSettings) -> None:
    found = coloured(cut, settings.colour_levels)
    share = float(np.count_nonzero(found)) / found.size
    if share <= settings.colour_share:
        return
    rows, columns = np.nonzero(found)
    # Patches are stretched over what the last one leaves over.
    step_down, step_across = cut.shape[0] / found.shape[0], cut.shape[1] / found.shape[1]
    left = int(columns.min() * step_across) + corner[0]
    top = int(rows.min() * step_down) + corner[1]
    right = int(np.ceil((columns.max() + 1) * step_across)) + corner[0]
    bottom = int(np.ceil((rows.max() + 1) * step_down)) + corner[1]
    raise NotUsable(
        text(
            "colour in {share:.1%} of the image, within {left},{top},{right},{bottom}: "
            "fluoroscopy is grey. Leave it out with roi, or mask it",
            share=share,
            left=left,
            top=top,
            right=right,
            bottom=bottom,
        )
    )


class Repeats:
    """Detector of repeated images.

    A digital link repeats it bit by bit. An analog one adds noise of its own, which is less than
    that of the quanta: there the noise between two images decides, together with what changed in
    patches so large that noise is averaged out.

    Parameters
    ----------
    settings : LiveVideoSettings
    analog : bool
        Whether the link may add noise: a device, and no file.
    """

    def __init__(self, settings: LiveVideoSettings, analog: bool) -> None:
        self._settings, self._analog = settings, analog
        self._last: Array | None = None
        self._means: FloatImage | None = None
        self._noise: deque[float] = deque(maxlen=_REMEMBERED)

    def is_repeat(self, pixels: Array) -> bool:
        """Return whether `pixels` repeat the last new image; otherwise they become it."""
        last = self._last
        if last is not None and last.shape == pixels.shape:
            if np.array_equal(last, pixels):
                return True
            if self._analog and self._is_noisy_repeat(last, pixels):
                return True
        else:
            self._noise.clear()
            self._means = None
        self._last = pixels
        return False

    def _is_noisy_repeat(self, last: Array, pixels: Array) -> bool:
        noise = _noise_between(_middle(last), _middle(pixels))
        means = patch_means(pixels)
        known, before = max(self._noise, default=0.0), self._means
        if noise < self._settings.repeat_noise_share * known and before is not None:
            moved = float(np.abs(means - before).max())
            if moved <= self._settings.repeat_levels:
                return True
        self._noise.append(noise)
        self._means = means
        return False


def combs(pixels: Array, ratio: float) -> bool:
    """Return whether odd and even lines of an image are from different times.

    Where something moves, the lines of two fields differ from their neighbours and not from the
    next but one; in anatomy and in noise it is not so.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``, uint8.
    ratio : float
        `LiveVideoSettings.combing`.
    """
    lines = _middle(pixels).astype(np.float32)
    near = float(np.square(lines[1:-1] - lines[2:]).mean())
    far = float(np.square(lines[:-2] - lines[2:]).mean())
    return near > ratio * far


def _middle(pixels: Array) -> Array:
    rows, columns = pixels.shape
    high, wide = min(rows, _WINDOW_PX), min(columns, _WINDOW_PX)
    top, left = (rows - high) // 2, (columns - wide) // 2
    return pixels[top : top + high, left : left + wide]


def _noise_between(before: Array, now: Array) -> float:
    """Return the mean change of fine detail: smooth changes over three pixels are ignored."""
    change = now.astype(np.int16) - before
    across = change[:, :-2] - 2 * change[:, 1:-1] + change[:, 2:]
    mixed = across[:-2] - 2 * across[1:-1] + across[2:]
    # The kernel's norm is 6: this is about the noise of one difference.
    return float(np.minimum(np.abs(mixed), 6 * _MOST_NOISE).mean()) / 6

"""From a picture of a screen to pixels of fluoroscopy: cut, masked, grey, and whether it is new."""

from __future__ import annotations

from collections import deque

import numpy as np

from leakwatch.config import LiveVideoSettings
from leakwatch.core.arrays import Array, FloatImage, Rectangle, read_only
from leakwatch.core.errors import SourceError
from leakwatch.core.redaction import clip_rectangle
from leakwatch.sources.video.video_capture import coloured, grey, one_field, patch_means
from leakwatch.sources.video.video_options import VideoOptions

# Side of the window in which noise and combing are measured, pixels: tens of thousands of them.
_WINDOW_PX = 320
# Smaller is no picture of a vertebra.
_LEAST_SIDE_PX = 64
# The noise of so many new pictures is remembered: one of them surely was no repeat.
_REMEMBERED = 8
# Differences are cut off here, of 255: edges of what moves must not count as noise.
_MOST_NOISE = 64


class NotUsable(SourceError):
    """A picture that is no fluoroscopy; the next one may be."""


def masks_in_region(region: Rectangle, masks_px: tuple[Rectangle, ...]) -> tuple[Rectangle, ...]:
    """Masks of the whole picture as they lie in its region."""
    left, top, right, bottom = region
    moved = ((mask[0] - left, mask[1] - top, mask[2] - left, mask[3] - top) for mask in masks_px)
    inside = (clip_rectangle(mask, right - left, bottom - top) for mask in moved)
    return tuple(mask for mask in inside if mask is not None)


def fluoroscopy(picture: Array, options: VideoOptions, settings: LiveVideoSettings) -> Array:
    """Grey pixels of the region, with masks blanked; ``(rows, columns)``, uint8, read-only.

    Parameters
    ----------
    picture : ndarray
        As it comes.
    options : VideoOptions
    settings : LiveVideoSettings

    Raises
    ------
    NotUsable
        The region lies outside, the picture is no 8-bit one, or it is in colour.
    """
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3):
        raise NotUsable(f"pictures of {picture.dtype} and not of 8 bits: choose another format")
    left, top, right, bottom = region_of(picture, options)
    # A copy: what is masked must be nowhere.
    cut = np.array(picture[top:bottom, left:right])
    for mask in masks_in_region((left, top, right, bottom), options.masks_px):
        cut[mask[1] : mask[3], mask[0] : mask[2]] = 0
    if cut.ndim == 3:
        _refuse_colour(cut, (left, top), settings)
        cut = grey(cut)
    return read_only(one_field(cut) if options.one_field else cut)


def region_of(picture: Array, options: VideoOptions) -> Rectangle:
    """The region, checked against the picture.

    Raises
    ------
    NotUsable
        It reaches over the border.
    """
    rows, columns = picture.shape[:2]
    left, top, right, bottom = options.region_px or (0, 0, columns, rows)
    if right > columns or bottom > rows:
        raise NotUsable(
            f"pictures of {columns} x {rows} pixels, and the region {left},{top},{right},{bottom} "
            "reaches over the border: correct roi"
        )
    if min(right - left, bottom - top) < _LEAST_SIDE_PX:
        raise NotUsable(
            f"a region of {right - left} x {bottom - top} pixels is too small for a vertebra: give "
            f"at least {_LEAST_SIDE_PX} each way"
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
        f"colour in {share:.1%} of the picture, within {left},{top},{right},{bottom}: fluoroscopy "
        "is grey. Leave it out with roi, or mask it"
    )


class Repeats:
    """Tells a picture that comes again from a new one.

    A digital link repeats it bit by bit. An analog one adds noise of its own, which is less than
    that of the quanta: there the noise between two pictures decides, together with what changed in
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
        """Whether `pixels` show the last new picture again; else they are the last new one now."""
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
    """Whether the lines of a picture come from two moments.

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
    """Mean size of what is new from pixel to pixel: all that is smooth over three is left out."""
    change = now.astype(np.int16) - before
    across = change[:, :-2] - 2 * change[:, 1:-1] + change[:, 2:]
    mixed = across[:-2] - 2 * across[1:-1] + across[2:]
    # The kernel's norm is 6: this is about the noise of one difference.
    return float(np.minimum(np.abs(mixed), 6 * _MOST_NOISE).mean()) / 6

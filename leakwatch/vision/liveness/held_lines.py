"""Parts of an image repeated from the frame before: lines, a strip, a block.

Every line of what is watched is compared piece by piece, so that nothing lies between the places
looked at. Detail is told along a line alone: it then holds nothing of the lines beside it, and one
field of an interlaced picture that stands still is found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import LivenessSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.vision.image_processing.patches import Window

# Pixels of a piece of a line.
_PIECE_PX = 24
# Lines over which what is learnt of noise is pooled.
_BAND_LINES = 16


@dataclass(frozen=True, slots=True)
class LinesState:
    """Lines of the last frame, and how much they differ in frames that are new.

    Parameters
    ----------
    detail : ndarray or None
        ``(lines, pieces, pixels)``, fine detail along each line of the last frame.
    variance : ndarray or None
        ``(bands, pieces)``, half the mean square of the difference between new frames.
    usual_share : float
        Share of pieces that look held in frames that are new: few grey levels, or a coder.
    pairs : int
        How many pairs of frames that is learnt from.
    """

    detail: FloatImage | None = None
    variance: Array | None = None
    usual_share: float = 0.0
    pairs: int = 0


@dataclass(frozen=True, slots=True)
class HeldLines:
    """Comparison of the lines of one frame, from which the state is updated if the frame is new.

    Parameters
    ----------
    share : float
        Share of the exposed pieces that are those of the frame before, beyond the usual.
    found_share : float
        The same with the usual.
    variance : ndarray or None
        ``(bands, pieces)``, of this pair of frames.
    """

    share: float
    found_share: float
    variance: Array | None


def compare_lines(
    state: LinesState,
    attenuation: FloatImage,
    exposed: BoolImage,
    window: Window,
    settings: LivenessSettings,
) -> tuple[LinesState, HeldLines]:
    """Compare a frame with the one before, line by line.

    Parameters
    ----------
    state : LinesState
    attenuation : ndarray
        Log attenuation as it came, working grid.
    exposed : ndarray of bool
        What the beam reaches and no clipping spoils, working grid.
    window : (slice, slice)
        What is watched.
    settings : LivenessSettings

    Returns
    -------
    LinesState
        With this frame's lines; nothing is learnt yet, see `learnt_lines`.
    HeldLines
    """
    kernel = np.array([[1.0, -2.0, 1.0]], np.float32) / np.float32(np.sqrt(6.0))
    values = np.ascontiguousarray(attenuation[window])
    detail = _cut_into_pieces(cv2.filter2D(values, cv2.CV_32F, kernel))
    last, state = state.detail, replace(state, detail=read_only(detail))
    if last is None or last.size == 0:
        return state, HeldLines(0.0, 0.0, None)
    change = 0.5 * np.square(detail - last).mean(axis=2)
    pooled = _sum_in_bands(change)
    if state.variance is None:
        return state, HeldLines(0.0, 0.0, pooled)
    known = np.repeat(state.variance, _BAND_LINES, axis=0)[: len(change)]
    # Where a filter takes noise away, less differs; and edges of metal are much larger than noise.
    least = np.minimum(known, np.square(detail).mean(axis=2))
    usable = known > 0.0
    if not exposed[window].all():
        usable &= _cut_into_pieces(exposed[window]).all(axis=2)
    held = usable & (change <= settings.line_share * least)
    found = int(held.sum()) / max(int(usable.sum()), usable.size // 4, 1)
    return state, HeldLines(max(found - state.usual_share, 0.0), found, pooled)


def learnt_lines(state: LinesState, seen: HeldLines, settings: LivenessSettings) -> LinesState:
    """Learn from a frame that is new how much lines differ from frame to frame."""
    if seen.variance is None:
        return state
    if state.variance is None:
        return replace(state, variance=read_only(seen.variance), pairs=1)
    share = max(1.0 / (state.pairs + 1), settings.newest_share)
    variance = state.variance + np.float32(share) * (seen.variance - state.variance)
    usual = state.usual_share + share * (seen.found_share - state.usual_share)
    return LinesState(state.detail, read_only(variance), usual, state.pairs + 1)


def _cut_into_pieces(image: Array) -> Array:
    """Cut the lines of a picture into pieces; what is left over at their ends is left out."""
    lines, length = image.shape
    size = min(_PIECE_PX, length)
    count = length // size
    return np.ascontiguousarray(image[:, : count * size]).reshape(lines, count, size)


def _sum_in_bands(values: Array) -> Array:
    """Return the mean over bands of lines, ``(bands, pieces)``."""
    starts = np.arange(0, len(values), _BAND_LINES)
    counts = np.diff(np.append(starts, len(values)))
    banded: Array = np.add.reduceat(values, starts, axis=0) / counts[:, None]
    return banded

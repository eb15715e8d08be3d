"""Time windows over recent values, with a limited number of values."""

from __future__ import annotations

import math
from collections.abc import Sequence

# No C-arm pulses faster than 60/s: at a higher stated rate the clock is wrong, and the oldest
# values are dropped.
MAX_FRAMES_PER_S = 128


def max_frames_in(window_s: float) -> int:
    """Return the maximum number of frames kept for a time window."""
    return math.ceil(MAX_FRAMES_PER_S * max(window_s, 0.0)) + 1


def keep_last(
    kept: Sequence[tuple[float, float]], time_s: float, window_s: float
) -> tuple[tuple[float, float], ...]:
    """Return the values of the last `window_s`, without those in the future of a clock set back.

    Parameters
    ----------
    kept : sequence of (float, float)
        Time in seconds, and a value, oldest first.
    time_s : float
        Current time; values of this time are kept.
    window_s : float

    Returns
    -------
    tuple of (float, float)
        At most one less than `max_frames_in`, so that the newest can be added.
    """
    recent = tuple(one for one in kept if 0.0 <= time_s - one[0] <= window_s)
    return recent[max(len(recent) - max_frames_in(window_s) + 1, 0) :]

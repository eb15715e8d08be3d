"""What is remembered of the last moments, of which there are never too many. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

# No C-arm pulses faster than 60/s: where more frames are said to come in a second, the clock is
# wrong, and the oldest of them are forgotten.
MOST_FRAMES_PER_S = 128


def most_in(window_s: float) -> int:
    """Return how many frames are remembered of so long a time at most."""
    return math.ceil(MOST_FRAMES_PER_S * max(window_s, 0.0)) + 1


def of_last(
    kept: Sequence[tuple[float, float]], time_s: float, window_s: float
) -> tuple[tuple[float, float], ...]:
    """Return what was kept within the last `window_s`, without what a clock that was set back left.

    Parameters
    ----------
    kept : sequence of (float, float)
        Time in seconds, and a value, oldest first.
    time_s : float
        Now; what is of now too is kept.
    window_s : float

    Returns
    -------
    tuple of (float, float)
        One less than `most_in` tells at most: there is room for the newest.
    """
    recent = tuple(one for one in kept if 0.0 <= time_s - one[0] <= window_s)
    return recent[max(len(recent) - most_in(window_s) + 1, 0) :]

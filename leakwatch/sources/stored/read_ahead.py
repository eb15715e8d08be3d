"""Decoding of frames ahead of time, on a separate thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

from leakwatch.core.frame import Frame

# Decoded frames that may wait: enough that a slow frame delays neither side, few enough to bound
# memory (1024 x 1024 at 16 bits: 2 MB each).
FRAMES_AHEAD = 4


def read_ahead(frames: Iterator[Frame]) -> Generator[Frame]:
    """Yield what `frames` yields, in order, while the next ones are decoded on another thread.

    Errors are raised at the frame that caused them. Closing it early waits for the frame being
    decoded.

    Parameters
    ----------
    frames : iterator of Frame
        Used on the other thread only.

    Yields
    ------
    Frame
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="decoder")
    try:
        waiting = deque(pool.submit(next, frames, None) for _ in range(FRAMES_AHEAD))
        while (frame := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, frames, None))
            yield frame
    finally:
        pool.shutdown(cancel_futures=True)

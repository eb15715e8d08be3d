"""Number of threads that OpenCV uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def opencv_on_one_thread() -> Iterator[None]:
    """Keep OpenCV from helpers of its own: frames are decoded, folded and drawn side by side.

    Its helpers turn in a loop while they wait for the next piece of work, on the core that the
    decoder or the video needs; the fold is no faster with them.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)

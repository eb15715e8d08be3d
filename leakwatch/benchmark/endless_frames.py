"""Frames of a case that go on after its end, none of them shown twice.

An image that is shown a second time is a held image, which is not analysed: a benchmark that
repeats its frames measures how fast they are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from leakwatch.core.arrays import Array, read_only
from leakwatch.core.frame import Frame

# Frames at the end whose mean goes on, with new noise.
LAST_FRAMES = 16
_NOISE_SEED = 16
# Standard deviation of a normal distribution over its median absolute deviation.
_SIGMA_PER_MAD = 1.0 / 0.6745


class EndlessFrames:
    """Pixels of a list of frames, then the mean of its last frames with new noise in each.

    Parameters
    ----------
    frames : sequence of Frame
        At least two, alike in size and type.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames
        last = np.stack([frame.pixels for frame in frames[-LAST_FRAMES:]]).astype(np.float32)
        self._mean = last.mean(axis=0)
        self._type = frames[-1].pixels.dtype
        self._most = float(np.iinfo(self._type).max)
        # Twice as large as a frame: rows of it in another order are new noise.
        rows, columns = self._mean.shape
        noise = np.random.default_rng(_NOISE_SEED).normal(size=(2 * rows, 2 * columns))
        difference = float(np.median(np.abs(last[-1] - last[-2])))
        self._noise = (difference * _SIGMA_PER_MAD / np.sqrt(2.0) * noise).astype(np.float32)

    def pixels(self) -> Iterator[Array]:
        """Yield the pixels of each frame, without end."""
        for frame in self._frames:
            yield frame.pixels
        rng = np.random.default_rng(_NOISE_SEED)
        while True:
            yield read_only(self._noisy(rng))

    def _noisy(self, rng: np.random.Generator) -> Array:
        rows, columns = self._mean.shape
        chosen, left = rng.permutation(2 * rows)[:rows], rng.integers(0, columns + 1)
        noisy = self._mean + self._noise[chosen, left : left + columns]
        pixels: Array = np.clip(noisy, 0.0, self._most).astype(self._type)
        return pixels

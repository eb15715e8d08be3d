"""Latency: age of frames when they are decoded, decided on, and drawn."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from leakwatch.live.inbox import Arrival


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Age of frames at one processing step, since they were received."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    frames: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles at each step; None if no frame has reached it."""

    decoded: Percentiles | None = None
    decided: Percentiles | None = None
    drawn: Percentiles | None = None


# Percentiles are recomputed after this many frames: a window asks sixty times a second.
RENEW_FRAMES = 15


class Ledger:
    """Ages of recent frames; thread-safe.

    Parameters
    ----------
    frames : int
        Number of frames kept.
    """

    def __init__(self, frames: int) -> None:
        self._lock = Lock()
        self._decoded_s: deque[float] = deque(maxlen=frames)
        self._decided_s: deque[float] = deque(maxlen=frames)
        self._drawn_s: deque[float] = deque(maxlen=frames)
        self._latency, self._new = Latency(), 0

    def decided(self, arrival: Arrival, decided_s: float) -> None:
        """Record the decision on a frame."""
        with self._lock:
            self._decoded_s.append(arrival.decoded_s - arrival.received_s)
            self._decided_s.append(decided_s - arrival.received_s)
            self._new += 1

    def drawn(self, received_s: float, drawn_s: float) -> None:
        """Record that a frame is on the screen."""
        with self._lock:
            self._drawn_s.append(drawn_s - received_s)

    def latency(self, exact: bool = False) -> Latency:
        """Return percentiles of the frames kept; recent ones unless `exact`."""
        with self._lock:
            few = len(self._decided_s) < RENEW_FRAMES
            if not (exact or few or self._new >= RENEW_FRAMES):
                return self._latency
            self._new = 0
            kept = [np.array(ages) for ages in (self._decoded_s, self._decided_s, self._drawn_s)]
            self._latency = Latency(*(_percentiles(ages) for ages in kept))
            return self._latency


def _percentiles(ages_s: npt.NDArray[np.float64]) -> Percentiles | None:
    if not len(ages_s):
        return None
    p50, p95, p99 = (1e3 * np.percentile(ages_s, (50, 95, 99))).tolist()
    return Percentiles(p50, p95, p99, len(ages_s))

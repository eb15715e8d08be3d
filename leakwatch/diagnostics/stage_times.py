"""How long each stage of a frame takes: measured for whoever asks, and without effect on results.

A stage calls `begin_stage`, which does nothing unless a caller measures with `stage_times` on the
same thread. So stages stay functions of what they are given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class StageTimes:
    """Milliseconds that were spent in each stage; a stage may be entered more than once.

    Parameters
    ----------
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._since_s = 0.0
        self.stage = ""
        self.ms: dict[str, float] = {}

    def begin(self, stage: str) -> None:
        """End the stage that runs, and begin `stage`; an empty name begins none."""
        now_s = self._clock()
        if self.stage:
            self.ms[self.stage] = self.ms.get(self.stage, 0.0) + 1e3 * (now_s - self._since_s)
        self.stage, self._since_s = stage, now_s


_MEASURED: ContextVar[StageTimes | None] = ContextVar("stage_times", default=None)


@contextmanager
def stage_times(clock: Callable[[], float] = time.perf_counter) -> Iterator[StageTimes]:
    """Measure the stages that begin on this thread.

    Parameters
    ----------
    clock : callable
        Monotonic seconds.

    Yields
    ------
    StageTimes
        Whole after the block.
    """
    times = StageTimes(clock)
    token = _MEASURED.set(times)
    try:
        yield times
    finally:
        times.begin("")
        _MEASURED.reset(token)


def begin_stage(stage: str) -> None:
    """Say that a stage begins, and that the one before it is over."""
    times = _MEASURED.get()
    if times is not None:
        times.begin(stage)


def current_stage() -> str:
    """Return the stage that runs; empty where none does, or nobody measures."""
    times = _MEASURED.get()
    return "" if times is None else times.stage

"""Live sinks on separate threads that never delay the alarm: frames may be lost, and are counted.

The thread has the priority of the analysis. With a lower one it does not run at all on a busy
machine, and a killed program leaves no image: decision 0010 has the figures.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from threading import Condition
from typing import Any, Protocol, runtime_checkable

from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.core.protocols import Sink
from leakwatch.core.results import Event, Snapshot
from leakwatch.sinks.workers.sink_thread import SinkThread


@dataclass(frozen=True, slots=True)
class Backlog:
    """Capacity of the queue for a slow disk.

    Parameters
    ----------
    frames : int
    pixel_bytes : int
        A single frame may be larger.
    """

    frames: int
    pixel_bytes: int


@runtime_checkable
class LineSink(Protocol):
    """A sink of lines, which are small: they are made at once, and none is lost."""

    def lines(self, snapshot: Snapshot) -> Any:
        """Return the lines of `snapshot`; quick, without access to the disk."""

    def write(self, lines: Any) -> None:
        """Write lines made by `lines`."""


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], None]
    since_s: float
    pixel_bytes: int


class LiveSinkWorker(SinkThread[Sink]):
    """Worker that passes snapshots to a sink on its thread; those beyond its capacity are lost.

    Frames are lost, events are not: those of a lost snapshot are added to the next one. A
    `LineSink` loses nothing.

    Parameters
    ----------
    name : str
        Name for messages, such as "recording".
    sink : Sink
        Used on the worker thread only, including `close`, except for `LineSink.lines`.
    backlog : Backlog
        Capacity, including the snapshot that is being written.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, name: str, sink: Sink, backlog: Backlog, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(name, sink)
        self._backlog, self._clock = backlog, clock
        self._jobs: deque[_Job] = deque()  # the first one is in progress
        self._pixel_bytes = 0
        self._changed = Condition()
        self._closing = False
        self._lost = 0
        self._full = False
        self._held_up: tuple[Event, ...] = ()
        self._last: Snapshot | None = None
        self._thread.start()

    @property
    def failure(self) -> str:
        """Reason why the sink stopped working; empty while it works."""
        return "" if self._fault is None else str(self._fault)

    @property
    def lost(self) -> int:
        """Number of frames that were lost for want of capacity."""
        return self._lost

    @property
    def is_full(self) -> bool:
        """Return whether frames were lost and half of the capacity is not yet free again."""
        return self._full

    @property
    def waiting(self) -> int:
        """Number of snapshots that are not written yet."""
        return len(self._jobs)

    @property
    def behind_s(self) -> float:
        """Waiting time of the oldest snapshot, seconds. Does not block."""
        try:
            return max(self._clock() - self._jobs[0].since_s, 0.0)
        except IndexError:
            return 0.0

    def append(self, snapshot: Snapshot) -> None:
        """Queue a snapshot. Does not raise or block."""
        if self._fault is not None:
            return
        if isinstance(self._sink, LineSink):
            self._attempt(partial(self._append_lines, self._sink, snapshot))
            return
        events = self._held_up + snapshot.alert.events
        with self._changed:
            has_capacity = self._has_capacity(snapshot)
            self._full = self._full or not has_capacity
        if has_capacity:
            self._put_snapshot(_with_events(snapshot, events))
            self._held_up = ()
        else:
            self._held_up = events
            self._last = snapshot
            self._lost += snapshot.fault is None

    def close(self, timeout_s: float) -> None:
        """Let the sink finish within `timeout_s`. Does not raise."""
        if self._held_up and self._last is not None:
            last = replace(self._last, fault=text("frames were lost because the disk was too slow"))
            self._put_snapshot(_with_events(last, self._held_up))
        with self._changed:
            self._closing = True
            self._changed.notify()
        if not self._has_ended(timeout_s):
            late = text(
                "{name} did not end within {timeout_s:g} s. The files may be incomplete.",
                name=self.name,
                timeout_s=timeout_s,
            )
            self._fault = self._fault or SinkError(late)

    def _append_lines(self, sink: LineSink, snapshot: Snapshot) -> None:
        self._put(_Job(partial(sink.write, sink.lines(snapshot)), self._clock(), 0))

    def _has_capacity(self, snapshot: Snapshot) -> bool:
        more = self._pixel_bytes + snapshot.frame.pixels.nbytes
        few = len(self._jobs) < self._backlog.frames
        return not self._jobs or (few and more <= self._backlog.pixel_bytes)

    def _is_half_free(self) -> bool:
        few = 2 * len(self._jobs) <= self._backlog.frames
        return few and 2 * self._pixel_bytes <= self._backlog.pixel_bytes

    def _put_snapshot(self, snapshot: Snapshot) -> None:
        work = partial(self._sink.append, snapshot)
        self._put(_Job(work, self._clock(), snapshot.frame.pixels.nbytes))

    def _put(self, job: _Job) -> None:
        with self._changed:
            self._jobs.append(job)
            self._pixel_bytes += job.pixel_bytes
            self._changed.notify()

    def _work(self) -> None:
        super()._work()
        self._jobs.clear()

    def _feed(self) -> None:
        while self._fault is None and (job := self._next()) is not None:
            self._attempt(job.work)
            with self._changed:
                self._jobs.popleft()
                self._pixel_bytes -= job.pixel_bytes
                self._full = self._full and not self._is_half_free()

    def _next(self) -> _Job | None:
        """Return the oldest job as soon as there is one; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._jobs) or self._closing)
            return self._jobs[0] if self._jobs else None


def _with_events(snapshot: Snapshot, events: tuple[Event, ...]) -> Snapshot:
    return replace(snapshot, alert=replace(snapshot.alert, events=events))

"""A sink on its own thread that nobody ever waits for: what does not fit is lost, and counted.

The thread has the priority of the fold. With a lower one it gets no turn at all on a busy machine,
and a killed program leaves no picture: decision 0010 has the figures.
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
from leakwatch.core.protocols import Sink
from leakwatch.core.results import Event, Snapshot
from leakwatch.sinks.workers.sink_thread import SinkThread


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much may wait for a slow disk.

    Parameters
    ----------
    frames : int
    pixel_bytes : int
        A frame that is alone may be larger.
    """

    frames: int
    pixel_bytes: int


@runtime_checkable
class LineSink(Protocol):
    """A sink of lines, which are small: they are made at once, and none is ever lost."""

    def lines(self, snapshot: Snapshot) -> Any:
        """What is to be written of `snapshot`; quick, and touches no disk."""

    def write(self, lines: Any) -> None:
        """Write what `lines` gave."""


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], None]
    since_s: float
    pixel_bytes: int


class LiveSinkWorker(SinkThread):
    """Hands snapshots to a sink on a worker thread; those that find no room are lost.

    Frames are lost, events are not: those of a lost snapshot go with the next one that fits. Of a
    `LineSink` nothing is lost.

    Parameters
    ----------
    name : str
        For the person, as "recording".
    sink : Sink
        Used on the worker thread only, its `close` included; `LineSink.lines` alone is not.
    backlog : Backlog
        What may wait, the one that is being written included.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, name: str, sink: Sink, backlog: Backlog, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(name, sink)
        self._backlog, self._clock = backlog, clock
        self._jobs: deque[_Job] = deque()  # the first one is being done
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
        """Why the sink stopped working; empty while it works."""
        return "" if self._fault is None else str(self._fault)

    @property
    def lost(self) -> int:
        """Frames that found no room."""
        return self._lost

    @property
    def full(self) -> bool:
        """Whether frames found no room, and half of it is not free again."""
        return self._full

    @property
    def waiting(self) -> int:
        """Snapshots that are not written yet."""
        return len(self._jobs)

    @property
    def behind_s(self) -> float:
        """For how long the oldest of them has waited, s. Never waits."""
        try:
            return max(self._clock() - self._jobs[0].since_s, 0.0)
        except IndexError:
            return 0.0

    def append(self, snapshot: Snapshot) -> None:
        """Queue a snapshot. Never raises, never waits for the sink."""
        if self._fault is not None:
            return
        if isinstance(self._sink, LineSink):
            self._attempt(partial(self._append_lines, self._sink, snapshot))
            return
        events = self._held_up + snapshot.alert.events
        with self._changed:
            has_room = self._has_room(snapshot)
            self._full = self._full or not has_room
        if has_room:
            self._put_snapshot(_with_events(snapshot, events))
            self._held_up = ()
        else:
            self._held_up = events
            self._last = snapshot
            self._lost += snapshot.fault is None

    def close(self, timeout_s: float) -> None:
        """Let the sink finish, for so long at most. Never raises."""
        if self._held_up and self._last is not None:
            last = replace(self._last, fault="frames were lost before the recording")
            self._put_snapshot(_with_events(last, self._held_up))
        with self._changed:
            self._closing = True
            self._changed.notify()
        if not self._has_ended(timeout_s):
            late = SinkError(f"{self.name} did not end within {timeout_s:g} s")
            self._fault = self._fault or late

    def _append_lines(self, sink: LineSink, snapshot: Snapshot) -> None:
        self._put(_Job(partial(sink.write, sink.lines(snapshot)), self._clock(), 0))

    def _has_room(self, snapshot: Snapshot) -> bool:
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
        """The oldest job, as soon as there is one; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._jobs) or self._closing)
            return self._jobs[0] if self._jobs else None


def _with_events(snapshot: Snapshot, events: tuple[Event, ...]) -> Snapshot:
    return replace(snapshot, alert=replace(snapshot.alert, events=events))

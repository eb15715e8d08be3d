"""Slow sinks on separate threads, so that neither their work nor their failure delays analysis."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from queue import Empty, Queue
from threading import get_native_id
from typing import Protocol, runtime_checkable

from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.core.protocols import Sink
from leakwatch.core.results import Snapshot
from leakwatch.sinks.workers.sink_thread import SinkThread

# Frames that may wait: enough for one slow frame, few enough to bound memory (1024 x 1024 at 16
# bits: 2 MB each).
QUEUE_FRAMES = 16
# Nice value of a sink's thread and of those that it starts: analysis has priority, or encoding on
# all cores triples the delay of an alert.
NICENESS = 19
# Longest that Ctrl-C waits where nothing else ends a wait, s.
WAIT_S = 0.2


@runtime_checkable
class Abandonable(Protocol):
    """A sink that can be left unfinished without leaving an unfinished file."""

    def abandon(self) -> None:
        """Remove the unfinished file, and create none from now on; for another thread."""


class SinkWorker(SinkThread[Sink]):
    """A `Sink` that passes every snapshot to another sink on a worker thread.

    The queue is bounded: `append` waits while it is full, since analysis of files drops no frame.
    After a failure, snapshots are accepted and discarded, and `failure` has the reason.

    Parameters
    ----------
    sink : Sink
        Used on the worker thread only, its `close` included.
    name : str
        Name for messages; empty: that of its class.
    """

    def __init__(self, sink: Sink, name: str = "") -> None:
        super().__init__(name or type(sink).__name__, sink)
        self._queue: Queue[Snapshot | None] = Queue(QUEUE_FRAMES)
        self._thread.start()

    @property
    def failure(self) -> SinkError | None:
        """Reason why the sink stopped working; None while it works."""
        return self._fault

    @property
    def is_working(self) -> bool:
        """Return whether the sink has not finished yet."""
        return not self._ended.is_set()

    def append(self, snapshot: Snapshot) -> None:
        """Queue a snapshot. Does not raise."""
        self._queue.put(snapshot)

    def close(self) -> None:
        """Wait until the sink has processed all snapshots and has finished. Does not raise."""
        self._queue.put(None)
        # In short waits: a signal that comes just before a wait begins does not interrupt it.
        while not self._ended.wait(WAIT_S):
            pass
        self._thread.join()

    def expedite(self) -> None:
        """Discard queued snapshots, and finish with the others; `close_within` waits for it."""
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._queue.put(None)

    def close_within(self, seconds: float) -> None:
        """Wait for `expedite` to finish, at most `seconds`; then give up what the sink writes."""
        if not self._has_ended(max(seconds, 0.0)):
            if isinstance(self._sink, Abandonable):
                self._sink.abandon()
            name = self.name
            self._fault = SinkError(text("{name} was not finished, and is left out.", name=name))

    def _feed(self) -> None:
        yield_cpu()
        while (snapshot := self._queue.get()) is not None:
            # After a fault too, or analysis would wait for the queue for ever.
            if self._fault is None:
                self._attempt(partial(self._sink.append, snapshot))


def yield_cpu() -> None:
    """Give every other thread priority; only Linux has niceness per thread."""
    # Some containers forbid it; then sinks compete with analysis, and nothing is lost.
    with suppress(OSError):
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)

"""Run a slow sink on its own thread: neither its work nor its failure is waited for."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from queue import Empty, Queue
from threading import get_native_id

from leakwatch.core.errors import SinkError
from leakwatch.core.protocols import Sink
from leakwatch.core.results import Snapshot
from leakwatch.sinks.workers.sink_thread import SinkThread

# Frames that may wait: enough to ride out a slow one, few enough to bound memory (1024 x 1024 at
# 16 bits: 2 MB each).
QUEUE_FRAMES = 16
# Nice value of a sink's thread and of those that it starts: the fold goes first, or encoding on
# all cores makes an alert wait three times as long.
NICENESS = 19


class SinkWorker(SinkThread):
    """A `Sink` that hands every snapshot to another one on a worker thread.

    The queue is bounded: `append` waits while it is full, as file analysis asks for, which drops
    nothing. After a failure snapshots are taken and forgotten, and `failure` says why.

    Parameters
    ----------
    sink : Sink
        Used on the worker thread only, its `close` included.
    name : str
        For the person; empty: that of its class.
    """

    def __init__(self, sink: Sink, name: str = "") -> None:
        super().__init__(name or type(sink).__name__, sink)
        self._queue: Queue[Snapshot | None] = Queue(QUEUE_FRAMES)
        self._thread.start()

    @property
    def failure(self) -> SinkError | None:
        """Why the sink stopped working; None while it works."""
        return self._fault

    def append(self, snapshot: Snapshot) -> None:
        """Queue a snapshot. Never raises."""
        self._queue.put(snapshot)

    def close(self) -> None:
        """Wait until the sink has taken all snapshots and has finished. Never raises."""
        self._queue.put(None)
        self._thread.join()

    def hurry(self) -> None:
        """Forget what waits, and finish with what was taken; `close_within` waits for it."""
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._queue.put(None)

    def close_within(self, seconds: float) -> None:
        """Wait for so long after `hurry`, and give up then: what the sink writes is not whole."""
        if not self._has_ended(max(seconds, 0.0)):
            self._fault = SinkError(f"{self.name} was not finished, and is left out.")

    def _feed(self) -> None:
        give_way()
        while (snapshot := self._queue.get()) is not None:
            # After a fault too, or the fold would wait for the queue for ever.
            if self._fault is None:
                self._attempt(partial(self._sink.append, snapshot))


def give_way() -> None:
    """Let every other thread go first; only Linux counts niceness by threads."""
    # Some containers forbid it; then the pictures compete with the fold, and nothing is lost.
    with suppress(OSError):
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)

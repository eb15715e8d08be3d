"""Run a slow sink on its own thread: neither its work nor its failure is waited for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, Queue
from threading import Thread, get_native_id

from leakwatch.core.errors import SinkError
from leakwatch.core.protocols import Sink
from leakwatch.core.results import Snapshot

# Frames that may wait: enough to ride out a slow one, few enough to bound memory (1024 x 1024 at
# 16 bits: 2 MB each).
QUEUE_FRAMES = 16
# Nice value of a sink's thread and of those that it starts: the fold goes first, or encoding on
# all cores makes an alert wait three times as long.
NICENESS = 19


class SinkWorker:
    """A `Sink` that hands every snapshot to another one on a worker thread.

    The queue is bounded: `append` waits while it is full, as file analysis asks for, which drops
    nothing. After a failure snapshots are taken and forgotten, and `failure` says why.

    Parameters
    ----------
    sink : Sink
        Used on the worker thread only, its `close` included.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._queue: Queue[Snapshot | None] = Queue(QUEUE_FRAMES)
        self._failure: SinkError | None = None
        self._thread = Thread(target=self._work, name=type(sink).__name__, daemon=True)
        self._thread.start()

    @property
    def failure(self) -> SinkError | None:
        """Why the sink stopped working; None while it works."""
        return self._failure

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
        self._thread.join(max(seconds, 0.0))
        if self._thread.is_alive():
            name = type(self._sink).__name__
            self._failure = SinkError(f"{name} was not finished, and is left out.")

    def _work(self) -> None:
        give_way()
        while (snapshot := self._queue.get()) is not None:
            if self._failure is None:
                self._attempt(partial(self._sink.append, snapshot))
        self._attempt(self._sink.close)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except SinkError as error:
            self._failure = self._failure or error
        # A broken sink must not end the thread: the fold would wait for the queue for ever.
        except Exception as error:  # noqa: BLE001
            name = type(self._sink).__name__
            unexpected = SinkError(f"{name} failed: {type(error).__name__}: {error}")
            self._failure = self._failure or unexpected


def give_way() -> None:
    """Let every other thread go first; only Linux counts niceness by threads."""
    # Some containers forbid it; then the pictures compete with the fold, and nothing is lost.
    with suppress(OSError):
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)

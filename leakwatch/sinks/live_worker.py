"""A sink on its own thread that nobody ever waits for: what does not fit is lost, and counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from queue import Empty, Full, Queue
from threading import Thread

from leakwatch.errors import SinkError
from leakwatch.model import Event, Sink, Snapshot
from leakwatch.sinks.worker import give_way


class LiveSinkWorker:
    """Hands snapshots to a sink on a worker thread; those that a full queue cannot take are lost.

    Frames are lost, events are not: those of a lost snapshot go with the next one that fits.

    Parameters
    ----------
    name : str
        For the person, as "recording".
    sink : Sink
        Used on the worker thread only, its `close` included.
    capacity : int
        Snapshots that may wait.
    """

    def __init__(self, name: str, sink: Sink, capacity: int) -> None:
        self.name = name
        self._sink = sink
        self._queue: Queue[Snapshot | None] = Queue(capacity)
        self._failure = ""
        self._lost = 0
        self._held_up: tuple[Event, ...] = ()
        self._last: Snapshot | None = None
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str:
        """Why the sink stopped working; empty while it works."""
        return self._failure

    @property
    def lost(self) -> int:
        """Frames that found no room."""
        return self._lost

    def append(self, snapshot: Snapshot) -> None:
        """Queue a snapshot. Never raises, never waits."""
        if self._failure:
            return
        events = self._held_up + snapshot.alert.events
        try:
            self._queue.put_nowait(_with_events(snapshot, events))
            self._held_up = ()
        except Full:
            self._held_up = events
            self._last = snapshot
            self._lost += snapshot.fault is None

    def close(self, timeout_s: float) -> None:
        """Let the sink finish, for so long at most. Never raises."""
        last: list[Snapshot | None] = [None]
        if self._held_up and self._last is not None:
            late = replace(self._last, fault="frames were lost before the recording")
            last.insert(0, _with_events(late, self._held_up))
        try:
            for one in last:
                self._queue.put(one, timeout=timeout_s)
            self._thread.join(timeout_s)
        except Full:
            pass
        if self._thread.is_alive():
            self._failure = self._failure or f"{self.name} did not end within {timeout_s:g} s"

    def _work(self) -> None:
        give_way()
        while (snapshot := self._queue.get()) is not None:
            self._attempt(partial(self._sink.append, snapshot))
            if self._failure:
                break
        self._attempt(self._sink.close)
        self._forget()

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except SinkError as error:
            self._failure = self._failure or str(error)
        # Whatever broke, the alarm goes on and the window says what is not kept.
        except Exception as error:  # noqa: BLE001
            broken = f"{self.name} failed: {type(error).__name__}: {error}"
            self._failure = self._failure or broken

    def _forget(self) -> None:
        """Free what waits, so that nobody waits for room."""
        try:
            while True:
                self._queue.get_nowait()
        except Empty:
            return


def _with_events(snapshot: Snapshot, events: tuple[Event, ...]) -> Snapshot:
    return replace(snapshot, alert=replace(snapshot.alert, events=events))

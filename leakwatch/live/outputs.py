"""Outputs of a live session: those that run, those that a person ended, and how they fare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread

from leakwatch.config import LiveSettings
from leakwatch.core.protocols import Sink
from leakwatch.core.results import Snapshot
from leakwatch.live.status import Recording
from leakwatch.sinks.workers.live_sink_worker import Backlog, LiveSinkWorker


@dataclass(frozen=True, slots=True)
class _Workers:
    """Exchanged as one, so that a reader on another thread misses none."""

    running: tuple[LiveSinkWorker, ...] = ()
    ended: tuple[LiveSinkWorker, ...] = ()


class Outputs:
    """Begins, feeds and ends the sinks of a session, each on a thread of its own.

    Changed on the fold's thread, or when that has ended; `recordings` is for any thread.

    Parameters
    ----------
    settings : LiveSettings
    clock : callable
        Monotonic seconds.
    unkept : sequence of Recording
        Outputs that could not even begin.
    """

    def __init__(
        self,
        settings: LiveSettings,
        clock: Callable[[], float],
        unkept: Sequence[Recording] = (),
    ) -> None:
        self._settings, self._clock, self._unkept = settings, clock, tuple(unkept)
        self._workers = _Workers()
        self._closers: list[Thread] = []

    @property
    def waiting(self) -> int:
        """Snapshots that are not written yet."""
        return sum(one.waiting for one in self._workers.running)

    def begin(self, sinks: Mapping[str, Sink], first: Snapshot | None = None) -> None:
        """Add sinks by their names; they begin with the snapshot `first`, if there is one."""
        settings = self._settings
        backlog = Backlog(settings.sink_queue_frames, round(settings.sink_queue_mb * 1e6))
        more = [LiveSinkWorker(name, sink, backlog, self._clock) for name, sink in sinks.items()]
        if first is not None:
            for worker in more:
                worker.append(first)
        before = self._workers
        self._workers = _Workers((*before.running, *more), before.ended)

    def append(self, snapshot: Snapshot) -> None:
        """Give a snapshot to all that run. Never waits."""
        for worker in self._workers.running:
            worker.append(snapshot)

    def end(self) -> None:
        """Close all that run beside the caller, who waits for no disk."""
        ending = self._workers.running
        self._workers = _Workers((), (*self._workers.ended, *ending))
        for worker in ending:
            closer = Thread(
                target=worker.close, args=(self._settings.close_s,), name="record end", daemon=True
            )
            closer.start()
            self._closers.append(closer)

    def close(self) -> None:
        """Close all, and wait for each as long as the settings say. Does not raise."""
        for worker in self._workers.running:
            worker.close(self._settings.close_s)
        for closer in self._closers:
            closer.join(self._settings.close_s)

    def running(self) -> dict[int, Recording]:
        """Return how each that runs fares, by a number that stays the same while it runs."""
        return {id(one): self._recording(one) for one in self._workers.running}

    def recordings(self) -> tuple[Recording, ...]:
        """Return those that run, and those that went wrong of the ones that a person ended."""
        workers = self._workers
        running = [self._recording(one) for one in workers.running]
        wrong = [one for one in workers.ended if one.failure or one.lost]
        return (
            *running,
            *(Recording(one.name, one.lost, one.failure, ended=True) for one in wrong),
            *self._unkept,
        )

    def _recording(self, one: LiveSinkWorker) -> Recording:
        behind_s = one.behind_s
        late = behind_s >= self._settings.behind_after_s
        lost, failure = one.lost, one.failure
        return Recording(one.name, lost, failure, behind_s=behind_s, late=late, full=one.full)

"""Outputs of a live session, running and ended, and their state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread

from leakwatch.config import LiveSettings
from leakwatch.core.protocols import Sink
from leakwatch.core.results import Snapshot
from leakwatch.live.status import Recording
from leakwatch.sinks.alarm_outputs.alarm_worker import AlarmOutputState, AlarmWorker
from leakwatch.sinks.alarm_outputs.open_outputs import close_alarm_outputs
from leakwatch.sinks.alarm_outputs.plane_feeds import PlaneFeed
from leakwatch.sinks.workers.live_sink_worker import Backlog, LiveSinkWorker


@dataclass(frozen=True, slots=True)
class _Workers:
    """Replaced as a whole, so that a reader on another thread misses none."""

    running: tuple[LiveSinkWorker, ...] = ()
    ended: tuple[LiveSinkWorker, ...] = ()


class Outputs:
    """Sinks of a session, each on its own thread.

    Changed on the fold's thread, or after it has ended; `recordings` is for any thread.

    Parameters
    ----------
    settings : LiveSettings
    clock : callable
        Monotonic seconds.
    unkept : sequence of Recording
        Outputs that could not be started.
    alarms : sequence of AlarmWorker or PlaneFeed
        Outputs of the alarm, which record nothing.
    """

    def __init__(
        self,
        settings: LiveSettings,
        clock: Callable[[], float],
        unkept: Sequence[Recording] = (),
        alarms: Sequence[AlarmWorker | PlaneFeed] = (),
    ) -> None:
        self._settings, self._clock, self._unkept = settings, clock, tuple(unkept)
        self._alarms = tuple(alarms)
        self._workers = _Workers()
        self._closers: list[Thread] = []

    @property
    def waiting(self) -> int:
        """Snapshots that are not yet written."""
        return sum(one.waiting for one in self._workers.running)

    def begin(self, sinks: Mapping[str, Sink], first: Snapshot | None = None) -> None:
        """Add sinks by name; they start with the snapshot `first`, if given."""
        settings = self._settings
        backlog = Backlog(settings.sink_queue_frames, round(settings.sink_queue_mb * 1e6))
        more = [LiveSinkWorker(name, sink, backlog, self._clock) for name, sink in sinks.items()]
        if first is not None:
            for worker in more:
                worker.append(first)
        before = self._workers
        self._workers = _Workers((*before.running, *more), before.ended)

    def append(self, snapshot: Snapshot) -> None:
        """Pass a snapshot to all running sinks and alarm outputs. Does not block."""
        for alarm in self._alarms:
            alarm.append(snapshot)
        for worker in self._workers.running:
            worker.append(snapshot)

    def end(self) -> None:
        """Close all running sinks in the background, so that the caller does not block."""
        ending = self._workers.running
        self._workers = _Workers((), (*self._workers.ended, *ending))
        for worker in ending:
            closer = Thread(
                target=worker.close, args=(self._settings.close_s,), name="record end", daemon=True
            )
            closer.start()
            self._closers.append(closer)

    def close(self) -> None:
        """Close all sinks, and wait for each up to the limit of the settings. Does not raise."""
        close_alarm_outputs(self._alarms, self._settings.close_s)
        for worker in self._workers.running:
            worker.close(self._settings.close_s)
        for closer in self._closers:
            closer.join(self._settings.close_s)

    def alarms(self) -> tuple[AlarmOutputState, ...]:
        """Return the state of each alarm output."""
        return tuple(one.state for one in self._alarms)

    def running(self) -> dict[int, Recording]:
        """Return the state of each running output, by a number that is constant while it runs."""
        return {id(one): self._recording(one) for one in self._workers.running}

    def recordings(self) -> tuple[Recording, ...]:
        """Return running outputs, and ended ones that failed or lost frames."""
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
        return Recording(one.name, lost, failure, behind_s=behind_s, late=late, full=one.is_full)

"""Shares of two planes in the same alarm outputs."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.core.results import Snapshot
from leakwatch.sinks.alarm_outputs.alarm_worker import AlarmOutputState, AlarmWorker


class PlaneFeed:
    """One plane's share of an alarm output of both.

    Parameters
    ----------
    worker : AlarmWorker
    plane : int
    open_feeds : set of int
        Planes that still feed the worker, shared by their feeds: the last one ends it.
    """

    def __init__(self, worker: AlarmWorker, plane: int, open_feeds: set[int]) -> None:
        self._worker, self._plane, self._open = worker, plane, open_feeds
        open_feeds.add(plane)

    @property
    def state(self) -> AlarmOutputState:
        """State of the output; from any thread."""
        return self._worker.state

    def append(self, snapshot: Snapshot) -> None:
        """Take a snapshot of this plane. Does not raise or block."""
        self._worker.append(snapshot, self._plane)

    def pause(self, on: bool) -> None:
        """Take note that a person paused the monitoring of this plane, or ended the pause."""
        self._worker.pause(self._plane, on)

    def close(self, timeout_s: float) -> None:
        """End the output with the last of its planes. Does not raise."""
        if self._plane not in self._open:
            return
        self._open.discard(self._plane)
        if not self._open:
            self._worker.close(timeout_s)


def plane_feeds(workers: Sequence[AlarmWorker], planes: int) -> list[tuple[PlaneFeed, ...]]:
    """Return, for each plane, its share of each alarm output."""
    shared: list[set[int]] = [set() for _ in workers]
    return [
        tuple(
            PlaneFeed(worker, plane, feeds) for worker, feeds in zip(workers, shared, strict=True)
        )
        for plane in range(planes)
    ]


def close_feeds(feeds: Sequence[Sequence[PlaneFeed]], timeout_s: float) -> None:
    """End alarm outputs that no session uses. Does not raise."""
    for one in (one for plane in feeds for one in plane):
        one.close(timeout_s)

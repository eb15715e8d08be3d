"""Alarm of one or two planes, as one message: the state of the worse plane."""

from __future__ import annotations

import math
from dataclasses import replace
from threading import Lock

from leakwatch.config import Settings
from leakwatch.core.planes import LETTERS
from leakwatch.core.results import Level, Snapshot
from leakwatch.sinks.alarm_outputs.alarm_message import AlarmMessage, AlarmTracker, MessageKind

_SEEN = (Level.WATCH, Level.STOP)


class PlanesTracker:
    """State of the alarm of all planes; for any thread.

    A message is that of the worse plane: never calmer than any plane that is monitored. A plane
    that a person paused counts only with a WATCH or STOP, as in the common banner.

    Parameters
    ----------
    settings : Settings
    planes : int
    """

    def __init__(self, settings: Settings, planes: int) -> None:
        self._trackers = [AlarmTracker(settings) for _ in range(planes)]
        self._paused = [False] * planes
        self._lock = Lock()
        self._sequence = 0

    def take(self, snapshot: Snapshot, now_s: float, plane: int = 0) -> bool:
        """Store the latest snapshot of a plane; return whether its alarm changed with it."""
        return self._trackers[plane].take(snapshot, now_s)

    def pause(self, plane: int, on: bool) -> bool:
        """Begin or end the pause of a plane; return whether that is a change."""
        changed, self._paused[plane] = self._paused[plane] is not on, on
        return changed

    def message(self, now_s: float, kind: MessageKind) -> AlarmMessage:
        """Return the state at `now_s`, as the next message."""
        said = [one.message(now_s, kind) for one in self._trackers]
        with self._lock:
            self._sequence += 1
            number = self._sequence
        if len(said) == 1:
            return replace(said[0], sequence=number)
        named = [replace(one, plane=LETTERS[place]) for place, one in enumerate(said)]
        counted = [
            _without_calm(one) if paused else one
            for one, paused in zip(named, self._paused, strict=True)
        ]
        told = [one for one in counted if one is not None]
        if any(one.level is Level.CLEAR for one in told):  # another plane watches the wall
            told = [one for one in told if not _completes(one)]
        worst = max(told, key=_urgency, default=named[0])
        stops = sum(one.stops for one in said)
        return replace(worst, sequence=number, stops=stops)


def _without_calm(said: AlarmMessage) -> AlarmMessage | None:
    """Return what counts of a paused plane: what was seen, and a STOP that is not over."""
    if said.level in _SEEN:
        return said
    if said.acknowledged:
        return replace(said, level=Level.WATCH, reasons=said.acknowledged)
    return None


def _completes(said: AlarmMessage) -> bool:
    """Return whether a plane is calm, and lacks nothing but the wall, as in the common banner."""
    partly = said.level is Level.UNKNOWN and said.watches_all_but_wall
    return partly and not said.acknowledged


def _urgency(said: AlarmMessage) -> tuple[int, bool, float]:
    """Return how urgent a message is: its level, a latch, and how near cement is."""
    near = math.inf if said.distance_mm is None else said.distance_mm
    order = (Level.CLEAR, None, Level.WATCH, Level.UNKNOWN, Level.STOP)
    # UNKNOWN by rules that were never set up is calmer than WATCH, as in the common banner.
    partly = said.level is Level.UNKNOWN and said.partly
    return order.index(None if partly else said.level), said.latched, -near

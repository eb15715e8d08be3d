"""What waits for the fold: the newest frames, and what a person asked for."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition
from typing import Generic, TypeVar

from leakwatch.core.frame import Frame

Action = TypeVar("Action")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame with its moments, ``time.monotonic()``.

    Parameters
    ----------
    frame : Frame
    received_s, decoded_s : float
    """

    frame: Frame
    received_s: float
    decoded_s: float


@dataclass(frozen=True, slots=True)
class Delivery(Generic[Action]):
    """What `Inbox.take` found.

    Parameters
    ----------
    arrival : Arrival or None
        The oldest frame that waits.
    actions : tuple
        All that persons did since, in order.
    ended : bool
        No frame follows any more, and none waits.
    closed : bool
        Nothing follows any more.
    """

    arrival: Arrival | None
    actions: tuple[Action, ...]
    ended: bool
    closed: bool


class Inbox(Generic[Action]):
    """Joins threads that must never wait to the one that folds.

    Few frames wait; where one more comes, the oldest of them is dropped and counted: the newest
    frame wins. Actions are never dropped.

    Parameters
    ----------
    capacity : int
        Frames that may wait. May be changed at any time.
    most_bytes : int or None
        Of their pixels; the newest may have more. None: any.
    """

    def __init__(self, capacity: int, most_bytes: int | None = None) -> None:
        self.capacity, self._most_bytes = capacity, most_bytes
        self._changed = Condition()
        self._frames: deque[Arrival] = deque()
        self._actions: list[Action] = []
        self._dropped = 0
        self._arrived_s: float | None = None
        self._ended = self._closed = False

    @property
    def dropped(self) -> int:
        """Frames that came and were never folded."""
        return self._dropped

    @property
    def counts(self) -> tuple[float | None, int]:
        """When the newest frame arrived, and how many were never folded: of the same moment."""
        with self._changed:
            return self._arrived_s, self._dropped

    def put(self, arrival: Arrival) -> None:
        """Take a frame; never waits."""
        with self._changed:
            self._arrived_s = arrival.received_s
            self._frames.append(arrival)
            while len(self._frames) > self.capacity or self._too_large():
                self._frames.popleft()
                self._dropped += 1
            self._changed.notify()

    def post(self, action: Action) -> None:
        """Take what a person did; never waits."""
        with self._changed:
            self._actions.append(action)
            self._changed.notify()

    def end(self) -> None:
        """No frame follows."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def close(self) -> None:
        """Nothing follows, and nobody wants what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, timeout_s: float) -> Delivery[Action]:
        """The next frame and all actions; waits for either no longer than `timeout_s`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._frames or self._actions or self._ended or self._closed, timeout_s
            )
            arrival = self._frames.popleft() if self._frames else None
            actions, self._actions = tuple(self._actions), []
            ended = self._ended and arrival is None
            return Delivery(arrival, actions, ended, self._closed)

    def _too_large(self) -> bool:
        """Whether the frames that wait take more memory than is theirs."""
        if self._most_bytes is None or len(self._frames) < 2:
            return False
        return sum(one.frame.pixels.nbytes for one in self._frames) > self._most_bytes

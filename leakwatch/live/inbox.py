"""Queue of the fold: the newest frames and the operator's actions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition
from typing import Generic, TypeVar

from leakwatch.core.frame import Frame

Action = TypeVar("Action")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame with its times, ``time.monotonic()``.

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
    """Result of `Inbox.take`.

    Parameters
    ----------
    arrival : Arrival or None
        The oldest queued frame.
    actions : tuple
        All actions since the last call, in order.
    ended : bool
        Whether no frame is queued and none will follow.
    closed : bool
        Whether nothing will follow.
    """

    arrival: Arrival | None
    actions: tuple[Action, ...]
    ended: bool
    closed: bool


class Inbox(Generic[Action]):
    """Queue from threads that must not block to the thread of the fold.

    Its capacity is small; when it is full, the oldest frame is dropped and counted. Actions are
    never dropped.

    Parameters
    ----------
    capacity : int
        Maximum number of queued frames. May be changed at any time.
    max_bytes : int or None
        Maximum memory of their pixels, except for the newest frame. None: unlimited.
    """

    def __init__(self, capacity: int, max_bytes: int | None = None) -> None:
        self.capacity, self._max_bytes = capacity, max_bytes
        self._changed = Condition()
        self._frames: deque[Arrival] = deque()
        self._actions: list[Action] = []
        self._dropped = 0
        self._arrived_s: float | None = None
        self._ended = self._closed = False

    @property
    def dropped(self) -> int:
        """Frames that were received and dropped."""
        return self._dropped

    @property
    def counts(self) -> tuple[float | None, int]:
        """Arrival time of the newest frame and number of dropped frames, read together."""
        with self._changed:
            return self._arrived_s, self._dropped

    def put(self, arrival: Arrival) -> None:
        """Add a frame. Does not block."""
        with self._changed:
            self._arrived_s = arrival.received_s
            self._frames.append(arrival)
            while len(self._frames) > self.capacity or self._too_large():
                self._frames.popleft()
                self._dropped += 1
            self._changed.notify()

    def post(self, action: Action) -> None:
        """Add an action of the operator. Does not block."""
        with self._changed:
            self._actions.append(action)
            self._changed.notify()

    def end(self) -> None:
        """Mark the end of the frames."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def close(self) -> None:
        """Close the queue; what is queued is not needed."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, timeout_s: float) -> Delivery[Action]:
        """Return the next frame and all actions; wait for either at most `timeout_s`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._frames or self._actions or self._ended or self._closed, timeout_s
            )
            arrival = self._frames.popleft() if self._frames else None
            actions, self._actions = tuple(self._actions), []
            ended = self._ended and arrival is None
            return Delivery(arrival, actions, ended, self._closed)

    def _too_large(self) -> bool:
        """Return whether queued frames exceed the memory limit."""
        if self._max_bytes is None or len(self._frames) < 2:
            return False
        return sum(one.frame.pixels.nbytes for one in self._frames) > self._max_bytes

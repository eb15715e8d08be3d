"""Thread of one alarm output: never blocks the fold, and keeps trying a receiver that fails."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Condition
from typing import Any, Protocol

from leakwatch.config import Settings
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.sinks.alarm_outputs.alarm_message import AlarmMessage, MessageKind
from leakwatch.sinks.alarm_outputs.planes_tracker import PlanesTracker
from leakwatch.sinks.workers.sink_thread import SinkThread


class AlarmReceiver(Protocol):
    """A receiver of alarms; used on the thread of its worker only.

    Each method returns or raises within about `AlarmOutputSettings.send_s`.
    """

    def connect(self) -> None:
        """Connect; raise any exception if that fails."""

    def send(self, message: AlarmMessage) -> None:
        """Send a message; raise any exception if it may not have been received."""

    def disconnect(self) -> None:
        """Give up the connection, so that `connect` may be called again."""

    def close(self) -> None:
        """Disconnect for good."""


@dataclass(frozen=True, slots=True)
class AlarmOutputState:
    """State of an alarm output, for the operator.

    Parameters
    ----------
    name : str
        Such as "MQTT".
    connected : bool
        The last message was received.
    failure : str
        Why not; empty before the first attempt, and while it works.
    sent, dropped : int
        Messages that were received, and that were dropped for a newer one.
    """

    name: str
    connected: bool = False
    failure: str = ""
    sent: int = 0
    dropped: int = 0


class AlarmWorker(SinkThread[AlarmReceiver]):
    """Passes alarms to a receiver on its own thread.

    A receiver that connects, or connects again, gets the current state at once: a latched STOP is
    sent again. Without a change the state is sent as heartbeat.

    Parameters
    ----------
    name : str
    receiver : AlarmReceiver
    settings : Settings
    every_frame : bool
        Send each frame; otherwise only changes of the alarm.
    clock : callable
        Monotonic seconds, the same as that of the session: for the age of frames.
    planes : int
        Planes that feed it: their worse state is sent.
    """

    def __init__(
        self,
        name: str,
        receiver: AlarmReceiver,
        settings: Settings,
        every_frame: bool = False,
        clock: Callable[[], float] = time.monotonic,
        planes: int = 1,
    ) -> None:
        super().__init__(name, receiver)
        self._settings, self._every_frame, self._clock = (
            settings.alarm_outputs,
            every_frame,
            clock,
        )
        self._tracker = PlanesTracker(settings, planes)
        self._queue: deque[AlarmMessage] = deque(maxlen=self._settings.queue_messages)
        self._changed = Condition()
        self._closing = False
        self._due_s = time.monotonic()
        self._back_off_s = self._settings.back_off_s
        self._state = AlarmOutputState(name)
        self._thread.start()

    @property
    def state(self) -> AlarmOutputState:
        """Current state; from any thread."""
        return self._state

    def append(self, snapshot: Snapshot, plane: int = 0) -> None:
        """Take a snapshot of a plane. Does not raise or block."""
        now_s = self._clock()
        changed = self._tracker.take(snapshot, now_s, plane)
        if changed or (self._every_frame and snapshot.fault is None):
            self._put(self._tracker.message(now_s, MessageKind.CHANGE))

    def pause(self, plane: int, on: bool) -> None:
        """Begin or end a person's pause of a plane. Does not raise or block."""
        if self._tracker.pause(plane, on):
            self._put(self._tracker.message(self._clock(), MessageKind.CHANGE))

    def _put(self, message: AlarmMessage) -> None:
        with self._changed:
            full = len(self._queue) == self._queue.maxlen
            self._queue.append(message)  # the oldest gives way
            if full:
                self._update(dropped=self._state.dropped + 1)
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Tell the receiver that the session ends, within `timeout_s`. Does not raise."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._has_ended(timeout_s)

    def _feed(self) -> None:
        while (message := self._next()) is not None:
            self._deliver(message)
        if self._state.connected:
            self._deliver(self._tracker.message(self._clock(), MessageKind.END))

    def _next(self) -> AlarmMessage | None:
        """Wait for a message or until one is due; None at the end."""
        with self._changed:
            self._changed.wait_for(self._is_ready, max(self._due_s - time.monotonic(), 0.0))
            if self._closing and not (self._queue and self._state.connected):
                return None
            if self._queue and self._state.connected:
                return self._queue.popleft()
            # Changes that a receiver missed are in the state that it gets first.
            self._queue.clear()
        return self._tracker.message(self._clock(), MessageKind.HEARTBEAT)

    def _is_ready(self) -> bool:
        return self._closing or bool(self._queue and self._state.connected)

    def _deliver(self, message: AlarmMessage) -> None:
        try:
            if not self._state.connected:
                self._sink.connect()
            self._sink.send(message)
        # Whatever a receiver does, the alarm goes on and the receiver is tried again.
        except Exception as error:  # noqa: BLE001
            self._fail(error)
            return
        self._back_off_s = self._settings.back_off_s
        self._due_s = time.monotonic() + self._settings.heartbeat_s
        self._update(connected=True, failure="", sent=self._state.sent + 1)

    def _fail(self, error: Exception) -> None:
        with suppress(Exception):
            self._sink.disconnect()
        self._due_s = time.monotonic() + self._back_off_s
        self._back_off_s = min(2.0 * self._back_off_s, self._settings.max_back_off_s)
        self._update(connected=False, failure=_failure_text(error))

    def _update(self, **changes: Any) -> None:
        with self._changed:  # its lock is reentrant
            self._state = replace(self._state, **changes)


def _failure_text(error: Exception) -> str:
    """Return why it failed, without the addresses that other texts of an error have."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    return text("no answer: {reason}", reason=str(reason))

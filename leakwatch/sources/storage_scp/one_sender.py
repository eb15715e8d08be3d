"""Selection of one sender at a time: the first is followed, others are refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class _CurrentSender:
    connection: object
    sender: str
    last_s: float


class OneSender:
    """Sender that is followed. Thread-safe.

    A sender is identified by title and address on any connection: if its connection was lost
    unnoticed, it can continue at once over another.

    Parameters
    ----------
    quiet_s : float
        Silence after which another sender may begin.
    is_named : callable or None
        Whether the user named a sender: it has priority over one that was not named.
    """

    def __init__(self, quiet_s: float, is_named: Callable[[str], bool] | None = None) -> None:
        self._lock = threading.Lock()
        self._quiet_s = quiet_s
        self._is_named = is_named or (lambda sender: False)
        self._held: _CurrentSender | None = None
        self._stored: set[str] = set()

    def admits(self, connection: object, sender: str, now_s: float) -> bool:
        """Return whether an object is accepted now; its sender is then followed.

        Parameters
        ----------
        connection : object
            The connection over which it arrives, by identity.
        sender : str
            Title and address.
        now_s : float
            Monotonic.
        """
        with self._lock:
            if not self._may(sender, now_s):
                return False
            self._held = _CurrentSender(connection, sender, now_s)
            self._stored.add(sender)
            return True

    def may_send(self, sender: str, now_s: float) -> bool:
        """Return whether an object would be accepted now, without following its sender."""
        with self._lock:
            return self._may(sender, now_s)

    def is_active(self, sender: str, now_s: float) -> None:
        """Record that a part of an object arrived: its sender is not silent."""
        with self._lock:
            if self._held is not None and self._held.sender == sender:
                self._held = replace(self._held, last_s=now_s)

    def has_stored(self, sender: str) -> bool:
        """Return whether an object of this sender was accepted before."""
        with self._lock:
            return sender in self._stored

    def has_stored_from(self, host: str) -> bool:
        """Return whether an object of any sender at this address was accepted before."""
        with self._lock:
            return any(one.endswith(f" at {host}") for one in self._stored)

    def disconnected(self, connection: object) -> bool:
        """Return whether the connection that ended is the one that sent the last object."""
        with self._lock:
            return self._held is not None and self._held.connection is connection

    def _may(self, sender: str, now_s: float) -> bool:
        held = self._held
        if held is None or held.sender == sender or now_s - held.last_s > self._quiet_s:
            return True
        return self._is_named(sender) and not self._is_named(held.sender)

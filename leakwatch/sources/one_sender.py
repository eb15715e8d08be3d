"""Two senders at once: the first is followed, the other is refused."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class _Held:
    connection: object
    sender: str
    last_s: float
    hung_up: bool = False


class OneSender:
    """Who may send. Safe from any thread.

    Parameters
    ----------
    quiet_s : float
        Another sender may begin when the one before was silent for so long. The same one may begin
        at once on a new connection, when it closed the one before: many open one for each object.
    """

    def __init__(self, quiet_s: float) -> None:
        self._lock = threading.Lock()
        self._quiet_s = quiet_s
        self._held: _Held | None = None

    def admits(self, connection: object, sender: str, now_s: float) -> bool:
        """Whether an object that comes now may be taken; then its sender is the one.

        Parameters
        ----------
        connection : object
            The same one, by identity, for all objects that come over it.
        sender : str
            Title and address.
        now_s : float
            Monotonic.
        """
        with self._lock:
            held = self._held
            free = (
                held is None
                or held.connection is connection
                or now_s - held.last_s > self._quiet_s
                or (held.hung_up and held.sender == sender)
            )
            if free:
                self._held = _Held(connection, sender, now_s)
            return free

    def hung_up(self, connection: object) -> bool:
        """Tell that a connection ended; whether it was the one that is followed."""
        with self._lock:
            if self._held is None or self._held.connection is not connection:
                return False
            self._held = replace(self._held, hung_up=True)
            return True

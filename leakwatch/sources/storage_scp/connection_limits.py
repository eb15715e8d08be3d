"""Allocation of the limited number of connections. Pure; no clock, no socket."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Protocol


@dataclass(eq=False, slots=True)
class ConnectionSlot:
    """One association, compared by identity.

    Parameters
    ----------
    sender : str
        Title and address.
    known : bool
        It stored something in this session, or the user named it.
    since_s : float
        Time of connection, monotonic.
    data_s : float
        Time of the last part of a message from it.
    """

    sender: str
    known: bool
    since_s: float
    data_s: float = -math.inf


class ConnectionSlots:
    """A limited number of connections; a new one may replace one that never stored anything.

    Parameters
    ----------
    most : int
    active_s : float
        A sender that sent a part of a message within this time, s, is active, and is not replaced
        by an unknown one.
    """

    def __init__(self, most: int, active_s: float) -> None:
        self._most, self._active_s = most, active_s
        self._taken: list[ConnectionSlot] = []

    @property
    def taken(self) -> tuple[ConnectionSlot, ...]:
        """Occupied slots."""
        return tuple(self._taken)

    def enter(self, slot: ConnectionSlot) -> tuple[bool, ConnectionSlot | None]:
        """Admit a connection if possible.

        Parameters
        ----------
        slot : ConnectionSlot

        Returns
        -------
        bool
            Whether it is in. One that is known always is.
        ConnectionSlot or None
            The connection that must be closed for it.
        """
        gone = None
        if len(self._taken) >= self._most:
            gone = self._replaceable(slot)
            if gone is None:
                return False, None
            self._taken.remove(gone)
        self._taken.append(slot)
        return True, gone

    def leave(self, slot: ConnectionSlot) -> None:
        """Free the slot of a connection, if it has one."""
        if slot in self._taken:
            self._taken.remove(slot)

    def _replaceable(self, new: ConnectionSlot) -> ConnectionSlot | None:
        """Return the unknown sender that was silent longest; for a known sender, any."""
        strangers = [one for one in self._taken if not one.known]
        silent = [one for one in strangers if new.since_s - one.data_s >= self._active_s]
        among = silent or ((strangers or self._taken) if new.known else [])
        return min(among, key=lambda one: (one.data_s, one.since_s), default=None)


class Rate:
    """A limit on the rate of an event.

    Parameters
    ----------
    per_s : int
        In any second.
    """

    def __init__(self, per_s: int) -> None:
        self._moments_s: deque[float] = deque(maxlen=per_s)

    def exceeds(self, now_s: float) -> bool:
        """Return whether an event exceeds the rate; it is then not counted."""
        full = len(self._moments_s) == self._moments_s.maxlen
        if full and now_s - self._moments_s[0] < 1.0:
            return True
        self._moments_s.append(now_s)
        return False


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """Close it."""


class HeldConnections:
    """Refused connections that stay open for a while: their peers connect again when they end.

    Parameters
    ----------
    most : int
        If more are refused, the oldest is closed.
    hold_s : float
    """

    def __init__(self, most: int, hold_s: float) -> None:
        self._most, self._hold_s = most, hold_s
        self._held: deque[tuple[float, Closable]] = deque()

    def hold(self, connection: Closable, now_s: float) -> None:
        """Keep a connection open that is not served."""
        self._held.append((now_s, connection))
        if len(self._held) > self._most:
            self._held.popleft()[1].close()

    def release(self, now_s: float) -> None:
        """Close those that were held long enough."""
        while self._held and now_s - self._held[0][0] >= self._hold_s:
            self._held.popleft()[1].close()

    def close(self) -> None:
        """Close all."""
        self.release(math.inf)

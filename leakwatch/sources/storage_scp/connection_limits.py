"""Who may stay where few are served at once. Pure; no clock, no socket."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Place:
    """One association, by identity.

    Parameters
    ----------
    sender : str
        Title and address.
    known : bool
        It stored something in this session, or a person named it.
    since_s : float
        When it came, monotonic.
    data_s : float
        When the last part of a message of it came.
    """

    sender: str
    known: bool
    since_s: float
    data_s: float = -math.inf


class Places:
    """As many as there are. Where one more comes, what never stored anything makes room.

    Parameters
    ----------
    most : int
    active_s : float
        One that sent a part of a message within so long, s, is at work, and stays where one comes
        that nobody knows.
    """

    def __init__(self, most: int, active_s: float) -> None:
        self._most, self._active_s = most, active_s
        self._taken: list[Place] = []

    @property
    def taken(self) -> tuple[Place, ...]:
        """Those who are in."""
        return tuple(self._taken)

    def enter(self, place: Place) -> tuple[bool, Place | None]:
        """Let one in where that is possible.

        Parameters
        ----------
        place : Place

        Returns
        -------
        bool
            Whether it is in. One that is known always is.
        Place or None
            The one that must go for it.
        """
        gone = None
        if len(self._taken) >= self._most:
            gone = self._dispensable(place)
            if gone is None:
                return False, None
            self._taken.remove(gone)
        self._taken.append(place)
        return True, gone

    def leave(self, place: Place) -> None:
        """Tell that one has gone; nothing happens where it was not in."""
        if place in self._taken:
            self._taken.remove(place)

    def _dispensable(self, new: Place) -> Place | None:
        """The stranger that was silent longest; for one that is known, whoever was."""
        strangers = [one for one in self._taken if not one.known]
        silent = [one for one in strangers if new.since_s - one.data_s >= self._active_s]
        among = silent or ((strangers or self._taken) if new.known else [])
        return min(among, key=lambda one: (one.data_s, one.since_s), default=None)


class Rate:
    """How often something may happen.

    Parameters
    ----------
    per_s : int
        In any second.
    """

    def __init__(self, per_s: int) -> None:
        self._moments_s: deque[float] = deque(maxlen=per_s)

    def is_one_too_many(self, now_s: float) -> bool:
        """Whether it happens once more than it may; then it does not count."""
        full = len(self._moments_s) == self._moments_s.maxlen
        if full and now_s - self._moments_s[0] < 1.0:
            return True
        self._moments_s.append(now_s)
        return False

"""Separation of series that arrive at the same time: one is followed, others wait."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

# Objects that may wait for the series that is followed to end: two seconds at 30 frames/s.
_MOST_WAITING = 60


class Offered(Protocol):
    """An object that arrived."""

    @property
    def series(self) -> Hashable:
        """Key that is equal for objects of one series of one patient from one sender."""

    @property
    def received_s(self) -> float:
        """Time of arrival, monotonic."""


Object = TypeVar("Object", bound=Offered)


@dataclass(frozen=True, slots=True)
class Choice(Generic[Object]):
    """Decision on objects.

    Parameters
    ----------
    shown : tuple
        To be looked at now, in order.
    refused : tuple
        Not to be used: their series arrived beside the one that is followed.
    """

    shown: tuple[Object, ...] = ()
    refused: tuple[Object, ...] = ()


class OneSeries(Generic[Object]):
    """Selector that follows one series until it is quiet.

    Parameters
    ----------
    quiet_s : float
        Another series waits until the followed one was silent for this time. If the followed one
        continues, objects that waited for this time are refused.
    """

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._followed: Hashable = None
        self._last_s = 0.0
        self._offered_s = 0.0
        self._waiting: list[Object] = []

    def offer(self, one: Object, now_s: float) -> Choice[Object]:
        """Decide on an object, which may have arrived some time before `now_s`."""
        if self._followed is None or one.series == self._followed:
            self._followed, self._offered_s = one.series, now_s
            self._last_s = max(self._last_s, one.received_s)
            return Choice((one,), self._timed_out(one.received_s - self._quiet_s))
        if one.received_s - self._last_s <= self._quiet_s:
            self._waiting.append(one)
            refused = tuple(self._waiting[:-_MOST_WAITING])
            del self._waiting[:-_MOST_WAITING]
            return Choice((), refused)
        if not self._waiting:
            self._followed, self._last_s = one.series, one.received_s
            self._offered_s = now_s
            return Choice((one,))
        before = self._released(now_s)
        after = self.offer(one, now_s)
        return Choice(before + after.shown, after.refused)

    def release_idle(self, now_s: float) -> Choice[Object]:
        """Return the decision if nothing arrived until `now_s`."""
        # Objects of the followed series may have been delayed.
        if not self._waiting or now_s - max(self._last_s, self._offered_s) <= self._quiet_s:
            return Choice()
        return Choice(self._released(now_s))

    def _released(self, now_s: float) -> tuple[Object, ...]:
        """Follow the series that waited longest, and return its objects."""
        self._followed = self._waiting[0].series
        shown = tuple(one for one in self._waiting if one.series == self._followed)
        self._waiting = [one for one in self._waiting if one.series != self._followed]
        self._last_s, self._offered_s = shown[-1].received_s, now_s
        return shown

    def _timed_out(self, before_s: float) -> tuple[Object, ...]:
        refused = tuple(one for one in self._waiting if one.received_s < before_s)
        self._waiting = [one for one in self._waiting if one.received_s >= before_s]
        return refused

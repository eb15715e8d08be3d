"""Status of a live source's link, set by its threads and read by others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from leakwatch.core.protocols import Link, LinkStatus


class LinkLog:
    """Status of a link: the source, and the last fault for a limited time.

    Parameters
    ----------
    text : str
        Name of the source.
    fault_shown_s : float
        How long a fault is shown beside frames that are good again.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, text: str, fault_shown_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lock = threading.Lock()
        self._clock, self._fault_shown_s = clock, fault_shown_s
        self._link, self._text, self._fault = Link.WAITING, text, ""
        self._fluoroscopy_on: bool | None = None
        self._fault_at_s, self._broken_at_s, self._lost = 0.0, 0.0, 0

    @property
    def status(self) -> LinkStatus:
        """Current status of the link."""
        with self._lock:
            shown = self._link is Link.LOST or (
                self._fault and self._clock() - self._fault_at_s < self._fault_shown_s
            )
            text = f"{self._text}: {self._fault}" if shown else self._text
            return LinkStatus(self._link, text, self._fluoroscopy_on, self._lost)

    def is_good(self, received_s: float, of_the_past: bool = False) -> None:
        """Record that a usable frame arrived.

        Parameters
        ----------
        received_s : float
            When. Frames that waited while the peer went away do not bring it back.
        of_the_past : bool
            It is of a sequence that had ended when it was sent: fluoroscopy is off.
        """
        with self._lock:
            self._fluoroscopy_on = False if of_the_past else None
            if received_s >= self._broken_at_s:
                self._link = Link.OPEN

    def is_waiting(self) -> None:
        """Record that the peer is back after a fault, without a frame so far."""
        with self._lock:
            self._link = Link.WAITING

    def is_lost(self, fault: str, frames: int = 0, at_s: float | None = None) -> None:
        """Record that the peer is gone, or sent unusable data.

        Parameters
        ----------
        fault : str
            What is wrong, without any identity of a patient.
        frames : int
            How many frames are lost by it.
        at_s : float or None
            Time of arrival; None: now.
        """
        with self._lock:
            self._link = Link.LOST
            self._broken_at_s = self._clock() if at_s is None else at_s
            self._say(fault, frames)

    def note(self, fault: str, frames: int = 0) -> None:
        """Record that something was refused or left out, while the link is unchanged."""
        with self._lock:
            self._say(fault, frames)

    def _say(self, fault: str, frames: int) -> None:
        self._fault, self._fault_at_s = fault, self._clock()
        self._lost += frames

"""Base of the live DICOM sources, whose objects arrive on threads of their own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator

from leakwatch.config import LiveDicomSettings
from leakwatch.core.frame import Frame
from leakwatch.core.protocols import LinkStatus
from leakwatch.sources.arrival.arrived_frames import ArrivedFrames
from leakwatch.sources.arrival.link_log import LinkLog


class ArrivalSource(ABC):
    """`LiveSource` of DICOM objects, which a thread of the subclass adds to `_arrived`.

    Parameters
    ----------
    name : str
        Origin of the frames, for the status.
    settings : LiveDicomSettings
    keep : bool
        Objects stay on disk after their frames were yielded.
    """

    def __init__(self, name: str, settings: LiveDicomSettings, keep: bool) -> None:
        self._log = LinkLog(name, settings.fault_shown_s)
        self._arrived = ArrivedFrames(self._log, settings, keep=keep)
        self._closed = threading.Event()

    @property
    def number_of_frames(self) -> None:
        """Unknown."""
        return

    @property
    def status(self) -> LinkStatus:
        """Link status: whether usable objects are received, and what was refused."""
        return self._log.status

    def frames(self) -> Iterator[Frame]:
        """Yield frames in the order in which their objects became complete."""
        return self._arrived.frames()

    def close(self) -> None:
        """End `frames` and stop receiving."""
        self._closed.set()
        self._arrived.stop()
        self._end()

    @abstractmethod
    def _end(self) -> None:
        """End the threads that receive objects, and release their resources."""

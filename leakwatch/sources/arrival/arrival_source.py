"""What the live ways of DICOM share: objects arrive on threads, and frames are asked for."""

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
    """A `LiveSource` of DICOM objects, which a thread of its own puts into `_arrived`.

    Parameters
    ----------
    name : str
        From where frames come, for the status.
    settings : LiveDicomSettings
    keep : bool
        Objects stay on the disk after their frames were given.
    """

    def __init__(self, name: str, settings: LiveDicomSettings, keep: bool) -> None:
        self._log = LinkLog(name, settings.fault_shown_s)
        self._arrived = ArrivedFrames(self._log, settings, keep=keep)
        self._closed = threading.Event()

    @property
    def number_of_frames(self) -> None:
        """Nobody knows."""
        return

    @property
    def status(self) -> LinkStatus:
        """Whether usable objects come, and what was refused."""
        return self._log.status

    def frames(self) -> Iterator[Frame]:
        """Yield frames in the order in which their objects became whole."""
        return self._arrived.frames()

    def close(self) -> None:
        """End `frames`, and let nothing arrive any more."""
        self._closed.set()
        self._arrived.stop()
        self._end()

    @abstractmethod
    def _end(self) -> None:
        """End the threads by which objects arrive, and release what they hold."""

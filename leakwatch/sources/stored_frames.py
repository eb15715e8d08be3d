"""Base of sources of stored frames, which can be read again from any frame on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from leakwatch.core.frame import Acquisition, Frame

# Not every source knows before its end how many frames there are.
Count = TypeVar("Count", int, None)


class StoredFrames(ABC, Generic[Count]):
    """`StoredSource` with one open reading at a time.

    Parameters
    ----------
    acquisition : Acquisition
        Of the first frame, known before it is decoded; others may differ from it.
    number_of_frames : int or None
        Frames that the header announces; None: known only at the end.
    """

    def __init__(self, acquisition: Acquisition, number_of_frames: Count) -> None:
        self._acquisition = acquisition
        self._number_of_frames: Count = number_of_frames
        self._running: Generator[Frame] | None = None

    @property
    def number_of_frames(self) -> Count:
        """Frames that the header announces; None: known only at the end."""
        return self._number_of_frames

    @property
    def acquisition(self) -> Acquisition:
        """Acquisition of the first frame; others may differ from it."""
        return self._acquisition

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """Yield frames in order, each decoded when it is asked for.

        Parameters
        ----------
        first : int
            Position of the first frame; those before it are not yielded.

        Raises
        ------
        SourceEndedEarly
            After the last complete frame, if the rest is missing or damaged.
        SourceError
            The first frame cannot be decoded.
        """
        self.close()
        self._running = self._read(first)
        return self._running

    def close(self) -> None:
        """Release open files."""
        if self._running is not None:
            with suppress(ValueError):  # another thread is decoding: the file goes with it
                self._running.close()

    @abstractmethod
    def _read(self, first: int) -> Generator[Frame]:
        """Yield frames from position `first` on; the generator may be closed before its end."""

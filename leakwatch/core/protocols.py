"""Protocols between layers: stored and live sources, and sinks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from leakwatch.core.frame import Frame
from leakwatch.core.results import Snapshot


class FrameSource(Protocol):
    """Source of frames."""

    @property
    def number_of_frames(self) -> int | None:
        """Announced number of frames, known after construction; None for a live source."""

    def frames(self) -> Iterator[Frame]:
        """Yield frames in order of time, each decoded on request.

        Called once, after construction. Memory use does not grow with the number of frames.

        Raises
        ------
        SourceEndedEarly
            After the last complete frame, if there were fewer than announced.
        SourceError
            The next frame cannot be read; frames yielded before stay valid.
        """

    def close(self) -> None:
        """Release files and sockets. Called once, also after an error. Does not raise."""


class StoredSource(FrameSource, Protocol):
    """Source of stored frames, any of which can be read again."""

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """Yield frames from number `first` on, like `FrameSource.frames`; may be called again.

        A later call ends the iterator of an earlier one.
        """


class Link(StrEnum):
    """State of the connection of a live source."""

    WAITING = "waiting"  # the source listens, and nothing has been received yet
    OPEN = "open"
    LOST = "lost"  # the peer is gone, or sends unusable data


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """Status of the connection of a live source.

    Parameters
    ----------
    link : Link
    text : str
        One line for the operator: where frames come from; or what is wrong, what was found, and
        what to do. Never contains the identity of a patient.
    fluoroscopy_on : bool or None
        None if unknown.
    frames_lost : int
        Number of frames that the source knows to be lost.
    speed : float
        Seconds of frame time per second: 1.0 except for a replay.
    """

    link: Link
    text: str
    fluoroscopy_on: bool | None = None
    frames_lost: int = 0
    speed: float = 1.0


class LiveSource(FrameSource, Protocol):
    """Source of frames that arrive over time.

    `frames` waits for the next frame. It ends when nothing can follow (the end of a replayed file),
    and within a second of `close`, which another thread may call. Unusable data (garbage, colour,
    an incomplete frame) are not yielded: they are reported in `status`, and the source continues.
    Every frame has its `received_s`; a gap in `index` means that frames were lost.
    """

    @property
    def status(self) -> LinkStatus:
        """Current status of the connection, for any thread. Does not raise or block."""


class Sink(Protocol):
    """Destination of snapshots. Any method may raise `SinkError`; alerts never wait for a sink."""

    def append(self, snapshot: Snapshot) -> None:
        """Add one snapshot; called once per frame, in order, without gaps in file analysis.

        A snapshot with a `fault` brings events and no new frame. A live session may continue after
        it, and events may refer to an earlier frame than the snapshot's: actions of the operator in
        the meantime, or writes delayed by a slow disk.
        """

    def close(self) -> None:
        """Finish the output, so that it is readable. Called once, also after an error."""

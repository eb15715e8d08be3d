"""The protocols between layers: sources that are stored or live, and sinks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from leakwatch.core.frame import Frame
from leakwatch.core.results import Snapshot


class FrameSource(Protocol):
    """Where frames come from."""

    @property
    def number_of_frames(self) -> int | None:
        """Frames promised, known after construction; None for a live source."""

    def frames(self) -> Iterator[Frame]:
        """Yield frames in order of time, each decoded when it is asked for.

        Called once, after construction. Memory use does not grow with the number of frames.

        Raises
        ------
        SourceEndedEarly
            After the last whole frame, where fewer came than were promised.
        SourceError
            What comes cannot be read; frames yielded before stay valid.
        """

    def close(self) -> None:
        """Release files and sockets. Called once, also after an error. Does not raise."""


class StoredSource(FrameSource, Protocol):
    """A source whose frames stay where they are, so that any of them can be read again."""

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """As `FrameSource.frames`, from frame number `first` on; may be called again.

        A later call ends what an earlier one gave.
        """


class Link(StrEnum):
    """Whether frames can arrive."""

    WAITING = "waiting"  # the source listens, and nothing has come yet
    OPEN = "open"
    LOST = "lost"  # the peer is gone, or sends what cannot be used


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """What a live source knows of its link, apart from the frames.

    Parameters
    ----------
    link : Link
    text : str
        One line for the person: from where frames come; or what is wrong, what was found, what to
        do. No identity of a patient.
    fluoroscopy_on : bool or None
        None: the source cannot tell.
    frames_lost : int
        How many the source knows to be lost before it could give them.
    speed : float
        Seconds of frame time that pass in a second: 1.0, but for a replay.
    """

    link: Link
    text: str
    fluoroscopy_on: bool | None = None
    frames_lost: int = 0
    speed: float = 1.0


class LiveSource(FrameSource, Protocol):
    """A source whose frames come when they come.

    `frames` waits for the next frame. It ends where nothing can follow (a replayed file is over),
    and within a second of `close`, which another thread may call. What cannot be used (garbage,
    colour, a frame cut in two) is no frame: it shows in `status`, and the source goes on. Every
    frame has its `received_s`; a gap in `index` is a frame that is known to be lost.
    """

    @property
    def status(self) -> LinkStatus:
        """The link as it is now; asked for from any thread, at any time. Does not raise or wait."""


class Sink(Protocol):
    """Where snapshots go. Any method may raise `SinkError`; an alert never waits for a sink."""

    def append(self, snapshot: Snapshot) -> None:
        """Take one snapshot; called once a frame, in order, none missing in file analysis.

        A snapshot with a `fault` brings events and no new frame. In a live session it may come in
        the middle, and events may be of an earlier frame than the snapshot's: what a person did
        meanwhile, or what a slow disk kept waiting.
        """

    def close(self) -> None:
        """Finish the output. Called once, also after an error: what was appended is readable."""

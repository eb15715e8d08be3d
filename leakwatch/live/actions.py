"""What a person does during a session."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.model import Frame, Marks, Point, Reason


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The STOP that is shown was seen.

    Parameters
    ----------
    seen : tuple of Reason
        Of the STOP as the person saw it: one that rose since is not cleared with it.
    """

    seen: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """Begin anew: from here on, what is seen now is anatomy without cement.

    Parameters
    ----------
    marks : Marks or None
        Drawn on `frame`; None: those that were, where they lie now.
    frame : Frame or None
        Of a `Present`; None: the latest.
    """

    marks: Marks | None = None
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of a person, kept with the case."""

    text: str
    at_px: Point | None = None


@dataclass(frozen=True, slots=True)
class PauseAudio:
    """The alarm is silent for a while."""

    seconds: float


Action = Acknowledge | Start | Note | PauseAudio

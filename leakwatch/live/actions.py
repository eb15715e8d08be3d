"""What a person does during a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leakwatch.core.arrays import Point
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.protocols import Sink
from leakwatch.core.results import EventKind, Reason


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
    spacing : (float, float) or None
        Millimetres per pixel at the vertebra and their standard deviation, as a person measured
        them; None: those that were.
    """

    marks: Marks | None = None
    frame: Frame | None = None
    spacing: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The last `Start` was a mistake: what was known before it is known again."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark that is kept with the case: a person's, or of what went wrong in the program."""

    text: str
    at_px: Point | None = None
    kind: EventKind = EventKind.ANNOTATION


@dataclass(frozen=True, slots=True)
class PauseAudio:
    """The alarm is silent for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """From the picture that is shown on, everything goes to more sinks.

    Parameters
    ----------
    sinks : mapping of str to Sink
    follow_marks : callable
        Is told, before the first snapshot, whom to ask for the marks that hold.
    """

    sinks: Mapping[str, Sink]
    follow_marks: Callable[[Callable[[], Marks]], None]


@dataclass(frozen=True, slots=True)
class EndRecord:
    """Everything that is recorded ends with the picture that is shown."""


Action = Acknowledge | Start | TakeBack | Note | PauseAudio

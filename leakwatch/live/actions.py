"""Actions of the operator during a live session, passed from the window to the fold."""

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
    """Acknowledgement of the displayed STOP.

    Parameters
    ----------
    shown : tuple of Reason
        Reasons of the STOP as displayed: a reason that arose since is not cleared.
    """

    shown: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class RestartBaseline:
    """Request for a new baseline: the current image is taken as cement-free.

    Parameters
    ----------
    marks : Marks or None
        Drawn on `frame`; None: the previous marks at their current position.
    frame : Frame or None
        Frame of a `TimedDecision`; None: the latest.
    spacing : (float, float) or None
        Millimetres per pixel at the vertebra and their standard deviation, as measured by the
        operator; None: the previous ones.
    """

    marks: Marks | None = None
    frame: Frame | None = None
    spacing: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class UndoRestart:
    """Undo of the last `RestartBaseline`: the previous baseline is used again."""


@dataclass(frozen=True, slots=True)
class Syringe:
    """A reading of the syringe: how much cement was injected since the baseline.

    Parameters
    ----------
    ml : float
        Into the body, without what fills the cannula; within the limits of `core.volume`.
    """

    ml: float


@dataclass(frozen=True, slots=True)
class SetMargin:
    """Another margin, from the next frame on.

    Parameters
    ----------
    margin_mm : float
    why : str
        Reason, saved with the case; a narrower margin needs one.
    """

    margin_mm: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark saved with the case: from the operator, or about a fault of the program."""

    text: str
    at_px: Point | None = None
    kind: EventKind = EventKind.ANNOTATION


@dataclass(frozen=True, slots=True)
class PauseAudio:
    """Audio pause."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """Start of a recording with the displayed image.

    Parameters
    ----------
    sinks : mapping of str to Sink
    follow_marks : callable
        Receives, before the first snapshot, a function that returns the current marks.
    """

    sinks: Mapping[str, Sink]
    follow_marks: Callable[[Callable[[], Marks]], None]


@dataclass(frozen=True, slots=True)
class EndRecord:
    """End of all recordings with the displayed image."""


Action = Acknowledge | RestartBaseline | UndoRestart | Syringe | SetMargin | Note | PauseAudio

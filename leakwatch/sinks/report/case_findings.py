"""What the outputs of a recorded case are made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.run_records import FrameRecord
from leakwatch.case_files.session_file import SessionFile
from leakwatch.config import Settings
from leakwatch.core.arrays import PointArray
from leakwatch.core.marks import Marks
from leakwatch.core.results import Event, Snapshot
from leakwatch.display.grey_mapping import GreyMapping


@dataclass(frozen=True, slots=True)
class Place:
    """A frame in the recorded files.

    Parameters
    ----------
    part : int
        Index of the file in `Findings.parts`.
    number : int
        Of the frame in it, from 1, as DICOM counts.
    """

    part: int
    number: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame at which the operator was warned.

    Parameters
    ----------
    number : int
        From 1.
    place : Place
    events : tuple of Event
        Of this frame, as they were told.
    snapshot : Snapshot
        Folded again from the recorded frames: the picture, and where things lie in it.
    """

    number: int
    place: Place
    events: tuple[Event, ...]
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Outline:
    """Cement in one frame.

    Parameters
    ----------
    place : Place
    contours_px : tuple of ndarray
        Outer and inner outlines, each ``(n, 2)``.
    """

    place: Place
    contours_px: tuple[PointArray, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """A recorded case, folded once more.

    Parameters
    ----------
    name : str
    parts : tuple of Path
        The recorded DICOM files.
    session : SessionFile
    settings : Settings
    marks : Marks
    lines : tuple of FrameRecord
    events : tuple of Event
        Both as they were written when it was watched.
    moments : tuple of Moment
    outlines : tuple of Outline
        Of frames in which cement is seen.
    greys : GreyMapping
        Of the pictures.
    same_level : int
        Frames that get the same level when they are folded again.
    compared : int
        Of so many.
    """

    name: str
    parts: tuple[Path, ...]
    session: SessionFile
    settings: Settings
    marks: Marks
    lines: tuple[FrameRecord, ...]
    events: tuple[Event, ...]
    moments: tuple[Moment, ...]
    outlines: tuple[Outline, ...]
    greys: GreyMapping
    same_level: int
    compared: int

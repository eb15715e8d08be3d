"""Data for the report and the DICOM objects of a recorded case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.key_image_index import KeyImageLine
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.case_files.session_file import SessionFile
from leakwatch.config import Settings
from leakwatch.core.arrays import PointArray
from leakwatch.core.marks import Marks
from leakwatch.core.results import Event, Snapshot
from leakwatch.display.grey_mapping import GreyMapping
from leakwatch.sinks.report.recorded_frame import ShownFrame


@dataclass(frozen=True, slots=True)
class FrameReference:
    """Position of a frame in the recorded files.

    Parameters
    ----------
    part : int
        Index of the file in `Findings.parts`.
    number : int
        Number of the frame in the file, from 1 as in DICOM.
    """

    part: int
    number: int


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A frame with an alert.

    Parameters
    ----------
    number : int
        Number, from 1.
    reference : FrameReference
    events : tuple of Event
        Events of this frame, as they were shown.
    shown : ShownFrame
        The frame as it was shown, with lines of analysing it again if these agree.
    """

    number: int
    reference: FrameReference
    events: tuple[Event, ...]
    shown: ShownFrame

    @property
    def snapshot(self) -> Snapshot:
        """Frame, with what was shown of it."""
        return self.shown.snapshot


@dataclass(frozen=True, slots=True)
class Outline:
    """Cement in one frame.

    Parameters
    ----------
    reference : FrameReference
    contours_px : tuple of ndarray
        Outer and inner contours, each ``(n, 2)``.
    """

    reference: FrameReference
    contours_px: tuple[PointArray, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """A recorded case, analysed again.

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
        Both as they were recorded during the session.
    key_frames : tuple of KeyFrame
    outlines : tuple of Outline
        Cement in each frame where it is detected.
    greys : GreyMapping
        Grey mapping of the images.
    same_level : int
        Number of frames that have the same level when analysed again.
    compared : int
        Number of frames compared.
    folder : Path or None
        Of the record.
    key_images : tuple of KeyImageLine
        Images that the operator kept.
    """

    name: str
    parts: tuple[Path, ...]
    session: SessionFile
    settings: Settings
    marks: Marks
    lines: tuple[FrameRecord, ...]
    events: tuple[Event, ...]
    key_frames: tuple[KeyFrame, ...]
    outlines: tuple[Outline, ...]
    greys: GreyMapping
    same_level: int
    compared: int
    folder: Path | None = None
    key_images: tuple[KeyImageLine, ...] = ()

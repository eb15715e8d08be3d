"""Files of a recorded session: session.json, and one line of recording.jsonl per frame.

A session is a folder. Its pixels are in DICOM files; recording.jsonl contains the position and the
exact time of each frame, so that a new analysis gives the results that were shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from leakwatch.case_files.strict_json import Index, decode, decode_lines, known, read, unset
from leakwatch.core.messages import text
from leakwatch.core.spacing import Calibration, SpacingRung

SESSION_SCHEMA: Final = "leakwatch.session/1"
SESSION_NAME, RECORDING_NAME = "session.json", "recording.jsonl"
CASE_NAME, SETTINGS_NAME = "session.case.json", "settings.toml"

State = Literal["recording", "complete", "stopped", "recovered"]


class SessionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Content of a session.json. It contains no date and no patient identity.

    Parameters
    ----------
    version : str
        Version of the program that recorded it.
    state : str
        ``recording``, ``complete``, ``stopped`` (could not be recorded to the end) or
        ``recovered``.
    source : str
        Type of the source, such as ``scp``; never an address or a path.
    frames : int
        Number of recorded frames; 0 during recording.
    parts : tuple of str
        Names of the DICOM files, in order.
    mm_per_px, mm_per_px_sigma : float
        Absent if not calibrated.
    spacing_rung : int
    spacing_source : str
    identity : str
        ``removed``, or ``kept by choice``.
    reason : str
        Why it was stopped or recovered.
    masks_px : tuple of (left, top, right, bottom)
        Regions blanked in all frames; absent in files of earlier versions.
    """

    schema: Literal["leakwatch.session/1"]
    version: str
    state: State
    source: str
    spacing_rung: Annotated[int, Meta(ge=0, le=5)]
    spacing_source: str
    frames: Index = 0
    parts: tuple[str, ...] = ()
    mm_per_px: float | UnsetType = UNSET
    mm_per_px_sigma: float | UnsetType = UNSET
    identity: Literal["removed", "kept by choice"] = "removed"
    reason: str = ""
    masks_px: tuple[tuple[Index, Index, Index, Index], ...] = ()

    @property
    def calibration(self) -> Calibration:
        """Calibration used in the session."""
        rung = SpacingRung(self.spacing_rung)
        scale, sigma = known(self.mm_per_px), known(self.mm_per_px_sigma)
        return Calibration(scale, sigma, rung, self.spacing_source)


class RecordedFrame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of recording.jsonl.

    Parameters
    ----------
    frame : int
        `Frame.index`; a gap means lost frames.
    time_s : float
        `Frame.time_s`, exact.
    part : int
        Number of the DICOM file, from 1.
    start, length : int
        Position of its code stream in the file, bytes.
    crc32 : int
        Checksum of the code stream.
    """

    frame: Index
    time_s: float
    part: Annotated[int, Meta(ge=1)]
    start: Index
    length: Index
    crc32: Index


def new_session(version: str, source: str, calibration: Calibration) -> SessionFile:
    """Return the session.json of a new session."""
    return SessionFile(
        schema=SESSION_SCHEMA,
        version=version,
        state="recording",
        source=source,
        spacing_rung=int(calibration.rung),
        spacing_source=calibration.source,
        mm_per_px=unset(calibration.mm_per_px),
        mm_per_px_sigma=unset(calibration.mm_per_px_sigma),
    )


def encode_session(session: SessionFile) -> bytes:
    """Return the bytes of a session.json, which `load_session` reads."""
    return msgspec.json.format(msgspec.json.encode(session, enc_hook=str), indent=1) + b"\n"


def load_session(path: Path) -> SessionFile:
    """Read a session.json.

    Raises
    ------
    CaseError
        It cannot be read, or violates the schema.
    """
    return decode(
        read(path),
        str(path),
        SessionFile,
        {"schema": text("Write {schema}.", schema=SESSION_SCHEMA)},
    )


def recorded_frame_line(frame: RecordedFrame) -> bytes:
    """Return a line of recording.jsonl, with its newline."""
    return msgspec.json.encode(frame, enc_hook=str) + b"\n"


def read_recorded_frames(path: Path) -> tuple[RecordedFrame, ...]:
    """Read a recording.jsonl; an incomplete last line is ignored.

    Raises
    ------
    CaseError
        It cannot be read, or a line violates the schema.
    """
    return tuple(decode_lines(path, RecordedFrame))


def part_name(number: int) -> str:
    """Return the name of a DICOM file of a session; numbers start at 1."""
    return f"fluoroscopy-{number:03d}.dcm"

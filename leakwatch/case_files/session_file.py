"""The files of a recorded session: session.json, and a line of recording.jsonl for each frame.

A session is a folder. Its pixels lie in DICOM files; recording.jsonl says where each frame lies and
when it was taken, to the last digit, so that folding again gives what was shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from leakwatch.case_files.strict_json import Index, decode, decode_lines, known, read, unset
from leakwatch.core.spacing import Calibration, SpacingRung

SESSION_SCHEMA: Final = "leakwatch.session/1"
SESSION_NAME, RECORDING_NAME = "session.json", "recording.jsonl"
CASE_NAME, SETTINGS_NAME = "session.case.json", "settings.toml"

State = Literal["recording", "complete", "stopped", "recovered"]


class SessionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A read or new session.json. No date and no identity of a patient stands in it.

    Parameters
    ----------
    version : str
        Of the program that recorded it.
    state : str
        ``recording``, ``complete``, ``stopped`` (could not be recorded to its end) or
        ``recovered``.
    source : str
        Kind of the source, such as ``scp``; never an address or a path.
    frames : int
        Recorded; 0 while it is recorded.
    parts : tuple of str
        Names of the DICOM files, in order.
    mm_per_px, mm_per_px_sigma : float
        Absent where there are no millimetres.
    spacing_rung : int
    spacing_source : str
    identity : str
        ``removed``, or ``kept by choice``.
    reason : str
        Why it was stopped or had to be recovered.
    masks_px : tuple of (left, top, right, bottom)
        Blanked in all frames; absent from earlier versions.
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
        """The calibration of the session, as it was used."""
        rung = SpacingRung(self.spacing_rung)
        scale, sigma = known(self.mm_per_px), known(self.mm_per_px_sigma)
        return Calibration(scale, sigma, rung, self.spacing_source)


class RecordedFrame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of recording.jsonl.

    Parameters
    ----------
    frame : int
        `Frame.index`; a gap means frames that were lost before they came here.
    time_s : float
        `Frame.time_s`, exact.
    part : int
        Number of the DICOM file, from 1.
    start, length : int
        Where its code stream lies in the file, bytes.
    crc32 : int
        Of the code stream.
    """

    frame: Index
    time_s: float
    part: Annotated[int, Meta(ge=1)]
    start: Index
    length: Index
    crc32: Index


def new_session(version: str, source: str, calibration: Calibration) -> SessionFile:
    """The session.json of a session that begins."""
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
    """The bytes of a session.json; `load_session` gives the same back."""
    return msgspec.json.format(msgspec.json.encode(session, enc_hook=str), indent=1) + b"\n"


def load_session(path: Path) -> SessionFile:
    """Read a session.json.

    Raises
    ------
    CaseError
        It cannot be read, or breaks the schema.
    """
    return decode(read(path), str(path), SessionFile, {"schema": f"Write {SESSION_SCHEMA}."})


def recorded_frame_line(frame: RecordedFrame) -> bytes:
    """A line of recording.jsonl, with its newline."""
    return msgspec.json.encode(frame, enc_hook=str) + b"\n"


def read_recorded_frames(path: Path) -> tuple[RecordedFrame, ...]:
    """Read a recording.jsonl; a last line that was cut off is passed over.

    Raises
    ------
    CaseError
        It cannot be read, or a line breaks the schema.
    """
    return tuple(decode_lines(path, RecordedFrame))


def part_name(number: int) -> str:
    """Name of a session's DICOM file, from number 1 on."""
    return f"fluoroscopy-{number:03d}.dcm"

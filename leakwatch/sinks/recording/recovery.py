"""Repair of a recording after a crash: the process was killed, or the power failed."""

from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec
import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.session_file import (
    CASE_NAME,
    RECORDING_NAME,
    SESSION_NAME,
    RecordedFrame,
    load_session,
    part_name,
    recorded_frame_line,
)
from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.core.planes import SECOND_FOLDER
from leakwatch.files.bounded_input import OutOfBounds, lines_at_most
from leakwatch.files.private_files import replace_private_file
from leakwatch.sinks.recording.frame_recorder import temporary_header, write_case, write_session
from leakwatch.sinks.recording.growing_dicom import truncate_after
from leakwatch.sinks.recording.line_file import is_locked
from leakwatch.sinks.recording.recorded_header import set_frame_times

BROKE_OFF = text("the program ended while it recorded")


@dataclass(frozen=True, slots=True)
class Recovery:
    """Result of a repair.

    Parameters
    ----------
    frames : int
        Number of complete frames.
    parts : int
        Number of DICOM files that contain them.
    lost : int
        Number of frames that were listed, but whose pixels are missing.
    was_complete : bool
        No repair was necessary.
    """

    frames: int
    parts: int
    lost: int
    was_complete: bool


def recover(folder: Path) -> Recovery:
    """Repair a recorded session, with all frames of all its planes that reached the disk.

    Parameters
    ----------
    folder : Path
        Folder of the session. A complete session is not changed.

    Returns
    -------
    Recovery

    Raises
    ------
    SinkError
        It is still being recorded, is not a session, or cannot be written.
    CaseError
        session.json cannot be read.
    """
    first = _recover_plane(folder)
    second = folder / SECOND_FOLDER
    if not (second / SESSION_NAME).is_file():
        return first
    other = _recover_plane(second)
    return Recovery(
        first.frames + other.frames,
        first.parts + other.parts,
        first.lost + other.lost,
        first.was_complete and other.was_complete,
    )


def _recover_plane(folder: Path) -> Recovery:
    if not (folder / SESSION_NAME).is_file():
        raise SinkError(
            text(
                "{folder}: is not a recorded session (no {session_name}). Check the path.",
                folder=folder,
                session_name=SESSION_NAME,
            )
        )
    session = load_session(folder / SESSION_NAME)
    try:
        if is_locked(folder / RECORDING_NAME):
            raise SinkError(
                text("{folder}: is being recorded now. Stop the recording first.", folder=folder)
            )
        listed = _listed_frames(folder / RECORDING_NAME)
        copies = [*folder.glob(temporary_header(Path("fluoroscopy-*.dcm")).name)]
        if session.state != "recording" and not copies:
            return Recovery(session.frames, len(session.parts), 0, True)
        complete = _find_complete(folder, listed)
        parts = _repair_parts(folder, complete)
        lines = b"".join(map(recorded_frame_line, complete))
        replace_private_file(folder / RECORDING_NAME, lines)
        for left in (*copies, *folder.glob(".*.new")):
            left.unlink(missing_ok=True)
        repaired = msgspec.structs.replace(
            session,
            state="recovered",
            frames=len(complete),
            parts=parts,
            reason=session.reason or BROKE_OFF,
        )
        _name_sequence(folder, complete, parts)
        write_session(folder, repaired)
    except (OSError, OutOfBounds) as error:
        raise SinkError(
            text(
                "{folder}: cannot be repaired: {error}. Check permissions and free disk space.",
                folder=folder,
                error=str(error),
            )
        ) from error
    return Recovery(len(complete), len(parts), len(listed) - len(complete), False)


def complete_frames(folder: Path) -> list[RecordedFrame]:
    """Return the frames of a complete or interrupted session whose pixels are intact.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    OSError
        recording.jsonl is missing or cannot be read.
    """
    return _find_complete(folder, _listed_frames(folder / RECORDING_NAME))


def _listed_frames(path: Path) -> list[RecordedFrame]:
    """Return lines up to the first incomplete one: after a power failure anything may follow."""
    found = []
    for line in lines_at_most(path):
        if not line.endswith(b"\n"):
            break
        try:
            found.append(msgspec.json.decode(line, type=RecordedFrame))
        except msgspec.MsgspecError:
            break
    return found


def _find_complete(folder: Path, listed: list[RecordedFrame]) -> list[RecordedFrame]:
    """Return frames up to the first whose pixels differ from what was written."""
    complete: list[RecordedFrame] = []
    for part, frames in groupby(listed, lambda frame: frame.part):
        path = folder / part_name(part)
        if not path.is_file():
            return complete
        with path.open("rb") as file:
            for frame in frames:
                file.seek(frame.start)
                if zlib.crc32(file.read(frame.length)) != frame.crc32:
                    return complete
                complete.append(frame)
    return complete


def _repair_parts(folder: Path, complete: list[RecordedFrame]) -> tuple[str, ...]:
    """Complete incomplete files, remove those without frames, and return the names of the rest."""
    names = []
    for part, group in groupby(complete, lambda frame: frame.part):
        frames = list(group)
        path = folder / part_name(part)
        names.append(path.name)
        end = frames[-1].start + frames[-1].length
        if temporary_header(path).exists() or path.stat().st_size > end + 8:
            header = _header(path)
            set_frame_times(header, [frame.time_s for frame in frames])
            truncate_after(path, end, header)
    for path in folder.glob("fluoroscopy-*.dcm"):
        if path.name not in names:
            path.unlink()
    return tuple(names)


def _header(path: Path) -> FileDataset:
    """Return the initial header of a file: the one in place may be partly overwritten.

    A power failure may destroy the copy; the header in place is then still intact.
    """
    copy = temporary_header(path)
    if copy.exists():
        with suppress(InvalidDicomError):
            return pydicom.dcmread(copy, stop_before_pixels=True)
    return pydicom.dcmread(path, stop_before_pixels=True)


def _name_sequence(folder: Path, complete: list[RecordedFrame], parts: tuple[str, ...]) -> None:
    path = folder / CASE_NAME
    if not path.exists():
        return
    in_order = all(frame.frame == index for index, frame in enumerate(complete))
    session = load_session(folder / SESSION_NAME)
    sequence = parts[0] if len(parts) == 1 and in_order else "."
    write_case(folder, load_case(path).marks, session.calibration, sequence)

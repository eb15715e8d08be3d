"""Make a session whole that broke off: its process was killed, or the power failed."""

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
from leakwatch.files.bounded_input import OutOfBounds, lines_at_most
from leakwatch.files.private_files import replace_private_file
from leakwatch.sinks.recording.frame_recorder import spare_head, write_case, write_session
from leakwatch.sinks.recording.growing_dicom import cut_after
from leakwatch.sinks.recording.line_file import is_locked
from leakwatch.sinks.recording.recorded_header import set_frame_times

BROKE_OFF = "the program ended while it recorded"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found, and made whole.

    Parameters
    ----------
    frames : int
        That are whole.
    parts : int
        DICOM files that hold them.
    lost : int
        Frames that were noted, and whose pixels are not there.
    was_whole : bool
        Nothing had to be done.
    """

    frames: int
    parts: int
    lost: int
    was_whole: bool


def recover(folder: Path) -> Recovery:
    """Make a recorded session whole, as far as its frames reached the disk.

    Parameters
    ----------
    folder : Path
        Of the session. Where it is whole nothing is changed.

    Returns
    -------
    Recovery

    Raises
    ------
    SinkError
        It is still being recorded, is no session, or cannot be written.
    CaseError
        session.json cannot be read.
    """
    if not (folder / SESSION_NAME).is_file():
        raise SinkError(f"{folder}: is no recorded session (no {SESSION_NAME}). Check the path.")
    session = load_session(folder / SESSION_NAME)
    try:
        if is_locked(folder / RECORDING_NAME):
            raise SinkError(f"{folder}: is being recorded now. Stop the recording first.")
        noted = _noted(folder / RECORDING_NAME)
        spares = [*folder.glob(spare_head(Path("fluoroscopy-*.dcm")).name)]
        if session.state != "recording" and not spares:
            return Recovery(session.frames, len(session.parts), 0, True)
        whole = _whole(folder, noted)
        parts = _mend_parts(folder, whole)
        lines = b"".join(map(recorded_frame_line, whole))
        replace_private_file(folder / RECORDING_NAME, lines)
        for left in (*spares, *folder.glob(".*.new")):
            left.unlink(missing_ok=True)
        mended = msgspec.structs.replace(
            session,
            state="recovered",
            frames=len(whole),
            parts=parts,
            reason=session.reason or BROKE_OFF,
        )
        _name_sequence(folder, whole, parts)
        write_session(folder, mended)
    except (OSError, OutOfBounds) as error:
        raise SinkError(f"{folder}: cannot be recovered: {error}.") from error
    return Recovery(len(whole), len(parts), len(noted) - len(whole), False)


def whole_frames(folder: Path) -> list[RecordedFrame]:
    """Frames of a session, recorded in full or broken off, whose pixels are what was written.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    OSError
        There is no recording.jsonl, or it cannot be read.
    """
    return _whole(folder, _noted(folder / RECORDING_NAME))


def _noted(path: Path) -> list[RecordedFrame]:
    """Lines up to the first that is not whole: after a power cut anything may follow."""
    found = []
    for line in lines_at_most(path):
        if not line.endswith(b"\n"):
            break
        try:
            found.append(msgspec.json.decode(line, type=RecordedFrame))
        except msgspec.MsgspecError:
            break
    return found


def _whole(folder: Path, noted: list[RecordedFrame]) -> list[RecordedFrame]:
    """Frames up to the first whose pixels are not what was written."""
    whole: list[RecordedFrame] = []
    for part, frames in groupby(noted, lambda frame: frame.part):
        path = folder / part_name(part)
        if not path.is_file():
            return whole
        with path.open("rb") as file:
            for frame in frames:
                file.seek(frame.start)
                if zlib.crc32(file.read(frame.length)) != frame.crc32:
                    return whole
                whole.append(frame)
    return whole


def _mend_parts(folder: Path, whole: list[RecordedFrame]) -> tuple[str, ...]:
    """Complete the files that are not, drop those without a frame, and name the rest."""
    names = []
    for part, group in groupby(whole, lambda frame: frame.part):
        frames = list(group)
        path = folder / part_name(part)
        names.append(path.name)
        end = frames[-1].start + frames[-1].length
        if spare_head(path).exists() or path.stat().st_size > end + 8:
            head = _head(path)
            set_frame_times(head, [frame.time_s for frame in frames])
            cut_after(path, end, head)
    for path in folder.glob("fluoroscopy-*.dcm"):
        if path.name not in names:
            path.unlink()
    return tuple(names)


def _head(path: Path) -> FileDataset:
    """The head that the file began with: the one in place may be half overwritten.

    A power cut may leave nothing of the copy; nobody has begun to overwrite the first one then.
    """
    spare = spare_head(path)
    if spare.exists():
        with suppress(InvalidDicomError):
            return pydicom.dcmread(spare, stop_before_pixels=True)
    return pydicom.dcmread(path, stop_before_pixels=True)


def _name_sequence(folder: Path, whole: list[RecordedFrame], parts: tuple[str, ...]) -> None:
    path = folder / CASE_NAME
    if not path.exists():
        return
    in_order = all(frame.frame == index for index, frame in enumerate(whole))
    session = load_session(folder / SESSION_NAME)
    sequence = parts[0] if len(parts) == 1 and in_order else "."
    write_case(folder, load_case(path).marks, session.calibration, sequence)

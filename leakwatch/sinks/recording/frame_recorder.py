"""Lossless recording of every frame of a session, in DICOM files that grow as frames arrive.

A new file begins when the acquisition changes (another size, another position of the C-arm) and
when a file gets large. Other files: recording.jsonl (position and exact time of each frame),
session.json, session.case.json (marks) and settings.toml. See docs/explanation/decisions/0010.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
from pydicom.dataset import FileDataset
from pydicom.uid import UID, generate_uid

from leakwatch import __version__
from leakwatch.case_files.case_file import encode_case
from leakwatch.case_files.session_file import (
    CASE_NAME,
    RECORDING_NAME,
    SESSION_NAME,
    SETTINGS_NAME,
    RecordedFrame,
    SessionFile,
    encode_session,
    new_session,
    part_name,
    recorded_frame_line,
)
from leakwatch.config import Settings
from leakwatch.core.arrays import Rectangle
from leakwatch.core.errors import SinkError
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.messages import text
from leakwatch.core.redaction import mask_frame
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.files.private_files import new_private_file, replace_private_file
from leakwatch.sinks.recording.growing_dicom import GrowingDicom
from leakwatch.sinks.recording.line_file import LineFile
from leakwatch.sinks.recording.lossless_pixels import Compression, compressed
from leakwatch.sinks.recording.recorded_header import (
    PlaceInStudy,
    make_recorded_header,
    set_frame_times,
    to_recorded_values,
)
from leakwatch.sinks.recording.recorded_settings import recorded_settings

# Largest file: within 32-bit offsets, so that every reader and offset table can address it.
PART_BYTES = 2**31 - 2**27
# Most frames in a file: each takes up to 11 of the 65534 bytes of Frame Time Vector.
PART_FRAMES = 5000


@dataclass(frozen=True, slots=True)
class Recording:
    """Properties of a session when it begins.

    Parameters
    ----------
    marks : Marks
    calibration : Calibration
        Replaced if a frame has another: a live source knows its own with its first frame.
    settings : Settings
    source : str
        Source type, such as ``scp``; written to a file, so without path and address.
    keep_identity : bool
        The user chose to keep burned-in annotation. The choice is logged.
    masks_px : tuple of (left, top, right, bottom)
        Rectangles that are blanked before a frame is written, pixels; right and bottom excluded.
    compression : Compression
        `RLE` for live sources.
    """

    marks: Marks
    calibration: Calibration
    settings: Settings
    source: str
    keep_identity: bool = False
    masks_px: tuple[Rectangle, ...] = ()
    compression: Compression = Compression.RLE


@dataclass(slots=True)
class _Part:
    """File that is being written."""

    number: int
    acquisition: Acquisition
    header: FileDataset
    file: GrowingDicom
    times_s: list[float] = field(default_factory=list)


class FrameRecorder:
    """A `Sink` that saves every frame; used on one thread.

    Parameters
    ----------
    folder : Path
        Exists, is writable, and contains no recorded session.
    recording : Recording

    Raises
    ------
    SinkError
        A file cannot be created, or the folder contains a session already.
    """

    def __init__(self, folder: Path, recording: Recording) -> None:
        if (folder / SESSION_NAME).exists():
            raise SinkError(
                text(
                    "{folder} contains a recorded session already. Choose another folder.",
                    folder=folder,
                )
            )
        self._folder, self._recording = folder, recording
        self._study, self._series = generate_uid(None), generate_uid(None)
        self._part: _Part | None = None
        self._parts = self._frames = 0
        self._gaps, self._reason = False, ""
        self._subject = ""
        self._marks = recording.marks
        self._marks_now: Callable[[], Marks] = lambda: recording.marks
        session = new_session(__version__, recording.source, recording.calibration)
        identity = "kept by choice" if recording.keep_identity else "removed"
        self._session = msgspec.structs.replace(session, identity=identity)
        self._lines = LineFile(folder / RECORDING_NAME)
        try:
            write_session(folder, self._session)
            settings = recorded_settings(recording.settings)
            replace_private_file(folder / SETTINGS_NAME, settings)
            write_case(folder, recording.marks, recording.calibration, ".")
            # Load the encoder now: the first frame must not wait for it.
            compressed(np.zeros((2, 2), np.uint16), recording.compression)
        except OSError as error:
            self._lines.close()
            raise SinkError(
                text(
                    "{folder} cannot be written: {error}. Check permissions and free disk space.",
                    folder=folder,
                    error=str(error),
                )
            ) from error

    def follow_marks(self, marks_now: Callable[[], Marks]) -> None:
        """Ask `marks_now` for the current marks with each frame: the operator may change them.

        Call it before the first frame; `marks_now` is called on the thread of this sink.
        """
        self._marks_now = marks_now

    def append(self, snapshot: Snapshot) -> None:
        """Write one frame. A source fault has no frame.

        Raises
        ------
        SinkError
            The disk is full, or the frame shows text that may name the patient. Frames written
            before are complete.
        """
        if snapshot.fault is not None:
            return
        try:
            # The frame first: replacing a file takes a slow disk as long as many frames.
            changed = self._follow_changes(self._marks_now(), snapshot.observation.calibration)
            self._append(snapshot.frame)
            if changed:
                self._write_changes()
        except SinkError as error:
            # Without the folder, whose name may identify the patient.
            self._reason = self._reason or str(error).replace(f"{self._folder}/", "")
            raise

    def close(self) -> None:
        """Complete the last file, and write to session.json what was recorded.

        Raises
        ------
        SinkError
            The disk is full or removed; `leakwatch recover` repairs the recording later.
        """
        try:
            self._end_part()
            self._lines.check()  # else half of a recording might be written into another folder
            state = "stopped" if self._reason else "complete"
            session = msgspec.structs.replace(
                self._session,
                state=state,
                frames=self._frames,
                parts=tuple(part_name(number + 1) for number in range(self._parts)),
                reason=self._reason,
            )
            alone = self._parts == 1 and not self._gaps
            sequence = part_name(1) if alone else "."
            write_case(self._folder, self._marks, self._session.calibration, sequence)
            write_session(self._folder, session)
        except OSError as error:
            raise SinkError(
                text(
                    "{folder} cannot be written: {error}. Check permissions and free disk space.",
                    folder=self._folder,
                    error=str(error),
                )
            ) from error
        finally:
            self._lines.close()

    def _follow_changes(self, marks: Marks, calibration: Calibration) -> bool:
        if marks is self._marks and calibration == self._session.calibration:
            return False
        self._marks = marks
        spacing = new_session("", "", calibration)
        self._session = msgspec.structs.replace(
            self._session,
            mm_per_px=spacing.mm_per_px,
            mm_per_px_sigma=spacing.mm_per_px_sigma,
            spacing_rung=spacing.spacing_rung,
            spacing_source=spacing.spacing_source,
        )
        return True

    def _write_changes(self) -> None:
        try:
            write_session(self._folder, self._session)
            write_case(self._folder, self._marks, self._session.calibration, ".")
        except OSError as error:
            raise SinkError(
                text(
                    "{folder} cannot be written: {error}. Check permissions and free disk space.",
                    folder=self._folder,
                    error=str(error),
                )
            ) from error

    def _record_masks(self, acquisition: Acquisition) -> None:
        """Write masks to session.json: no DICOM element has them, and black looks like cement."""
        known = self._session.masks_px
        new = tuple(mask for mask in acquisition.masks_px if mask not in known)
        if not new:
            return
        self._session = msgspec.structs.replace(self._session, masks_px=(*known, *new))
        try:
            write_session(self._folder, self._session)
        except OSError as error:
            raise SinkError(
                text(
                    "{folder} cannot be written: {error}. Check permissions and free disk space.",
                    folder=self._folder,
                    error=str(error),
                )
            ) from error

    def _append(self, frame: Frame) -> None:
        _refuse_annotation(frame.acquisition, self._recording)
        frame = mask_frame(frame, self._recording.masks_px)
        acquisition = frame.acquisition
        pixels = to_recorded_values(frame.pixels, acquisition.pixel_format)
        stream = compressed(pixels, self._recording.compression)
        part = self._part
        if part is None or _is_over(part, acquisition, len(stream)):
            self._end_part()
            part = self._begin_part(frame)
        start = part.file.append(stream)
        part.times_s.append(frame.time_s)
        self._gaps = self._gaps or frame.index != self._frames
        self._frames += 1
        line = RecordedFrame(
            frame.index, frame.time_s, part.number, start, len(stream), zlib.crc32(stream)
        )
        self._lines.write(recorded_frame_line(line))

    def _begin_part(self, frame: Frame) -> _Part:
        number = self._parts + 1
        self._record_masks(frame.acquisition)
        if frame.acquisition.subject != self._subject:  # another patient: another study
            self._subject = frame.acquisition.subject
            self._study, self._series = generate_uid(None), generate_uid(None)
        header = make_recorded_header(
            frame.acquisition,
            8 * frame.pixels.dtype.itemsize,
            self._marks,
            self._recording.compression.transfer_syntax,
            PlaceInStudy(UID(self._study), UID(self._series), number),
        )
        set_frame_times(header, [0.0])
        path = self._folder / part_name(number)
        try:
            # Recovery uses this header if the process ends while the final one is written.
            with new_private_file(temporary_header(path)) as file:
                header.save_as(file, enforce_file_format=True)
        except OSError as error:
            raise SinkError(
                text("{path} cannot be written: {reason}.", path=path, reason=error.strerror)
            ) from error
        part = _Part(number, frame.acquisition, header, GrowingDicom(path, header))
        self._part, self._parts = part, number
        return part

    def _end_part(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        if not part.times_s:  # its first frame could not be written
            part.file.close(None)
            (self._folder / part_name(part.number)).unlink()
            self._parts -= 1
        else:
            set_frame_times(part.header, part.times_s)
            part.file.close(part.header)
        temporary_header(self._folder / part_name(part.number)).unlink()


def write_session(folder: Path, session: SessionFile) -> None:
    """Write or replace session.json."""
    replace_private_file(folder / SESSION_NAME, encode_session(session))


def write_case(folder: Path, marks: Marks, calibration: Calibration, sequence: str) -> None:
    """Write or replace session.case.json; without a view there is none.

    A calibration from the header is in the DICOM files; this file has one that the user gave.
    """
    if marks.view is None:
        (folder / CASE_NAME).unlink(missing_ok=True)
        return
    by_hand = calibration.rung in (SpacingRung.CASE, SpacingRung.CALIBRATION_FILE)
    scale = calibration.mm_per_px if by_hand else None
    sigma = calibration.mm_per_px_sigma if by_hand else None
    replace_private_file(folder / CASE_NAME, encode_case(CaseFile(sequence, marks, scale, sigma)))


def temporary_header(part: Path) -> Path:
    """Return the path of the copy of a header, for a file that is not complete."""
    return part.with_suffix(".head")


def _is_over(part: _Part, acquisition: Acquisition, more_bytes: int) -> bool:
    if len(part.times_s) >= PART_FRAMES or part.file.size + more_bytes > PART_BYTES:
        return True
    if acquisition is part.acquisition:
        return False
    # A source may declare the same acquisition again; only what is written counts.
    return _written_form(acquisition) != _written_form(part.acquisition)


def _written_form(acquisition: Acquisition) -> str:
    # Brightness control changes the voltage all the time: a part has that of its first frame.
    return repr(replace(acquisition, number_of_frames=None, notes=(), tube_kv=None))


def _refuse_annotation(acquisition: Acquisition, recording: Recording) -> None:
    if acquisition.burned_in_annotation and not (recording.masks_px or recording.keep_identity):
        raise SinkError(
            text(
                "frames are not recorded: they have a burned-in annotation (Burned In Annotation "
                "is YES, or it is a screen capture for which nothing is stated), which may name "
                "the patient. State which rectangles to mask (for a video roi=, mask= or "
                "text=no), or keep it with --keep-identity."
            )
        )

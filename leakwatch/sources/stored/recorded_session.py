"""A session that LeakWatch recorded: its frames with the numbers and times that they had."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from leakwatch.case_files.session_file import (
    RECORDING_NAME,
    SESSION_NAME,
    RecordedFrame,
    load_session,
    part_name,
    read_recorded_frames,
)
from leakwatch.core.errors import CaseError, SourceError
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.messages import text
from leakwatch.core.redaction import with_masks
from leakwatch.sources.dicom.dicom_file import DicomFile
from leakwatch.sources.stored_frames import StoredFrames


class RecordedSession(StoredFrames[int]):
    """Frames of all files of a session, in order; a `StoredSource`.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    SourceError
        It is not a session, is incomplete, or has no frame.
    """

    def __init__(self, folder: Path) -> None:
        try:
            session = load_session(folder / SESSION_NAME)
            recorded = read_recorded_frames(folder / RECORDING_NAME)
        except CaseError as error:
            raise SourceError(str(error)) from error
        if session.state == "recording":
            raise SourceError(
                text(
                    "{folder}: is being recorded, or was interrupted. If nothing records "
                    "it any more, repair it with: leakwatch recover {folder}",
                    folder=folder,
                )
            )
        if not recorded:
            raise SourceError(
                text("{folder}: no frame was recorded. Choose another session.", folder=folder)
            )
        self._folder, self._recorded, self._masks_px = folder, recorded, session.masks_px
        first = DicomFile(folder / part_name(recorded[0].part))
        super().__init__(self._of_session(first.acquisition), len(recorded))

    def _read(self, first: int) -> Generator[Frame]:
        before = 0
        for part, group in groupby(self._recorded, lambda frame: frame.part):
            recorded = list(group)
            skipped = min(max(first - before, 0), len(recorded))
            before += len(recorded)
            if skipped < len(recorded):
                yield from self._read_part(part, recorded, skipped)

    def _read_part(self, part: int, recorded: list[RecordedFrame], skip: int) -> Generator[Frame]:
        source = DicomFile(self._folder / part_name(part))
        is_first = part == self._recorded[0].part
        shared = self.acquisition if is_first else self._of_session(source.acquisition)
        with closing(source):
            for frame, known in zip(source.frames(skip), recorded[skip:], strict=True):
                yield Frame(known.frame, known.time_s, frame.pixels, shared)

    def _of_session(self, acquisition: Acquisition) -> Acquisition:
        # Marks name frames by their number, and lost frames have one too.
        whole = replace(acquisition, number_of_frames=self._recorded[-1].frame + 1)
        return with_masks(whole, self._masks_px)

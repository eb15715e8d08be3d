"""A session that LeakWatch recorded: its frames with the numbers and times that they had."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
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


class RecordedSession:
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
            self._frames = read_recorded_frames(folder / RECORDING_NAME)
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
        if not self._frames:
            raise SourceError(
                text("{folder}: no frame was recorded. Choose another session.", folder=folder)
            )
        self._folder = folder
        first = DicomFile(folder / part_name(self._frames[0].part))
        self._masks_px = session.masks_px
        self._first = self._of_session(first.acquisition)
        self._running: Generator[Frame] | None = None

    @property
    def number_of_frames(self) -> int:
        """Frames that were recorded."""
        return len(self._frames)

    @property
    def acquisition(self) -> Acquisition:
        """Of the first frame; it may change from file to file."""
        return self._first

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """Yield the recorded frames, from the one at place `first` on.

        Raises
        ------
        SourceEndedEarly, SourceError
            A file is damaged.
        """
        self.close()
        self._running = self._read(first)
        return self._running

    def close(self) -> None:
        """Release the files."""
        if self._running is not None:
            with suppress(ValueError):  # another thread is decoding: the file goes with it
                self._running.close()

    def _read(self, first: int) -> Generator[Frame]:
        before = 0
        for part, group in groupby(self._frames, lambda frame: frame.part):
            recorded = list(group)
            skipped = min(max(first - before, 0), len(recorded))
            before += len(recorded)
            if skipped < len(recorded):
                yield from self._read_part(part, recorded, skipped)

    def _read_part(self, part: int, recorded: list[RecordedFrame], skip: int) -> Generator[Frame]:
        source = DicomFile(self._folder / part_name(part))
        is_first = part == self._frames[0].part
        shared = self._first if is_first else self._of_session(source.acquisition)
        with closing(source):
            for frame, known in zip(source.frames(skip), recorded[skip:], strict=True):
                yield Frame(known.frame, known.time_s, frame.pixels, shared)

    def _of_session(self, acquisition: Acquisition) -> Acquisition:
        # Marks name frames by their number, and lost frames have one too.
        whole = replace(acquisition, number_of_frames=self._frames[-1].frame + 1)
        return with_masks(whole, self._masks_px)

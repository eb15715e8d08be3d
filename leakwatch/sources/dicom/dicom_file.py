"""A single- or multi-frame DICOM file as a source."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.plural import counted_noun
from leakwatch.sources.dicom.acquisition_tags import acquisition
from leakwatch.sources.dicom.decoding import check_decodable, stored_values
from leakwatch.sources.dicom.dicom_header import read_header
from leakwatch.sources.dicom.frame_offsets import find_frames
from leakwatch.sources.dicom.frame_times import frame_times
from leakwatch.sources.dicom.tag_consistency import reconcile_with_pixels
from leakwatch.sources.dicom.tags_per_frame import EachFrame


class DicomFile:
    """Frames of a monochrome DICOM image of any SOP class; a `FrameSource`.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SourceError
        It is not a DICOM image, is in colour, no decoder reads it, or no frame of it is complete.
    """

    def __init__(self, path: Path) -> None:
        header = read_header(path)
        check_decodable(header)
        places = find_frames(header)
        header = reconcile_with_pixels(header, places)
        times = frame_times(header.dataset, header.number_of_frames, len(places.frames))
        notes = times.notes + header.doubts
        if places.surplus:
            notes += (
                f"{counted_noun(places.surplus, 'more frame follows', 'more frames follow')} than "
                "Number of Frames states; the others are ignored.",
            )
        self._header, self._places, self._times = header, places, times
        run = acquisition(
            header.dataset, header.layout, header.number_of_frames, times.source, notes
        )
        self._acquisition = replace(run, time_doubts=times.doubts)
        self._each = EachFrame(
            header.dataset, header.layout, self._acquisition, header.number_of_frames
        )
        self._running: Generator[Frame] | None = None

    @property
    def number_of_frames(self) -> int:
        """Frames that the header promises."""
        return self._header.number_of_frames

    @property
    def acquisition(self) -> Acquisition:
        """That of the first frame, known before it is decoded; others may differ from it."""
        return self._acquisition

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """Yield frames in order, each decoded when it is asked for.

        Parameters
        ----------
        first : int
            Frame to begin with; those before it are not read.

        Raises
        ------
        SourceEndedEarly
            After the last complete frame, if the rest of the file is missing or damaged.
        SourceError
            The first frame cannot be decoded.
        """
        self.close()
        self._running = self._decode(first)
        return self._running

    def close(self) -> None:
        """Release the file."""
        if self._running is not None:
            with suppress(ValueError):  # another thread is decoding: the file goes with it
                self._running.close()

    def _decode(self, first: int) -> Generator[Frame]:
        # A generator that is left to the garbage collector keeps its file open.
        with closing(stored_values(self._header, self._places, first)) as pixels_of_frames:
            for index, pixels in enumerate(pixels_of_frames, first):
                yield Frame(index, self._times.seconds[index], pixels, self._each.at(index))

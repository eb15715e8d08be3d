"""One DICOM file, single- or multi-frame, as a source of frames."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

from leakwatch.model import Acquisition, Frame
from leakwatch.sources.dicom_header import Header, read_header
from leakwatch.sources.dicom_pixels import check_decodable, stored_values
from leakwatch.sources.dicom_tags import acquisition
from leakwatch.sources.dicom_times import FrameTimes, frame_times


class DicomFile:
    """Frames of a monochrome DICOM image of any SOP class; a `FrameSource`.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SourceError
        It is not a DICOM image, is in colour, or no decoder reads it.
    """

    def __init__(self, path: Path) -> None:
        header = read_header(path)
        check_decodable(header)
        times = frame_times(header.dataset, header.number_of_frames)
        self._header, self._times = header, times
        self._acquisition = acquisition(
            header.dataset, header.number_of_frames, times.source, times.notes
        )
        self._running: Generator[Frame] | None = None

    @property
    def number_of_frames(self) -> int:
        """Frames that the head promises."""
        return self._header.number_of_frames

    @property
    def acquisition(self) -> Acquisition:
        """What all frames share; known before the first is decoded."""
        return self._acquisition

    def frames(self) -> Iterator[Frame]:
        """Yield frames in order, each decoded when it is asked for.

        Raises
        ------
        SourceEndedEarly
            After the last whole frame, where the file is cut off or damaged from there on.
        SourceError
            The first frame cannot be decoded.
        """
        self._running = _frames(self._header, self._times, self._acquisition)
        return self._running

    def close(self) -> None:
        """Release the file."""
        if self._running is not None:
            with suppress(ValueError):  # another thread is decoding: the file goes with it
                self._running.close()


def _frames(header: Header, times: FrameTimes, run: Acquisition) -> Generator[Frame]:
    for index, pixels in enumerate(stored_values(header)):
        yield Frame(index, times.seconds[index], pixels, run)

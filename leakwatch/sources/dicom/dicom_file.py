"""A single- or multi-frame DICOM file as a source."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from leakwatch.core.frame import Frame
from leakwatch.core.plural import counted_noun
from leakwatch.sources.dicom.acquisition_tags import acquisition
from leakwatch.sources.dicom.decoding import check_decodable, stored_values
from leakwatch.sources.dicom.dicom_header import read_header
from leakwatch.sources.dicom.frame_offsets import find_frames
from leakwatch.sources.dicom.frame_times import frame_times
from leakwatch.sources.dicom.tag_consistency import reconcile_with_pixels
from leakwatch.sources.dicom.tags_per_frame import EachFrame
from leakwatch.sources.stored_frames import StoredFrames


class DicomFile(StoredFrames[int]):
    """Frames of a monochrome DICOM image of any SOP class; a `StoredSource`.

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
        super().__init__(replace(run, time_doubts=times.doubts), header.number_of_frames)
        self._each = EachFrame(
            header.dataset, header.layout, self.acquisition, header.number_of_frames
        )

    def _read(self, first: int) -> Generator[Frame]:
        # A generator that is left to the garbage collector keeps its file open.
        with closing(stored_values(self._header, self._places, first)) as pixels_of_frames:
            for index, pixels in enumerate(pixels_of_frames, first):
                yield Frame(index, self._times.seconds[index], pixels, self._each.at(index))

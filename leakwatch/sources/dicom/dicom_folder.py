"""A folder of single-frame DICOM files, in the order in which they were acquired."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.frame import Acquisition, Frame, TimeSource
from leakwatch.core.messages import text
from leakwatch.sources.dicom.acquisition_tags import acquisition
from leakwatch.sources.dicom.decoding import check_decodable, stored_values
from leakwatch.sources.dicom.dicom_header import Header, NotAnImage, read_header
from leakwatch.sources.dicom.element_values import number, text_value
from leakwatch.sources.dicom.frame_offsets import NoWholeFrame, find_frames
from leakwatch.sources.dicom.frame_order import Single, in_order
from leakwatch.sources.dicom.frame_times import clock_time
from leakwatch.sources.dicom.run_identity import run_difference
from leakwatch.sources.dicom.tag_consistency import reconcile_with_pixels
from leakwatch.sources.dicom.tags_per_frame import acquisition_of_frame, said_of_frame
from leakwatch.sources.stored_frames import StoredFrames


class DicomFolder(StoredFrames[int]):
    """Frames of one run that was stored as one file each; a `FrameSource`.

    Files of another kind (DICOMDIR, reports, notes) are passed over.

    Parameters
    ----------
    folder : Path
    files : sequence of Path or None
        The files of the run, where the folder, or those below it, hold others too.

    Raises
    ------
    SourceError
        No frames, frames of several runs or sizes, a multi-frame file among them, or a file that
        cannot be read.
    """

    def __init__(self, folder: Path, files: Sequence[Path] | None = None) -> None:
        singles, first = _singles(folder, _files(folder) if files is None else files)
        _check_one_run(folder, singles)
        ordered, times = in_order(singles, first.dataset)
        self._paths = tuple(single.path for single in ordered)
        self._folder, self._times = folder, times
        run = replace(
            ordered[0].run,
            number_of_frames=len(ordered),
            time_source=times.source,
            notes=times.notes + ordered[0].run.notes,
            time_doubts=times.doubts,
        )
        super().__init__(run, len(ordered))
        self._own = {
            index: acquisition_of_frame(run, single.run)
            for index, single in enumerate(ordered)
            if said_of_frame(single.run) != said_of_frame(ordered[0].run)
        }

    def _read(self, first: int) -> Generator[Frame]:
        for index, path in enumerate(self._paths[first:], first):
            try:
                header = read_header(path)
                # A generator that is left to the garbage collector keeps its file open.
                places = find_frames(header)
                header = reconcile_with_pixels(header, places)
                with closing(stored_values(header, places)) as frames:
                    pixels = next(frames)
            except SourceError as error:
                if index == 0:
                    raise
                raise SourceEndedEarly(
                    text(
                        "{folder}: {index} of {paths} frames are complete ({error}) "
                        "Earlier frames are valid.",
                        folder=self._folder,
                        index=index,
                        paths=len(self._paths),
                        error=str(error),
                    )
                ) from error
            yield Frame(index, self._times.seconds[index], pixels, self._at(index))

    def _at(self, index: int) -> Acquisition:
        """Return the acquisition of one frame; the same object if it equals that of the first."""
        return self._own.get(index, self.acquisition)


def _singles(folder: Path, files: Sequence[Path]) -> tuple[list[Single], Header]:
    """Return the single frames among `files`, and one of their headers."""
    singles: list[Single] = []
    first: Header | None = None
    passed_over = 0
    for path in files:
        try:
            header = read_header(path)
        except NotAnImage:
            passed_over += 1
            continue
        check_decodable(header)
        if header.number_of_frames > 1:
            raise SourceError(
                text(
                    "{folder}: {first} contains {number_of_frames} frames; a folder is read as "
                    "single frames. Give the path of that file.",
                    folder=folder,
                    first=path.name,
                    number_of_frames=header.number_of_frames,
                )
            )
        first = first or header
        singles.append(_single(header))
    if first is None:
        raise SourceError(
            text(
                "{folder}: contains no DICOM image ({other_files} other files). Give a folder that "
                "contains the frames themselves, not folders of them.",
                folder=folder,
                other_files=passed_over,
            )
        )
    return singles, first


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(
            text(
                "{folder}: cannot be read: {reason}. Check the path and its permissions.",
                folder=folder,
                reason=reason,
            )
        ) from error


def _single(header: Header) -> Single:
    # Damage is reported on decoding: the frames before it are valid.
    with suppress(NoWholeFrame):
        header = reconcile_with_pixels(header, find_frames(header))
    dataset = header.dataset
    return Single(
        header.path,
        text_value(dataset, "SeriesInstanceUID"),
        number(dataset, "InstanceNumber"),
        clock_time(dataset),
        acquisition(dataset, header.layout, 1, TimeSource.ASSUMED, header.doubts),
    )


def _check_one_run(folder: Path, singles: Sequence[Single]) -> None:
    series = {single.series for single in singles}
    if len(series) > 1:
        raise SourceError(
            text(
                "{folder}: contains frames of {series} series. Give a folder with one of them.",
                folder=folder,
                series=len(series),
            )
        )
    first = singles[0]
    for single in singles[1:]:
        difference = run_difference(first.run, single.run)
        if difference:
            raise SourceError(
                text(
                    "{folder}: {first} and {second} are not frames of one sequence: {difference}. "
                    "Give a folder with the frames of one sequence.",
                    folder=folder,
                    first=first.path.name,
                    second=single.path.name,
                    difference=difference,
                )
            )

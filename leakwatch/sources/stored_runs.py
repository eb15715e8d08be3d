"""Stored sequences in a folder, as exported by a hospital: DICOM/ST/SE/IM with a DICOMDIR."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leakwatch.case_files.session_file import SESSION_NAME
from leakwatch.config import LiveVideoSettings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Acquisition, TimeSource
from leakwatch.core.messages import counted, join_with, text
from leakwatch.core.plural import counted_noun
from leakwatch.core.protocols import StoredSource
from leakwatch.sources.dicom.acquisition_tags import acquisition
from leakwatch.sources.dicom.decoding import check_decodable
from leakwatch.sources.dicom.dicom_folder import DicomFolder
from leakwatch.sources.dicom.dicom_header import (
    Header,
    HeaderDamaged,
    NotAnImage,
    NotDicom,
    OtherObject,
    read_header,
)
from leakwatch.sources.dicom.element_values import text_value
from leakwatch.sources.dicom.media_directory import DIRECTORY_NAME, missing_images
from leakwatch.sources.dicom.run_identity import run_difference
from leakwatch.sources.video.stored_video import StillImages, is_image, is_video, open_stored

# Marks a folder of results, whose video and image were written by an earlier analysis.
_RESULT_NAME = "frames.jsonl"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A stored sequence.

    Parameters
    ----------
    path : Path
        File, or folder with its files.
    files : tuple of Path
        Its files, if the folder has others too; else empty.
    series : str
        Series Instance UID; empty if there is none.
    told : str
        Frames, size and kind, as text.
    """

    path: Path
    files: tuple[Path, ...] = ()
    series: str = ""
    told: str = ""

    def opened(self, video: LiveVideoSettings) -> StoredSource:
        """Open it.

        Raises
        ------
        SourceError
            It cannot be read.
        """
        if not self.files:
            return open_stored(self.path, video)
        if is_image(self.files[0]):
            return StillImages(self.files, video)
        return DicomFolder(self.path, self.files)


@dataclass(frozen=True, slots=True)
class FoundRuns:
    """Sequences found at a path.

    Parameters
    ----------
    runs : tuple of StoredRun
        In the order of their paths.
    refused : tuple of (Path, str)
        DICOM images that cannot be read, each with the reason; a DICOMDIR if images that it lists
        are missing.
    """

    runs: tuple[StoredRun, ...]
    refused: tuple[tuple[Path, str], ...] = ()


@dataclass(slots=True)
class _Singles:
    """Single-frame files of one sequence."""

    series: str
    first: Acquisition
    files: list[Path] = field(default_factory=list)


def find_runs(path: Path) -> FoundRuns:
    """Find the sequences at `path`.

    A file or a recorded session is one sequence. A DICOMDIR means its folder. In a folder, each
    multi-frame file is a sequence, and so are the single frames of one series and one view, in
    whatever subfolder. Videos and images are used if there is no DICOM image.

    Parameters
    ----------
    path : Path

    Returns
    -------
    FoundRuns

    Raises
    ------
    SourceError
        There is nothing, or no image below it.
    """
    path = without_directory(path)
    if not path.is_dir() or (path / SESSION_NAME).is_file():
        return FoundRuns((StoredRun(path),))
    files, sessions = _below(path)
    runs, singles, others, refused = _sorted_out(files)
    images = {file for run in singles for file in run.files} | {run.path for run in runs}
    # Images of other kinds do not belong to the sequence; a damaged one may be a frame of it.
    images |= {file for file, error in refused if not isinstance(error, HeaderDamaged | NotAnImage)}
    runs += [_of_singles(one, images) for one in singles]
    runs += [StoredRun(session, (), "", "a recorded session") for session in sessions]
    unread = [*((file, str(error)) for file, error in refused), *_lost(files)]
    if not runs:
        runs = _of_pictures(path, others)
    if not runs:
        why = join_with(" ", ("", unread[0][1])) if unread else ""
        raise SourceError(
            text(
                "{path}: contains no DICOM image, video or other image ({files} other files).{why} "
                "Give a folder of an export, or the file itself.",
                path=path,
                files=len(files),
                why=why,
            )
        )
    runs.sort(key=lambda run: natural(run.files[0] if run.files else run.path))
    return FoundRuns(tuple(runs), tuple(unread))


def without_directory(path: Path) -> Path:
    """Return the folder of a DICOMDIR; any other path unchanged."""
    return path.parent if _is_directory(path) and path.is_file() else path


def natural(path: Path) -> list[tuple[int, str]]:
    """Return a sort key that puts IM10 after IM9."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return files, and folders of recorded sessions."""
    found: list[Path] = []
    sessions: list[Path] = []

    def told(error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        raise SourceError(
            text(
                "{filename}: cannot be read: {reason}. Check the path and its permissions.",
                filename=error.filename,
                reason=reason,
            )
        )

    for where, folders, names in os.walk(folder, onerror=told):
        if SESSION_NAME in names:
            sessions.append(Path(where))
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(where, name) for name in names if not name.startswith(".")]
    return sorted((file for file in found if file.is_file()), key=natural), sessions


def _sorted_out(
    files: Iterable[Path],
) -> tuple[list[StoredRun], list[_Singles], list[Path], list[tuple[Path, SourceError]]]:
    """Return multi-frame files, sequences of single frames, other files, and refused files."""
    runs: list[StoredRun] = []
    singles: dict[str, list[_Singles]] = {}
    others: list[Path] = []
    refused: list[tuple[Path, SourceError]] = []
    for file in files:
        if _is_directory(file):
            continue
        try:
            header = read_header(file)
            check_decodable(header)
            found = acquisition(
                header.dataset, header.layout, header.number_of_frames, TimeSource.ASSUMED
            )
        except (NotDicom, OtherObject):
            others.append(file)
        except SourceError as error:
            refused.append((file, error))
        else:
            if header.number_of_frames > 1:
                series = text_value(header.dataset, "SeriesInstanceUID")
                runs.append(StoredRun(file, (), series, _told(found, header.number_of_frames)))
            else:
                _add_single(singles, header, found)
    return runs, [one for of_series in singles.values() for one in of_series], others, refused


def _lost(files: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return each DICOMDIR that lists missing images, with which they are."""
    found = ((file, missing_images(file, files)) for file in files if _is_directory(file))
    return [(file, why) for file, why in found if why]


def _is_directory(file: Path) -> bool:
    return file.name.upper() == DIRECTORY_NAME


def _add_single(singles: dict[str, list[_Singles]], header: Header, found: Acquisition) -> None:
    series = text_value(header.dataset, "SeriesInstanceUID")
    of_series = singles.setdefault(series, [])
    for one in of_series:
        if not run_difference(one.first, found):
            one.files.append(header.path)
            return
    of_series.append(_Singles(series, found, [header.path]))


def _of_singles(one: _Singles, images: set[Path]) -> StoredRun:
    """Return a sequence of single frames: its folder if it has no other files, else its files."""
    told = _told(one.first, len(one.files))
    folder = Path(os.path.commonpath([file.parent for file in one.files]))
    beside = {file for file in images if file.parent == folder}
    if beside == set(one.files):
        return StoredRun(folder, (), one.series, told)
    if len(one.files) == 1:
        return StoredRun(one.files[0], (), one.series, told)
    return StoredRun(folder, tuple(one.files), one.series, told)


def _of_pictures(folder: Path, files: Sequence[Path]) -> list[StoredRun]:
    """Return a sequence for each video and for the images of each folder, except for results."""
    results = {file.parent for file in files if file.name == _RESULT_NAME}
    files = [file for file in files if file.parent not in results]
    runs = [StoredRun(file, (), "", "a video") for file in files if is_video(file)]
    images: dict[Path, list[Path]] = {}
    for file in files:
        if is_image(file):
            images.setdefault(file.parent, []).append(file)
    for where, of_run in images.items():
        runs.append(StoredRun(where, tuple(of_run), "", counted_noun(len(of_run), "image")))
    return runs


def _told(found: Acquisition, frames: int) -> str:
    geometry, view = found.geometry, ""
    for name, angle in (
        ("LAO/RAO", geometry.primary_angle_deg),
        ("CRA/CAU", geometry.secondary_angle_deg),
    ):
        view += "" if angle is None else f", {name} {angle:.0f} degrees"
    return counted(
        "{count} frame of {size}, {modality}{view}",
        "{count} frames of {size}, {modality}{view}",
        count=frames,
        size=f"{found.columns} x {found.rows}",
        modality=found.modality or text("no modality"),
        view=view,
    )

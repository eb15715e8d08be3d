"""From a sequence to snapshots: open a run, and fold over its frames.

Analysis, replay, training and bench open a run and fold over it in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from leakwatch.alerting import rules
from leakwatch.calibration.spacing_ladder import resolve_calibration
from leakwatch.case_files.case_file import CASE_SUFFIX, check_fits, dicom_path, load_case
from leakwatch.config import Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.protocols import FrameSource, StoredSource
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.pipeline import stages as pipeline
from leakwatch.pipeline.fold import fold
from leakwatch.pipeline.preprocess import find_inversion
from leakwatch.plausibility.marks_consistency import check_consistency
from leakwatch.sources.stored.same_sequence import check_same_sequence
from leakwatch.sources.video.stored_video import open_stored


@dataclass(frozen=True, slots=True)
class Run:
    """A sequence with everything that a fold over it needs.

    Parameters
    ----------
    name : str
        For titles and messages.
    path : Path
        The sequence.
    source : FrameSource
        Open; whoever opened the run closes it.
    frames : iterator of Frame
        All frames, the first included.
    acquisition : Acquisition
        Of the first frame.
    marks : Marks
    calibration : Calibration
    settings : Settings
    doubts : tuple of str
        What of the case is unusual, for the person.
    opener : callable or None
        Opens the sequence again; None: by its path.
    """

    name: str
    path: Path
    source: FrameSource
    frames: Iterator[Frame]
    acquisition: Acquisition
    marks: Marks
    calibration: Calibration
    settings: Settings
    doubts: tuple[str, ...] = ()
    opener: Callable[[], StoredSource] | None = None

    def reopen(self) -> StoredSource:
        """Open the sequence a second time, for pixels that were not kept."""
        if self.opener is not None:
            return self.opener()
        return open_stored(self.path, self.settings.live_video)

    def snapshots(self) -> Iterator[Snapshot]:
        """Fold over the frames from the beginning; once."""
        vision = pipeline.initial_state(self.settings, self.marks, self.calibration)
        return fold(self.frames, vision, rules.initial_state(self.settings), str(self.path))


def open_run(
    path: Path,
    settings: Settings,
    case_path: Path | None = None,
    calibration_path: Path | None = None,
    opener: Callable[[], StoredSource] | None = None,
) -> Run:
    """Open a sequence with its marks and calibration, and read its first frame.

    Parameters
    ----------
    path : Path
        A sequence, or a NAME.case.json, which names its sequence.
    settings : Settings
    case_path : Path or None
        Marks and calibration that a person gave.
    calibration_path : Path or None
        Calibration file of the C-arm.
    opener : callable or None
        Opens what `path` does not name alone, such as one run of several in a folder.

    Returns
    -------
    Run

    Raises
    ------
    CaseError, SourceError, CalibrationError
        What was given cannot be read, does not fit together, or contradicts itself.
    """
    if case_path is None and path.name.endswith(CASE_SUFFIX):
        case_path = path
    case = CaseFile("", Marks()) if case_path is None else load_case(case_path)
    if case_path is not None and path == case_path:
        path = dicom_path(case_path, case)
    elif case_path is not None:
        check_same_sequence(path, dicom_path(case_path, case), str(case_path))
    source = open_stored(path, settings.live_video) if opener is None else opener()
    try:
        frames = source.frames()
        first = next(frames, None)
        if first is None:
            raise SourceError(f"{path}: there is no frame in it. Choose another sequence.")
        _check_polarity(first, path, settings)
        check_fits(case, first.acquisition, str(case_path))
        scale = resolve_calibration(first.acquisition, case, calibration_path, settings.calibration)
        doubts = check_consistency(case, first.acquisition, scale, settings, str(case_path))
    except BaseException:
        source.close()
        raise
    whole = chain([first], frames)
    shared = first.acquisition
    return Run(path.name, path, source, whole, shared, case.marks, scale, settings, doubts, opener)


def _check_polarity(first: Frame, path: Path, settings: Settings) -> None:
    """Refuse a picture that is inverted: bone would be soft tissue, and cement be light."""
    why = find_inversion(first, settings)
    if why:
        pixels = first.acquisition.pixel_format
        raise SourceError(
            f"{path}: the picture looks inverted against its tags ({pixels.photometric}): {why}. "
            "Export it again as it was acquired. If the tags are right, set `trust_tags = true` "
            "in section [polarity] of the settings (`leakwatch mark`: --trust-tags)."
        )

"""Opening of a stored sequence, and the fold over its frames.

Analysis, replay, training and benchmark use the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from leakwatch.alerting import rules
from leakwatch.calibration.spacing_ladder import resolve_calibration
from leakwatch.case_files.case_file import CASE_SUFFIX, check_fits, dicom_path, load_case
from leakwatch.config import Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.messages import text
from leakwatch.core.protocols import FrameSource, StoredSource
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.pipeline import stages as pipeline
from leakwatch.pipeline.fold import fold
from leakwatch.pipeline.preprocess import find_inversion
from leakwatch.plausibility.cement_product import check_cement_product
from leakwatch.plausibility.marks_consistency import check_consistency
from leakwatch.runner.recorded_events import NOT_RECORDED, RecordedEvents, recorded_events
from leakwatch.sources.stored.same_sequence import check_same_sequence
from leakwatch.sources.video.stored_video import open_stored


@dataclass(frozen=True, slots=True)
class AnalysisRun:
    """A sequence with all inputs of its analysis.

    Parameters
    ----------
    name : str
        For titles and messages.
    path : Path
        The sequence.
    source : FrameSource
        An open source; the caller of `open_run` closes it.
    frames : iterator of Frame
        All frames, including the first.
    acquisition : Acquisition
        Acquisition of the first frame.
    marks : Marks
    calibration : Calibration
    settings : Settings
    warnings : tuple of str
        What is unusual in the case, for the user.
    opener : callable or None
        Opens the sequence again; None: use its path.
    recorded : RecordedEvents
        What happened in the session that the sequence is the recording of.
    """

    name: str
    path: Path
    source: FrameSource
    frames: Iterator[Frame]
    acquisition: Acquisition
    marks: Marks
    calibration: Calibration
    settings: Settings
    warnings: tuple[str, ...] = ()
    opener: Callable[[], StoredSource] | None = None
    recorded: RecordedEvents = NOT_RECORDED

    def reopen(self) -> StoredSource:
        """Open the sequence again, for pixels that were not kept."""
        if self.opener is not None:
            return self.opener()
        return open_stored(self.path, self.settings.live_video)

    def initial_alerts(self) -> rules.AlertState:
        """Return the state of the rules before the first frame, with the margins to come."""
        return replace(rules.initial_state(self.settings), margins=self.recorded.margins)

    def iter_snapshots(self) -> Iterator[Snapshot]:
        """Return an iterator over the results of all frames; may be called once."""
        vision = pipeline.initial_state(self.settings, self.marks, self.calibration)
        return fold(self.frames, vision, self.initial_alerts(), str(self.path))


def open_run(
    path: Path,
    settings: Settings,
    case_path: Path | None = None,
    calibration_path: Path | None = None,
    opener: Callable[[], StoredSource] | None = None,
) -> AnalysisRun:
    """Open a sequence with its marks and calibration, and read its first frame.

    Parameters
    ----------
    path : Path
        A sequence, or a NAME.case.json, which refers to its sequence.
    settings : Settings
    case_path : Path or None
        Marks and calibration by the user.
    calibration_path : Path or None
        Calibration file of the C-arm.
    opener : callable or None
        Opens the sequence if `path` is not sufficient, as for one of several in a folder.

    Returns
    -------
    AnalysisRun

    Raises
    ------
    CaseError, SourceError, CalibrationError
        An input cannot be read, or inputs contradict each other.
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
            raise SourceError(
                text("{path}: the sequence has no frames. Choose another sequence.", path=path)
            )
        _check_polarity(first, path, settings)
        check_fits(case, first.acquisition, str(case_path))
        check_cement_product(case, settings, str(case_path))
        scale = resolve_calibration(first.acquisition, case, calibration_path, settings.calibration)
        warnings = check_consistency(case, first.acquisition, scale, settings, str(case_path))
    except BaseException:
        source.close()
        raise
    known = recorded_events(path, settings)
    return AnalysisRun(
        path.name,
        path,
        source,
        chain([first], frames),
        first.acquisition,
        case.marks,
        scale,
        settings,
        (*warnings, known.problem) if known.problem else warnings,
        opener,
        known,
    )


def _check_polarity(first: Frame, path: Path, settings: Settings) -> None:
    """Check that the image is not inverted, which would exchange bone and soft tissue."""
    why = find_inversion(first, settings)
    if why:
        pixels = first.acquisition.pixel_format
        raise SourceError(
            text(
                "{path}: the image looks inverted relative to its header ({photometric}): "
                "{why}. Export it again as acquired. If the header is right, set `trust_tags = "
                "true` in section [polarity] of the settings (`leakwatch mark`: --trust-tags).",
                path=path,
                photometric=pixels.photometric,
                why=why,
            )
        )

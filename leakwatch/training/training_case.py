"""Case for training: opened with its truth, and analysed as for a replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.case_files.session_file import CASE_NAME, SESSION_NAME
from leakwatch.case_files.truth_file import load_truth, truth_path
from leakwatch.config import Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import Message, text
from leakwatch.core.results import Snapshot
from leakwatch.core.truth import Truth
from leakwatch.runner.recorded_case import open_recorded
from leakwatch.runner.stored_run import AnalysisRun, open_run
from leakwatch.training.scoring import CaseCourse, MonitorSample, course_of

# Called with a description, the number done, and the total if known. An exception from it stops the
# work.
OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """Opened case.

    Parameters
    ----------
    name : str
        For the records. It may reveal what happens in the case.
    run : AnalysisRun
        Just opened; the caller closes its source.
    truth : Truth or None
        None: LeakWatch's own STOP determines when one was due.
    """

    name: str
    run: AnalysisRun
    truth: Truth | None


@dataclass(frozen=True, slots=True)
class TrainingItem:
    """Case of a training programme, not opened yet.

    Parameters
    ----------
    name : str
        As `TrainingCase.name`.
    about : str
        Description that does not reveal what happens in the case.
    opened : callable
        Opens the case again at each call; may take long, and reports its progress.

    Notes
    -----
    `opened` raises `LeakWatchError` if the case cannot be opened.
    """

    name: str
    about: str
    opened: Callable[[OnProgress], TrainingCase]


def open_training_case(
    path: Path,
    settings: Settings,
    case_path: Path | None = None,
    calibration_path: Path | None = None,
) -> TrainingCase:
    """Open a case with the truth beside its case file, if there is one.

    Parameters
    ----------
    path : Path
        NAME.case.json, a sequence, or the folder of a recorded session with its settings, marks
        and calibration.
    settings : Settings
    case_path, calibration_path : Path or None
        As in `stored_run.open_run`.

    Raises
    ------
    LeakWatchError
        The files cannot be read, or do not belong together.
    """
    if (path / SESSION_NAME).is_file() and case_path is None:
        truth = _truth_beside(path / CASE_NAME)
        return TrainingCase(path.name, open_recorded(path), truth)
    marks = path if case_path is None and path.name.endswith(CASE_SUFFIX) else case_path
    truth = None if marks is None else _truth_beside(marks)
    name = (path if marks is None else marks).name.removesuffix(CASE_SUFFIX)
    return TrainingCase(name, open_run(path, settings, case_path, calibration_path), truth)


def analyse_for_training(
    case: TrainingCase, on_frame: Callable[[], None] = lambda: None
) -> CaseCourse:
    """Analyse a complete case without a window; close its source.

    Raises
    ------
    SourceError
        The sequence cannot be read to its end: an incomplete case cannot be used for training.
    CaseError
        The truth belongs to another sequence.
    """
    seen = []
    try:
        for snapshot in case.run.iter_snapshots():
            if snapshot.fault is not None:
                raise SourceError(incomplete_case_text(snapshot.fault))
            seen.append(monitor_sample_of(snapshot))
            on_frame()
    finally:
        case.run.source.close()
    return course_of(seen, case.truth, case.run.settings.training)


def monitor_sample_of(snapshot: Snapshot) -> MonitorSample:
    """Return the values of a snapshot that scoring needs."""
    cement = snapshot.observation.cement
    volume_ml = None if cement is None else cement.volume_ml
    return MonitorSample(snapshot.frame.time_s, snapshot.alert.level, volume_ml)


def incomplete_case_text(fault: str) -> Message:
    """Return why a case that ends early is not used."""
    return text("an incomplete case cannot be used for training: {fault}", fault=fault)


def _truth_beside(case_path: Path) -> Truth | None:
    path = truth_path(case_path)
    return load_truth(path) if path.is_file() else None

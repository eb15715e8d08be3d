"""A case that a person is trained on: opened with its truth, and folded over as in a replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.case_files.session_file import CASE_NAME, SESSION_NAME
from leakwatch.case_files.truth_file import load_truth, truth_path
from leakwatch.config import Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.results import Snapshot
from leakwatch.core.truth import Truth
from leakwatch.runner.recorded_case import open_recorded
from leakwatch.runner.stored_run import Run, open_run
from leakwatch.training.scoring import Course, Seen, course_of

# Called with what is done, how much of it, and of how much, where that is known. What it raises
# ends the work.
OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """A case that was opened.

    Parameters
    ----------
    name : str
        For the records. It may tell what happens in the case.
    run : Run
        Just opened; whoever opened it closes its source.
    truth : Truth or None
        None: LeakWatch's own STOP says when one was due.
    """

    name: str
    run: Run
    truth: Truth | None


@dataclass(frozen=True, slots=True)
class TrainingItem:
    """A case of a programme of training, not opened yet.

    Parameters
    ----------
    name : str
        As `TrainingCase.name`.
    about : str
        May be read before the case is seen: never what happens in it.
    opened : callable
        Opens the case, anew each time; may take long, and tells how far it is.

    Notes
    -----
    `opened` raises `LeakWatchError` where the case cannot be opened.
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
    """Open a case with the truth that lies beside its case file, if there is one.

    Parameters
    ----------
    path : Path
        NAME.case.json, a sequence, or the folder of a recorded session, which has the settings,
        marks and calibration that it had.
    settings : Settings
    case_path, calibration_path : Path or None
        As in `stored_run.open_run`.

    Raises
    ------
    LeakWatchError
        What was given cannot be read, or does not fit together.
    """
    if (path / SESSION_NAME).is_file() and case_path is None:
        truth = _truth_beside(path / CASE_NAME)
        return TrainingCase(path.name, open_recorded(path), truth)
    marks = path if case_path is None and path.name.endswith(CASE_SUFFIX) else case_path
    truth = None if marks is None else _truth_beside(marks)
    name = (path if marks is None else marks).name.removesuffix(CASE_SUFFIX)
    return TrainingCase(name, open_run(path, settings, case_path, calibration_path), truth)


def watched(case: TrainingCase, on_frame: Callable[[], None] = lambda: None) -> Course:
    """Fold over a whole case, without a window; closes its source.

    Raises
    ------
    SourceError
        The sequence cannot be read to its end: nobody can be trained on half a case.
    CaseError
        The truth is of another sequence.
    """
    seen = []
    try:
        for snapshot in case.run.snapshots():
            if snapshot.fault is not None:
                raise SourceError(half_a_case(snapshot.fault))
            seen.append(seen_in(snapshot))
            on_frame()
    finally:
        case.run.source.close()
    return course_of(seen, case.truth, case.run.settings.training)


def seen_in(snapshot: Snapshot) -> Seen:
    """What a judge of people takes of a snapshot."""
    cement = snapshot.observation.cement
    volume_ml = None if cement is None else cement.volume_ml
    return Seen(snapshot.frame.time_s, snapshot.alert.level, volume_ml)


def half_a_case(fault: str) -> str:
    """Why a case that ends early is not used."""
    return f"half a case trains nobody: {fault}"


def _truth_beside(case_path: Path) -> Truth | None:
    path = truth_path(case_path)
    return load_truth(path) if path.is_file() else None

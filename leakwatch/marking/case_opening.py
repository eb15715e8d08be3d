"""Opening of a case for marking: previous marks, frame, and file to write. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from leakwatch.alerting import rules
from leakwatch.calibrating.measure import Measurement
from leakwatch.calibrating.result_file import (
    default_path,
    make_applies_to,
    make_calibration_file,
    measured_section,
    write_calibration,
)
from leakwatch.case_files.case_file import CASE_SUFFIX, check_fits, load_case
from leakwatch.config import Settings
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import Acquisition, View
from leakwatch.core.marks import CaseFile, Marks, Side
from leakwatch.core.messages import text
from leakwatch.core.results import Reason, Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.confirmation import Confirmation
from leakwatch.live.case_setup import current_marks
from leakwatch.live.live_session import LiveSession
from leakwatch.marking.draft import Draft, draft_of
from leakwatch.marking.one_click import Basis, write_case
from leakwatch.marking.open_case import OpenCase
from leakwatch.marking.preparation import LivePreparation, StoredPreparation
from leakwatch.pipeline.fold import skip_frame
from leakwatch.runner.stored_run import AnalysisRun


def case_path(sequence: Path, out: Path | None) -> Path:
    """Return the path of the case of a sequence: as requested, the case itself, or beside it.

    Raises
    ------
    CaseError
        The name is not that of a case.
    """
    if out is not None:
        if not out.name.endswith(CASE_SUFFIX):
            raise CaseError(
                text(
                    "{path}: the name of a case ends with {suffix}. Choose such a name.",
                    path=out,
                    suffix=CASE_SUFFIX,
                )
            )
        return out
    if sequence.name.endswith(CASE_SUFFIX):
        return sequence
    full = sequence.resolve()
    stem = full.name if full.is_dir() else full.stem
    return full.parent / f"{stem}{CASE_SUFFIX}"


def known_marks(path: Path, run: AnalysisRun) -> Marks:
    """Return previous marks: those of the run, or of the case that will be replaced.

    Raises
    ------
    CaseError
        The case cannot be read, or belongs to another sequence.
    """
    if run.marks.view is not None or not path.is_file():
        return run.marks
    case = load_case(path)
    check_fits(case, run.acquisition, str(path))
    return case.marks


def marked_frame(run: AnalysisRun, index: int) -> Snapshot:
    """Return the marked frame, without assessment.

    Raises
    ------
    CaseError
        There is no such frame.
    SourceError
        It cannot be read.
    """
    source = run.reopen()
    try:
        frame = next(source.frames(index), None)
    finally:
        source.close()
    if frame is None:
        raise CaseError(
            text(
                "there is no frame {number} in {name}. Choose another frame.",
                number=index,
                name=run.name,
            )
        )
    state = rules.initial_state(run.settings)
    return skip_frame(state, run.calibration, frame, Reason.STALE)[1]


def open_stored(
    run: AnalysisRun,
    path: Path,
    frame: int,
    marks: Marks | None = None,
    anterior: Side | None = None,
    level: str | None = None,
) -> OpenCase:
    """Open the case of a stored run.

    Parameters
    ----------
    run : AnalysisRun
    path : Path
        NAME.case.json, written when the user saves.
    frame : int
        Frame to mark.
    marks : Marks or None
        Previous marks, on this frame.
    anterior, level : Side or None, str or None
        Take precedence over `marks`.
    """
    draft = Draft() if marks is None else draft_of(marks)
    draft = replace(draft, anterior=anterior or draft.anterior, level=level or draft.level)
    keep = partial(_written, run, path, run.marks if marks is None else marks)
    return OpenCase(run, StoredPreparation(run, frame), frame, keep, draft)


def open_replayed(
    run: AnalysisRun, snapshot: Snapshot, analyse_again: Callable[[CaseFile, str], None]
) -> OpenCase:
    """Open the case beside a stored run, on the displayed frame; saving analyses it again."""
    path, frame = case_path(run.path, None), snapshot.frame.index

    def keep(case: CaseFile) -> str:
        message = _written(run, path, run.marks, case)
        analyse_again(_with_unmarked(case, run.marks), message)
        return message

    begun = run.marks.posterior_wall_px is not None and snapshot.observation.shift_px is not None
    draft = draft_of(current_marks(run.marks, snapshot)) if begun else Draft()
    return OpenCase(run, StoredPreparation(run, frame), frame, keep, draft, ends_with_saving=True)


def _written(run: AnalysisRun, path: Path, before: Marks, case: CaseFile) -> str:
    """Write a case, with those previous marks that cannot be made in a window."""
    complete = _with_unmarked(case, before)
    write_case(path, run.path, complete)
    if complete.marks.body_outline_px is None:
        return text("Saved to {path}: posterior wall, no outline", path=path)
    return text("Saved to {path}: posterior wall and outline", path=path)


def _with_unmarked(case: CaseFile, before: Marks) -> CaseFile:
    marks = replace(case.marks, baseline_frames=before.baseline_frames, cement=before.cement)
    return replace(case, marks=marks)


@dataclass(frozen=True, slots=True)
class LiveCase:
    """Settings, acquisition and calibration for marks on a live image."""

    settings: Settings
    acquisition: Acquisition
    calibration: Calibration


def open_live(session: LiveSession, snapshot: Snapshot) -> OpenCase:
    """Open a case on the live image; saved marks are monitored from then on.

    Parameters
    ----------
    session : LiveSession
    snapshot : Snapshot
        The marked frame: cement-free, according to the operator.
    """
    frame = snapshot.frame
    confirmation = Confirmation()
    basis = LiveCase(session.settings, frame.acquisition, snapshot.observation.calibration)

    def keep(case: CaseFile) -> str:
        discards = session.status.history.discards_text(session.now_s)
        if discards and not confirmation.is_confirmed("save"):
            raise CaseError(
                text(
                    "These marks need a new baseline, which {discards}:\nit will no longer be "
                    "monitored. Save again to confirm.",
                    discards=discards,
                )
            )
        spacing = None
        if case.mm_per_px is not None and case.mm_per_px_sigma is not None:
            spacing = (case.mm_per_px, case.mm_per_px_sigma)
        session.restart_baseline(case.marks, frame, spacing)
        return text("The marks are in use, and a new baseline is acquired")

    known = current_marks(session.marks, snapshot)
    draft = draft_of(known)
    return OpenCase(
        basis, LivePreparation(basis, frame), frame.index, keep, draft, ends_with_saving=True
    )


class CaseEditor:
    """Case that is open in a window, for marking and calibrating.

    Parameters
    ----------
    make : callable
        Opens a case on a snapshot.
    """

    def __init__(self, make: Callable[[Snapshot], OpenCase]) -> None:
        self._make = make
        self._case: OpenCase | None = None

    def open_at(self, snapshot: Snapshot | None) -> OpenCase:
        """Return the open case; a new one if it was saved or nothing was marked yet.

        Raises
        ------
        CaseError
            There is no image yet.
        """
        case = self._case
        if case is not None and not case.is_saved:
            return case
        if snapshot is None:
            raise CaseError(text("there is no image yet. Try again when there is one."))
        if case is not None:
            case.close()
        self._case = self._make(snapshot)
        return self._case


def write_spacing(measured: Measurement, basis: Basis, view: View | None) -> str:
    """Write a measured spacing as a calibration file into the folder of the user.

    Raises
    ------
    CalibrationError
        It cannot be written.
    """
    run, spacing = basis.acquisition, measured.spacing
    words = (run.manufacturer, run.model_name, "" if view is None else view.value)
    name = " ".join(word for word in words if word) or "C-arm"
    path = _unused_name(default_path(f"{name} {spacing.what.value}"))
    made = make_calibration_file(
        name, make_applies_to(run, view), measured=measured_section(spacing)
    )
    comment = f"Measured in the window: {spacing.what.value}, {spacing.size_mm:g} mm."
    write_calibration(path, made, comment)
    return text("Written to {path}: use it with --calibration", path=path)


def _unused_name(path: Path) -> Path:
    """Return a name that is not in use, so that earlier calibrations are kept."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free

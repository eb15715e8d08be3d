"""Marks and calibration of a session, checked against the frames received."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from leakwatch.alerting.inactive_rules import InactiveRule, find_inactive_rules
from leakwatch.calibration.calibration_file import load_calibration_file
from leakwatch.calibration.spacing_ladder import resolve_calibration
from leakwatch.case_files.case_file import check_fits, dicom_path, load_case
from leakwatch.config import Settings
from leakwatch.core.errors import CalibrationError, CaseError
from leakwatch.core.frame import Acquisition
from leakwatch.core.marks import CaseFile, Marks, same_drawing
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.core.volume import MOST_READINGS, NO_INPUTS, CementInputs, SyringeReading
from leakwatch.plausibility.cement_product import check_cement_product
from leakwatch.plausibility.marks_consistency import check_consistency
from leakwatch.sources.stored.opening import open_source
from leakwatch.sources.stored.same_sequence import check_same_sequence

_NO_CASE = CaseFile("", Marks())


@dataclass(frozen=True, slots=True)
class MonitoringBasis:
    """Marks and calibration that frames are assessed with.

    Parameters
    ----------
    marks : Marks
    calibration : Calibration
    warnings : tuple of str
        Inputs that are inconsistent or unusual, for the operator.
    inactive_rules : tuple of InactiveRule
        Inactive rules.
    """

    marks: Marks
    calibration: Calibration
    warnings: tuple[str, ...] = ()
    inactive_rules: tuple[InactiveRule, ...] = ()

    def with_cement(self, cement: CementInputs) -> MonitoringBasis:
        """Return a copy with what is now known of the cement."""
        return replace(self, marks=replace(self.marks, cement=cement))


@dataclass(frozen=True, slots=True)
class Setup:
    """Inputs of a session.

    Parameters
    ----------
    settings : Settings
    case : CaseFile
    calibration_path : Path or None
    """

    settings: Settings
    case: CaseFile = _NO_CASE
    calibration_path: Path | None = None

    @property
    def marks(self) -> Marks:
        """Marks as drawn."""
        return self.case.marks

    def with_marks(self, marks: Marks, same_patient: bool = True) -> Setup:
        """Return a copy with other marks; the spacing of another patient is discarded."""
        case = self.case if same_patient else _NO_CASE
        if same_patient and marks.cement == NO_INPUTS:  # drawn ones say nothing of the cement
            marks = replace(marks, cement=case.marks.cement)
        return replace(self, case=replace(case, marks=marks))

    def with_syringe(self, reading: SyringeReading) -> Setup:
        """Return a copy with one more reading of the syringe; it replaces one at its frame."""
        marks = self.case.marks
        earlier = tuple(one for one in marks.cement.syringe if one.frame < reading.frame)
        # A case has no more: the last ones decide.
        kept = (*earlier, reading)[-MOST_READINGS:]
        marks = replace(marks, cement=replace(marks.cement, syringe=kept))
        return replace(self, case=replace(self.case, marks=marks))

    def with_spacing(self, mm_per_px: float, sigma: float) -> Setup:
        """Return a copy with a pixel spacing at the vertebra that the operator measured."""
        case = replace(self.case, mm_per_px=mm_per_px, mm_per_px_sigma=sigma)
        return replace(self, case=case)

    def make_basis(self, acquisition: Acquisition) -> MonitoringBasis:
        """Return what applies to frames of `acquisition`.

        Does not raise: during a session, inputs that do not match are ignored and reported.
        """
        case, warnings = self.case, list[str]()
        try:
            # A live source numbers its frames without end.
            check_fits(case, replace(acquisition, number_of_frames=None), text("the case"))
        except CaseError as error:
            warnings.append(str(error))
            case = _without_marks(case)
        scale = self._scale(acquisition, case, warnings)
        try:
            warnings += check_consistency(case, acquisition, scale, self.settings)
        except CaseError as error:
            warnings.append(text("{fault} The case is ignored.", fault=str(error)))
            case = _without_marks(case)
            scale = self._scale(acquisition, case, warnings)
        off = find_inactive_rules(
            case.marks, scale, replace(acquisition, number_of_frames=None), self.settings
        )
        return MonitoringBasis(case.marks, scale, tuple(warnings), off)

    def _scale(self, acquisition: Acquisition, case: CaseFile, warnings: list[str]) -> Calibration:
        """Return the calibration; if there is none, append the reason to `warnings`."""
        settings = self.settings.calibration
        try:
            return resolve_calibration(acquisition, case, self.calibration_path, settings)
        except CalibrationError as error:
            warnings.append(str(error))
            return Calibration(None, None, SpacingRung.NONE, str(error))


def load_setup(
    settings: Settings, case_path: Path | None = None, calibration_path: Path | None = None
) -> Setup:
    """Read the inputs of a session, before the first frame.

    Raises
    ------
    CaseError, CalibrationError
        One of them cannot be read.
    """
    case = _NO_CASE if case_path is None else load_case(case_path)
    check_cement_product(case, settings, str(case_path))
    if calibration_path is not None and not calibration_path.is_dir():
        load_calibration_file(calibration_path)
    return Setup(settings, case, calibration_path)


def check_stored(setup: Setup, sequence: Path, case_path: Path) -> tuple[str, ...]:
    """Check that a case matches the stored sequence that is replayed as live.

    Parameters
    ----------
    setup : Setup
        With the case.
    sequence : Path
    case_path : Path

    Returns
    -------
    tuple of str
        What is unusual, for the user.

    Raises
    ------
    CaseError, CalibrationError, SourceError
        As `stored_run.open_run` does.
    """
    name, case = str(case_path), setup.case
    check_same_sequence(sequence, dicom_path(case_path, case), name)
    source = open_source(sequence)
    try:
        acquisition = source.acquisition
    finally:
        source.close()
    check_fits(case, acquisition, name)
    settings = setup.settings
    scale = resolve_calibration(acquisition, case, setup.calibration_path, settings.calibration)
    return check_consistency(case, acquisition, scale, settings, name)


def _without_marks(case: CaseFile) -> CaseFile:
    return CaseFile("", Marks(view=case.marks.view, cement=case.marks.cement))


class FollowedMarks:
    """Marks of a recording that starts during a session.

    Parameters
    ----------
    before : Marks
        Those of the session when it starts.
    placed : Marks
        The same on its first frame.
    """

    def __init__(self, before: Marks, placed: Marks) -> None:
        self._before, self._placed = before, placed

    def of(self, marks: Marks) -> Marks:
        """Return `marks` on the first frame of the recording, until the operator draws others.

        The same object is returned until something changes: a change is written to the disk.
        """
        if not same_drawing(marks, self._before):
            return marks
        if marks.cement != self._placed.cement:
            self._placed = replace(self._placed, cement=marks.cement)
        return self._placed


def current_marks(marks: Marks, assessed: Snapshot | None) -> Marks:
    """Return the marks at their position in the frame of `assessed`.

    Parameters
    ----------
    marks : Marks
    assessed : Snapshot or None
        None, or without a shift: position unknown. Then only the view is kept.
    """
    if assessed is None or assessed.observation.shift_px is None:
        return Marks(view=marks.view, cement=marks.cement)
    observation, shift = assessed.observation, assessed.observation.shift_px
    tip = marks.needle_tip_px
    return replace(
        marks,
        reference_frame=assessed.frame.index,
        baseline_frames=None,
        posterior_wall_px=observation.wall_px,
        body_outline_px=observation.outline_px,
        needle_tip_px=None if tip is None else (tip[0] + shift[0], tip[1] + shift[1]),
    )

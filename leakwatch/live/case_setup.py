"""Marks and calibration of a session, and what of them holds for the frames that come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from leakwatch.alerting.inactive_rules import InactiveRule, find_inactive_rules
from leakwatch.calibration.calibration_file import load_calibration_file
from leakwatch.calibration.spacing_ladder import resolve
from leakwatch.case_files.case_file import check_fits, dicom_path, load_case
from leakwatch.config import Settings
from leakwatch.core.errors import CalibrationError, CaseError
from leakwatch.core.frame import Acquisition
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.plausibility.agreement import check_agrees
from leakwatch.sources.stored.opening import open_source
from leakwatch.sources.stored.same_sequence import check_same_sequence

_NO_CASE = CaseFile("", Marks())


@dataclass(frozen=True, slots=True)
class Basis:
    """What frames are judged by.

    Parameters
    ----------
    marks : Marks
    calibration : Calibration
    doubts : tuple of str
        What was given and does not hold, or is unusual, for the person.
    rules_off : tuple of InactiveRule
        Rules that do not apply.
    """

    marks: Marks
    calibration: Calibration
    doubts: tuple[str, ...] = ()
    rules_off: tuple[InactiveRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Setup:
    """What a person gave for a session.

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
        """As drawn."""
        return self.case.marks

    def with_marks(self, marks: Marks, same_patient: bool = True) -> Setup:
        """Other marks; another patient's spacing is not kept either."""
        case = self.case if same_patient else _NO_CASE
        return replace(self, case=replace(case, marks=marks))

    def with_spacing(self, mm_per_px: float, sigma: float) -> Setup:
        """Millimetres at the vertebra as a person measured them on this picture."""
        case = replace(self.case, mm_per_px=mm_per_px, mm_per_px_sigma=sigma)
        return replace(self, case=case)

    def basis(self, acquisition: Acquisition) -> Basis:
        """What holds for frames of `acquisition`. Does not raise: in a session that runs, what does
        not fit is left out and told.
        """
        case, doubts = self.case, list[str]()
        try:
            # A live source numbers its frames on and on.
            check_fits(case, replace(acquisition, number_of_frames=None), "the case")
        except CaseError as error:
            doubts.append(str(error))
            case = CaseFile("", Marks(view=case.marks.view))
        scale = self._scale(acquisition, case, doubts)
        try:
            doubts += check_agrees(case, acquisition, scale, self.settings)
        except CaseError as error:
            doubts.append(f"{error} Nothing of the case is used.")
            case = CaseFile("", Marks(view=case.marks.view))
            scale = self._scale(acquisition, case, doubts)
        off = find_inactive_rules(
            case.marks, scale, replace(acquisition, number_of_frames=None), self.settings
        )
        return Basis(case.marks, scale, tuple(doubts), off)

    def _scale(self, acquisition: Acquisition, case: CaseFile, doubts: list[str]) -> Calibration:
        """Millimetres; why there are none is added to `doubts`."""
        settings = self.settings.calibration
        try:
            return resolve(acquisition, case, self.calibration_path, settings)
        except CalibrationError as error:
            doubts.append(str(error))
            return Calibration(None, None, SpacingRung.NONE, str(error))


def load_setup(
    settings: Settings, case_path: Path | None = None, calibration_path: Path | None = None
) -> Setup:
    """Read what a person gave, before the first frame comes.

    Raises
    ------
    CaseError, CalibrationError
        It cannot be read.
    """
    case = _NO_CASE if case_path is None else load_case(case_path)
    if calibration_path is not None and not calibration_path.is_dir():
        load_calibration_file(calibration_path)
    return Setup(settings, case, calibration_path)


def check_stored(setup: Setup, sequence: Path, case_path: Path) -> tuple[str, ...]:
    """Refuse a case that does not fit the stored sequence that is replayed as if it were live.

    Parameters
    ----------
    setup : Setup
        With the case.
    sequence : Path
    case_path : Path

    Returns
    -------
    tuple of str
        What is unusual, for the person.

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
    scale = resolve(acquisition, case, setup.calibration_path, settings.calibration)
    return check_agrees(case, acquisition, scale, settings, name)


def marks_now(marks: Marks, judged: Snapshot | None) -> Marks:
    """The marks where they lie in the frame of `judged`, drawn on it.

    Parameters
    ----------
    marks : Marks
    judged : Snapshot or None
        None, or without a shift: nobody knows where they lie. Then the view alone is kept.
    """
    if judged is None or judged.observation.shift_px is None:
        return Marks(view=marks.view)
    seen = judged.observation
    shift = judged.observation.shift_px
    tip = marks.needle_tip_px
    return replace(
        marks,
        reference_frame=judged.frame.index,
        baseline_frames=None,
        posterior_wall_px=seen.wall_px,
        body_outline_px=seen.outline_px,
        needle_tip_px=None if tip is None else (tip[0] + shift[0], tip[1] + shift[1]),
    )

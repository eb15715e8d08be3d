"""Case being made in a window: marks, calibration, and how they are saved. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leakwatch.calibrating.measure import Measurement
from leakwatch.core.arrays import Point
from leakwatch.core.marks import CaseFile
from leakwatch.core.messages import sentence, text
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.marking.draft import Draft, History
from leakwatch.marking.finding import NOTHING, FoundBody, find_from_draft, finished_marks
from leakwatch.marking.one_click import Basis, Prepared, with_calibration
from leakwatch.marking.preparation import Preparation

# Saves the finished case, and returns a message about it.
Keep = Callable[[CaseFile], str]

# Results kept for dragging, undo and redo.
_KEPT = 8
_AVERAGING = text("Averaging the cement-free frames …")


@dataclass(frozen=True, slots=True)
class _Key:
    """Input on which a detected body depends."""

    draft: Draft
    prepared: int
    mm_per_px: float | None


class OpenCase:
    """Case that is open in a window; layers show and change it.

    Parameters
    ----------
    basis : Basis
    preparation : Preparation
    frame : int
        The marked frame.
    keep : callable
        See `Keep`; may raise `LeakWatchError`.
    draft : Draft
        The first draft.
    ends_with_saving : bool
        Whether the window continues with the saved case.

    Attributes
    ----------
    history : History
    calibration : Calibration
        Of the basis, or as measured here.
    measured : Measurement or None
        A spacing that was measured and used here.
    was_saved : bool
        At least once.
    outcome : str
        The outcome until now, as a message.
    """

    def __init__(
        self,
        basis: Basis,
        preparation: Preparation,
        frame: int,
        keep: Keep,
        draft: Draft | None = None,
        ends_with_saving: bool = False,
    ) -> None:
        self.basis, self.frame, self.ends_with_saving = basis, frame, ends_with_saving
        self.history = History(Draft() if draft is None else draft)
        self.calibration: Calibration = basis.calibration
        self.measured: Measurement | None = None
        self.was_saved = False
        # State when last saved; at first, the initial one.
        self._kept: tuple[Draft, Measurement | None] = (self.draft, None)
        self.outcome: str = text("Nothing was saved")
        self._preparation, self._keep = preparation, keep
        self._known: dict[_Key, FoundBody] = {}

    @property
    def draft(self) -> Draft:
        """Input of the user."""
        return self.history.now

    @property
    def waiting(self) -> str:
        """Reason why marking has to wait or is impossible; empty if neither."""
        if self._preparation.problem:
            return sentence(self._preparation.problem)
        return "" if self._preparation.prepared is not None else _AVERAGING

    @property
    def prepared(self) -> Prepared | None:
        """Average, with the current calibration."""
        prepared = self._preparation.prepared
        return None if prepared is None else with_calibration(prepared, self.calibration)

    @property
    def average(self) -> Prepared | None:
        """Average as prepared; the same object while it does not change."""
        return self._preparation.prepared

    @property
    def found(self) -> FoundBody:
        """Body detected for the draft."""
        return self.found_for(self.draft)

    def found_for(self, draft: Draft) -> FoundBody:
        """Return the body detected for another draft, as while dragging."""
        average = self._preparation.prepared
        prepared = self.prepared
        if average is None or prepared is None:
            return NOTHING
        key = _Key(draft, id(average), self.calibration.mm_per_px)
        if key not in self._known:
            if len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = find_from_draft(draft, prepared, self.basis)
        return self._known[key]

    def showed(self, snapshot: Snapshot) -> None:
        """Handle a new frame on the screen."""
        self._preparation.showed(snapshot)

    def take_spacing(self, measured: Measurement) -> None:
        """Use a measured spacing."""
        spacing = measured.spacing
        self.measured = measured
        self.calibration = Calibration(
            spacing.mm_per_px,
            spacing.mm_per_px_sigma,
            SpacingRung.CASE,
            text("measured: {object}", object=spacing.what.value),
            self.calibration.distortion,
        )

    def forget_spacing(self) -> None:
        """Return to the calibration of the header, or the given one."""
        self.measured, self.calibration = None, self.basis.calibration

    def case(self) -> CaseFile:
        """Return the finished case.

        Raises
        ------
        CaseError
            It is not finished.
        """
        marks = finished_marks(self.draft, self.found, self.frame)
        given = self.basis.calibration
        kept = self.calibration if self.measured is not None else None
        if kept is None and given.rung is SpacingRung.CASE:
            kept = given
        if kept is None:
            return CaseFile("", marks)
        return CaseFile("", marks, kept.mm_per_px, kept.mm_per_px_sigma)

    def save(self) -> str:
        """Save the finished case, and return a message about it.

        Raises
        ------
        LeakWatchError
            It is not finished, or cannot be saved.
        """
        message = self._keep(self.case())
        self._kept, self.outcome = (self.draft, self.measured), message
        self.was_saved = True
        return message

    @property
    def is_saved(self) -> bool:
        """Return whether nothing has changed since it was saved or opened."""
        draft, measured = self._kept
        return self.draft == draft and self.measured is measured

    def close(self) -> None:
        """Close it and stop the preparation."""
        self._preparation.close()


def moved_by(at: Point, by: Point) -> Point:
    """Return a point moved by another."""
    return (at[0] + by[0], at[1] + by[1])

"""A case while it is made in a window: marks, millimetres, and where they go. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leakwatch.calibrating.measure import Measurement
from leakwatch.core.arrays import Point
from leakwatch.core.marks import CaseFile
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.marking.draft import Draft, History
from leakwatch.marking.finding import NOTHING, Found, find, finished_marks
from leakwatch.marking.one_click import Basis, Prepared, with_calibration
from leakwatch.marking.preparation import Preparation

# Takes the finished case, and says what became of it.
Keep = Callable[[CaseFile], str]

# What is dragged, what it was before, and some steps to go back and forth.
_KEPT = 8
_AVERAGING = "The frames without cement are averaged …"


@dataclass(frozen=True, slots=True)
class _Key:
    """What a found body depends on."""

    draft: Draft
    prepared: int
    mm_per_px: float | None


class OpenCase:
    """What is said of a case so far; layers of a window show it and change it.

    Parameters
    ----------
    basis : Basis
    preparation : Preparation
    frame : int
        That is marked.
    keep : callable
        See `Keep`; may raise `LeakWatchError`.
    draft : Draft
        To begin with.
    ends_with_saving : bool
        The window goes on with what was saved.

    Attributes
    ----------
    history : History
    calibration : Calibration
        That of the basis, or as measured here.
    measured : Measurement or None
        A spacing that was measured here, and kept.
    was_saved : bool
        Once at least.
    outcome : str
        What became of it until now.
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
        # What was kept last; to begin with, what is there already.
        self._kept: tuple[Draft, Measurement | None] = (self.draft, None)
        self.outcome = "Nothing was saved"
        self._preparation, self._keep = preparation, keep
        self._known: dict[_Key, Found] = {}

    @property
    def draft(self) -> Draft:
        """What the person said."""
        return self.history.now

    @property
    def waiting(self) -> str:
        """What is waited for, or what is in the way of marking; empty where nothing is."""
        if self._preparation.problem:
            problem = self._preparation.problem
            return f"{problem[:1].upper()}{problem[1:]}"
        return "" if self._preparation.prepared is not None else _AVERAGING

    @property
    def prepared(self) -> Prepared | None:
        """The average, with the millimetres that are known by now."""
        prepared = self._preparation.prepared
        return None if prepared is None else with_calibration(prepared, self.calibration)

    @property
    def average(self) -> Prepared | None:
        """The same object as long as the picture is the same."""
        return self._preparation.prepared

    @property
    def found(self) -> Found:
        """What follows from the draft."""
        return self.found_for(self.draft)

    def found_for(self, draft: Draft) -> Found:
        """What would follow from another draft: while something is dragged."""
        average = self._preparation.prepared
        prepared = self.prepared
        if average is None or prepared is None:
            return NOTHING
        key = _Key(draft, id(average), self.calibration.mm_per_px)
        if key not in self._known:
            if len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = find(draft, prepared, self.basis)
        return self._known[key]

    def showed(self, snapshot: Snapshot) -> None:
        """A new frame is on the screen."""
        self._preparation.showed(snapshot)

    def take_spacing(self, measured: Measurement) -> None:
        """Keep a spacing that was measured."""
        spacing = measured.spacing
        self.measured = measured
        self.calibration = Calibration(
            spacing.mm_per_px,
            spacing.mm_per_px_sigma,
            SpacingRung.CASE,
            f"measured: {spacing.what.value}",
            self.calibration.distortion,
        )

    def forget_spacing(self) -> None:
        """Back to the millimetres of the tags, or of what was given."""
        self.measured, self.calibration = None, self.basis.calibration

    def case(self) -> CaseFile:
        """The finished case.

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
        """Hand the finished case over; what became of it, for the person.

        Raises
        ------
        LeakWatchError
            It is not finished, or cannot be kept.
        """
        said = self._keep(self.case())
        self._kept, self.outcome = (self.draft, self.measured), said
        self.was_saved = True
        return said

    @property
    def is_saved(self) -> bool:
        """Whether nothing was said since it was saved, or at all."""
        draft, measured = self._kept
        return self.draft == draft and self.measured is measured

    def close(self) -> None:
        """Nothing more is done with it."""
        self._preparation.close()


def moved_by(at: Point, by: Point) -> Point:
    """A point, moved."""
    return (at[0] + by[0], at[1] + by[1])

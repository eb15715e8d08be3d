"""Inactive rules of a case, known before its first frame: which, why, and what to do.

Pure. Commands print them at the start and at the end, the window in its message line.
"""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.core.frame import Acquisition, View
from leakwatch.core.marks import Marks
from leakwatch.core.messages import Message, counted, join_with, text
from leakwatch.core.spacing import Calibration


@dataclass(frozen=True, slots=True)
class InactiveRule:
    """Rule that is inactive, or that rests on an assumption.

    Parameters
    ----------
    rule : str
        ``posterior wall rule``, ``5 mm rule``, ``outline rule``, ``prediction``, ``all rules``, or
        what is assumed: ``anterior side``, ``baseline``, ``frame times``.
    why : str
    remedy : str
        What the user can do; empty if nothing.
    off : bool
        False: the rule is active, but on an assumption, or only later.
    """

    rule: str
    why: str
    remedy: str
    off: bool = True

    @property
    def text(self) -> Message:
        """Rule, reason and remedy, as ``prediction inactive: ...; ...``."""
        name = text("{rule} inactive", rule=self.rule) if self.off else self.rule
        if not self.remedy:
            return text("{rule}: {why}", rule=name, why=self.why)
        return text("{rule}: {why}; {remedy}", rule=name, why=self.why, remedy=self.remedy)


def find_inactive_rules(
    marks: Marks,
    calibration: Calibration | None,
    acquisition: Acquisition | None,
    settings: Settings,
) -> tuple[InactiveRule, ...]:
    """Return the inactive rules, most important first.

    Parameters
    ----------
    marks : Marks
    calibration : Calibration or None
        None: no frame was received yet.
    acquisition : Acquisition or None
        Likewise.
    settings : Settings

    Returns
    -------
    tuple of InactiveRule
    """
    found = [
        _too_short(acquisition, settings),
        _wall(marks),
        _side(marks, acquisition),
        _margin(marks, calibration, settings),
        _outline(marks, calibration),
        _prediction(settings),
        _baseline(marks, settings),
        _times(acquisition),
    ]
    return tuple(one for one in found if one is not None)


def _too_short(acquisition: Acquisition | None, settings: Settings) -> InactiveRule | None:
    count = None if acquisition is None else acquisition.number_of_frames
    least = settings.baseline.min_frames
    if count is None or count >= least:
        return None
    return InactiveRule(
        text("all rules"),
        counted(
            "the sequence has {count} frame, and the baseline needs {least}",
            "the sequence has {count} frames, and the baseline needs {least}",
            count=count,
            least=least,
        ),
        text("provide a longer sequence"),
    )


def _wall(marks: Marks) -> InactiveRule | None:
    if marks.view is View.AP or marks.view is View.OBLIQUE:
        return InactiveRule(
            text("posterior wall rule"),
            text(
                "the view is {view}: the posterior wall cannot be monitored, veins and outline can",
                view=marks.view.value,
            ),
            text("turn to the lateral view for the wall"),
        )
    if marks.posterior_wall_px is None:
        return InactiveRule(
            text("posterior wall rule"),
            text("no posterior wall is marked"),
            text("mark one with `leakwatch mark FILE`"),
        )
    if marks.view is None:
        return InactiveRule(
            text("posterior wall rule"),
            text("the view is not specified"),
            text("set view to lateral in the case"),
        )
    return None


def _side(marks: Marks, acquisition: Acquisition | None) -> InactiveRule | None:
    """Follow the order in which `vision.wall.inside_point` finds the anterior side."""
    if _wall(marks) is not None or acquisition is None:
        return None
    marked = (marks.anterior, marks.body_outline_px, marks.needle_tip_px)
    letters = (axis[:1] for axis in acquisition.patient_orientation or ())
    if any(one is not None for one in marked) or any(one in ("A", "P") for one in letters):
        return None
    return InactiveRule(
        text("anterior side"),
        text(
            "not specified: unknown until a cannula crosses the wall, or until cement appears, "
            "which is then assumed to be anterior of it"
        ),
        text("set anterior to left or right in the case"),
        off=False,
    )


def _margin(
    marks: Marks, calibration: Calibration | None, settings: Settings
) -> InactiveRule | None:
    if calibration is None or calibration.mm_per_px is not None or _wall(marks) is not None:
        return None
    return InactiveRule(
        text("{margin_mm:g} mm rule", margin_mm=settings.alerting.margin_mm),
        text("not calibrated ({source})", source=calibration.source),
        text("set mm_per_px in the case, or pass a calibration with --calibration"),
    )


def _outline(marks: Marks, calibration: Calibration | None) -> InactiveRule | None:
    if marks.body_outline_px is not None:
        return None
    remedy = text("mark one with `leakwatch mark FILE`")
    if marks.posterior_wall_px is None:
        return InactiveRule(text("outline rule"), text("no body outline is marked"), remedy)
    if calibration is not None and calibration.mm_per_px is None:
        why = text("no body outline is marked, and none is searched for without a calibration")
        return InactiveRule(text("outline rule"), why, remedy)
    return None


def _prediction(settings: Settings) -> InactiveRule | None:
    if settings.alerting.predict_s > 0.0:
        return None
    return InactiveRule(text("prediction"), text("[alerting] predict_s is 0 in the settings"), "")


def _baseline(marks: Marks, settings: Settings) -> InactiveRule | None:
    if marks.baseline_frames is not None:
        return None
    return InactiveRule(
        text("baseline"),
        text("assumed: the first {max_s:g} s are cement-free", max_s=settings.baseline.max_s),
        text("set baseline_frames in the case if they are not"),
        off=False,
    )


def _times(acquisition: Acquisition | None) -> InactiveRule | None:
    if acquisition is None or not acquisition.time_doubts:
        return None
    return InactiveRule(
        text("frame times"),
        join_with("; ", acquisition.time_doubts),
        text("find out which is correct: speeds and predictions depend on it"),
        off=False,
    )

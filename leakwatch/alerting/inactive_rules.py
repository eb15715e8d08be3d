"""Which rules do not apply to a run, known before its first frame: what, why, and what to do.

Pure. The commands say it at the start and again at the end, the window in its message line.
"""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.core.frame import Acquisition, View
from leakwatch.core.marks import Marks
from leakwatch.core.plural import counted_noun
from leakwatch.core.spacing import Calibration


@dataclass(frozen=True, slots=True)
class RuleOff:
    """A rule that does not apply, or not from the beginning.

    Parameters
    ----------
    rule : str
        ``wall rule``, ``5 mm rule``, ``outline rule``, ``prediction``, ``all rules``, or what is
        assumed: ``side of the wall``, ``baseline``, ``frame times``.
    why : str
    remedy : str
        What a person can do; empty where nothing.
    off : bool
        False: the rule applies, but on an assumption, or only later.
    """

    rule: str
    why: str
    remedy: str
    off: bool = True

    @property
    def text(self) -> str:
        """``wall rule off: no posterior wall is marked; mark one with `leakwatch mark FILE```."""
        state = " off" if self.off else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.rule}{state}: {self.why}{remedy}"


def rules_off(
    marks: Marks,
    calibration: Calibration | None,
    acquisition: Acquisition | None,
    settings: Settings,
) -> tuple[RuleOff, ...]:
    """Tell which rules do not apply, most important first.

    Parameters
    ----------
    marks : Marks
    calibration : Calibration or None
        None: no frame came yet, and nothing is said of it.
    acquisition : Acquisition or None
        Likewise.
    settings : Settings

    Returns
    -------
    tuple of RuleOff
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


def _too_short(acquisition: Acquisition | None, settings: Settings) -> RuleOff | None:
    count = None if acquisition is None else acquisition.number_of_frames
    least = settings.baseline.min_frames
    if count is None or count >= least:
        return None
    return RuleOff(
        "all rules",
        f"the sequence has {counted_noun(count, 'frame')}, and a picture of the anatomy "
        f"without cement takes {least}",
        "give a whole run",
    )


def _wall(marks: Marks) -> RuleOff | None:
    if marks.view is View.AP or marks.view is View.OBLIQUE:
        return RuleOff(
            "wall rule",
            f"the view is {marks.view.value}, in which no posterior wall can be watched; veins and "
            "outline are",
            "turn to the lateral view for the wall",
        )
    if marks.posterior_wall_px is None:
        return RuleOff(
            "wall rule", "no posterior wall is marked", "mark one with `leakwatch mark FILE`"
        )
    if marks.view is None:
        return RuleOff("wall rule", "nobody said the view", "say lateral in the case")
    return None


def _side(marks: Marks, acquisition: Acquisition | None) -> RuleOff | None:
    """As `vision.wall.inside_point` finds the front of a wall."""
    if _wall(marks) is not None or acquisition is None:
        return None
    marked = (marks.anterior, marks.body_outline_px, marks.needle_tip_px)
    letters = (axis[:1] for axis in acquisition.patient_orientation or ())
    if any(one is not None for one in marked) or any(one in ("A", "P") for one in letters):
        return None
    return RuleOff(
        "side of the wall",
        "nobody said which side is anterior: unknown until a cannula crosses the wall, or cement "
        "comes, which is then taken to be in front of it",
        "say anterior left or right in the case",
        off=False,
    )


def _margin(marks: Marks, calibration: Calibration | None, settings: Settings) -> RuleOff | None:
    if calibration is None or calibration.mm_per_px is not None or _wall(marks) is not None:
        return None
    return RuleOff(
        f"{settings.alerting.margin_mm:g} mm rule",
        f"no millimetres ({calibration.source})",
        "give mm_per_px in the case, or a calibration with --calibration",
    )


def _outline(marks: Marks, calibration: Calibration | None) -> RuleOff | None:
    if marks.body_outline_px is not None:
        return None
    remedy = "mark one with `leakwatch mark FILE`"
    if marks.posterior_wall_px is None:
        return RuleOff("outline rule", "no body outline is marked", remedy)
    if calibration is not None and calibration.mm_per_px is None:
        why = "no body outline is marked, and none is looked for without millimetres"
        return RuleOff("outline rule", why, remedy)
    return None


def _prediction(settings: Settings) -> RuleOff | None:
    if settings.alerting.predict_s > 0.0:
        return None
    return RuleOff("prediction", "[alerting] predict_s is 0 in the settings", "")


def _baseline(marks: Marks, settings: Settings) -> RuleOff | None:
    if marks.baseline_frames is not None:
        return None
    return RuleOff(
        "baseline",
        f"assumed: the first {settings.baseline.max_s:g} s are taken to hold no cement",
        "say baseline_frames in the case where they do",
        off=False,
    )


def _times(acquisition: Acquisition | None) -> RuleOff | None:
    if acquisition is None or not acquisition.time_doubts:
        return None
    return RuleOff(
        "frame times",
        "; ".join(acquisition.time_doubts),
        "find out which is right: speeds and predictions depend on it",
        off=False,
    )

"""Scores of a trainee: reaction time, cement past the stop point, false STOPs. Pure.

Times are seconds of the case, at its true speed. A false STOP is counted, and the injection
continues; the first correct one ends it. The truth of the case determines when a STOP was due, or
LeakWatch's own STOP if there is no truth; `DueStop.by` states which.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leakwatch.case_files.truth_file import due_frame, right_from
from leakwatch.config import TrainingSettings
from leakwatch.core.errors import CaseError
from leakwatch.core.messages import counted, text
from leakwatch.core.results import Level
from leakwatch.core.truth import Truth


class TruthSource(StrEnum):
    """Source of the time at which a STOP was due."""

    TRUTH = "truth"
    LEAKWATCH = "leakwatch"


class Outcome(StrEnum):
    """Outcome of a session."""

    STOPPED = "stopped"  # a STOP was due, and was given
    MISSED = "missed"  # a STOP was due, and no correct one was given
    NOT_DUE = "not_due"  # none was due, and no tolerated one was given
    CAUTIOUS = "cautious"  # none was due, but cement was so near that one is tolerated
    BROKEN_OFF = "broken_off"
    UNSCORED = "unscored"  # unknown whether a STOP was due


class Verdict(StrEnum):
    """Immediate classification of a press."""

    RIGHT = "right"
    FALSE = "false"
    SAME = "same"  # the same decision as the previous press
    NOTED = "noted"  # unknown


@dataclass(frozen=True, slots=True)
class Instant:
    """Time in a case.

    Parameters
    ----------
    frame : int
        Index of the displayed frame.
    time_s : float
        From the first frame; may be between two frames.
    """

    frame: int
    time_s: float


@dataclass(frozen=True, slots=True)
class MonitorSample:
    """Results of LeakWatch at one frame.

    Parameters
    ----------
    time_s : float
    level : Level
    volume_ml : float or None
        Estimated volume of cement.
    """

    time_s: float
    level: Level
    volume_ml: float | None


@dataclass(frozen=True, slots=True)
class DueStop:
    """Time at which a STOP is due in a case.

    Parameters
    ----------
    by : By
    at : Instant or None
        None: never.
    right_from_s : float or None
        From then on a STOP is not false; None: always false.
    """

    by: TruthSource
    at: Instant | None
    tolerated_from_s: float | None


@dataclass(frozen=True, slots=True)
class CaseCourse:
    """Course of a case, for scoring.

    Parameters
    ----------
    times_s : tuple of float
        Of its frames.
    injected_ml : tuple of float or None
        At each frame.
    ml_by : By
        Of `injected_ml`: the truth, or an estimate from the images.
    due : Due or None
        None: unknown, for the reason in `why`.
    leakwatch : Instant or None
        First STOP of LeakWatch.
    why : str
    """

    times_s: tuple[float, ...]
    injected_ml: tuple[float | None, ...]
    ml_by: TruthSource
    due: DueStop | None
    leakwatch: Instant | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """Score of a session.

    Parameters
    ----------
    outcome : Outcome
    presses_s : tuple of float
        All of them.
    stop : Instant or None
        The first STOP that is not false.
    reaction_s : float or None
        From the due frame to the STOP; negative before it.
    past_ml : float or None
        Injected from the due frame until the STOP, or until the end if there was none; None if
        nothing was due, or volumes are unknown.
    false_at_s : tuple of float or None
        None if unknown.
    why : str
        Reason of an outcome without a score.
    """

    outcome: Outcome
    presses_s: tuple[float, ...]
    stop: Instant | None = None
    reaction_s: float | None = None
    past_ml: float | None = None
    false_at_s: tuple[float, ...] | None = ()
    why: str = ""

    @property
    def false_stops(self) -> int | None:
        """Number of false STOPs; None if unknown."""
        return None if self.false_at_s is None else len(self.false_at_s)


def course_of(
    seen: Sequence[MonitorSample], truth: Truth | None, settings: TrainingSettings
) -> CaseCourse:
    """Return the course of a case from its analysis, and from its truth.

    Parameters
    ----------
    seen : sequence of Seen
        A complete case, frame by frame; at least one.
    truth : Truth or None
    settings : TrainingSettings

    Raises
    ------
    CaseError
        The truth has another number of frames.
    """
    times_s = tuple(one.time_s for one in seen)
    stop = next((i for i, one in enumerate(seen) if one.level is Level.STOP), None)
    leakwatch = None if stop is None else Instant(stop, times_s[stop])
    if truth is None:
        volumes = tuple(one.volume_ml for one in seen)
        why = "" if leakwatch is not None else _unscored_reason(seen)
        right_s = None if leakwatch is None else max(leakwatch.time_s - settings.early_s, 0.0)
        due = None if why else DueStop(TruthSource.LEAKWATCH, leakwatch, right_s)
        return CaseCourse(times_s, volumes, TruthSource.LEAKWATCH, due, leakwatch, why)
    if len(truth.frames) != len(seen):
        raise CaseError(
            counted(
                "the truth has {count} frame, and the sequence has {frames}. Put the truth of "
                "this sequence beside it, or remove it.",
                "the truth has {count} frames, and the sequence has {frames}. Put the truth of "
                "this sequence beside it, or remove it.",
                count=len(truth.frames),
                frames=len(seen),
            )
        )
    first, near = due_frame(truth), right_from(truth)
    # A STOP that is due is never false, even for a leak too short to count as near.
    right = min((at for at in (first, near) if at is not None), default=None)
    due = DueStop(
        TruthSource.TRUTH,
        None if first is None else Instant(first, times_s[first]),
        None if right is None else times_s[right],
    )
    return CaseCourse(
        times_s, tuple(frame.ml for frame in truth.frames), TruthSource.TRUTH, due, leakwatch
    )


def verdict(
    course: CaseCourse, presses_s: Sequence[float], press_s: float, settings: TrainingSettings
) -> Verdict:
    """Return the classification of a press after earlier ones.

    Parameters
    ----------
    course : Course
    presses_s : sequence of float
        Earlier ones, in order, none of them correct.
    press_s : float
    settings : TrainingSettings
    """
    if course.due is None:
        return Verdict.NOTED
    right_s = course.due.tolerated_from_s
    if right_s is not None and press_s >= right_s:
        return Verdict.RIGHT
    earlier = _decisions(presses_s, settings.same_press_s)
    same = bool(earlier) and press_s - earlier[-1] <= settings.same_press_s
    return Verdict.SAME if same else Verdict.FALSE


def score(
    course: CaseCourse,
    presses_s: Sequence[float],
    settings: TrainingSettings,
    broken_off_s: float | None = None,
) -> Score:
    """Score a session.

    Parameters
    ----------
    course : Course
    presses_s : sequence of float
        When STOP was pressed, in order.
    settings : TrainingSettings
    broken_off_s : float or None
        Time at which the session was aborted, before the end and before a correct STOP.
    """
    pressed, due = tuple(presses_s), course.due
    right_s = None if due is None else due.tolerated_from_s
    wrongs = tuple(at for at in pressed if right_s is None or at < right_s)
    false_at_s = None if due is None else _decisions(wrongs, settings.same_press_s)
    if due is not None and len(wrongs) < len(pressed):
        # Presses after the injection was stopped do not count.
        return _stopped(course, due, pressed[: len(wrongs) + 1], false_at_s)
    if broken_off_s is not None:
        why = text(
            "aborted at {at_s:.1f} s of {end_s:.1f} s", at_s=broken_off_s, end_s=course.times_s[-1]
        )
        return Score(Outcome.BROKEN_OFF, pressed, false_at_s=false_at_s, why=why)
    if due is None:
        return Score(Outcome.UNSCORED, pressed, false_at_s=None, why=course.why)
    if due.at is None:
        return Score(Outcome.NOT_DUE, pressed, false_at_s=false_at_s)
    past = _past_ml(course, due.at, course.times_s[-1])
    return Score(Outcome.MISSED, pressed, past_ml=past, false_at_s=false_at_s)


def _stopped(
    course: CaseCourse,
    due: DueStop,
    presses_s: tuple[float, ...],
    false_at_s: tuple[float, ...] | None,
) -> Score:
    """Return the score of a session whose last press is the first correct one."""
    stop = instant(course, presses_s[-1])
    if due.at is None:
        return Score(Outcome.CAUTIOUS, presses_s, stop, false_at_s=false_at_s)
    past = _past_ml(course, due.at, stop.time_s)
    reaction_s = stop.time_s - due.at.time_s
    return Score(Outcome.STOPPED, presses_s, stop, reaction_s, past, false_at_s)


def instant(course: CaseCourse, time_s: float) -> Instant:
    """Return the displayed frame at a time."""
    return Instant(max(bisect_right(course.times_s, time_s) - 1, 0), time_s)


def _decisions(presses_s: Sequence[float], same_press_s: float) -> tuple[float, ...]:
    """Return presses without those that follow a counted one too soon."""
    decisions: list[float] = []
    for at in presses_s:
        if not decisions or at - decisions[-1] > same_press_s:
            decisions.append(at)
    return tuple(decisions)


def _past_ml(course: CaseCourse, due: Instant, until_s: float) -> float | None:
    before, after = _ml_at(course, due.time_s), _ml_at(course, until_s)
    # An estimate may decrease from frame to frame; cement does not flow back.
    return None if before is None or after is None else max(after - before, 0.0)


def _ml_at(course: CaseCourse, time_s: float) -> float | None:
    """Return the volume at a time, interpolated; None before the first known one.

    A volume may be known from a reading of the syringe on: before it, cement was there as well.
    """
    known = [
        (at, ml)
        for at, ml in zip(course.times_s, course.injected_ml, strict=True)
        if ml is not None
    ]
    after = bisect_right(known, time_s, key=lambda pair: pair[0])
    if after == 0:
        return None
    if after == len(known):
        return known[-1][1]
    (t0, ml0), (t1, ml1) = known[after - 1 : after + 1]
    return ml0 + (ml1 - ml0) * (time_s - t0) / (t1 - t0)


def _unscored_reason(seen: Sequence[MonitorSample]) -> str:
    """Return why LeakWatch's silence is no evidence; empty if all later frames were assessed."""
    levels = [one.level for one in seen]
    first = next((i for i, level in enumerate(levels) if level is not Level.UNKNOWN), len(levels))
    unknown = levels[first:].count(Level.UNKNOWN)
    if first < len(levels) and not unknown:
        return ""
    number = len(levels) if first == len(levels) else unknown
    return counted(
        "there is no truth, and LeakWatch gave no STOP but could not assess {number} of {count} "
        "frame: unknown whether a STOP was due",
        "there is no truth, and LeakWatch gave no STOP but could not assess {number} of {count} "
        "frames: unknown whether a STOP was due",
        count=len(levels),
        number=number,
    )

"""How a trainee's STOPs are judged: reaction time, cement past the stop point, false stops. Pure.

Times are seconds of the case, at its true speed. A STOP that is false is counted, and the injection
goes on; the first that is not ends it. Where there is a truth it says when a STOP was due, else
LeakWatch's own STOP does, and `Due.by` tells which.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leakwatch.case_files.truth_file import due_frame, right_from
from leakwatch.config import TrainingSettings
from leakwatch.core.errors import CaseError
from leakwatch.core.plural import counted_noun
from leakwatch.core.results import Level
from leakwatch.core.truth import Truth


class By(StrEnum):
    """Who says it."""

    TRUTH = "truth"
    LEAKWATCH = "leakwatch"


class Outcome(StrEnum):
    """What became of a session."""

    STOPPED = "stopped"  # a STOP was due, and was given
    MISSED = "missed"  # a STOP was due, and none was given that was not false
    NOT_DUE = "not_due"  # none was due, and none was given that was not false
    CAUTIOUS = "cautious"  # none was due, and cement came so near that one is no fault
    BROKEN_OFF = "broken_off"
    UNSCORED = "unscored"  # nobody can say whether a STOP was due


class Verdict(StrEnum):
    """What a press is, at once."""

    RIGHT = "right"
    FALSE = "false"
    SAME = "same"  # the same decision as the press before
    NOTED = "noted"  # nobody can say


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment of a case.

    Parameters
    ----------
    frame : int
        Place in the run of the frame that is on the screen.
    time_s : float
        From the first frame; between two frames too.
    """

    frame: int
    time_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What LeakWatch showed at one frame.

    Parameters
    ----------
    time_s : float
    level : Level
    volume_ml : float or None
        Its estimate of the cement.
    """

    time_s: float
    level: Level
    volume_ml: float | None


@dataclass(frozen=True, slots=True)
class Due:
    """When a STOP is due in a case.

    Parameters
    ----------
    by : By
    at : Instant or None
        None: in no frame.
    right_from_s : float or None
        From then on a STOP is not false; None: it always is.
    """

    by: By
    at: Instant | None
    right_from_s: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """A case as a judge of people knows it.

    Parameters
    ----------
    times_s : tuple of float
        Of its frames.
    injected_ml : tuple of float or None
        At each frame.
    ml_by : By
        Of `injected_ml`: the truth, or an estimate from the pictures.
    due : Due or None
        None: nobody can say, and `why` tells the reason.
    leakwatch : Instant or None
        LeakWatch's own first STOP.
    why : str
    """

    times_s: tuple[float, ...]
    injected_ml: tuple[float | None, ...]
    ml_by: By
    due: Due | None
    leakwatch: Instant | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A judged session.

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
        Injected after the due frame and until the STOP, or until the end where none came; None
        where nothing was due, or volumes are not known.
    false_at_s : tuple of float or None
        None where nobody can say which are false.
    why : str
        Of an outcome that is no score.
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
        """How many; None where nobody can say."""
        return None if self.false_at_s is None else len(self.false_at_s)


def course_of(seen: Sequence[Seen], truth: Truth | None, settings: TrainingSettings) -> Course:
    """What is known of a case from the fold over it, and from its truth.

    Parameters
    ----------
    seen : sequence of Seen
        A whole case, frame by frame; at least one.
    truth : Truth or None
    settings : TrainingSettings

    Raises
    ------
    CaseError
        The truth is of another number of frames.
    """
    times_s = tuple(one.time_s for one in seen)
    stop = next((i for i, one in enumerate(seen) if one.level is Level.STOP), None)
    leakwatch = None if stop is None else Instant(stop, times_s[stop])
    if truth is None:
        volumes = tuple(one.volume_ml for one in seen)
        why = "" if leakwatch is not None else _why_not_judged(seen)
        right_s = None if leakwatch is None else max(leakwatch.time_s - settings.early_s, 0.0)
        due = None if why else Due(By.LEAKWATCH, leakwatch, right_s)
        return Course(times_s, volumes, By.LEAKWATCH, due, leakwatch, why)
    if len(truth.frames) != len(seen):
        raise CaseError(
            f"the truth is of {counted_noun(len(truth.frames), 'frame')}, and the sequence has "
            f"{len(seen)}. "
            "Put the truth of this sequence beside it, or take it away."
        )
    first, near = due_frame(truth), right_from(truth)
    # What is due is never false, though a leak be shorter than what counts as near.
    right = min((at for at in (first, near) if at is not None), default=None)
    due = Due(
        By.TRUTH,
        None if first is None else Instant(first, times_s[first]),
        None if right is None else times_s[right],
    )
    return Course(times_s, tuple(frame.ml for frame in truth.frames), By.TRUTH, due, leakwatch)


def verdict(
    course: Course, presses_s: Sequence[float], press_s: float, settings: TrainingSettings
) -> Verdict:
    """What a press is, after those before it.

    Parameters
    ----------
    course : Course
    presses_s : sequence of float
        Earlier ones, in order, none of them right.
    press_s : float
    settings : TrainingSettings
    """
    if course.due is None:
        return Verdict.NOTED
    right_s = course.due.right_from_s
    if right_s is not None and press_s >= right_s:
        return Verdict.RIGHT
    counted = _decisions(presses_s, settings.same_press_s)
    same = bool(counted) and press_s - counted[-1] <= settings.same_press_s
    return Verdict.SAME if same else Verdict.FALSE


def score(
    course: Course,
    presses_s: Sequence[float],
    settings: TrainingSettings,
    broken_off_s: float | None = None,
) -> Score:
    """Judge a session.

    Parameters
    ----------
    course : Course
    presses_s : sequence of float
        When STOP was pressed, in order.
    settings : TrainingSettings
    broken_off_s : float or None
        The session was ended then, before the case was over and before a STOP that is not false.

    Returns
    -------
    Score
    """
    pressed, due = tuple(presses_s), course.due
    right_s = None if due is None else due.right_from_s
    wrongs = tuple(at for at in pressed if right_s is None or at < right_s)
    false_at_s = None if due is None else _decisions(wrongs, settings.same_press_s)
    if due is not None and len(wrongs) < len(pressed):
        # What is pressed after the injection was stopped says nothing.
        return _stopped(course, due, pressed[: len(wrongs) + 1], false_at_s)
    if broken_off_s is not None:
        why = f"broken off at {broken_off_s:.1f} s of {course.times_s[-1]:.1f} s"
        return Score(Outcome.BROKEN_OFF, pressed, false_at_s=false_at_s, why=why)
    if due is None:
        return Score(Outcome.UNSCORED, pressed, false_at_s=None, why=course.why)
    if due.at is None:
        return Score(Outcome.NOT_DUE, pressed, false_at_s=false_at_s)
    past = _past_ml(course, due.at, course.times_s[-1])
    return Score(Outcome.MISSED, pressed, past_ml=past, false_at_s=false_at_s)


def _stopped(
    course: Course, due: Due, presses_s: tuple[float, ...], false_at_s: tuple[float, ...] | None
) -> Score:
    """The last press is the first that is not false."""
    stop = instant(course, presses_s[-1])
    if due.at is None:
        return Score(Outcome.CAUTIOUS, presses_s, stop, false_at_s=false_at_s)
    past = _past_ml(course, due.at, stop.time_s)
    reaction_s = stop.time_s - due.at.time_s
    return Score(Outcome.STOPPED, presses_s, stop, reaction_s, past, false_at_s)


def instant(course: Course, time_s: float) -> Instant:
    """The frame that is on the screen at a time."""
    return Instant(max(bisect_right(course.times_s, time_s) - 1, 0), time_s)


def _decisions(presses_s: Sequence[float], same_press_s: float) -> tuple[float, ...]:
    """Presses without those that follow a counted one too soon."""
    counted: list[float] = []
    for at in presses_s:
        if not counted or at - counted[-1] > same_press_s:
            counted.append(at)
    return tuple(counted)


def _past_ml(course: Course, due: Instant, until_s: float) -> float | None:
    before, after = _ml_at(course, due.time_s), _ml_at(course, until_s)
    # An estimate may fall from frame to frame; cement does not flow back.
    return None if before is None or after is None else max(after - before, 0.0)


def _ml_at(course: Course, time_s: float) -> float | None:
    """Volume at a time, between frames too; before the first known one as that one."""
    known = [
        (at, ml)
        for at, ml in zip(course.times_s, course.injected_ml, strict=True)
        if ml is not None
    ]
    if not known:
        return None
    after = bisect_right(known, time_s, key=lambda pair: pair[0])
    if after in (0, len(known)):
        return known[max(after - 1, 0)][1]
    (t0, ml0), (t1, ml1) = known[after - 1 : after + 1]
    return ml0 + (ml1 - ml0) * (time_s - t0) / (t1 - t0)


def _why_not_judged(seen: Sequence[Seen]) -> str:
    """Why LeakWatch's silence says nothing; empty where it saw all frames from its first on."""
    levels = [one.level for one in seen]
    judged = next((i for i, level in enumerate(levels) if level is not Level.UNKNOWN), len(levels))
    blind = levels[judged:].count(Level.UNKNOWN)
    if judged < len(levels) and not blind:
        return ""
    count = len(levels) if judged == len(levels) else blind
    return (
        f"there is no truth, and LeakWatch gives no STOP but could not judge {count} of "
        f"{counted_noun(len(levels), 'frame')}: nobody can say whether a STOP was due"
    )

"""Texts about the session of a trainee, for the window and the terminal. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.core.messages import Message, text
from leakwatch.display.facts import Fact
from leakwatch.training.scoring import (
    CaseCourse,
    DueStop,
    Instant,
    Outcome,
    Score,
    TruthSource,
    instant,
)

SCORED_BY = {
    TruthSource.TRUTH: text("by the truth of the case"),
    TruthSource.LEAKWATCH: text("by LeakWatch's own STOP: the case has no truth"),
}
_UNKNOWN = text("unknown")
_NONE = text("none")
_STOP_DUE = text("STOP due")
_YOUR_STOP = text("Your STOP")
_LEAKWATCH_STOP = text("LeakWatch's STOP")


def headline(score: Score) -> Message:
    """Return a summary of the session in one sentence."""
    if score.outcome is Outcome.STOPPED and score.reaction_s is not None:
        return text("STOP {when}", when=after_due(score.reaction_s))
    correct = text("Correct: no STOP was due")
    if score.false_stops:
        correct = text("No STOP was due, and you gave {number}", number=score.false_stops)
    return {
        Outcome.MISSED: text("Missed: a STOP was due"),
        Outcome.NOT_DUE: correct,
        Outcome.CAUTIOUS: text("No STOP was due, but cement was near: not a fault"),
        Outcome.BROKEN_OFF: text("Aborted: not scored"),
        Outcome.UNSCORED: text("Not scored"),
    }.get(score.outcome, text("STOP"))


def after_due(reaction_s: float) -> Message:
    """Return how long before or after a STOP was due."""
    if abs(reaction_s) < 0.005:
        return text("exactly when it was due")
    if reaction_s > 0.0:
        return text("{seconds:.2f} s after it was due", seconds=reaction_s)
    return text("{seconds:.2f} s before it was due", seconds=-reaction_s)


def score_facts(course: CaseCourse, score: Score) -> tuple[Fact, ...]:
    """Return when a STOP was due and given, its source, and the numbers of a session."""
    return (
        due_fact(course.due),
        Fact(_YOUR_STOP, instant_text(score.stop) or _NONE),
        Fact(_LEAKWATCH_STOP, leakwatch_text(course)),
        *score_numbers(course, score),
    )


def score_numbers(
    course: CaseCourse, score: Score, stood_still_s: float | None = None
) -> tuple[Fact, ...]:
    """Return reaction, cement past the stop point, false STOPs, and warnings.

    Parameters
    ----------
    course : Course
    score : Score
    stood_still_s : float or None
        Time without a display refresh, which limits the accuracy of the reaction.
    """
    facts = []
    if score.reaction_s is not None:
        name = text("Reaction from the due frame")
        facts.append(Fact(name, f"{score.reaction_s:.2f} s", large=True))
    if score.outcome in (Outcome.STOPPED, Outcome.MISSED):
        facts.append(_past_fact(course, score.past_ml))
    facts.append(_false_fact(score.false_at_s))
    if score.why:
        facts.append(Fact(text("Not scored"), score.why, warn=True))
    elif course.due is not None and course.due.by is TruthSource.LEAKWATCH:
        facts.append(Fact(text("Scored"), SCORED_BY[TruthSource.LEAKWATCH], warn=True))
    if stood_still_s is not None:
        stalled = text("for {seconds:.2f} s", seconds=stood_still_s)
        facts.append(Fact(text("The display did not refresh"), stalled, warn=True))
    return tuple(facts)


def due_fact(due: DueStop | None) -> Fact:
    """Return when a STOP was due, with the source."""
    if due is None:
        return Fact(_STOP_DUE, _UNKNOWN, warn=True)
    return Fact(_STOP_DUE, _due_text(due), warn=due.by is TruthSource.LEAKWATCH)


def _due_text(due: DueStop) -> Message:
    when = instant_text(due.at) or text("never")
    return text("{when} ({source})", when=when, source=SCORED_BY[due.by])


def leakwatch_text(course: CaseCourse) -> Message:
    """Return LeakWatch's first STOP, with its delay, or that it was false."""
    stop, due = course.leakwatch, course.due
    if stop is None:
        return _NONE
    when = _time_text(stop)
    if due is None or due.by is TruthSource.LEAKWATCH:
        return when
    if due.tolerated_from_s is None or stop.time_s < due.tolerated_from_s:
        return text("{when}: false", when=when)
    if due.at is None:
        return text("{when}: not due, but cement was near", when=when)
    return text("{when}: {delay}", when=when, delay=after_due(stop.time_s - due.at.time_s))


def instant_text(at: Instant | None) -> Message | None:
    """Return a time as it is shown; None if there is none."""
    return None if at is None else _time_text(at)


def _time_text(at: Instant) -> Message:
    return text("{time_s:.2f} s, frame {number}", time_s=at.time_s, number=at.frame)


@dataclass(frozen=True, slots=True)
class ResultLine:
    """Key frame with its title and description.

    Parameters
    ----------
    title, words : str
    frame : int or None
        Index of the frame; None if there is none.
    """

    title: str
    words: str
    frame: int | None


def key_frames(course: CaseCourse, score: Score) -> tuple[ResultLine, ResultLine, ResultLine]:
    """Return the frames in which a STOP was due, and given by the trainee and by LeakWatch."""
    return (_due_moment(course), _own_moment(course, score), _leakwatch_moment(course))


def _due_moment(course: CaseCourse) -> ResultLine:
    due = course.due
    if due is None:
        return ResultLine(_STOP_DUE, _UNKNOWN, None)
    return ResultLine(_STOP_DUE, _due_text(due), None if due.at is None else due.at.frame)


def _own_moment(course: CaseCourse, score: Score) -> ResultLine:
    stop = score.stop
    if stop is not None:
        when = _time_text(stop)
        if score.reaction_s is not None:
            when = text("{when}: {delay}", when=when, delay=after_due(score.reaction_s))
        return ResultLine(_YOUR_STOP, when, stop.frame)
    if score.false_at_s:
        wrong = instant(course, score.false_at_s[0])
        return ResultLine(text("Your first false STOP"), _time_text(wrong), wrong.frame)
    if score.presses_s:
        pressed = instant(course, score.presses_s[0])
        when = text("{when}: not scored", when=_time_text(pressed))
        return ResultLine(_YOUR_STOP, when, pressed.frame)
    return ResultLine(_YOUR_STOP, _NONE, None)


def _leakwatch_moment(course: CaseCourse) -> ResultLine:
    stop = course.leakwatch
    return ResultLine(_LEAKWATCH_STOP, leakwatch_text(course), None if stop is None else stop.frame)


def _past_fact(course: CaseCourse, past_ml: float | None) -> Fact:
    name = text("Cement injected past the stop point")
    if past_ml is None:
        return Fact(name, _UNKNOWN, warn=True)
    if course.ml_by is TruthSource.LEAKWATCH:
        estimated = text("Cement injected past the stop point (LeakWatch's estimate)")
        return Fact(estimated, text("about {volume_ml:.1f} mL", volume_ml=past_ml), True, True)
    return Fact(name, f"{past_ml:.2f} mL", large=True)


def _false_fact(false_at_s: tuple[float, ...] | None) -> Fact:
    if false_at_s is None:
        return Fact(text("False STOPs"), _UNKNOWN, warn=True)
    name = text("False STOPs")
    if false_at_s:
        times = ", ".join(f"{at:.2f} s" for at in false_at_s)
        name = text("False STOPs (at {times})", times=times)
    return Fact(name, f"{len(false_at_s)}", large=True)

"""Texts about the session of a trainee, for the window and the terminal. Pure."""

from __future__ import annotations

from leakwatch.core.messages import Message, text
from leakwatch.display.facts import Fact
from leakwatch.training.scoring import CaseCourse, DueStop, Instant, Outcome, Score, TruthSource

SCORED_BY = {
    TruthSource.TRUTH: text("by the truth of the case"),
    TruthSource.LEAKWATCH: text("by LeakWatch's own STOP: the case has no truth"),
}
UNKNOWN = text("unknown")
NONE = text("none")
STOP_DUE = text("STOP due")
YOUR_STOP = text("Your STOP")
LEAKWATCH_STOP = text("LeakWatch's STOP")


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
        Fact(YOUR_STOP, instant_text(score.stop) or NONE),
        Fact(LEAKWATCH_STOP, leakwatch_text(course)),
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
        return Fact(STOP_DUE, UNKNOWN, warn=True)
    return Fact(STOP_DUE, due_text(due), warn=due.by is TruthSource.LEAKWATCH)


def due_text(due: DueStop, first: int = 0) -> Message:
    """Return when a STOP was due, with the source."""
    when = text("never") if due.at is None else time_text(due.at, first)
    return text("{when} ({source})", when=when, source=SCORED_BY[due.by])


def leakwatch_text(course: CaseCourse, first: int = 0) -> Message:
    """Return LeakWatch's first STOP, with its delay, or that it was false; `first` as below."""
    stop, due = course.leakwatch, course.due
    if stop is None:
        return NONE
    when = time_text(stop, first)
    if due is None or due.by is TruthSource.LEAKWATCH:
        return when
    if due.tolerated_from_s is None or stop.time_s < due.tolerated_from_s:
        return text("{when}: false", when=when)
    if due.at is None:
        return text("{when}: not due, but cement was near", when=when)
    return text("{when}: {delay}", when=when, delay=after_due(stop.time_s - due.at.time_s))


def instant_text(at: Instant | None) -> Message | None:
    """Return a time as it is shown; None if there is none."""
    return None if at is None else time_text(at)


def time_text(at: Instant, first: int = 0) -> Message:
    """Return a time with its frame.

    Parameters
    ----------
    at : Instant
    first : int
        Number of the first frame: 0 in the terminal, as in options and files; 1 in windows.
    """
    return text("{time_s:.2f} s, frame {number}", time_s=at.time_s, number=at.frame + first)


def _past_fact(course: CaseCourse, past_ml: float | None) -> Fact:
    name = text("Cement injected past the stop point")
    if past_ml is None:
        return Fact(name, UNKNOWN, warn=True)
    if course.ml_by is TruthSource.LEAKWATCH:
        estimated = text("Cement injected past the stop point (LeakWatch's estimate)")
        return Fact(estimated, text("about {volume_ml:.1f} mL", volume_ml=past_ml), True, True)
    return Fact(name, f"{past_ml:.2f} mL", large=True)


def _false_fact(false_at_s: tuple[float, ...] | None) -> Fact:
    if false_at_s is None:
        return Fact(text("False STOPs"), UNKNOWN, warn=True)
    name = text("False STOPs")
    if false_at_s:
        times = ", ".join(f"{at:.2f} s" for at in false_at_s)
        name = text("False STOPs (at {times})", times=times)
    return Fact(name, f"{len(false_at_s)}", large=True)

"""What is said of a trainee's session, in the window and on the terminal. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.display.facts import Fact
from leakwatch.training.scoring import By, Course, Due, Instant, Outcome, Score, instant

JUDGED_BY = {
    By.TRUTH: "by the truth of the case",
    By.LEAKWATCH: "by LeakWatch's own STOP: the case has no truth",
}


def headline(score: Score) -> str:
    """The session in a sentence."""
    if score.outcome is Outcome.STOPPED and score.reaction_s is not None:
        return f"STOP {after_due(score.reaction_s)}"
    false = score.false_stops
    return {
        Outcome.MISSED: "Missed: a STOP was due",
        Outcome.NOT_DUE: f"No STOP was due, and you gave {false}"
        if false
        else "Right: no STOP was due",
        Outcome.CAUTIOUS: "No STOP was due, but cement came near: no fault",
        Outcome.BROKEN_OFF: "Broken off: not scored",
        Outcome.UNSCORED: "Not scored",
    }.get(score.outcome, "STOP")


def after_due(reaction_s: float) -> str:
    """How long after a STOP was due, or before."""
    if abs(reaction_s) < 0.005:
        return "at the moment at which it was due"
    return f"{abs(reaction_s):.2f} s {'after' if reaction_s > 0.0 else 'before'} it was due"


def score_facts(course: Course, score: Score) -> tuple[Fact, ...]:
    """When a STOP was due and was given, by whom, and the numbers of a session."""
    return (
        due_fact(course.due),
        Fact("Your STOP", instant_text(score.stop) or "none"),
        Fact("LeakWatch's STOP", leakwatch_text(course)),
        *score_numbers(course, score),
    )


def score_numbers(
    course: Course, score: Score, stood_still_s: float | None = None
) -> tuple[Fact, ...]:
    """Reaction, cement past the stop point, false STOPs, and what to doubt.

    Parameters
    ----------
    course : Course
    score : Score
    stood_still_s : float or None
        The screen did, so that the reaction is not known better.
    """
    facts = []
    if score.reaction_s is not None:
        facts.append(Fact("Reaction from the due frame", f"{score.reaction_s:.2f} s", large=True))
    if score.outcome in (Outcome.STOPPED, Outcome.MISSED):
        facts.append(_past_fact(course, score.past_ml))
    facts.append(_false_fact(score.false_at_s))
    if score.why:
        facts.append(Fact("Not scored", score.why, warn=True))
    elif course.due is not None and course.due.by is By.LEAKWATCH:
        facts.append(Fact("Judged", JUDGED_BY[By.LEAKWATCH], warn=True))
    if stood_still_s is not None:
        facts.append(Fact("The screen stood still", f"for {stood_still_s:.2f} s", warn=True))
    return tuple(facts)


def due_fact(due: Due | None) -> Fact:
    """When a STOP was due, and who says so."""
    if due is None:
        return Fact("STOP due", "nobody can say", warn=True)
    when = instant_text(due.at) or "at no moment"
    return Fact("STOP due", f"{when} ({JUDGED_BY[due.by]})", warn=due.by is By.LEAKWATCH)


def leakwatch_text(course: Course) -> str:
    """LeakWatch's own first STOP: how long after it was due, or that it was false."""
    stop, due = course.leakwatch, course.due
    if stop is None:
        return "none"
    told = f"{instant_text(stop)}"
    if due is None or due.by is By.LEAKWATCH:
        return told
    if due.right_from_s is None or stop.time_s < due.right_from_s:
        return f"{told}: false"
    if due.at is None:
        return f"{told}: not due, but cement was near"
    return f"{told}: {after_due(stop.time_s - due.at.time_s)}"


def instant_text(at: Instant | None) -> str | None:
    """A moment as it is shown."""
    return None if at is None else f"{at.time_s:.2f} s, frame {at.frame}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A moment to be looked at beside others.

    Parameters
    ----------
    title, words : str
    frame : int or None
        Place in the run; None where there is no such moment.
    """

    title: str
    words: str
    frame: int | None


def moments(course: Course, score: Score) -> tuple[Shown, Shown, Shown]:
    """When a STOP was due, when the trainee gave it, when LeakWatch did."""
    return (_due_moment(course), _own_moment(course, score), _leakwatch_moment(course))


def _due_moment(course: Course) -> Shown:
    due = course.due
    if due is None:
        return Shown("STOP due", "nobody can say", None)
    if due.at is None:
        return Shown("STOP due", f"at no moment ({JUDGED_BY[due.by]})", None)
    return Shown("STOP due", f"{instant_text(due.at)} ({JUDGED_BY[due.by]})", due.at.frame)


def _own_moment(course: Course, score: Score) -> Shown:
    stop = score.stop
    if stop is not None:
        reaction = "" if score.reaction_s is None else f": {after_due(score.reaction_s)}"
        return Shown("Your STOP", f"{instant_text(stop)}{reaction}", stop.frame)
    if score.false_at_s:
        wrong = instant(course, score.false_at_s[0])
        return Shown("Your first false STOP", f"{instant_text(wrong)}", wrong.frame)
    if score.presses_s:
        pressed = instant(course, score.presses_s[0])
        return Shown("Your STOP", f"{instant_text(pressed)}: not judged", pressed.frame)
    return Shown("Your STOP", "none", None)


def _leakwatch_moment(course: Course) -> Shown:
    stop = course.leakwatch
    return Shown("LeakWatch's STOP", leakwatch_text(course), None if stop is None else stop.frame)


def _past_fact(course: Course, past_ml: float | None) -> Fact:
    name = "Cement injected past the stop point"
    if past_ml is None:
        return Fact(name, "not known", warn=True)
    estimated = course.ml_by is By.LEAKWATCH
    if estimated:
        return Fact(f"{name} (LeakWatch's estimate)", f"about {past_ml:.2f} mL", True, True)
    return Fact(name, f"{past_ml:.2f} mL", large=True)


def _false_fact(false_at_s: tuple[float, ...] | None) -> Fact:
    if false_at_s is None:
        return Fact("False STOPs", "nobody can say", warn=True)
    when = f" (at {', '.join(f'{at:.2f} s' for at in false_at_s)})" if false_at_s else ""
    return Fact(f"False STOPs{when}", f"{len(false_at_s)}", large=True)

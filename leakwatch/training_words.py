"""What is said of a trainee's session, in the window and on the terminal. Pure."""

from __future__ import annotations

from leakwatch.present import Fact
from leakwatch.training import By, Course, Due, Instant, Outcome, Score

JUDGED_BY = {
    By.TRUTH: "by the truth of the case",
    By.LEAKWATCH: "by LeakWatch's own STOP: the case has no truth",
}


def headline(score: Score) -> str:
    """The session in a sentence."""
    if score.outcome is Outcome.STOPPED and score.reaction_s is not None:
        return f"STOP {after_due(score.reaction_s)}"
    false = bool(score.false_stops)
    return {
        Outcome.MISSED: "Missed: a STOP was due",
        Outcome.NOT_DUE: "No STOP was due" if false else "Right: no STOP was due",
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
    """The numbers of a session, each with who says it."""
    facts = [Fact("Not scored", score.why, warn=True)] if score.why else []
    facts.append(due_fact(course.due))
    facts.append(Fact("Your STOP", instant_text(score.stop) or "none"))
    if score.reaction_s is not None:
        facts.append(Fact("Reaction from the due frame", f"{score.reaction_s:.2f} s", large=True))
    if score.outcome in (Outcome.STOPPED, Outcome.MISSED):
        facts.append(_past_fact(course, score.past_ml))
    facts.append(Fact("False STOPs", _false_text(score.false_at_s), large=bool(score.false_at_s)))
    facts.append(Fact("LeakWatch's STOP", leakwatch_text(course)))
    return tuple(facts)


def due_fact(due: Due | None) -> Fact:
    """When a STOP was due, and who says so."""
    if due is None:
        return Fact("STOP due", "nobody can say", warn=True)
    when = instant_text(due.at) or "at no moment"
    return Fact("STOP due", f"{when} ({JUDGED_BY[due.by]})", warn=due.by is By.LEAKWATCH)


def leakwatch_text(course: Course) -> str:
    """LeakWatch's own first STOP, and how long after it was due."""
    stop = instant_text(course.leakwatch)
    if stop is None or course.leakwatch is None:
        return "none"
    due = course.due
    if due is None or due.at is None or due.by is By.LEAKWATCH:
        return stop
    return f"{stop}: {after_due(course.leakwatch.time_s - due.at.time_s)}"


def instant_text(at: Instant | None) -> str | None:
    """A moment as it is shown."""
    return None if at is None else f"{at.time_s:.2f} s, frame {at.frame}"


def _past_fact(course: Course, past_ml: float | None) -> Fact:
    name = "Cement injected past the stop point"
    if past_ml is None:
        return Fact(name, "not known", warn=True)
    estimated = course.ml_by is By.LEAKWATCH
    value = f"about {past_ml:.2f} mL (LeakWatch's estimate)" if estimated else f"{past_ml:.2f} mL"
    return Fact(name, value, warn=estimated, large=True)


def _false_text(false_at_s: tuple[float, ...] | None) -> str:
    if false_at_s is None:
        return "nobody can say"
    if not false_at_s:
        return "0"
    return f"{len(false_at_s)}, at {', '.join(f'{at:.2f} s' for at in false_at_s)}"

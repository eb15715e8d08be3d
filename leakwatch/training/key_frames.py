"""Three different frames that are shown after a case. Pure.

Without a truth a STOP is due when LeakWatch gives it, and with one a trainee may be exact. What
happens in one frame is told together, and another frame is shown in the free place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from leakwatch.core.messages import text
from leakwatch.training.scoring import CaseCourse, Instant, Score, instant
from leakwatch.training.training_words import (
    LEAKWATCH_STOP,
    NONE,
    STOP_DUE,
    UNKNOWN,
    YOUR_STOP,
    after_due,
    due_text,
    leakwatch_text,
    time_text,
)

# So long before a STOP was due its cause can often be seen already, s.
BEFORE_S = 1.0
YOUR_FALSE_STOP = text("Your first false STOP")
# Titles that begin with a small letter where they do not begin a line.
_WITHIN: dict[str, str] = {
    YOUR_STOP: text("your STOP"),
    YOUR_FALSE_STOP: text("your first false STOP"),
}
# Panels of the result, and the number of the first frame in windows.
COUNT, FIRST = 3, 1


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


def key_frames(course: CaseCourse, score: Score) -> tuple[ResultLine, ...]:
    """Return three frames in their order: a STOP due, by the trainee, and by LeakWatch.

    Those in one frame are one line; then frames before and after complete the three, as far as
    the case has others.
    """
    groups: list[list[ResultLine]] = []
    for line in (_due_line(course), _own_line(course, score), _leakwatch_line(course)):
        same = [one for one in groups if one[0].frame == line.frame is not None]
        if same:
            same[0].append(line)
        else:
            groups.append([line])
    lines = [_together(*one) for one in groups]
    for line in _others(course):
        if len(lines) == COUNT:
            break
        if line.frame not in {one.frame for one in lines}:
            lines.append(line)
    last = len(course.times_s)
    lines.sort(key=lambda line: last if line.frame is None else line.frame)
    while len(lines) < COUNT:
        lines.append(ResultLine(text("No other frame"), NONE, None))
    return tuple(lines)


def _together(one: ResultLine, *others: ResultLine) -> ResultLine:
    """Return one line for what happened in one frame: ``STOP due and LeakWatch's STOP``."""
    if not others:
        return one
    *between, last = (_WITHIN.get(other.title, other.title) for other in others)
    if not between:
        return replace(one, title=text("{one} and {other}", one=one.title, other=last))
    title = text("{one}, {second} and {third}", one=one.title, second=between[0], third=last)
    return replace(one, title=title)


def _others(course: CaseCourse) -> Iterator[ResultLine]:
    """Yield what else is worth seeing: before a STOP was due, the end, the start, any frame."""
    due = None if course.due is None else course.due.at
    if due is not None:
        before = instant(course, max(due.time_s - BEFORE_S, course.times_s[0]))
        yield _line(text("{seconds:g} s before STOP was due", seconds=BEFORE_S), before)
    last = len(course.times_s) - 1
    yield _line(text("Last frame"), Instant(last, course.times_s[last]))
    yield _line(text("First frame"), Instant(0, course.times_s[0]))
    for frame, time_s in enumerate(course.times_s):
        yield _line(text("Another frame"), Instant(frame, time_s))


def _line(title: str, at: Instant) -> ResultLine:
    return ResultLine(title, time_text(at, FIRST), at.frame)


def _due_line(course: CaseCourse) -> ResultLine:
    due = course.due
    if due is None:
        return ResultLine(STOP_DUE, UNKNOWN, None)
    return ResultLine(STOP_DUE, due_text(due, FIRST), None if due.at is None else due.at.frame)


def _own_line(course: CaseCourse, score: Score) -> ResultLine:
    stop = score.stop
    if stop is not None:
        when = time_text(stop, FIRST)
        if score.reaction_s is not None:
            when = text("{when}: {delay}", when=when, delay=after_due(score.reaction_s))
        return ResultLine(YOUR_STOP, when, stop.frame)
    if score.false_at_s:
        return _line(YOUR_FALSE_STOP, instant(course, score.false_at_s[0]))
    if score.presses_s:
        pressed = instant(course, score.presses_s[0])
        when = text("{when}: not scored", when=time_text(pressed, FIRST))
        return ResultLine(YOUR_STOP, when, pressed.frame)
    return ResultLine(YOUR_STOP, NONE, None)


def _leakwatch_line(course: CaseCourse) -> ResultLine:
    stop = course.leakwatch
    return ResultLine(
        LEAKWATCH_STOP, leakwatch_text(course, FIRST), None if stop is None else stop.frame
    )

"""Learning curve of a trainee, as numbers and as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leakwatch.core.errors import needs_extra
from leakwatch.core.messages import Message, counted, join_with, text, translate
from leakwatch.display import palette
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.training.scoring import Outcome
from leakwatch.training.training_records import TrainingSession, is_scored, is_scored_by_leakwatch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES, DOTS_PER_INCH = (9.0, 8.0), 100
# Most names of cases that fit below an axis.
MOST_NAMES = 24
INK, MISSED_INK = palette.PAPER_TRAINEE, palette.PAPER_MISSED


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Scored session.

    Parameters
    ----------
    number : int
        From 1, among the scored sessions of the trainee.
    case_name : str
    reaction_s, past_ml : float or None
        None if no STOP was due, or none was given.
    false_stops : int
    missed : bool
    by_leakwatch : bool
        Whether LeakWatch determined when a STOP was due.
    """

    number: int
    case_name: str
    reaction_s: float | None
    past_ml: float | None
    false_stops: int
    missed: bool
    by_leakwatch: bool


def curve(sessions: Sequence[TrainingSession]) -> tuple[CurvePoint, ...]:
    """Return the points of a trainee, without sessions that were not scored.

    Parameters
    ----------
    sessions : sequence of TrainingSession
        Of one trainee, oldest first.
    """
    scored = [session for session in sessions if is_scored(session)]
    return tuple(
        CurvePoint(
            number,
            session.case_name,
            session.reaction_s,
            session.past_ml,
            session.false_stops or 0,
            session.outcome == Outcome.MISSED,
            is_scored_by_leakwatch(session),
        )
        for number, session in enumerate(scored, start=1)
    )


def curve_title(sessions: Sequence[TrainingSession], points: Sequence[CurvePoint]) -> Message:
    """Return the title: the trainee, and the numbers of sessions."""
    name = sessions[0].trainee if sessions else text("nobody")
    title = counted(
        "{name}: {count} scored session",
        "{name}: {count} scored sessions",
        count=len(points),
        name=name,
    )
    excluded = len(sessions) - len(points)
    if not excluded:
        return title
    return text("{title}; {number} not scored", title=title, number=excluded)


def curve_figure(sessions: Sequence[TrainingSession]) -> Figure:
    """Return a figure of reaction time, cement past the stop point, and false STOPs.

    Parameters
    ----------
    sessions : sequence of TrainingSession
        Of one trainee, oldest first.

    Raises
    ------
    MissingExtraError
        There is no matplotlib.
    """
    with needs_extra("report", "the picture of a trainee's curve"):
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

    points = curve(sessions)
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    reaction, past, false = figure.subplots(3, 1, sharex=True)
    name = escape_control_characters(translate(curve_title(sessions, points)))
    title = translate(join_with("\n", [name, RESEARCH_NOTICE]))
    reaction.set_title(title, fontsize=11, parse_math=False)
    _draw(reaction, text("Reaction (s)"), points, [one.reaction_s for one in points])
    _draw(past, text("Cement past the\nstop point (mL)"), points, [one.past_ml for one in points])
    false.bar([p.number for p in points], [p.false_stops for p in points], 0.6, color=INK)
    false.set_ylabel(translate(text("False STOPs")))
    false.yaxis.set_major_locator(MaxNLocator(integer=True))
    false.set_ylim(0.0, max([1.0, *(p.false_stops + 0.3 for p in points)]))
    _name_sessions(false, points)
    for axis in (reaction, past, false):
        axis.grid(alpha=0.3)
    return figure


def _draw(
    axis: Axes, label: str, points: Sequence[CurvePoint], values: Sequence[float | None]
) -> None:
    """Draw known values, hollow if scored by LeakWatch, and crosses for missed STOPs."""
    axis.set_ylabel(translate(label))
    known = [(p, value) for p, value in zip(points, values, strict=True) if value is not None]
    axis.plot([p.number for p, _ in known], [value for _, value in known], color=INK, alpha=0.5)
    names = {False: text("by the truth"), True: text("by LeakWatch's STOP")}
    for by_leakwatch, name in names.items():
        some = [(p, v) for p, v in known if p.by_leakwatch is by_leakwatch and not p.missed]
        if some:
            face = "none" if by_leakwatch else INK
            at = np.array([(p.number, value) for p, value in some])
            axis.scatter(
                at[:, 0],
                at[:, 1],
                facecolors=face,
                edgecolors=INK,
                label=translate(name),
                zorder=3,
            )
    missed = [p.number for p in points if p.missed]
    if missed:
        # Above all values: a missed STOP has no time.
        high = 1.15 * max([1.0, *(value for _, value in known)])
        heights = [next((v for p, v in known if p.number == n), high) for n in missed]
        axis.scatter(
            missed, heights, marker="x", color=MISSED_INK, label=translate(text("missed")), zorder=3
        )
    if known or missed:
        axis.legend(loc="upper right", fontsize=8, ncols=3)
    low, top = axis.get_ylim()
    axis.set_ylim(min(low, 0.0), max(top, 0.1) * 1.15)


def _name_sessions(axis: Axes, points: Sequence[CurvePoint]) -> None:
    axis.set_xlim(0.4, max(len(points), 1) + 0.6)
    if len(points) > MOST_NAMES:
        axis.set_xlabel(translate(text("Session")))
        return
    names = [escape_control_characters(f"{p.number}  {p.case_name}") for p in points]
    axis.set_xticks([p.number for p in points], names, rotation=60, ha="right", fontsize=8)
    for label in axis.get_xticklabels():
        label.set_parse_math(False)

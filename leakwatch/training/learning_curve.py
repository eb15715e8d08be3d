"""How a trainee does from session to session: the curve, as numbers and as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.training.scoring import Outcome
from leakwatch.training.training_records import TrainingSession, is_scored, judged_by_leakwatch

SIZE_INCHES, DOTS_PER_INCH = (9.0, 8.0), 100
# So many names of cases can stand below an axis.
MOST_NAMES = 24
INK, MISSED_INK = "#1F5FA8", "#B00020"


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A scored session.

    Parameters
    ----------
    number : int
        From 1, among the trainee's scored sessions.
    case_name : str
    reaction_s, past_ml : float or None
        None where no STOP was due, or none was given.
    false_stops : int
    missed : bool
    by_leakwatch : bool
        LeakWatch itself said when a STOP was due.
    """

    number: int
    case_name: str
    reaction_s: float | None
    past_ml: float | None
    false_stops: int
    missed: bool
    by_leakwatch: bool


def curve(sessions: Sequence[TrainingSession]) -> tuple[CurvePoint, ...]:
    """The points of a trainee; sessions that were not scored are left out.

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
            judged_by_leakwatch(session),
        )
        for number, session in enumerate(scored, start=1)
    )


def curve_title(sessions: Sequence[TrainingSession], points: Sequence[CurvePoint]) -> str:
    """Whose it is, and how many sessions stand in it and do not."""
    name = sessions[0].trainee if sessions else "nobody"
    left_out = len(sessions) - len(points)
    rest = f"; {left_out} not scored" if left_out else ""
    return f"{name}: {len(points)} scored session{'' if len(points) == 1 else 's'}{rest}"


def curve_figure(sessions: Sequence[TrainingSession]) -> Figure:
    """Reaction time, cement past the stop point, and false STOPs, over a trainee's sessions.

    Parameters
    ----------
    sessions : sequence of TrainingSession
        Of one trainee, oldest first.
    """
    points = curve(sessions)
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    reaction, past, false = figure.subplots(3, 1, sharex=True)
    title = f"{escape_control_characters(curve_title(sessions, points))}\n{RESEARCH_NOTICE}"
    reaction.set_title(title, fontsize=11, parse_math=False)
    _draw(reaction, "Reaction (s)", points, [one.reaction_s for one in points])
    _draw(past, "Cement past the\nstop point (mL)", points, [one.past_ml for one in points])
    false.bar([p.number for p in points], [p.false_stops for p in points], 0.6, color=INK)
    false.set_ylabel("False STOPs")
    false.yaxis.set_major_locator(MaxNLocator(integer=True))
    false.set_ylim(0.0, max([1.0, *(p.false_stops + 0.3 for p in points)]))
    _name_sessions(false, points)
    for axis in (reaction, past, false):
        axis.grid(alpha=0.3)
    return figure


def _draw(
    axis: Axes, label: str, points: Sequence[CurvePoint], values: Sequence[float | None]
) -> None:
    """A line through what is known, hollow where LeakWatch judged; a cross where one was missed."""
    axis.set_ylabel(label)
    known = [(p, value) for p, value in zip(points, values, strict=True) if value is not None]
    axis.plot([p.number for p, _ in known], [value for _, value in known], color=INK, alpha=0.5)
    for by_leakwatch, words in ((False, "by the truth"), (True, "by LeakWatch's STOP")):
        some = [(p, v) for p, v in known if p.by_leakwatch is by_leakwatch and not p.missed]
        if some:
            face = "none" if by_leakwatch else INK
            at = np.array([(p.number, value) for p, value in some])
            axis.scatter(at[:, 0], at[:, 1], facecolors=face, edgecolors=INK, label=words, zorder=3)
    missed = [p.number for p in points if p.missed]
    if missed:
        # Above all values: a STOP that was never given has no time.
        high = 1.15 * max([1.0, *(value for _, value in known)])
        heights = [next((v for p, v in known if p.number == n), high) for n in missed]
        axis.scatter(missed, heights, marker="x", color=MISSED_INK, label="missed", zorder=3)
    if known or missed:
        axis.legend(loc="upper right", fontsize=8, ncols=3)
    low, top = axis.get_ylim()
    axis.set_ylim(min(low, 0.0), max(top, 0.1) * 1.15)


def _name_sessions(axis: Axes, points: Sequence[CurvePoint]) -> None:
    axis.set_xlim(0.4, max(len(points), 1) + 0.6)
    if len(points) > MOST_NAMES:
        axis.set_xlabel("Session")
        return
    names = [escape_control_characters(f"{p.number}  {p.case_name}") for p in points]
    axis.set_xticks([p.number for p in points], names, rotation=60, ha="right", fontsize=8)
    for label in axis.get_xticklabels():
        label.set_parse_math(False)

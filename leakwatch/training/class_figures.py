"""Figures of a class: what its trainees reach, and what one trainee reaches beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from leakwatch.config import TrainingSettings
from leakwatch.training.scoring import Outcome
from leakwatch.training.training_records import TrainingSession, is_scored

# So many last scored sessions tell what a trainee reaches now.
LAST = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of sessions.

    Parameters
    ----------
    sessions, scored : int
    reaction_s, past_ml : float or None
        Medians; None where no STOP was due and given.
    false_stops : float or None
        Mean for a scored session; None without any.
    missed : int
        Sessions in which a STOP was due and none was right.
    """

    sessions: int
    scored: int
    reaction_s: float | None
    past_ml: float | None
    false_stops: float | None
    missed: int


@dataclass(frozen=True, slots=True)
class TraineeRow:
    """Row of the instructor's table.

    Parameters
    ----------
    trainee : str
    last_at : str
        Begin of the last session, UTC, ISO 8601.
    all, last : Figures
        Of all sessions, and of the last scored ones.
    on_target : bool or None
        Whether the last scored sessions are on the target; None if too few were scored.
    """

    trainee: str
    last_at: str
    all: Figures
    last: Figures
    on_target: bool | None


def figures(sessions: Sequence[TrainingSession]) -> Figures:
    """Return the figures of sessions, of one trainee or of many."""
    scored = [one for one in sessions if is_scored(one)]
    false = [one.false_stops for one in scored if one.false_stops is not None]
    return Figures(
        len(sessions),
        len(scored),
        _median(one.reaction_s for one in scored),
        _median(one.past_ml for one in scored),
        sum(false) / len(false) if false else None,
        sum(one.outcome == Outcome.MISSED for one in scored),
    )


def trainee_rows(
    sessions: Sequence[TrainingSession], settings: TrainingSettings
) -> tuple[TraineeRow, ...]:
    """Return a row for each trainee, by name.

    Parameters
    ----------
    sessions : sequence of TrainingSession
        Of all trainees, oldest first.
    settings : TrainingSettings
    """
    rows = []
    for name in sorted({one.trainee for one in sessions}, key=str.casefold):
        own = sorted((one for one in sessions if one.trainee == name), key=lambda one: one.begun_at)
        last = [one for one in own if is_scored(one)][-LAST:]
        reached = is_on_target(figures(last), settings) if len(last) == LAST else None
        rows.append(TraineeRow(name, own[-1].begun_at, figures(own), figures(last), reached))
    return tuple(rows)


def class_figures(sessions: Sequence[TrainingSession], without: str = "") -> Figures | None:
    """Return the figures of all trainees but one; None if nobody else was scored."""
    others = figures([one for one in sessions if one.trainee != without])
    return others if others.scored else None


def is_on_target(reached: Figures, settings: TrainingSettings) -> bool:
    """Return whether no STOP was missed or false, and reaction and cement are on the target."""
    return (
        not reached.missed
        and not reached.false_stops
        and (reached.reaction_s is None or reached.reaction_s <= settings.target_reaction_s)
        and (reached.past_ml is None or reached.past_ml <= settings.target_past_ml)
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None

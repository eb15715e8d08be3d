"""Results of trainees, in the table of the case library.

A session is saved at its start, so that it is not lost if the program crashes: it stays as begun.
The trainee chooses a name, which may be a pseudonym; no other personal data is saved.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from leakwatch import __version__
from leakwatch.case_files.library_database import LibraryDatabase, library_folder
from leakwatch.core.errors import LibraryError
from leakwatch.core.messages import text
from leakwatch.files.untrusted_text import no_formula
from leakwatch.training.scoring import CaseCourse, Instant, Outcome, Score, TruthSource

BEGUN = "begun"
# Letters, digits and punctuation of names; a spreadsheet must not take one for a formula.
_NAME = re.compile(r"\w[\w .'-]{0,63}")


@dataclass(frozen=True, slots=True)
class TrainingSession:
    """Saved session; its fields are the columns of the CSV.

    Parameters
    ----------
    id : int
    trainee : str
    begun_at : str
        UTC, ISO 8601.
    case_name : str
    version : str
        Of LeakWatch.
    outcome : str
        A value of `scoring.Outcome`; ``begun`` if the program crashed.
    why : str
        Reason of an outcome without a score.
    presses_s : str
        JSON.
    due_by : str or None
        ``truth`` or ``leakwatch``: source of the time at which a STOP was due.
    due_frame, due_s, stop_frame, stop_s : int, float or None
        When a STOP was due, and when the trainee gave it.
    reaction_s, past_ml, false_stops : float, int or None
        As `scoring.Score` has them.
    leakwatch_frame, leakwatch_s : int, float or None
        STOP of LeakWatch.
    """

    id: int
    trainee: str
    begun_at: str
    case_name: str
    version: str
    outcome: str
    why: str
    presses_s: str
    due_by: str | None
    due_frame: int | None
    due_s: float | None
    stop_frame: int | None
    stop_s: float | None
    reaction_s: float | None
    past_ml: float | None
    false_stops: int | None
    leakwatch_frame: int | None
    leakwatch_s: float | None


_COLUMNS = tuple(field.name for field in fields(TrainingSession))
# Of a session that has ended.
_SCORED = _COLUMNS[_COLUMNS.index("outcome") :]


def check_name(name: str) -> str:
    """Return the name of a trainee without surrounding blanks.

    Raises
    ------
    LibraryError
        It is empty, too long, or has characters that names do not have.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise LibraryError(
            text(
                "{name!r} cannot be the name of a trainee. Use letters, digits and blanks, at most "
                "64; a pseudonym is sufficient.",
                name=name,
            )
        )
    return name


class TrainingRecords:
    """Sessions of all trainees; created if missing. Used on one thread.

    Parameters
    ----------
    folder : Path or None
        Of the case library; None: `library_folder`.

    Raises
    ------
    LibraryError
        It cannot be created or read, or belongs to a newer version of LeakWatch.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._db = LibraryDatabase(library_folder() if folder is None else folder)

    def __enter__(self) -> TrainingRecords:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the table."""
        self._db.close()

    def begin(self, trainee: str, case_name: str) -> int:
        """Save a session that begins, and return its number.

        Raises
        ------
        LibraryError
            The name cannot be used, or there is no disk space.
        """
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        with self._db.writing():
            return self._db.execute(
                "INSERT INTO training_session"
                " (trainee, begun_at, case_name, version, outcome, why, presses_s)"
                " VALUES (?, ?, ?, ?, ?, '', '[]')",
                check_name(trainee),
                now,
                case_name,
                __version__,
                BEGUN,
            )

    def finish(self, number: int, course: CaseCourse, score: Score) -> TrainingSession:
        """Save the result of a session.

        Raises
        ------
        LibraryError
        """
        due = course.due
        due_at = None if due is None else due.at
        values = (
            score.outcome.value,
            score.why,
            json.dumps([round(at, 3) for at in score.presses_s]),
            None if due is None else due.by.value,
            *_instant(due_at),
            *_instant(score.stop),
            _rounded(score.reaction_s),
            _rounded(score.past_ml),
            score.false_stops,
            *_instant(course.leakwatch),
        )
        places = ", ".join(f"{name} = ?" for name in _SCORED)
        with self._db.writing():
            self._db.execute(f"UPDATE training_session SET {places} WHERE id = ?", *values, number)
        return self._sessions("WHERE id = ?", number)[0]

    def sessions(self, trainee: str | None = None) -> tuple[TrainingSession, ...]:
        """Return all sessions, or those of one trainee, oldest first.

        Raises
        ------
        LibraryError
            There is no such trainee.
        """
        if trainee is None:
            return self._sessions("ORDER BY id")
        found = self._sessions("WHERE trainee = ? ORDER BY id", trainee.strip())
        if not found:
            raise LibraryError(
                text(
                    "there is no trainee {name!r}. `leakwatch trainees list` shows all.",
                    name=trainee,
                )
            )
        return found

    def add(self, sessions: Sequence[TrainingSession]) -> int:
        """Add sessions of other computers, and return the number of those that were not there.

        A session is known by its trainee, start and case.

        Raises
        ------
        LibraryError
            There is no disk space.
        """
        known = {_identity(one) for one in self.sessions()}
        new = [one for one in sessions if _identity(one) not in known]
        columns = _COLUMNS[1:]  # the number is that of this library
        places = ", ".join("?" for _ in columns)
        statement = f"INSERT INTO training_session ({', '.join(columns)}) VALUES ({places})"
        with self._db.writing():
            for one in new:
                self._db.execute(statement, *astuple(one)[1:])
        return len(new)

    def delete(self, trainee: str) -> int:
        """Delete all sessions of a trainee, and return their number.

        Raises
        ------
        LibraryError
            There is no such trainee.
        """
        count = len(self.sessions(trainee))
        with self._db.writing():
            self._db.execute("DELETE FROM training_session WHERE trainee = ?", trainee.strip())
        return count

    def _sessions(self, where: str, *values: object) -> tuple[TrainingSession, ...]:
        query = f"SELECT {', '.join(_COLUMNS)} FROM training_session {where}"
        return tuple(TrainingSession(*row) for row in self._db.rows(query, *values))


def _identity(session: TrainingSession) -> tuple[str, str, str]:
    return (session.trainee, session.begun_at, session.case_name)


def is_scored(session: TrainingSession) -> bool:
    """Return whether a session was scored: neither aborted nor impossible to score."""
    return session.outcome not in (BEGUN, Outcome.BROKEN_OFF, Outcome.UNSCORED)


def is_scored_by_leakwatch(session: TrainingSession) -> bool:
    """Return whether LeakWatch determined when a STOP was due."""
    return session.due_by == TruthSource.LEAKWATCH


def sessions_csv(sessions: Sequence[TrainingSession]) -> str:
    """Return a table with a line for each session, columns as in `TrainingSession`."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(map(_cell, astuple(session)) for session in sessions)
    return table.getvalue()


def _cell(value: object) -> object:
    """Return a cell from which the import restores the value: names of cases are those of files."""
    return no_formula(value) if isinstance(value, str) else value


def _instant(at: Instant | None) -> tuple[int | None, float | None]:
    return (None, None) if at is None else (at.frame, _rounded(at.time_s))


def _rounded(value: float | None) -> float | None:
    """Return `value` rounded to milliseconds or microlitres, finer than can be measured."""
    return None if value is None else round(value, 3)

"""Results of trainees, kept in the table of the case library.

A session stands there from its beginning, so that one whose program died is not lost: it stays as
begun. A name is chosen by the person and may be a pseudonym; nothing else of a person is kept.
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
from leakwatch.training.scoring import By, Course, Instant, Outcome, Score

BEGUN = "begun"
# Letters, digits and what names have between them; a sheet must not take one for a formula.
_NAME = re.compile(r"\w[\w .'-]{0,63}")


@dataclass(frozen=True, slots=True)
class TrainingSession:
    """A kept session; its fields are the columns of the CSV.

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
        A word of `scoring.Outcome`; ``begun`` where the program died.
    why : str
        Of an outcome that is no score.
    presses_s : str
        JSON.
    due_by : str or None
        ``truth`` or ``leakwatch``: who says when a STOP was due.
    due_frame, due_s, stop_frame, stop_s : int, float or None
        When a STOP was due, and when the trainee gave it.
    reaction_s, past_ml, false_stops : float, int or None
        As `scoring.Score` has them.
    leakwatch_frame, leakwatch_s : int, float or None
        LeakWatch's own STOP.
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
_JUDGED = _COLUMNS[_COLUMNS.index("outcome") :]


def checked_name(name: str) -> str:
    """A trainee's name without blanks around it.

    Raises
    ------
    LibraryError
        It is empty, too long, or has signs that names do not have.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise LibraryError(
            f"{name!r} cannot be the name of a trainee. Use letters, digits and blanks, 64 at "
            "most; a pseudonym will do."
        )
    return name


class TrainingRecords:
    """Sessions of all trainees; made where there are none. Used on one thread.

    Parameters
    ----------
    folder : Path or None
        Of the case library; None: `library_folder`.

    Raises
    ------
    LibraryError
        It cannot be made or read, or is of a newer version of LeakWatch.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._db = LibraryDatabase(library_folder() if folder is None else folder)

    def __enter__(self) -> TrainingRecords:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the table."""
        self._db.close()

    def begin(self, trainee: str, case_name: str) -> int:
        """Enter a session that begins; its number.

        Raises
        ------
        LibraryError
            The name cannot be used, or there is no room.
        """
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        with self._db.writing():
            return self._db.execute(
                "INSERT INTO training_session"
                " (trainee, begun_at, case_name, version, outcome, why, presses_s)"
                " VALUES (?, ?, ?, ?, ?, '', '[]')",
                checked_name(trainee),
                now,
                case_name,
                __version__,
                BEGUN,
            )

    def finish(self, number: int, course: Course, score: Score) -> TrainingSession:
        """Enter what became of a session.

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
        places = ", ".join(f"{name} = ?" for name in _JUDGED)
        with self._db.writing():
            self._db.execute(f"UPDATE training_session SET {places} WHERE id = ?", *values, number)
        return self._sessions("WHERE id = ?", number)[0]

    def sessions(self, trainee: str | None = None) -> tuple[TrainingSession, ...]:
        """All sessions, or those of one trainee, oldest first.

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
                f"there is no trainee {trainee!r}. `leakwatch trainees list` shows all."
            )
        return found

    def delete(self, trainee: str) -> int:
        """Delete all sessions of a trainee; how many there were.

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


def is_scored(session: TrainingSession) -> bool:
    """Whether a session was judged: neither broken off, nor one that nobody can judge."""
    return session.outcome not in (BEGUN, Outcome.BROKEN_OFF, Outcome.UNSCORED)


def judged_by_leakwatch(session: TrainingSession) -> bool:
    """Whether LeakWatch itself said when a STOP was due."""
    return session.due_by == By.LEAKWATCH


def sessions_csv(sessions: Sequence[TrainingSession]) -> str:
    """A table for a sheet: a line a session, columns as in `TrainingSession`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(map(_cell, astuple(session)) for session in sessions)
    return text.getvalue()


def _cell(value: object) -> object:
    """A text that no sheet takes for a formula: the name of a case is that of a file."""
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if formula else value


def _instant(at: Instant | None) -> tuple[int | None, float | None]:
    return (None, None) if at is None else (at.frame, _rounded(at.time_s))


def _rounded(value: float | None) -> float | None:
    """To a thousandth: finer than a hand and a screen."""
    return None if value is None else round(value, 3)

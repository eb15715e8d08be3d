"""The SQLite table of the library on this machine: made, brought up to date, written to.

What it holds is told by `case_library` and `training_records`. Several processes may use it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from leakwatch.core.errors import LibraryError
from leakwatch.files.private_files import make_private, make_private_folder, open_private

LIBRARY_VARIABLE = "LEAKWATCH_LIBRARY"
DATABASE_NAME = "library.sqlite"

# Another process writes for some milliseconds; after so long something is wrong.
BUSY_S = 10.0
# Nobody who is about to inject waits that long for a list of cases.
BUSY_LIVE_S = 1.0

# Each is one statement and is applied once, in order; PRAGMA user_version counts them. A new table
# goes at the end, and one that was given out is never changed.
_MIGRATIONS = (
    """
    CREATE TABLE library_case (
        id INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used again
        name TEXT NOT NULL UNIQUE,
        added_at TEXT NOT NULL, -- UTC, ISO 8601
        state TEXT NOT NULL, -- as in session.json
        source TEXT NOT NULL,
        view TEXT,
        vertebra TEXT,
        frames INTEGER,
        duration_s REAL,
        worst_level TEXT,
        stops INTEGER,
        first_stop_s REAL
    ) STRICT
    """,
    """
    CREATE TABLE training_session (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        trainee TEXT NOT NULL, -- chosen by the person; may be a pseudonym
        begun_at TEXT NOT NULL, -- UTC, ISO 8601
        case_name TEXT NOT NULL,
        version TEXT NOT NULL, -- of LeakWatch
        outcome TEXT NOT NULL, -- a word of scoring.Outcome, or begun
        why TEXT NOT NULL, -- of an outcome that is no score
        presses_s TEXT NOT NULL, -- JSON, seconds of the case
        due_by TEXT, -- truth or leakwatch
        due_frame INTEGER,
        due_s REAL,
        stop_frame INTEGER,
        stop_s REAL,
        reaction_s REAL,
        past_ml REAL,
        false_stops INTEGER,
        leakwatch_frame INTEGER,
        leakwatch_s REAL
    ) STRICT
    """,
)


def library_folder() -> Path:
    """LEAKWATCH_LIBRARY, or the user's data folder."""
    chosen = os.environ.get(LIBRARY_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_data_path("leakwatch", appauthor=False)


class LibraryDatabase:
    """The table; made where there is none. Used on one thread.

    Parameters
    ----------
    folder : Path
        Made where absent.
    busy_s : float
        Another process that writes is waited for so long, s.

    Raises
    ------
    LibraryError
        It cannot be made or read, or is of a newer version of LeakWatch.
    """

    def __init__(self, folder: Path, busy_s: float = BUSY_S) -> None:
        self._folder = folder
        try:
            make_private_folder(folder)
            _make_private_table(folder / DATABASE_NAME)
            self._db = sqlite3.connect(folder / DATABASE_NAME, timeout=busy_s, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise LibraryError(cannot_use(folder, error)) from error
        try:
            self._migrate()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Release the table."""
        self._db.close()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query.

        Raises
        ------
        LibraryError
        """
        with self._errors():
            return self._db.execute(query, values).fetchall()

    def execute(self, statement: str, *values: object) -> int:
        """Carry out a statement within `writing`; the number of the row that it inserted.

        Raises
        ------
        LibraryError
        """
        with self._errors():
            return self._db.execute(statement, values).lastrowid or 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, begun as a writer: two that read first would lock each other out.

        Raises
        ------
        LibraryError
        """
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _migrate(self) -> None:
        with self._errors():
            self._db.execute("PRAGMA journal_mode = WAL")
        with self.writing():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if not 0 <= version <= len(_MIGRATIONS):
                raise LibraryError(
                    f"{self._folder / DATABASE_NAME} is of version {version}, and this LeakWatch "
                    f"knows 0 to {len(_MIGRATIONS)}. Use a newer LeakWatch."
                )
            for migration in _MIGRATIONS[version:]:
                self._db.execute(migration)
            self._db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LibraryError(cannot_use(self._folder, error)) from error


def _make_private_table(path: Path) -> None:
    """Make an empty table, or close one that an earlier version left open to others.

    What SQLite puts beside it has the mode of the table.
    """
    if not path.is_symlink():  # a person's own choice
        os.close(open_private(path, os.O_RDWR))
    for beside in ("-wal", "-shm"):
        make_private(path.with_name(path.name + beside))


def cannot_use(place: Path, error: Exception) -> str:
    """Say that a library cannot be used, why, and what to do."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return (
        f"the case library at {place} cannot be used: {reason}. Check rights and room, move a "
        f"broken {DATABASE_NAME} away, or name another folder in {LIBRARY_VARIABLE}."
    )

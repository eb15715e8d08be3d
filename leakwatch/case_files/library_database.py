"""SQLite database of the case library: creation, migration, access.

Its contents are described in `case_library` and `training_records`. Several processes may use it.
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
from leakwatch.core.messages import text
from leakwatch.files.private_files import make_private, make_private_folder, open_private

LIBRARY_VARIABLE = "LEAKWATCH_LIBRARY"
DATABASE_NAME = "library.sqlite"

# Other processes write for some milliseconds; a longer wait means a fault.
BUSY_S = 10.0
# The same during a live session, in which a longer wait is not acceptable.
BUSY_LIVE_S = 1.0

# Each is one statement, applied once and in order; PRAGMA user_version counts them. New tables are
# added at the end, and released ones are never changed.
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
    """Return the folder in LEAKWATCH_LIBRARY, or the user's data folder."""
    chosen = os.environ.get(LIBRARY_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_data_path("leakwatch", appauthor=False)


class LibraryDatabase:
    """Database; created if absent. Used on one thread.

    Parameters
    ----------
    folder : Path
        Created if absent.
    busy_s : float
        Maximum wait for another process that writes, s.

    Raises
    ------
    LibraryError
        It cannot be created or read, or is from a newer version of LeakWatch.
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
        """Close the database."""
        self._db.close()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows of a query.

        Raises
        ------
        LibraryError
        """
        with self._errors():
            return self._db.execute(query, values).fetchall()

    def execute(self, statement: str, *values: object) -> int:
        """Execute a statement within `writing`; return the number of the inserted row.

        Raises
        ------
        LibraryError
        """
        with self._errors():
            return self._db.execute(statement, values).lastrowid or 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Start a write transaction; two that read first would block each other.

        Raises
        ------
        LibraryError
        """
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                # SQLite ends the transaction itself if the disk is full.
                if self._db.in_transaction:
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
                    text(
                        "{folder} has version {version}, and this LeakWatch supports 0 to "
                        "{max_version}. Use a newer LeakWatch.",
                        folder=self._folder / DATABASE_NAME,
                        version=version,
                        max_version=len(_MIGRATIONS),
                    )
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
    """Create an empty database, or restrict the permissions of an existing one.

    Files that SQLite creates beside it get the same permissions.
    """
    if not path.is_symlink():  # chosen by the user
        os.close(open_private(path, os.O_RDWR))
    for beside in ("-wal", "-shm"):
        make_private(path.with_name(path.name + beside))


def cannot_use(place: Path, error: Exception) -> str:
    """Return the message for a library that cannot be used."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text(
        "the case library at {folder} cannot be used: {reason}. Check permissions and free disk "
        "space, move a damaged {file} away, or set another folder in {variable}.",
        folder=place,
        reason=reason,
        file=DATABASE_NAME,
        variable=LIBRARY_VARIABLE,
    )

"""Case library: a folder for each case, and a SQLite table of their contents.

The folders are authoritative; the table makes a list possible without reading them. Several
processes may use the library at once. It contains no patient identity. The date of a recording is
only in the table, and is not exported.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.library_database import (
    BUSY_S,
    LibraryDatabase,
    cannot_use,
    library_folder,
)
from leakwatch.case_files.session_file import RECORDING_NAME, SESSION_NAME, load_session
from leakwatch.core.errors import CaseError, LibraryError
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.planes import SECOND_FOLDER
from leakwatch.files.private_files import FOLDER_MODE, make_private, make_private_folder
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.library.session_planes import first_stop_s, read_planes, whole_state, worst_level
from leakwatch.sinks.recording.line_file import is_locked

CASES_NAME = "cases"

_LONGEST_NAME = 100  # characters: one line of a list
# Maximum number of digits in the name of a case folder; other folders are ignored.
_LONGEST_NUMBER = 10


@dataclass(frozen=True, slots=True)
class LibraryCase:
    """A row of the library.

    Parameters
    ----------
    id : int
    name : str
    folder : Path
    added_at : str
        UTC, ISO 8601.
    state : str
        ``recording``, ``complete``, ``stopped`` or ``recovered``, as in session.json.
    source, view, vertebra : str or None
    frames : int or None
        None during recording, like all values below.
    duration_s, first_stop_s : float or None
        `first_stop_s` is also None if there was no STOP.
    worst_level : str or None
    stops : int or None
        Number of STOP alerts.
    """

    id: int
    name: str
    folder: Path
    added_at: str
    state: str
    source: str
    view: str | None
    vertebra: str | None
    frames: int | None
    duration_s: float | None
    worst_level: str | None
    stops: int | None
    first_stop_s: float | None


class CaseLibrary:
    """A library; created if absent. Used on one thread.

    Parameters
    ----------
    folder : Path or None
        None: `library_folder`.
    busy_s : float
        Maximum wait for another process that writes, s.

    Raises
    ------
    LibraryError
        It cannot be created or read, or is from a newer version of LeakWatch.
    """

    def __init__(self, folder: Path | None = None, busy_s: float = BUSY_S) -> None:
        self._folder = library_folder() if folder is None else folder
        try:
            make_private_folder(self._folder / CASES_NAME)
            make_private(self._folder / CASES_NAME)  # from an earlier version
        except OSError as error:
            raise LibraryError(cannot_use(self._folder, error)) from error
        self._db = LibraryDatabase(self._folder, busy_s)
        self._remove_leftovers()

    def __enter__(self) -> CaseLibrary:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the table."""
        self._db.close()

    def begin(self, source: str, marks: Marks, name: str | None = None) -> LibraryCase:
        """Add a case that will be recorded, and create its folder.

        Parameters
        ----------
        source : str
            Type of the source, such as ``scp``.
        marks : Marks
        name : str or None
            None: ``case-`` and its number. Not the name of a patient.

        Raises
        ------
        LibraryError
            The name is taken or invalid, or the disk is full.
        """
        view = None if marks.view is None else marks.view.value
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        if name is not None and (not name.strip() or name.strip().isdigit()):
            raise LibraryError(
                text(
                    "{name!r} is not a case name: it is a number, or empty. Use letters.", name=name
                )
            )
        if name is not None and (
            escape_control_characters(name) != name or len(name) > _LONGEST_NAME
        ):
            raise LibraryError(
                text(
                    "{name!r} is not a case name: it has control characters, or more than "
                    "{maximum} characters. Use letters.",
                    name=name[:_LONGEST_NAME],
                    maximum=_LONGEST_NAME,
                )
            )
        with self._db.writing():
            if name is not None and self._rows("WHERE name = ?", name):
                raise LibraryError(
                    text(
                        "the name {name} is taken by another case. Choose another name.", name=name
                    )
                )
            number = self._db.execute(
                "INSERT INTO library_case (id, name, added_at, state, source, view, vertebra)"
                " VALUES (?, ?, ?, 'recording', ?, ?, ?)",
                self._number_above_folders(),
                name or f"new {os.getpid()}",
                now,
                source,
                view,
                marks.vertebra,
            )
            if name is None:
                self._db.execute(
                    "UPDATE library_case SET name = 'case-' || id WHERE id = ?", number
                )
            try:
                self._case_folder(number).mkdir(FOLDER_MODE)
                make_private(self._case_folder(number))
            except OSError as error:
                raise LibraryError(cannot_use(self._folder, error)) from error
        return self._rows("WHERE id = ?", number)[0]

    def finish(self, number: int) -> LibraryCase:
        """Read the recording of a case, and update its row; of two planes, the worse one counts.

        Raises
        ------
        LibraryError, CaseError
            There is no such case, or its files cannot be read.
        """
        folder = self.case(str(number)).folder
        planes = read_planes(folder)
        worst = worst_level(planes)
        with self._db.writing():
            self._db.execute(
                "UPDATE library_case SET state = ?, frames = ?, duration_s = ?, worst_level = ?,"
                " stops = ?, first_stop_s = ? WHERE id = ?",
                whole_state(planes),
                sum(plane.frames for plane in planes),
                max(plane.duration_s for plane in planes),
                None if worst is None else worst.value,
                sum(plane.stops for plane in planes),
                first_stop_s(planes),
                number,
            )
        return self.case(str(number))

    def cases(self) -> tuple[LibraryCase, ...]:
        """Return all cases, oldest first, including those recovered meanwhile."""
        for case in self._rows("WHERE state = 'recording'"):
            with suppress(CaseError):  # interrupted, or still being recorded: not changed
                if load_session(case.folder / SESSION_NAME).state != "recording":
                    self.finish(case.id)
        return self._rows("ORDER BY id")

    def case(self, key: str) -> LibraryCase:
        """Return a case by its number or name.

        Raises
        ------
        LibraryError
            There is no such case.
        """
        by = "WHERE id = ?" if key.isdigit() else "WHERE name = ?"
        found = self._rows(by, key)
        if not found:
            raise LibraryError(
                text(
                    "there is no case {key} in {folder}. List all with `leakwatch cases list`.",
                    key=key,
                    folder=self._folder,
                )
            )
        return found[0]

    def delete(self, number: int) -> None:
        """Delete a case with all its files.

        Raises
        ------
        LibraryError
            It is being recorded, or cannot be deleted.
        """
        folder = self.case(str(number)).folder
        recordings = (folder / RECORDING_NAME, folder / SECOND_FOLDER / RECORDING_NAME)
        gone = folder.with_name(f".deleted-{folder.name}")
        try:
            if any(one.exists() and is_locked(one) for one in recordings):
                raise LibraryError(
                    text(
                        "case {number} is being recorded. Stop the recording first.", number=number
                    )
                )
            with self._db.writing():
                self._db.execute("DELETE FROM library_case WHERE id = ?", number)
                if folder.exists():
                    folder.rename(gone)  # in one step: no partial case is ever visible
            if gone.exists():
                shutil.rmtree(gone)
        except FileNotFoundError:
            return  # another process opened the library, and removes the folder
        except OSError as error:
            raise LibraryError(cannot_use(folder, error)) from error

    def _remove_leftovers(self) -> None:
        """Remove folders of an interrupted deletion."""
        for gone in (self._folder / CASES_NAME).glob(".deleted-*"):
            shutil.rmtree(gone, ignore_errors=True)

    def _number_above_folders(self) -> int | None:
        """Return None for the next number, or a number above all folders if the table was lost."""
        try:
            folders = [path.name for path in (self._folder / CASES_NAME).iterdir()]
        except OSError as error:
            raise LibraryError(cannot_use(self._folder, error)) from error
        ours = [name for name in folders if name.isdecimal() and len(name) < _LONGEST_NUMBER]
        highest = max(map(int, ours), default=0)
        used = self._db.rows("SELECT seq FROM sqlite_sequence WHERE name = 'library_case'")
        return highest + 1 if not used or highest > used[0][0] else None

    def _case_folder(self, number: int) -> Path:
        return self._folder / CASES_NAME / f"{number:05d}"

    def _rows(self, where: str, *values: object) -> tuple[LibraryCase, ...]:
        columns = (
            "id, name, id, added_at, state, source, view, vertebra, frames, duration_s,"
            " worst_level, stops, first_stop_s"
        )
        found = self._db.rows(f"SELECT {columns} FROM library_case {where}", *values)
        return tuple(
            LibraryCase(row[0], row[1], self._case_folder(row[2]), *row[3:]) for row in found
        )

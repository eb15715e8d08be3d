"""Store of the sessions of a trainee while the window is open; only with a name. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.core.errors import LibraryError
from leakwatch.core.messages import Message, text
from leakwatch.training.scoring import CaseCourse, Score
from leakwatch.training.training_records import TrainingRecords, TrainingSession, check_name


class SessionStore:
    """Records of the current trainee.

    Parameters
    ----------
    records : TrainingRecords
        Closed by the caller.
    """

    def __init__(self, records: TrainingRecords) -> None:
        self._records = records
        self._trainee = ""
        self._number: int | None = None

    @property
    def kept(self) -> bool:
        """Return whether the current trainee has a name, so that sessions are saved."""
        return bool(self._trainee)

    @property
    def trainee(self) -> str:
        """Name of the current trainee; empty without one."""
        return self._trainee

    def begin(self, trainee: str, case_name: str) -> None:
        """Save a session that begins.

        Raises
        ------
        LibraryError
            The name cannot be used, or the records cannot be written.
        """
        self._trainee, self._number = "", None
        if not trainee.strip():
            return
        name = check_name(trainee)
        self._number = self._records.begin(name, case_name)
        self._trainee = name

    def finish(self, course: CaseCourse, score: Score) -> Message:
        """Save the result of a session, and return a message about it."""
        number, self._number = self._number, None
        if number is None:
            return text("Not saved: no name was given.")
        try:
            kept = self._records.finish(number, course, score)
        except LibraryError as error:
            # The session stays as begun; the trainee sees the score, and why it is not saved.
            return text("The result is not saved: {error}", error=str(error))
        return text("Saved as session {number} of {name}.", number=kept.id, name=kept.trainee)

    def sessions(self) -> tuple[TrainingSession, ...]:
        """Return the sessions of the current trainee, oldest first.

        Raises
        ------
        LibraryError
        """
        return self._records.sessions(self._trainee)

    def all_sessions(self) -> tuple[TrainingSession, ...]:
        """Return the sessions of all trainees, oldest first.

        Raises
        ------
        LibraryError
        """
        return self._records.sessions()

    def add(self, sessions: Sequence[TrainingSession]) -> int:
        """Add sessions of other computers, and return how many were new.

        Raises
        ------
        LibraryError
            There is no disk space.
        """
        return self._records.add(sessions)

"""Keeps a trainee's sessions while the window is open; no Qt. Without a name nothing is kept."""

from __future__ import annotations

from leakwatch.core.errors import LibraryError
from leakwatch.training.scoring import Course, Score
from leakwatch.training.training_records import TrainingRecords, TrainingSession, checked_name


class Keeper:
    """The records of whoever is trained now.

    Parameters
    ----------
    records : TrainingRecords
        Closed by whoever made it.
    """

    def __init__(self, records: TrainingRecords) -> None:
        self._records = records
        self._trainee = ""
        self._number: int | None = None

    @property
    def kept(self) -> bool:
        """Whether the present trainee has a name, so that there are sessions."""
        return bool(self._trainee)

    def begin(self, trainee: str, case_name: str) -> None:
        """A session begins; it stands in the records from now on.

        Raises
        ------
        LibraryError
            The name cannot be used, or the records cannot be written.
        """
        self._trainee, self._number = "", None
        if not trainee.strip():
            return
        name = checked_name(trainee)
        self._number = self._records.begin(name, case_name)
        self._trainee = name

    def finish(self, course: Course, score: Score) -> str:
        """A session has ended; what became of its record, in words."""
        number, self._number = self._number, None
        if number is None:
            return "Not kept: no name was given."
        try:
            kept = self._records.finish(number, course, score)
        except LibraryError as error:
            # The session stays as begun; the person reads the score, and why it is not kept.
            return f"The result is not kept: {error}"
        return f"Kept as session {kept.id} of {kept.trainee}."

    def sessions(self) -> tuple[TrainingSession, ...]:
        """Sessions of the present trainee, oldest first.

        Raises
        ------
        LibraryError
        """
        return self._records.sessions(self._trainee)

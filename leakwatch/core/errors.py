"""Exceptions that LeakWatch raises on purpose.

Each message states what was wrong, what was found, and what to do.
"""

from __future__ import annotations


class LeakWatchError(Exception):
    """Base class of errors that are shown to the user as a message, not as a traceback."""

    def __str__(self) -> str:
        """Return the message, which keeps its template: ``translate(str(error))`` works."""
        if len(self.args) == 1 and isinstance(self.args[0], str):
            return self.args[0]
        return super().__str__()


class SourceError(LeakWatchError):
    """A source of frames cannot be opened, read or decoded."""


class SourceEndedEarly(SourceError):
    """Fewer frames were received than announced; those received are complete and valid."""


class CalibrationError(LeakWatchError):
    """A calibration is malformed, or does not match the frames."""


class CaseError(LeakWatchError):
    """A case, truth, frames or events file violates its schema."""


class ConfigError(LeakWatchError):
    """A settings file has an unknown key, or a value outside its range."""


class SinkError(LeakWatchError):
    """An output cannot be written."""


class LibraryError(LeakWatchError):
    """The case library cannot be used, or does not contain the case."""


class BenchError(LeakWatchError):
    """A benchmark cannot start or finish: its cases, detector, cluster or report is at fault."""

"""Every error that LeakWatch raises on purpose.

Each message says what was wrong, what was found, and what to do about it.
"""

from __future__ import annotations


class LeakWatchError(Exception):
    """Base of all errors that are reported to the person and not as a traceback."""


class SourceError(LeakWatchError):
    """A source of frames cannot be opened, read or decoded."""


class SourceEndedEarly(SourceError):
    """Frames were promised that did not come; those that came before are whole and valid."""


class CalibrationError(LeakWatchError):
    """A calibration is malformed, or does not fit the frames it is asked to serve."""


class CaseError(LeakWatchError):
    """A case, truth, frames or events file breaks its schema."""


class ConfigError(LeakWatchError):
    """A settings file has an unknown key, or a value outside its range."""


class SinkError(LeakWatchError):
    """An output cannot be written."""


class LibraryError(LeakWatchError):
    """The case library cannot be used, or has no such case."""


class BenchError(LeakWatchError):
    """A benchmark cannot begin or end: its set, detector, cluster or earlier report is at fault."""


class InputError(LeakWatchError, ValueError):
    """An argument of the Python interface cannot be used: an image, a time, a mark."""


class ExtensionError(LeakWatchError):
    """A source, sink or detector of another package cannot be found, loaded or used."""

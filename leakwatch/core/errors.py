"""Exceptions that LeakWatch raises on purpose.

Each message states what was wrong, what was found, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

# The name under which package indexes know this program. `leakwatch` itself is another project's
# there, with a command of the same name; the package that is imported is `leakwatch` all the same.
DISTRIBUTION = "leakwatch-fluoro"


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
    """Case library that cannot be used, or does not contain the case."""


class BenchError(LeakWatchError):
    """A benchmark cannot start or finish: its cases, detector, cluster or report is at fault."""


class InputError(LeakWatchError, ValueError):
    """An argument of the Python interface cannot be used: an image, a time, a mark."""


class ExtensionError(LeakWatchError):
    """A source, sink or detector of another package cannot be found, loaded or used."""


class MissingExtraError(LeakWatchError):
    """A part that is installed by choice is asked for, and absent."""


def install_command(extra: str) -> str:
    """Return the command that installs an extra.

    Parameters
    ----------
    extra : str
        A name of ``[project.optional-dependencies]`` in pyproject.toml.
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def missing_extra(what: str, extra: str, error: ImportError) -> str:
    """Say what cannot be done, what is missing for it, and how to install that.

    Parameters
    ----------
    what : str
        What was asked for, as the subject of "needs".
    extra : str
    error : ImportError
        Of the import that failed.
    """
    missing = error.name or "a part of it"
    return (
        f"{what} needs the extra `{extra}`, and {missing} is missing. "
        f"Install it with: {install_command(extra)}"
    )


@contextmanager
def needs_extra(extra: str, what: str) -> Iterator[None]:
    """Turn a failed import into an error that names the extra to install.

    Parameters
    ----------
    extra : str
    what : str
        What was asked for, as the subject of "needs".

    Raises
    ------
    MissingExtraError
        A library of that extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == __name__.partition(".")[0]:
            raise  # a module of our own: a fault, and no choice
        raise MissingExtraError(missing_extra(what, extra, error)) from error

"""`--log-file`: where a command begins its log and ends it. The one place that sets logging up."""

from __future__ import annotations

import logging
import platform
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import typer

from leakwatch import __version__
from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.console import FILE_ONLY, log_tracebacks_elsewhere, say
from leakwatch.core.errors import LeakWatchError
from leakwatch.diagnostics.log_file import FIELDS, LogFile
from leakwatch.diagnostics.log_redaction import Redactor

_LOG = logging.getLogger("leakwatch.command")


@contextmanager
def logged(
    command: str, log_file: Path | None, settings: Path | None, typed: Iterable[object]
) -> Iterator[None]:
    """Keep a log of what runs in this block, where a person asked for one.

    Parameters
    ----------
    command : str
    log_file : Path or None
        None: nothing is kept.
    settings : Path or None
        The settings file of the command; its section ``[log]`` bounds the file.
    typed : iterable
        Paths and sources that a person typed; None among them is passed over.

    Raises
    ------
    SinkError
        The log cannot be written when the command begins. Later nothing is raised.
    """
    if log_file is None:
        yield
        return
    names = tuple(str(one) for one in (*typed, settings, log_file) if one is not None)
    # A source may be typed as KIND:PATH?OPTIONS.
    places = [one for name in names for one in (name, name.partition(":")[2].partition("?")[0])]
    folders = [Path(one) for one in places if one and Path(one).is_dir()]
    redact = Redactor(places, read=folders)
    handler = LogFile(log_file, redact, load_settings(settings).log, _tell)
    package = logging.getLogger("leakwatch")
    level = package.level
    package.addHandler(handler)
    package.setLevel(logging.DEBUG)
    restore_hooks = _log_unhandled()
    restore_console = log_tracebacks_elsewhere(package, log_file)
    try:
        with _ends_told(command, names):
            yield
    finally:
        restore_hooks()
        restore_console()
        package.removeHandler(handler)
        package.setLevel(level)
        handler.close()


def _tell(text: str) -> None:
    say(f"leakwatch: {text}", err=True)


@contextmanager
def _ends_told(command: str, typed: tuple[str, ...]) -> Iterator[None]:
    """Log the beginning and how it ended."""
    began = {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "given": list(typed),
    }
    _LOG.info("%s begins", command, extra={FIELDS: began})
    code = 0
    try:
        yield
    except typer.Exit as ended:
        code = ended.exit_code
        raise
    except LeakWatchError as error:
        code = 2
        _LOG.info("%s", error, exc_info=True)
        raise
    except KeyboardInterrupt:
        code = 130
        raise
    except BaseException:
        code = 1
        _LOG.error("%s broke", command, exc_info=True, extra={FILE_ONLY: True})
        raise
    finally:
        _LOG.info("%s ends", command, extra={FIELDS: {"exit_code": code}})


def _log_unhandled() -> Callable[[], None]:
    """Let the log have each error that nobody handles, on any thread; gives what undoes it."""
    of_main, of_threads = sys.excepthook, threading.excepthook

    def on_main(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        _tell_log(error)
        of_main(kind, error, at)

    def on_thread(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None:
            _tell_log(given.exc_value)
        of_threads(given)

    def restore() -> None:
        sys.excepthook, threading.excepthook = of_main, of_threads

    sys.excepthook, threading.excepthook = on_main, on_thread
    return restore


def _tell_log(error: BaseException) -> None:
    if not isinstance(error, KeyboardInterrupt | SystemExit):
        # To the file alone: on stderr it is told as ever.
        _LOG.error("nobody handled an error", exc_info=error, extra={FILE_ONLY: True})

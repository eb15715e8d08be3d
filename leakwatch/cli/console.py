"""Terminal output of all commands: errors, progress, warnings, and the window.

Texts are translated here, where they are printed. Exit codes: 0 success, 2 bad arguments or input,
3 the input ended early, 4 something was not monitored, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from leakwatch.core.errors import LeakWatchError, missing_extra
from leakwatch.core.frame import TimeSource
from leakwatch.core.interruption import INTERRUPTIONS, handle_signals
from leakwatch.core.messages import text, translate
from leakwatch.files.bounded_input import shorten
from leakwatch.files.untrusted_text import escape_control_characters

if TYPE_CHECKING:
    from leakwatch.runner.stored_run import AnalysisRun

_LOG = logging.getLogger(__name__)

_LONGEST_PATH = 200  # characters quoted in a message

# Marks a record that the user sees elsewhere, as `extra={FILE_ONLY: True}`.
FILE_ONLY = "file_only"

BAD_INPUT, ENDED_EARLY, NOT_WATCHED, INTERRUPTED = 2, 3, 4, 130


@contextmanager
def errors_in_one_paragraph() -> Iterator[None]:
    """Print errors of LeakWatch as one paragraph, and exit with `BAD_INPUT`.

    An interruption after the end of this block is too late to change the exit code.
    """
    try:
        INTERRUPTIONS.release()  # an earlier block has ended, and this one may be interrupted
        yield
        INTERRUPTIONS.hold()
    except typer.Exit:
        INTERRUPTIONS.hold()
        raise
    except LeakWatchError as error:
        fail(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:  # a name that is too long, a folder without read permission
        where = shorten(str(error.filename or "a file"), _LONGEST_PATH)
        fail(
            text(
                "{where}: cannot be used: {fault}. Check path and permissions.",
                where=where,
                fault=error.strerror or error,
            )
        )
    except KeyboardInterrupt:
        INTERRUPTIONS.hold()
        tell_interrupted()
        raise typer.Exit(INTERRUPTED) from None


def tell_interrupted(
    message: str = text("interrupted; files written so far are kept."),
) -> None:
    """Print what an interruption left, and remember that it was told."""
    INTERRUPTIONS.told = True
    warn(message)


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """Treat a shutdown, or a closed terminal, like Ctrl-C.

    By default Python ends at once, and the last file of a recording would not be completed. In the
    program, the handlers stay until its end.
    """
    names = ("SIGTERM", "SIGHUP", "SIGBREAK")
    with handle_signals(_interrupted, *names, lasting=INTERRUPTIONS.is_heard):
        yield


def _interrupted(number: int, stack: FrameType | None) -> None:
    """Call the current handler of Ctrl-C, even if the shell disabled Ctrl-C."""
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else INTERRUPTIONS.handle)(number, stack)


def print_line(message: str, err: bool = False) -> None:
    """Print a line, translated; control characters in untrusted text are escaped.

    Lines on stderr are also logged, in English.
    """
    if err:
        _LOG.info("told: %s", message)
    typer.echo(escape_control_characters(translate(message)), err=err)  # noqa: TID251 - escaped


def warn(message: str) -> None:
    """Print a line on stderr, with the name of the program in front."""
    # Logged as it is printed, but in English.
    _LOG.info("told: leakwatch: %s", message)
    typer.echo(escape_control_characters(f"leakwatch: {translate(message)}"), err=True)  # noqa: TID251 - escaped


def print_cells(cells: Iterable[str]) -> None:
    """Print a row of a table for programs and pipes, with tabs between cells."""
    typer.echo("\t".join(escape_control_characters(cell) for cell in cells))  # noqa: TID251


def escape_cell(text: str) -> str:
    """Return a cell for Rich, with brackets and control characters escaped."""
    from rich.markup import escape

    return escape(escape_control_characters(text))


class _OneLine(logging.Formatter):
    """Formatter for warnings: one line, followed by the traceback, once for each fault.

    Otherwise a stage that fails at every frame would fill the terminal. If there is a log, it has
    all tracebacks, and the line names it.

    Parameters
    ----------
    log_file : Path or None
        The log with the tracebacks; None if there is no log.
    """

    def __init__(self, log_file: Path | None = None) -> None:
        super().__init__()
        self._log_file = log_file
        self._told: set[tuple[object, ...]] = set()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line with the traceback."""
        line = escape_control_characters(record.getMessage())
        error = record.exc_info[1] if record.exc_info else None
        if error is None or (fault := _fault_of(error)) in self._told:
            return line
        self._told.add(fault)
        if self._log_file is not None:
            return f"{line} (the traceback is in {escape_control_characters(str(self._log_file))})"
        return f"{line}\n{self.formatException((type(error), error, error.__traceback__))}"

    def formatException(self, ei: Any) -> str:
        return "\n".join(map(escape_control_characters, super().formatException(ei).split("\n")))


def _fault_of(error: BaseException) -> tuple[object, ...]:
    """Return a key that is equal for repeated faults at the same place."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return (type(error), at and at.tb_frame.f_code, at and at.tb_lineno)


def log_on_stderr() -> None:
    """Print warnings on stderr, with control characters in untrusted text escaped."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_OneLine())


def log_tracebacks_elsewhere(log: logging.Logger, log_file: Path) -> Callable[[], None]:
    """Print warnings of `log` on stderr as well as into its file, which has the tracebacks.

    Parameters
    ----------
    log : logging.Logger
        A logger with a handler, so that Python would print nothing.
    log_file : Path

    Returns
    -------
    callable
        Restores the previous state.
    """
    stderr = logging.lastResort
    if stderr is None:
        return lambda: None
    formatter = stderr.formatter

    def for_a_person(record: logging.LogRecord) -> bool:
        return not getattr(record, FILE_ONLY, False)

    def undo() -> None:
        log.removeHandler(stderr)
        stderr.removeFilter(for_a_person)
        stderr.setFormatter(formatter)

    stderr.setFormatter(_OneLine(log_file))
    stderr.addFilter(for_a_person)
    log.addHandler(stderr)
    return undo


def fail(message: str) -> NoReturn:
    """Print an error, and exit with `BAD_INPUT`."""
    warn(message)
    raise typer.Exit(BAD_INPUT)


def print_warnings(run: AnalysisRun) -> None:
    """Print on stderr what is assumed or missing, before any result."""
    if run.calibration.mm_per_px is None:
        warn(text("not calibrated: {source}", source=run.calibration.source))
    if run.acquisition.time_source is TimeSource.ASSUMED and run.acquisition.number_of_frames != 1:
        warn(text("no frame times in the file: 15 frames/s assumed"))
    for note in (*run.acquisition.notes, *run.warnings):
        warn(note)


def print_inactive_rules(run: AnalysisRun) -> None:
    """Print inactive rules on stderr, before the first frame is assessed."""
    from leakwatch.alerting.inactive_rules import find_inactive_rules

    for one in find_inactive_rules(run.marks, run.calibration, run.acquisition, run.settings):
        warn(one.text)


@contextmanager
def progress(name: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Show a progress bar with rate and remaining time on stderr, if it is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(escape_cell(translate(name)), total=total, rate="")

        def on_frame(frames: int = 1) -> None:
            speed = bar.tasks[task].speed
            rate = "" if speed is None else text("{speed:.0f} frames/s", speed=speed)
            bar.update(task, advance=frames, rate=translate(rate))

        yield on_frame


def has_display() -> bool:
    """Return whether a window can be shown; without a display, Qt would end the process."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform != "linux" or any(os.environ.get(name) for name in named)


def require_display(
    instead: str = text(
        "`leakwatch replay ... --record FILE.png`, or `leakwatch analyze`, which writes overlay.mp4"
    ),
) -> None:
    """Check that there is a display."""
    if not has_display():
        fail(text("there is no display for the window. Use {command}.", command=instead))


def import_gui() -> ModuleType:
    """Import the window; without its libraries, exit with the command that installs them."""
    try:
        from leakwatch.gui import app as gui_app
    except ImportError as error:
        fail(missing_extra(text("the window"), "gui", error))
    return gui_app

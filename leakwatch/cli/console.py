"""What every command does on a terminal: errors, progress, doubts, the window.

Exit codes: 0 all done, 2 bad arguments or input, 3 the input ended early, 4 something was not
watched, 130 interrupted.
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
from leakwatch.core.interruption import handle_signals
from leakwatch.files.bounded_input import shorten
from leakwatch.files.untrusted_text import escape_control_characters

if TYPE_CHECKING:
    from leakwatch.runner.stored_run import Run

_LOG = logging.getLogger(__name__)

_LONGEST_PATH = 200  # characters that a message repeats

# Marks a record that a person is told in another way, as `extra={FILE_ONLY: True}`.
FILE_ONLY = "file_only"

BAD_INPUT, ENDED_EARLY, NOT_WATCHED, INTERRUPTED = 2, 3, 4, 130


@contextmanager
def errors_in_one_paragraph() -> Iterator[None]:
    try:
        yield
    except LeakWatchError as error:
        fail(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        where = shorten(str(error.filename or "a file"), _LONGEST_PATH)
        fail(f"{where}: cannot be used: {error.strerror or error}. Check path and rights.")
    except KeyboardInterrupt:
        say("leakwatch: interrupted; what was written until now stays.", err=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """A machine that shuts down, or a terminal that is closed, ends what runs as Ctrl-C does.

    Python's own way is to die at once, and the last file of a recording would not be completed.
    """
    with handle_signals(_interrupted, "SIGTERM", "SIGHUP", "SIGBREAK"):
        yield


def _interrupted(number: int, stack: FrameType | None) -> None:
    """What Ctrl-C does just now, also where the shell made the program deaf to it."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(number, stack)


def say(text: str, err: bool = False) -> None:
    """Print a line; what strangers typed, in a path or a name, neither breaks it nor acts.

    What is told beside the results is in the log, too, where one is kept.
    """
    if err:
        _LOG.info("told: %s", text)
    typer.echo(escape_control_characters(text), err=err)  # noqa: TID251 - made harmless


def say_cells(cells: Iterable[str]) -> None:
    """Print a line of a table, for programs and pipes: a tab stands between cells only."""
    typer.echo("\t".join(escape_control_characters(cell) for cell in cells))  # noqa: TID251


def plain(text: str) -> str:
    """The same for what Rich draws, to which brackets are commands."""
    from rich.markup import escape

    return escape(escape_control_characters(text))


class _OneLine(logging.Formatter):
    """A warning of the program on one line; below it, once for each fault, its traceback.

    A stage that breaks at every frame would else fill the terminal. Where a log is kept it has each
    traceback, and the person is told where.

    Parameters
    ----------
    log_file : Path or None
        The log, which has the tracebacks; None: nothing else has them.
    """

    def __init__(self, log_file: Path | None = None) -> None:
        super().__init__()
        self._log_file = log_file
        self._told: set[tuple[object, ...]] = set()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and what follows it."""
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
    """What is the same when the same place breaks again in the same way."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return (type(error), at and at.tb_frame.f_code, at and at.tb_lineno)


def log_on_stderr() -> None:
    """Warnings go to stderr, as they do by themselves; what strangers typed is printable."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_OneLine())


def log_tracebacks_elsewhere(log: logging.Logger, log_file: Path) -> Callable[[], None]:
    """Keep warnings of `log` on stderr beside its file, which has the tracebacks.

    Parameters
    ----------
    log : logging.Logger
        With a handler of its own, so that Python would print nothing any more.
    log_file : Path

    Returns
    -------
    callable
        Undoes it.
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
    say(f"leakwatch: {message}", err=True)
    raise typer.Exit(BAD_INPUT)


def say_what_to_doubt(run: Run) -> None:
    """Tell on stderr what is assumed or missing, before any number is shown."""
    if run.calibration.mm_per_px is None:
        say(f"leakwatch: no millimetres: {run.calibration.source}", err=True)
    if run.acquisition.time_source is TimeSource.ASSUMED and run.acquisition.number_of_frames != 1:
        say("leakwatch: no frame times in the file: 15 frames/s are assumed", err=True)
    for note in (*run.acquisition.notes, *run.doubts):
        say(f"leakwatch: {note}", err=True)


def say_rules_off(run: Run) -> None:
    """Tell on stderr which rules do not apply, before the first frame is judged."""
    from leakwatch.alerting.inactive_rules import find_inactive_rules

    for one in find_inactive_rules(run.marks, run.calibration, run.acquisition, run.settings):
        say(f"leakwatch: {one.text}", err=True)


@contextmanager
def progress(name: str, total: int | None) -> Iterator[Callable[..., None]]:
    """A bar with rate and time left on stderr; nothing where that is no terminal."""
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
        task = bar.add_task(plain(name), total=total, rate="")

        def on_frame(frames: int = 1) -> None:
            speed = bar.tasks[task].speed
            rate = "" if speed is None else f"{speed:.0f} frames/s"
            bar.update(task, advance=frames, rate=rate)

        yield on_frame


def require_display(
    instead: str = "`leakwatch replay ... --record FILE.png`, or `leakwatch analyze`, which writes "
    "overlay.mp4",
) -> None:
    """Qt ends the whole process where it finds no display: look before it does."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in named):
        fail(f"there is no display for the window. Use {instead}.")


def import_gui() -> ModuleType:
    try:
        from leakwatch.gui import app as gui_app
    except ImportError as error:
        fail(missing_extra("the window", "gui", error))
    return gui_app

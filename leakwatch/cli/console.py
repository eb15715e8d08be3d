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
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from leakwatch.core.errors import LeakWatchError
from leakwatch.core.frame import TimeSource
from leakwatch.core.interruption import heard
from leakwatch.files.bounded_input import shorten
from leakwatch.files.untrusted_text import escape_control_characters

if TYPE_CHECKING:
    from leakwatch.runner.stored_run import Run

_LONGEST_PATH = 200  # characters that a message repeats

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
    with heard(_interrupted, "SIGTERM", "SIGHUP"):
        yield


def _interrupted(number: int, stack: FrameType | None) -> None:
    """What Ctrl-C does just now, also where the shell made the program deaf to it."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(number, stack)


def say(text: str, err: bool = False) -> None:
    """Print a line; what strangers typed, in a path or a name, neither breaks it nor acts."""
    typer.echo(escape_control_characters(text), err=err)  # noqa: TID251 - made harmless


def say_cells(cells: Iterable[str]) -> None:
    """Print a line of a table, for programs and pipes: a tab stands between cells only."""
    typer.echo("\t".join(escape_control_characters(cell) for cell in cells))  # noqa: TID251


def plain(text: str) -> str:
    """The same for what Rich draws, to which brackets are commands."""
    from rich.markup import escape

    return escape(escape_control_characters(text))


class _OneLine(logging.Formatter):
    """A warning of the program on one line, and below it, where there is one, the traceback."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return escape_control_characters(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        return "\n".join(map(escape_control_characters, super().formatException(ei).split("\n")))


def log_on_stderr() -> None:
    """Warnings go to stderr, as they do by themselves; what strangers typed is printable."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_OneLine())


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
    from leakwatch.alerting.inactive_rules import rules_off

    for one in rules_off(run.marks, run.calibration, run.acquisition, run.settings):
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
        fail(
            f"the window needs the extra `gui`, and {error.name or 'a part of it'} is missing. "
            "Install it with: pip install 'leakwatch[gui]'"
        )
    return gui_app

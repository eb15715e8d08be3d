"""`leakwatch` alone: the start window, and what is chosen in it, one after the other."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from leakwatch.case_files.case_file import CASE_SUFFIX, case_beside
from leakwatch.case_files.library_database import LIBRARY_VARIABLE, library_folder
from leakwatch.case_files.room_file import load_room
from leakwatch.case_files.session_file import SESSION_NAME
from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.console import errors_in_one_paragraph, has_display, import_gui, print_warnings
from leakwatch.cli.replay import replay
from leakwatch.cli.run import run
from leakwatch.cli.sequences import one_run, opened_with
from leakwatch.cli.simulate import built_in_rows, simulate_into
from leakwatch.cli.train import train
from leakwatch.config import RoomSettings, Settings
from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import LANGUAGE_VARIABLE

if TYPE_CHECKING:
    from leakwatch.gui.home.home_choice import Choice

# Platforms of Qt that draw where nobody looks.
_UNSEEN = ("offscreen", "minimal")


def can_open_home() -> bool:
    """Return whether somebody can see a window, and its libraries are installed."""
    if not has_display() or os.environ.get("QT_QPA_PLATFORM") in _UNSEEN:
        return False
    return all(find_spec(name) for name in ("PySide6", "pyqtgraph"))


def open_home() -> None:
    """Show the start window, and do what is chosen, until it is closed."""
    with errors_in_one_paragraph():
        import_gui()
        from leakwatch.gui.home.home_app import choose_next
        from leakwatch.gui.home.home_choice import SimulatorLink

        simulator = SimulatorLink(built_in_rows, simulate_into)
        given, message = dict(os.environ), ""
        while True:
            path, settings, fault = _room()
            _use_room(settings.room, given)
            choice = choose_next(settings, simulator, fault or message)
            if choice is None:
                return
            message = perform(choice, path)


def perform(choice: Choice, settings: Path | None) -> str:
    """Do what was chosen, and return what a person must know of its end; empty: nothing.

    Parameters
    ----------
    choice : Choice
    settings : Path or None
        File of the room.
    """
    said = _Tee(sys.stderr)
    try:
        with redirect_stderr(said):
            return _perform(choice, settings)
    except typer.Exit as end:
        lines = said.getvalue().strip().splitlines()
        return lines[-1].removeprefix("leakwatch: ") if end.exit_code and lines else ""


def _perform(choice: Choice, settings: Path | None) -> str:
    from leakwatch.gui.home.home_choice import HomeTask

    target = Path(choice.target)
    if choice.task is HomeTask.WATCH:
        run(choice.target, settings=settings)
    elif choice.task is HomeTask.TRAIN:
        train(settings=settings)
    elif choice.task in (HomeTask.MARK, HomeTask.OPEN, HomeTask.REPLAY):
        _remember(target)
        if choice.task is HomeTask.MARK or (
            choice.task is HomeTask.OPEN and not _is_marked(target)
        ):
            return _mark(target, settings)
        replay(target, settings=settings)
    return ""


def _mark(sequence: Path, settings: Path | None) -> str:
    """Mark a sequence, and replay it with its marks if the person asks for that."""
    from leakwatch.gui.home.home_app import mark_then_replay

    with errors_in_one_paragraph():
        asked = one_run(sequence, None)
        sequence = asked.case or (asked.run.path if asked.run is not None else sequence)
        opened = opened_with(asked, load_settings(settings), asked.case, None)
        print_warnings(opened)
        outcome, case = mark_then_replay(opened, sequence)
    if case is None:
        return outcome
    replay(case, settings=settings)
    return ""


def _is_marked(path: Path) -> bool:
    """Return whether a path is a case, or has one beside it."""
    if path.name.endswith(CASE_SUFFIX) or (path / SESSION_NAME).is_file():
        return True
    return case_beside(path) is not None


def _remember(path: Path) -> None:
    from leakwatch.gui.home.recent_cases import RecentCases

    RecentCases(library_folder()).add(path)


def _room() -> tuple[Path | None, Settings, str]:
    """Return file and settings of the room, and what is wrong with them."""
    try:
        return (*load_room(), "")
    except ConfigError as error:
        return None, Settings(), error.args[0] if error.args else str(error)


def _use_room(room: RoomSettings, given: dict[str, str]) -> None:
    """Use language and data folder of the room, else those of the environment."""
    for name, chosen in ((LANGUAGE_VARIABLE, room.language), (LIBRARY_VARIABLE, room.folder)):
        if chosen or name in given:
            os.environ[name] = chosen or given[name]
        else:
            os.environ.pop(name, None)


class _Tee(io.StringIO):
    """Text that is kept, and written to another stream as well."""

    def __init__(self, other: TextIO) -> None:
        super().__init__()
        self._other = other

    def write(self, written: str) -> int:
        self._other.write(written)
        return super().write(written)

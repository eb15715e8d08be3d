"""Choice of the user in the start window. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from leakwatch.training.training_case import OnProgress


class HomeTask(StrEnum):
    """Window that opens next."""

    WATCH = "watch"  # a live session from the source in `Choice.target`
    OPEN = "open"  # a file or folder: marked first where it has no marks, then replayed
    REPLAY = "replay"
    MARK = "mark"
    TRAIN = "train"
    AGAIN = "again"  # the start window, with changed settings


@dataclass(frozen=True, slots=True)
class Choice:
    """Choice of a person.

    Parameters
    ----------
    task : HomeTask
    target : str
        Source, file or folder; empty where the task needs none.
    """

    task: HomeTask
    target: str = ""


@dataclass(frozen=True, slots=True)
class SimulatorLink:
    """Access to the simulator, which windows do not import.

    Parameters
    ----------
    scenarios : callable
        Returns name and title of each built-in scenario.
    make : callable
        Simulates a scenario into a folder, and returns NAME.case.json; takes seconds to minutes.

    Notes
    -----
    Both raise `LeakWatchError` if the simulator is not installed.
    """

    scenarios: Callable[[], tuple[tuple[str, str], ...]]
    make: Callable[[str, Path, OnProgress], Path]

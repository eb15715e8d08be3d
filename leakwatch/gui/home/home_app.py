"""Opening of the start window, and of the marking window on the way to a replay."""

from __future__ import annotations

from pathlib import Path

from leakwatch.config import Settings
from leakwatch.gui.app import application, mark_window, show_until_closed
from leakwatch.gui.home.home_choice import Choice, SimulatorLink
from leakwatch.gui.home.home_window import HomeWindow
from leakwatch.marking.case_opening import case_path
from leakwatch.runner.stored_run import AnalysisRun


def choose_next(settings: Settings, simulator: SimulatorLink, message: str) -> Choice | None:
    """Show the start window until a person chooses; None: close the program.

    Parameters
    ----------
    settings : Settings
        Of the room.
    simulator : SimulatorLink
    message : str
        How the last task ended; empty: nothing to tell.
    """
    running = application()
    window = HomeWindow(settings, simulator, message)
    show_until_closed(running, window, "start")
    return window.choice


def mark_then_replay(run: AnalysisRun, sequence: Path) -> tuple[str, Path | None]:
    """Mark a vertebra in a window that offers the replay.

    Parameters
    ----------
    run : AnalysisRun
        Just opened; its source is closed here.
    sequence : Path

    Returns
    -------
    str
        The outcome, as a message for the user.
    Path or None
        The case, if the user asked for its replay.
    """
    run.source.close()
    running = application()
    window = mark_window(run, sequence, None, 0, offers_replay=True)
    show_until_closed(running, window, "marking")
    return window.case.outcome, case_path(sequence, None) if window.wants_replay else None

"""Open the replay window on a run, or draw one frame of it into a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QApplication, QMainWindow

from leakwatch.core.errors import CaseError, SinkError
from leakwatch.core.interruption import handle_signals
from leakwatch.core.marks import Side
from leakwatch.core.results import Level
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.marking.mark_window import MarkWindow
from leakwatch.gui.marking.picture_tools import live_tools, mark_tools, replay_tools
from leakwatch.gui.replay.folded_run import FoldedRun
from leakwatch.gui.replay.replay_window import SIZE, ReplayWindow
from leakwatch.gui.replay.track import Track
from leakwatch.gui.widgets.fonts import font, register_fonts
from leakwatch.gui.widgets.image_window import ImageWindow
from leakwatch.live.live_session import LiveSession
from leakwatch.marking.case_opening import case_path, known_marks, marked_frame, open_stored
from leakwatch.runner.stored_run import Run


def show(run: Run) -> None:
    """Show `run` in a window until the person closes it; closes the run's source.

    Parameters
    ----------
    run : Run
        Just opened.
    """
    running = application()
    folded = FoldedRun(run)
    window = replay_window(folded)
    folded.thread.start()
    _until_closed(running, window)
    folded.close()


def show_live(session: LiveSession, title: str, record: Callable[[], str] | None = None) -> None:
    """Show a live session in a window until the person closes it.

    Parameters
    ----------
    session : LiveSession
        Started; whoever made it closes it.
    title : str
    record : callable or None
        Begins a record of a session that has none; says where.
    """
    running = application()
    _until_closed(running, LiveWindow(session, title, live_tools(session), record=record))


def _until_closed(running: QApplication, window: ImageWindow) -> None:
    window.show()
    window.start()
    with interrupt_closes(window):
        running.exec()


def mark(
    run: Run,
    sequence: Path,
    out: Path | None,
    frame: int,
    anterior: Side | None = None,
    level: str | None = None,
) -> str:
    """Mark a vertebra in a window until the person closes it; closes the run's source.

    Parameters
    ----------
    run : Run
        Just opened.
    sequence : Path
        As the person named it: a sequence, or a case to go on with.
    out : Path or None
        NAME.case.json to write; None: the case itself, or one beside the sequence.
    frame : int
        That is marked, where there are no marks yet.
    anterior, level : Side or None, str or None
        As far as they are known.

    Returns
    -------
    str
        What became of it, for the person.

    Raises
    ------
    CaseError, SourceError
        There is no such frame, or no such case.
    """
    run.source.close()
    running = application()
    window = mark_window(run, sequence, out, frame, anterior, level)
    _until_closed(running, window)
    return window.case.outcome


def mark_window(
    run: Run,
    sequence: Path,
    out: Path | None,
    frame: int,
    anterior: Side | None = None,
    level: str | None = None,
) -> MarkWindow:
    """The window of `mark`."""
    path = case_path(sequence, out)
    marks = known_marks(path, run)
    begun = marks.posterior_wall_px is not None or marks.body_outline_px is not None
    frame = marks.reference_frame if begun else frame
    snapshot = marked_frame(run, frame)
    case = open_stored(run, path, frame, marks if begun else None, anterior, level)
    return MarkWindow(case, snapshot, f"mark {run.name}", mark_tools(case))


def record(run: Run, path: Path, frame: int | None = None) -> str:
    """Draw the window at one frame into a picture, without a display.

    Parameters
    ----------
    run : Run
        Just opened; its source is closed here.
    path : Path
        A PNG; replaced.
    frame : int or None
        Place of the frame in the run; None takes the first that shows STOP, else the last.

    Returns
    -------
    str
        What was drawn, for the person.

    Raises
    ------
    CaseError
        The run has no such frame.
    SinkError
        The picture cannot be written.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application()
    folded = FoldedRun(run)
    track = folded.track
    folded.thread.run()
    index = telling_frame(track) if frame is None else frame
    if not 0 <= index < len(track):
        why = f" {track.failure}" if track.failure else ""
        raise CaseError(f"{run.name} has frames 0 to {len(track) - 1}, not {index}.{why}")
    window = replay_window(folded)
    window.replay.playback.seek(index)
    # `grab` lays out a window that was never shown; the overlay needs its view's size before.
    window.grab()
    window.tick()
    saved = window.grab().save(str(path), "PNG")
    window.close()
    track.close()
    if not saved:
        raise SinkError(f"{path} cannot be written: no such folder, or no permission or space.")
    return f"frame {index} at {track.time_s(index):.2f} s drawn into {path}"


def telling_frame(track: Track) -> int:
    """The first frame that shows STOP, else the last."""
    levels = track.levels()
    return levels.index(Level.STOP) if Level.STOP in levels else len(levels) - 1


@contextmanager
def interrupt_closes(window: QMainWindow) -> Iterator[None]:
    """Let Ctrl-C, and what else ends a program, close `window`.

    Raised inside a paint event, it would be printed and forgotten.
    """
    # Whoever ends the program is not asked whether they mean it: nobody may be there to answer.
    end = window.end if isinstance(window, ImageWindow) else window.close
    with handle_signals(lambda number, stack: end(), "SIGINT", "SIGTERM", "SIGHUP"):
        yield


def application() -> QApplication:
    """The one application, made where there is none, with the bundled typeface."""
    made = QApplication.instance() or QApplication(["leakwatch"])
    assert isinstance(made, QApplication)
    register_fonts()
    made.setFont(font(13))
    return made


def replay_window(folded: FoldedRun) -> ReplayWindow:
    """The window of a run that is folded."""
    tools = replay_tools(lambda: folded.run, folded.judge_again)
    window = ReplayWindow(folded.replay(), folded.run.name, tools)
    window.resize(*SIZE)
    folded.shown_in(window)
    return window

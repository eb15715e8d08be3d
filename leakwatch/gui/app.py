"""Opening of the windows, and drawing of one frame of a replay into a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer
from PySide6.QtWidgets import QApplication, QMainWindow

from leakwatch.core.errors import CaseError, SinkError
from leakwatch.core.interruption import handle_signals
from leakwatch.core.marks import Side
from leakwatch.core.messages import Message, text
from leakwatch.core.results import Level
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.live.two_plane_window import TwoPlaneWindow
from leakwatch.gui.marking.mark_window import MarkWindow
from leakwatch.gui.marking.picture_tools import live_tools, mark_tools, replay_tools
from leakwatch.gui.replay.folded_run import AnalysedRun
from leakwatch.gui.replay.replay_window import SIZE, ReplayWindow
from leakwatch.gui.replay.track import Track
from leakwatch.gui.replay.two_plane_replay import TwoPlaneReplayWindow
from leakwatch.gui.widgets.fonts import font, register_fonts
from leakwatch.gui.widgets.garbage_collection import collect_on_this_thread
from leakwatch.gui.widgets.image_window import ImageWindow
from leakwatch.gui.widgets.key_image_keys import RecordFolder
from leakwatch.gui.widgets.paged_window import PagedWindow
from leakwatch.gui.widgets.plane_pair import PlanePair
from leakwatch.gui.widgets.window_place import keep_place, open_window
from leakwatch.live.live_session import LiveSession
from leakwatch.live.two_planes import TwoPlanes
from leakwatch.marking.case_opening import case_path, known_marks, marked_frame, open_stored
from leakwatch.runner.stored_run import AnalysisRun
from leakwatch.sinks.key_images.key_image_files import is_session, keeps_identity
from leakwatch.sinks.key_images.key_image_worker import KeyImageWorker


def show(run: AnalysisRun) -> None:
    """Show `run` in a window until the user closes it; close the source of the run.

    Parameters
    ----------
    run : AnalysisRun
        Just opened.
    """
    running = application()
    folded = AnalysedRun(run)
    key_images = KeyImageWorker(run.settings.archive, keeps_identity(run.path))
    window = replay_window(folded, key_images)
    folded.thread.start()
    show_until_closed(running, window, "replay")
    folded.close()
    key_images.close(run.settings.live.close_s)


def show_both(first: AnalysisRun, second: AnalysisRun, offset_s: float, title: str) -> None:
    """Show both planes of a recorded session in step until the user closes the window.

    Parameters
    ----------
    first, second : AnalysisRun
        Just opened; their sources are closed here.
    offset_s : float
        By how many seconds the first frame of the second plane is later.
    title : str
    """
    running = application()
    folded = (AnalysedRun(first), AnalysedRun(second))
    window = TwoPlaneReplayWindow(*folded, offset_s, title)
    for one in folded:
        one.thread.start()
    show_until_closed(running, window, "replay of two planes")
    for one in folded:
        one.close()


def record_both(
    first: AnalysisRun,
    second: AnalysisRun,
    offset_s: float,
    path: Path,
    frame: int | None = None,
) -> str:
    """Draw the window of both planes into an image file, as `record` does.

    Parameters
    ----------
    first, second, offset_s
        As in `show_both`.
    path : Path
    frame : int or None
        Of the first plane; None: the first that shows STOP in either plane, else the last.

    Raises
    ------
    CaseError, SinkError
        As in `record`.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application()
    folded = (AnalysedRun(first), AnalysedRun(second))
    for one in folded:
        one.thread.run()
    window = TwoPlaneReplayWindow(*folded, offset_s, first.name)
    window.merged.update()
    try:
        if frame is None:
            levels = window.merged.levels()
            step = levels.index(Level.STOP) if Level.STOP in levels else len(levels) - 1
        else:
            found = window.merged.step_of(0, frame)
            if found is None:
                raise CaseError(_no_such_frame(first, folded[0].track, frame))
            step = found
        window.playback.seek(step)
        _draw_into(window, path)
        time_s = window.merged.time_s(step)
    finally:
        window.close()
        for one in folded:
            one.track.close()
    return text("both planes at {time_s:.2f} s drawn into {path}", time_s=time_s, path=path)


def show_live(
    session: LiveSession,
    title: str,
    record: Callable[[], str] | None = None,
    recorded: RecordFolder | None = None,
) -> None:
    """Show a live session in a window until the operator closes it.

    Parameters
    ----------
    session : LiveSession
        Started; the caller closes it.
    title : str
    record : callable or None
        Starts a recording of a session that has none, and returns a message.
    recorded : RecordFolder or None
        Where key images are written; None: nowhere.
    """
    running, tools = application(), live_tools(session)
    window = LiveWindow(session, title, tools, record=record, recorded=recorded)
    show_until_closed(running, window, "live", maximised=True)


def show_planes(planes: TwoPlanes, title: str, record: Callable[[], str] | None = None) -> None:
    """Show two live planes in a window until the operator closes it.

    Parameters
    ----------
    planes : TwoPlanes
        Started; the caller closes it.
    title : str
    record : callable or None
        Starts a recording of both planes, and returns a message.
    """
    running = application()
    window = TwoPlaneWindow(planes, title, record)
    show_until_closed(running, window, "live planes", maximised=True)


def show_until_closed(
    running: QApplication,
    window: ImageWindow | PlanePair[Any] | PagedWindow,
    name: str,
    maximised: bool = False,
) -> None:
    """Show a window where it was last until it is closed.

    Parameters
    ----------
    running : QApplication
    window : ImageWindow or PlanePair or PagedWindow
    name : str
        Of this kind of window, as in `open_window`.
    maximised : bool
        As in `open_window`.
    """
    open_window(window, name, maximised)
    window.start()
    with interrupt_closes(window):
        running.exec()
    keep_place(window, name)


def mark(
    run: AnalysisRun,
    sequence: Path,
    out: Path | None,
    frame: int,
    anterior: Side | None = None,
    level: str | None = None,
) -> str:
    """Mark a vertebra in a window until the user closes it; close the source of the run.

    Parameters
    ----------
    run : AnalysisRun
        Just opened.
    sequence : Path
        As the user named it: a sequence, or a case to continue.
    out : Path or None
        NAME.case.json to write; None: the case itself, or one beside the sequence.
    frame : int
        Frame to mark, if there are no marks yet.
    anterior, level : Side or None, str or None
        If known.

    Returns
    -------
    str
        The outcome, as a message for the user.

    Raises
    ------
    CaseError, SourceError
        There is no such frame, or no such case.
    """
    run.source.close()
    running = application()
    window = mark_window(run, sequence, out, frame, anterior, level)
    show_until_closed(running, window, "marking")
    return window.case.outcome


def mark_window(
    run: AnalysisRun,
    sequence: Path,
    out: Path | None,
    frame: int,
    anterior: Side | None = None,
    level: str | None = None,
    offers_replay: bool = False,
) -> MarkWindow:
    """Return the window of `mark`; `offers_replay` as of `MarkWindow`."""
    path = case_path(sequence, out)
    marks = known_marks(path, run)
    begun = marks.posterior_wall_px is not None or marks.body_outline_px is not None
    frame = marks.reference_frame if begun else frame
    snapshot = marked_frame(run, frame)
    case = open_stored(run, path, frame, marks if begun else None, anterior, level)
    title = text("mark {name}", name=run.name)
    return MarkWindow(case, snapshot, title, mark_tools(case), offers_replay)


def record(run: AnalysisRun, path: Path, frame: int | None = None) -> str:
    """Draw the window at one frame into an image file, without a display.

    Parameters
    ----------
    run : AnalysisRun
        Just opened; its source is closed here.
    path : Path
        A PNG; replaced.
    frame : int or None
        Index of the frame; None: the first that shows STOP, else the last.

    Returns
    -------
    str
        What was drawn, as a message for the user.

    Raises
    ------
    CaseError
        The sequence has no such frame.
    SinkError
        The file cannot be written.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application()
    folded = AnalysedRun(run)
    track = folded.track
    folded.thread.run()
    index = find_key_frame(track) if frame is None else frame
    if not 0 <= index < len(track):
        raise CaseError(_no_such_frame(run, track, index))
    window = replay_window(folded)
    window.resize(*SIZE)
    window.replay.playback.seek(index)
    try:
        _draw_into(window, path)
    finally:
        window.close()
        track.close()
    return text(
        "frame {number} at {time_s:.2f} s drawn into {path}",
        number=index,
        time_s=track.time_s(index),
        path=path,
    )


def _draw_into(window: ImageWindow | TwoPlaneReplayWindow, path: Path) -> None:
    # `grab` lays out a window that was never shown; the overlay needs the size of its view first.
    window.grab()
    window.tick()
    content = QBuffer()
    window.grab().save(content, "PNG")
    try:
        path.write_bytes(content.data().data())
    except OSError as error:
        raise SinkError(
            text(
                "{path} cannot be written: {reason}. Choose another path.",
                path=path,
                reason=error.strerror,
            )
        ) from error


def _no_such_frame(run: AnalysisRun, track: Track, index: int) -> Message:
    last = len(track) - 1
    if track.failure:
        return text(
            "{name} has frames 0 to {last_frame}, not {number}. {failure}",
            name=run.name,
            last_frame=last,
            number=index,
            failure=track.failure,
        )
    return text(
        "{name} has frames 0 to {last_frame}, not {number}. Choose one of them.",
        name=run.name,
        last_frame=last,
        number=index,
    )


def find_key_frame(track: Track) -> int:
    """Return the first frame that shows STOP, else the last."""
    levels = track.levels()
    return levels.index(Level.STOP) if Level.STOP in levels else len(levels) - 1


@contextmanager
def interrupt_closes(window: QMainWindow) -> Iterator[None]:
    """Let Ctrl-C and other signals that end a program close `window`.

    An exception inside a paint event would be printed and ignored.
    """
    # Without asking for confirmation: nobody may be there to answer.
    end = window.end if isinstance(window, ImageWindow | PlanePair) else window.close
    with handle_signals(lambda number, stack: end(), "SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        yield


def application() -> QApplication:
    """Return the application, created if necessary, with the bundled typeface."""
    made = QApplication.instance() or QApplication(["leakwatch"])
    assert isinstance(made, QApplication)
    collect_on_this_thread(made)
    register_fonts()
    made.setFont(font(13))
    return made


def replay_window(folded: AnalysedRun, key_images: KeyImageWorker | None = None) -> ReplayWindow:
    """Return the window of an analysed run; key images are written if it is a record."""
    tools = replay_tools(lambda: folded.run, folded.analyse_again)
    folder = folded.run.path if is_session(folded.run.path) else None
    window = ReplayWindow(folded.replay(), folded.run.name, tools, key_images, folder)
    folded.shown_in(window)
    return window

"""Fold over a whole run and write what was found: the work behind ``leakwatch analyze``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from contextlib import closing as closed_at_end
from dataclasses import dataclass, replace
from pathlib import Path

from leakwatch.errors import SinkError
from leakwatch.model import Event, EventKind, Level, Sink
from leakwatch.session import Run
from leakwatch.sinks.folder import make_folder
from leakwatch.sinks.recorder import EVENTS_NAME, FRAMES_NAME, Recorder
from leakwatch.sinks.trend import TREND_NAME, Trend
from leakwatch.sinks.video import VIDEO_NAME, OverlayVideo
from leakwatch.sinks.worker import SinkWorker
from leakwatch.sources.read_ahead import read_ahead
from leakwatch.tally import NOTHING_COUNTED, Tally, counted

# What an earlier run may have left in the folder, beside the lines.
_PICTURE_NAMES = (TREND_NAME, VIDEO_NAME)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run.

    Parameters
    ----------
    frames : int
        How many were read and written.
    unknown : int
        How many of them could not be judged, or not in full.
    first_stop : Event or None
        The first alert of level STOP.
    tally : Tally
        What was watched, and what was not.
    ended_early : str or None
        Why the input ended before its promised end.
    not_recorded : str or None
        Why frames and events could not be written any further; then the rest was not analysed.
    degraded : tuple of str
        What could not be written although the measurements were.
    written : tuple of str
        Names of the files that are whole.
    """

    frames: int
    unknown: int
    first_stop: Event | None
    tally: Tally = NOTHING_COUNTED
    ended_early: str | None = None
    not_recorded: str | None = None
    degraded: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


def analyse(
    run: Run,
    folder: Path,
    with_video: bool = True,
    on_frame: Callable[[], None] = lambda: None,
) -> Outcome:
    """Measure every frame of `run` and write frames, events, trend and video into `folder`.

    Parameters
    ----------
    run : Run
        Just opened.
    folder : Path
        Made where absent; only files of the names that are written here are replaced.
    with_video : bool
    on_frame : callable
        Called after each frame.

    Returns
    -------
    Outcome

    Raises
    ------
    SinkError
        Nothing can be written into `folder`.
    """
    make_folder(folder)
    with ExitStack() as closing:
        recorder = Recorder(folder)
        closing.callback(recorder.close)
        pictures, degraded = _picture_sinks(run, folder, with_video)
        for sink in pictures.values():
            closing.callback(sink.close)
        ahead = closing.enter_context(closed_at_end(read_ahead(run.frames)))
        run = replace(run, frames=ahead)
        outcome = _followed(run, recorder, list(pictures.values()), on_frame)
    degraded += [str(sink.failure) for sink in pictures.values() if sink.failure is not None]
    whole = [name for name, sink in pictures.items() if sink.failure is None]
    written = (FRAMES_NAME, EVENTS_NAME, *whole)
    return replace(outcome, degraded=tuple(degraded), written=written)


def _followed(
    run: Run, recorder: Recorder, pictures: Sequence[SinkWorker], on_frame: Callable[[], None]
) -> Outcome:
    """Fold to the end of the frames, or until they cannot be recorded."""
    frames, unknown, first_stop, tally = 0, 0, None, NOTHING_COUNTED
    for snapshot in run.snapshots():
        first_stop = first_stop or _stop(snapshot.alert.events)
        try:
            recorder.append(snapshot)
        except SinkError as error:
            return Outcome(frames, unknown, first_stop, tally, not_recorded=str(error))
        for sink in pictures:
            sink.append(snapshot)
        if snapshot.fault is not None:
            return Outcome(frames, unknown, first_stop, tally, ended_early=snapshot.fault)
        frames += 1
        unknown += snapshot.alert.current_level is Level.UNKNOWN
        tally = counted(tally, snapshot.observation, run.settings)
        on_frame()
    return Outcome(frames, unknown, first_stop, tally)


def _picture_sinks(
    run: Run, folder: Path, with_video: bool
) -> tuple[dict[str, SinkWorker], list[str]]:
    """Sinks by the names of their files, and why some could not be opened."""
    openers: dict[str, Callable[[], Sink]] = {TREND_NAME: lambda: Trend(folder, run.settings)}
    if with_video:
        openers[VIDEO_NAME] = lambda: OverlayVideo(folder, run.marks, run.settings)
    sinks, refused = {}, []
    for name, opened in openers.items():
        try:
            sinks[name] = SinkWorker(opened())
        except SinkError as error:
            refused.append(str(error))
    for name in set(_PICTURE_NAMES) - set(openers):
        # That of an earlier run must not pass for what was found in this one.
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            refused.append(f"{folder / name} is of an earlier run: {error.strerror}")
    return sinks, refused


def _stop(events: tuple[Event, ...]) -> Event | None:
    stops = (e for e in events if e.kind is EventKind.ALERT and e.level is Level.STOP)
    return next(stops, None)

"""Fold over a whole run and write what was found: the work behind ``leakwatch analyze``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from leakwatch.errors import SinkError, SourceError
from leakwatch.model import Event, EventKind, Level, Sink
from leakwatch.session import Run
from leakwatch.sinks.recorder import EVENTS_NAME, FRAMES_NAME, Recorder
from leakwatch.sinks.trend import TREND_NAME, Trend
from leakwatch.sinks.video import VIDEO_NAME, OverlayVideo
from leakwatch.sinks.worker import SinkWorker


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run.

    Parameters
    ----------
    frames : int
        How many were read and written.
    first_stop : Event or None
        The first alert of level STOP.
    ended_early : str or None
        Why the input ended before its promised end.
    degraded : tuple of str
        What could not be written although the measurements were.
    written : tuple of str
        Names of the files that are whole.
    """

    frames: int
    first_stop: Event | None
    ended_early: str | None
    degraded: tuple[str, ...]
    written: tuple[str, ...]


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
        Frames or events cannot be written. What was written before stays, in whole lines.
    SourceError
        Not even the first frame could be folded.
    """
    _make_folder(folder)
    frames, first_stop, ended_early = 0, None, None
    pictures: dict[str, SinkWorker] = {}
    degraded: list[str] = []
    with ExitStack() as closing:
        recorder = Recorder(folder)
        closing.callback(recorder.close)
        for name, opened in _openers(run, folder, with_video).items():
            try:
                pictures[name] = SinkWorker(opened())
            except SinkError as error:
                degraded.append(str(error))
            else:
                closing.callback(pictures[name].close)
        try:
            for snapshot in run.snapshots():
                recorder.append(snapshot)
                for sink in pictures.values():
                    sink.append(snapshot)
                frames += 1
                first_stop = first_stop or _stop(snapshot.alert.events)
                on_frame()
        except SourceError as error:
            if frames == 0:
                raise
            ended_early = str(error)
    degraded += [str(sink.failure) for sink in pictures.values() if sink.failure is not None]
    whole = [name for name, sink in pictures.items() if sink.failure is None]
    written = (FRAMES_NAME, EVENTS_NAME, *whole)
    return Outcome(frames, first_stop, ended_early, tuple(degraded), written)


def _openers(run: Run, folder: Path, with_video: bool) -> dict[str, Callable[[], Sink]]:
    openers: dict[str, Callable[[], Sink]] = {TREND_NAME: lambda: Trend(folder, run.settings)}
    if with_video:
        openers[VIDEO_NAME] = lambda: OverlayVideo(folder, run.marks, run.settings)
    return openers


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SinkError(f"{folder} cannot be made: {reason}. Choose another --out.") from error


def _stop(events: tuple[Event, ...]) -> Event | None:
    stops = (e for e in events if e.kind is EventKind.ALERT and e.level is Level.STOP)
    return next(stops, None)

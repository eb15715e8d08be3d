"""Analysis of a whole sequence into files: the work behind ``leakwatch analyze``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from contextlib import closing as closed_at_end
from dataclasses import dataclass, replace
from pathlib import Path

from leakwatch.alerting.coverage import EMPTY_SUMMARY, RunSummary, add_frame
from leakwatch.config import Settings
from leakwatch.core.errors import MissingExtraError, SinkError
from leakwatch.core.interruption import INTERRUPTIONS
from leakwatch.core.messages import text
from leakwatch.core.protocols import Sink
from leakwatch.core.results import Event, EventKind, Level, Snapshot
from leakwatch.runner.stored_run import AnalysisRun
from leakwatch.sinks.frame_table import TABLE_NAME, FrameTable
from leakwatch.sinks.output_folder import make_folder
from leakwatch.sinks.overlay.overlay_video import VIDEO_NAME, OverlayVideo
from leakwatch.sinks.recording.recorder import EVENTS_NAME, FRAMES_NAME, Recorder
from leakwatch.sinks.trend_page import TREND_NAME, Trend
from leakwatch.sinks.workers.sink_worker import SinkWorker
from leakwatch.sources.stored.read_ahead import read_ahead
from leakwatch.vision.image_processing.opencv_threads import opencv_on_one_thread

# Files that an earlier run may have left in the folder, besides the lines.
_BESIDE_LINES = (TREND_NAME, VIDEO_NAME, TABLE_NAME)
# Time to finish plots and video after an interruption, s: with the current frame and the end of the
# program, the user waits less than two seconds after Ctrl-C.
FINISH_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of an analysis.

    Parameters
    ----------
    frames : int
        Number of frames read and written.
    unknown : int
        Number of frames that could not be assessed, or only in part.
    first_stop : Event or None
        The first alert of level STOP.
    tally : RunSummary
        Frames assessed and not assessed.
    ended_early : str or None
        Why the input ended early.
    not_recorded : str or None
        Why frames and events could no longer be written; the rest was not analysed.
    degraded : tuple of str
        Outputs that could not be written, although the measurements were.
    left_out : tuple of str
        Outputs that were not written because an extra is not installed.
    written : tuple of str
        Names of complete files.
    interrupted : bool
        Whether the user ended it early.
    smallest_distance_mm, largest_area_mm2, largest_volume_ml : float or None
        Over all frames; None if never known.
    """

    frames: int
    unknown: int
    first_stop: Event | None
    tally: RunSummary = EMPTY_SUMMARY
    ended_early: str | None = None
    not_recorded: str | None = None
    degraded: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    interrupted: bool = False
    smallest_distance_mm: float | None = None
    largest_area_mm2: float | None = None
    largest_volume_ml: float | None = None


def analyse(
    run: AnalysisRun,
    folder: Path,
    with_video: bool = True,
    on_frame: Callable[[], None] = lambda: None,
    with_table: bool = False,
    others: Mapping[str, Sink] | None = None,
) -> Outcome:
    """Measure every frame of `run` and write frames, events, trend and video into `folder`.

    After an interruption (Ctrl-C) the files are completed within `FINISH_WITHIN_S`. Once they are
    complete, interruptions are held (`INTERRUPTIONS`).

    Parameters
    ----------
    run : AnalysisRun
        Just opened.
    folder : Path
        Created if absent; only files with the names written here are replaced.
    with_video : bool
    on_frame : callable
        Called after each frame.
    with_table : bool
        Also write frames.csv.
    others : mapping of str to Sink
        Outputs of other packages by the names that the user gave; closed here.

    Returns
    -------
    Outcome

    Raises
    ------
    SinkError
        Nothing can be written into `folder`.
    """
    with opencv_on_one_thread(), ExitStack() as closing:
        beside = {name: SinkWorker(sink, name) for name, sink in (others or {}).items()}
        for worker in beside.values():
            closing.callback(worker.close)
        make_folder(folder)
        recorder = Recorder(folder)
        closing.callback(recorder.close)
        sinks, degraded, left_out = _sinks(run, folder, with_video, with_table)
        for sink in sinks.values():
            closing.callback(sink.close)
        written = (FRAMES_NAME, EVENTS_NAME, *sinks)
        sinks |= beside
        ahead = closing.enter_context(closed_at_end(read_ahead(run.frames)))
        so_far = _SoFar()
        try:
            _follow(replace(run, frames=ahead), recorder, list(sinks.values()), on_frame, so_far)
            so_far.all_read = True
            for worker in sinks.values():
                worker.close()
            INTERRUPTIONS.hold()
        except KeyboardInterrupt:
            INTERRUPTIONS.hold()
            closing.pop_all()
            ahead.close()
            if so_far.all_read and not any(worker.is_working for worker in sinks.values()):
                recorder.close()
                INTERRUPTIONS.mark_late()
            else:
                _finish_soon(recorder, sinks)
                so_far.outcome = _interrupted(so_far.outcome, folder)
    outcome = so_far.outcome
    degraded += [str(sink.failure) for sink in sinks.values() if sink.failure is not None]
    broken = {name for name, sink in sinks.items() if sink.failure is not None}
    whole = tuple(name for name in written if name not in broken)
    return replace(outcome, degraded=tuple(degraded), left_out=tuple(left_out), written=whole)


@dataclass(slots=True)
class _SoFar:
    """Result so far, for an interruption."""

    outcome: Outcome = Outcome(0, 0, None)
    all_read: bool = False


def _follow(
    run: AnalysisRun,
    recorder: Recorder,
    sinks: Sequence[SinkWorker],
    on_frame: Callable[[], None],
    so_far: _SoFar,
) -> None:
    """Analyse all frames, or until they cannot be recorded."""
    for snapshot in run.iter_snapshots():
        before = so_far.outcome
        # Before recording: a STOP on disk must be in the outcome after an interruption.
        so_far.outcome = _with(before, snapshot, run.settings)
        try:
            recorder.append(snapshot)
        except SinkError as error:
            so_far.outcome = replace(before, not_recorded=str(error))
            return
        for sink in sinks:
            sink.append(snapshot)
        if snapshot.fault is not None:
            return
        on_frame()


def _with(outcome: Outcome, snapshot: Snapshot, settings: Settings) -> Outcome:
    if snapshot.fault is not None:
        return replace(outcome, ended_early=snapshot.fault)
    observation = snapshot.observation
    wall, cement = observation.wall_distance, observation.cement
    return replace(
        outcome,
        frames=outcome.frames + 1,
        unknown=outcome.unknown + (snapshot.alert.current_level is Level.UNKNOWN),
        first_stop=outcome.first_stop or _stop(snapshot.alert.events),
        tally=add_frame(outcome.tally, observation, settings),
        smallest_distance_mm=_extreme(
            min, outcome.smallest_distance_mm, None if wall is None else wall.distance_mm
        ),
        largest_area_mm2=_extreme(
            max, outcome.largest_area_mm2, None if cement is None else cement.area_mm2
        ),
        largest_volume_ml=_extreme(
            max, outcome.largest_volume_ml, None if cement is None else cement.volume_ml
        ),
    )


def _extreme(
    choose: Callable[[float, float], float], known: float | None, new: float | None
) -> float | None:
    if known is None or new is None:
        return new if known is None else known
    return choose(known, new)


def _finish_soon(recorder: Recorder, sinks: Mapping[str, SinkWorker]) -> None:
    """Close all outputs; plots and video without frames that are still queued."""
    recorder.close()
    until_s = time.monotonic() + FINISH_WITHIN_S
    pictures = [sink for name, sink in sinks.items() if name != TABLE_NAME]
    for sink in pictures:
        sink.expedite()
    for name in sinks.keys() & {TABLE_NAME}:
        sinks[name].close()  # rows take no time
    for sink in pictures:
        sink.close_within(until_s - time.monotonic())


def _interrupted(outcome: Outcome, folder: Path) -> Outcome:
    """Return the outcome with the number of lines written before the interruption."""
    lines = (folder / FRAMES_NAME).read_bytes().count(b"\n")
    return replace(outcome, frames=lines, interrupted=True)


def _sinks(
    run: AnalysisRun, folder: Path, with_video: bool, with_table: bool
) -> tuple[dict[str, SinkWorker], list[str], list[str]]:
    """Return sinks by file name, faults of others, and missing extras."""
    openers: dict[str, Callable[[], Sink]] = {TREND_NAME: lambda: Trend(folder, run.settings)}
    if with_video:
        openers[VIDEO_NAME] = lambda: OverlayVideo(folder, run.marks, run.settings)
    if with_table:
        openers[TABLE_NAME] = lambda: FrameTable(folder)
    sinks: dict[str, SinkWorker] = {}
    refused, left_out = [], []
    for name, opened in openers.items():
        try:
            sinks[name] = SinkWorker(opened())
        except MissingExtraError as error:
            left_out.append(str(error))
        except SinkError as error:
            refused.append(str(error))
    for name in set(_BESIDE_LINES) - set(openers):
        # A file of an earlier run must not be taken for a result of this one.
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            refused.append(
                text(
                    "{file} of an earlier run cannot be removed: {reason}",
                    file=folder / name,
                    reason=error.strerror,
                )
            )
    return sinks, refused, left_out


def _stop(events: tuple[Event, ...]) -> Event | None:
    stops = (e for e in events if e.kind is EventKind.ALERT and e.level is Level.STOP)
    return next(stops, None)

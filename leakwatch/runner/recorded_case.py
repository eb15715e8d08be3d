"""A recorded case analysed again, for results that its lines do not contain.

The same functions on the same frames give the same results, so contours need not be stored. If the
session differed from a plain analysis (new baseline, dropped frames), alerts are taken from the
recorded lines, and the report states how many frames agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.key_image_index import read_key_images
from leakwatch.case_files.run_records import FrameRecord, read_events, read_frames
from leakwatch.case_files.session_file import (
    CASE_NAME,
    RECORDING_NAME,
    SESSION_NAME,
    SETTINGS_NAME,
    RecordedFrame,
    load_session,
    part_name,
    read_recorded_frames,
)
from leakwatch.case_files.settings_file import load_settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.messages import join_with
from leakwatch.core.results import Event, EventKind, Level
from leakwatch.display.grey_mapping import grey_mapping
from leakwatch.runner.recorded_events import recorded_events
from leakwatch.runner.stored_run import AnalysisRun
from leakwatch.sinks.recording.recorder import EVENTS_NAME, FRAMES_NAME
from leakwatch.sinks.report.case_findings import Findings, FrameReference, KeyFrame, Outline
from leakwatch.sinks.report.recorded_frame import shown_frame
from leakwatch.sources.stored.recorded_session import RecordedSession

# Frames at the start that define the grey mapping of all images, as in the overlay video.
PREVIEW_FRAMES = 8


def open_recorded(folder: Path) -> AnalysisRun:
    """Open a recorded session with its marks, settings and calibration.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    AnalysisRun
        Ready to be analysed; the caller closes its source.

    Raises
    ------
    LeakWatchError
        It is not a recorded session, or one of its files cannot be read.
    """
    source = RecordedSession(folder)
    session = load_session(folder / SESSION_NAME)
    settings = load_settings(folder / SETTINGS_NAME)
    case = folder / CASE_NAME
    marks = load_case(case).marks if case.exists() else Marks()
    frames = source.frames()
    try:
        first = next(frames)
    except BaseException:
        source.close()
        raise
    return AnalysisRun(
        folder.name,
        folder,
        source,
        chain([first], frames),
        first.acquisition,
        marks,
        session.calibration,
        settings,
        recorded=recorded_events(folder, settings),
    )


def find_again(folder: Path, name: str, on_frame: Callable[[], None] = lambda: None) -> Findings:
    """Analyse a recorded session and collect the values that its outputs need.

    Parameters
    ----------
    folder : Path
    name : str
        Name of the case, for titles.
    on_frame : callable
        Called after each frame.

    Raises
    ------
    LeakWatchError
        It is not a recorded session, or one of its files cannot be read.
    """
    run = open_recorded(folder)
    session = load_session(folder / SESSION_NAME)
    recorded = read_recorded_frames(folder / RECORDING_NAME)
    lines = read_frames(folder / FRAMES_NAME)
    events = read_events(folder / EVENTS_NAME)
    places, parts = _places(recorded)
    told = {line.frame: line for line in lines}
    warned = _warned(events, lines)
    moments: list[KeyFrame] = []
    outlines: list[Outline] = []
    preview: list[Frame] = []
    same = compared = 0
    try:
        for snapshot in run.iter_snapshots():
            if snapshot.fault is not None:
                raise SourceError(join_with(": ", (str(folder), snapshot.fault)))
            index, cement = snapshot.frame.index, snapshot.observation.cement
            if len(preview) < PREVIEW_FRAMES:
                preview.append(snapshot.frame)
            if cement is not None and cement.contours_px:
                outlines.append(Outline(places[index], cement.contours_px))
            if index in warned:
                line, number = told.get(index), len(moments) + 1
                shown = shown_frame(
                    line, warned[index], snapshot, session.calibration, run.settings
                )
                moments.append(KeyFrame(number, places[index], warned[index], shown))
            compared += index in told
            same += index in told and told[index].level is snapshot.alert.level
            on_frame()
    finally:
        run.source.close()
    return Findings(
        name,
        tuple(folder / part for part in parts),
        session,
        run.settings,
        run.marks,
        lines,
        events,
        tuple(moments),
        tuple(outlines),
        grey_mapping(preview),
        same,
        compared,
        folder,
        read_key_images(folder),
    )


def _places(recorded: tuple[RecordedFrame, ...]) -> tuple[dict[int, FrameReference], list[str]]:
    parts = sorted({frame.part for frame in recorded})
    counts = dict.fromkeys(parts, 0)
    places = {}
    for frame in recorded:
        counts[frame.part] += 1
        places[frame.frame] = FrameReference(parts.index(frame.part), counts[frame.part])
    return places, [part_name(part) for part in parts]


def _warned(
    events: tuple[Event, ...], lines: tuple[FrameRecord, ...]
) -> dict[int, tuple[Event, ...]]:
    """Return alerts of WATCH and STOP by frame.

    An alert whose event is missing, because the recording began later or lost that frame, counts
    at the first line that has its level.
    """
    found: dict[int, tuple[Event, ...]] = {}
    for event in events:
        if event.kind is EventKind.ALERT and event.level in (Level.WATCH, Level.STOP):
            found[event.frame] = (*found.get(event.frame, ()), event)
    told = [(event.frame, event.level) for event in events]
    before = -1
    level: Level | None = None
    for line in lines:
        changed = line.level is not level and line.level in (Level.WATCH, Level.STOP)
        if changed and not any(
            one is line.level and before <= frame <= line.frame for frame, one in told
        ):
            found[line.frame] = tuple(_missing_events(line))
        before, level = line.frame, line.level
    return found


def _missing_events(line: FrameRecord) -> Iterator[Event]:
    measured = (line.distance_mm, line.distance_sigma_mm)
    for reason in line.reasons or (None,):
        yield Event(line.frame, line.time_s, EventKind.ALERT, line.level, reason, *measured)

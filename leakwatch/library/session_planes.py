"""Results of the planes of a recorded session, and the session as a whole."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.planes_file import (
    LEVELS_BY_WEIGHT,
    PlaneSummary,
    find_second_plane,
    summarise_plane,
)
from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.case_files.session_file import CASE_NAME, SESSION_NAME, load_session
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import View
from leakwatch.core.results import EventKind, Level
from leakwatch.sinks.recording.recorder import EVENTS_NAME, FRAMES_NAME


@dataclass(frozen=True, slots=True)
class RecordedPlane:
    """One plane of a recorded session.

    Parameters
    ----------
    summary : PlaneSummary
    state : str
        As in session.json.
    frames : int
        Number of recorded frames.
    duration_s : float
        From its first frame to its last.
    stops : int
        Number of STOP alerts.
    """

    summary: PlaneSummary
    state: str
    frames: int
    duration_s: float
    stops: int


def read_planes(folder: Path) -> tuple[RecordedPlane, ...]:
    """Return each plane of a recorded session: one or two.

    Raises
    ------
    CaseError
        One of its files cannot be read.
    """
    second = find_second_plane(folder)
    first = _read(folder, 0, 0.0)
    return (first,) if second is None else (first, _read(second.folder, 1, second.offset_s or 0.0))


def worst_level(planes: tuple[RecordedPlane, ...]) -> Level | None:
    """Return the worst level of all planes; None without a frame."""
    levels = [one.summary.worst for one in planes if one.summary.worst is not None]
    return max(levels, key=LEVELS_BY_WEIGHT.index, default=None)


def whole_state(planes: tuple[RecordedPlane, ...]) -> str:
    """Return the state of a session: complete if all planes are."""
    return next((one.state for one in planes if one.state != "complete"), planes[0].state)


def first_stop_s(planes: tuple[RecordedPlane, ...]) -> float | None:
    """Return the time of the first STOP in any plane; None if there was none."""
    times = (one.summary.first_stop_s for one in planes)
    return min((one for one in times if one is not None), default=None)


def _read(folder: Path, number: int, offset_s: float) -> RecordedPlane:
    lines, events = read_frames(folder / FRAMES_NAME), read_events(folder / EVENTS_NAME)
    session = load_session(folder / SESSION_NAME)
    stops = {e.frame for e in events if e.kind is EventKind.ALERT and e.level is Level.STOP}
    return RecordedPlane(
        summarise_plane(number, _view(folder), lines, events, offset_s),
        session.state,
        session.frames,
        lines[-1].time_s - lines[0].time_s if lines else 0.0,
        len(stops),
    )


def _view(folder: Path) -> View | None:
    case = folder / CASE_NAME
    with suppress(CaseError):  # it only gives the plane its name
        return load_case(case).marks.view if case.is_file() else None
    return None

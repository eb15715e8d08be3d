"""Second plane of a recorded session: its sub-folder, and planes.json with its time offset.

The second plane is a recorded session of its own in the folder `plane-b`, so that every command
that reads a session reads it too. The files of the first plane keep their names and contents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from leakwatch.case_files.run_records import FrameRecord
from leakwatch.case_files.session_file import SESSION_NAME
from leakwatch.case_files.strict_json import decode, read
from leakwatch.core.frame import View
from leakwatch.core.messages import Message, text
from leakwatch.core.planes import SECOND_FOLDER, plane_name
from leakwatch.core.results import Event, EventKind, Level
from leakwatch.files.private_files import replace_private_file

PLANES_SCHEMA: Final = "leakwatch.planes/1"
PLANES_NAME = "planes.json"

# UNKNOWN is lighter than WATCH here: every session has frames in which its baseline was acquired.
LEVELS_BY_WEIGHT = (Level.CLEAR, Level.UNKNOWN, Level.WATCH, Level.STOP)


class PlanesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Content of planes.json.

    Parameters
    ----------
    second : str
        Sub-folder of the second plane.
    offset_s : float
        By how many seconds its first frame is later than that of the first plane.
    """

    schema: Literal["leakwatch.planes/1"]
    second: Literal["plane-b"]
    offset_s: float


@dataclass(frozen=True, slots=True)
class SecondPlane:
    """Second plane of a recorded session.

    Parameters
    ----------
    folder : Path
        A recorded session.
    offset_s : float or None
        By how many seconds its first frame is later than that of the first plane; None if it was
        not recorded, as when one of them never had a frame.
    """

    folder: Path
    offset_s: float | None


@dataclass(frozen=True, slots=True)
class PlaneSummary:
    """Result of one plane.

    Parameters
    ----------
    name : str
        Such as ``A lateral``.
    worst : Level or None
        None without a frame.
    first_stop : Event or None
    first_stop_s : float or None
        Its time, from the first frame of the first plane.
    """

    name: str
    worst: Level | None
    first_stop: Event | None
    first_stop_s: float | None


def write_planes(folder: Path, offset_s: float) -> None:
    """Write planes.json into the folder of a session.

    Raises
    ------
    OSError
    """
    content = PlanesFile(schema=PLANES_SCHEMA, second=SECOND_FOLDER, offset_s=round(offset_s, 4))
    replace_private_file(folder / PLANES_NAME, msgspec.json.encode(content) + b"\n")


def find_second_plane(folder: Path) -> SecondPlane | None:
    """Return the second plane of a recorded session; None if it has one plane.

    Raises
    ------
    CaseError
        planes.json cannot be read.
    """
    second = folder / SECOND_FOLDER
    if not (second / SESSION_NAME).is_file():
        return None
    path = folder / PLANES_NAME
    if not path.is_file():
        return SecondPlane(second, None)
    hints = {"schema": text("Write {schema}.", schema=PLANES_SCHEMA)}
    return SecondPlane(second, decode(read(path), str(path), PlanesFile, hints).offset_s)


def summarise_plane(
    number: int,
    view: View | None,
    lines: Sequence[FrameRecord],
    events: Sequence[Event],
    offset_s: float = 0.0,
) -> PlaneSummary:
    """Return the result of one plane.

    Parameters
    ----------
    number : int
        0 for the first plane, 1 for the second.
    view : View or None
    lines, events : sequence
        As recorded.
    offset_s : float
        Added to its times.
    """
    worst = max((line.level for line in lines), key=LEVELS_BY_WEIGHT.index, default=None)
    stops = (one for one in events if one.kind is EventKind.ALERT and one.level is Level.STOP)
    stop = next(stops, None)
    stop_s = None if stop is None else stop.time_s + offset_s
    return PlaneSummary(plane_name(number, view), worst, stop, stop_s)


def worse_plane(planes: Sequence[PlaneSummary]) -> PlaneSummary:
    """Return the plane with the worst level; of equal ones, that with the earlier STOP."""

    def order(plane: PlaneSummary) -> tuple[int, float]:
        level = -1 if plane.worst is None else LEVELS_BY_WEIGHT.index(plane.worst)
        return (-level, float("inf") if plane.first_stop_s is None else plane.first_stop_s)

    return min(planes, key=order)


def worse_text(planes: Sequence[PlaneSummary]) -> Message:
    """Return the worst level of both planes as text, with its plane."""
    worse = worse_plane(planes)
    if worse.worst is None:
        return text("no frame in either plane")
    if worse.first_stop_s is None:
        return text("{level} in {plane}", level=worse.worst.value, plane=worse.name)
    return text(
        "{level} in {plane}, first at {time_s:.2f} s",
        level=worse.worst.value,
        plane=worse.name,
        time_s=worse.first_stop_s,
    )

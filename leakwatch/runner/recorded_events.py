"""Events and margins of a recorded session, for an analysis of its frames.

The frames alone do not tell that the operator acknowledged a STOP or changed the margin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from leakwatch.alerting.margins import MarginChange, is_possible_margin
from leakwatch.case_files.run_records import FrameRecord, read_events
from leakwatch.case_files.session_file import SESSION_NAME, load_session
from leakwatch.config import Settings
from leakwatch.core.errors import CaseError, LeakWatchError
from leakwatch.core.messages import text
from leakwatch.core.results import Event, EventKind
from leakwatch.files.bounded_input import OutOfBounds, lines_at_most
from leakwatch.sinks.recording.recorder import EVENTS_NAME, FRAMES_NAME

# Key of `FrameRecord.quality`; most recordings have no line with it.
_MARGIN_KEY = b'"margin_mm":'


@dataclass(frozen=True, slots=True)
class RecordedEvents:
    """Events and margins of a recorded session.

    Parameters
    ----------
    events : tuple of Event
        As written during the session, in order.
    margins : tuple of MarginChange
        Margins that the operator set.
    problem : str
        Why they are not known, as a warning for the user; empty if they are.
    """

    events: tuple[Event, ...] = ()
    margins: tuple[MarginChange, ...] = ()
    problem: str = ""

    @property
    def acknowledged(self) -> frozenset[int]:
        """Frames at which a STOP was acknowledged."""
        kind = EventKind.ACKNOWLEDGE
        return frozenset(event.frame for event in self.events if event.kind is kind)


NOT_RECORDED = RecordedEvents()


def recorded_events(path: Path, settings: Settings) -> RecordedEvents:
    """Return what happened in the session that a sequence is the recording of.

    Does not raise: the frames can be analysed without it, and `problem` warns.

    Parameters
    ----------
    path : Path
        A recorded session, or its only DICOM file; of anything else, nothing is known.
    settings : Settings
        Decide which margins are possible.
    """
    folder = path if path.is_dir() else path.parent
    if not (folder / SESSION_NAME).is_file():
        return NOT_RECORDED
    try:
        if path != folder and load_session(folder / SESSION_NAME).parts != (path.name,):
            return NOT_RECORDED
        events, frames = folder / EVENTS_NAME, folder / FRAMES_NAME
        return RecordedEvents(
            read_events(events) if events.is_file() else (),
            _read_margins(frames, settings) if frames.is_file() else (),
        )
    except LeakWatchError as error:
        return RecordedEvents(
            problem=text("The events of the session are not known: {fault}", fault=str(error))
        )


def margins_of(
    lines: Iterable[FrameRecord], settings: Settings, path: Path
) -> tuple[MarginChange, ...]:
    """Return the margins that the operator set, from the lines of a session.

    Raises
    ------
    CaseError
        One of them is not possible.
    """
    changes: list[MarginChange] = []
    for line in lines:
        margin_mm = line.quality.get("margin_mm")
        if margin_mm is None or (changes and changes[-1].margin_mm == margin_mm):
            continue
        if not isinstance(margin_mm, float) or not is_possible_margin(margin_mm, settings):
            raise CaseError(
                text(
                    "{path}: quality.margin_mm of frame {frame} is {margin_mm}, which the settings "
                    "do not allow. Correct or remove the file.",
                    path=path,
                    frame=line.frame,
                    margin_mm=margin_mm,
                )
            )
        changes.append(MarginChange(line.frame, margin_mm))
    return tuple(changes)


def _read_margins(path: Path, settings: Settings) -> tuple[MarginChange, ...]:
    """Return the margins in a frames.jsonl; only lines with one are decoded."""
    try:
        found = [line for line in lines_at_most(path) if _MARGIN_KEY in line]
        lines = [msgspec.json.decode(line, type=FrameRecord) for line in found]
    except (OSError, OutOfBounds, msgspec.MsgspecError) as error:
        raise CaseError(
            text("{path}: cannot be read: {reason}. Check the path.", path=path, reason=str(error))
        ) from error
    return margins_of(lines, settings, path)

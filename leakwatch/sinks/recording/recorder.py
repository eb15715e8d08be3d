"""frames.jsonl and events.jsonl, a line at a time: what was written stays readable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.run_records import event_line, frame_line
from leakwatch.core.errors import SinkError
from leakwatch.core.results import Event, EventKind, Snapshot
from leakwatch.sinks.recording.line_file import LineFile

FRAMES_NAME, EVENTS_NAME = "frames.jsonl", "events.jsonl"
IDENTITY_KEPT = "a person chose to keep text in the pictures that may name the patient"


@dataclass(frozen=True, slots=True)
class Lines:
    """What stands in the files of one snapshot; `frame` is empty where it is no frame."""

    events: tuple[bytes, ...]
    frame: bytes


class Recorder:
    """Writes both files of a run into one folder, replacing those of an earlier run.

    It is a `LineSink`: a live session makes its lines at once, so that none has to be left out.

    Parameters
    ----------
    folder : Path
        Exists and may be written to.
    keeps_identity : bool
        A person chose so with ``--keep-identity``: it is the first event.

    Raises
    ------
    SinkError
        A file cannot be opened.
    """

    def __init__(self, folder: Path, keeps_identity: bool = False) -> None:
        self._choice = IDENTITY_KEPT if keeps_identity else ""
        self._frames = LineFile(folder / FRAMES_NAME)
        try:
            self._events = LineFile(folder / EVENTS_NAME)
        except SinkError:
            self._frames.close()
            raise

    def append(self, snapshot: Snapshot) -> None:
        """Write the events of a frame, then its line: a frame that is there has all its events.

        A fault of the source is an event and no frame.
        """
        self.write(self.lines(snapshot))

    def lines(self, snapshot: Snapshot) -> Lines:
        """What `write` is to write of a snapshot; called in order."""
        events = list(map(event_line, snapshot.alert.events))
        if self._choice:
            at, text, self._choice = snapshot.frame, self._choice, ""
            chosen = Event(at.index, at.time_s, EventKind.ANNOTATION, text=text)
            events.insert(0, event_line(chosen))
        return Lines(tuple(events), b"" if snapshot.fault is not None else frame_line(snapshot))

    def write(self, lines: Lines) -> None:
        """Write what `lines` gave."""
        for event in lines.events:
            self._events.write(event)
        if lines.frame:
            self._frames.write(lines.frame)

    def close(self) -> None:
        """Close both files."""
        self._frames.close()
        self._events.close()

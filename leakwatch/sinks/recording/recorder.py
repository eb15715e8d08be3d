"""frames.jsonl and events.jsonl, written line by line: readable after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.run_records import event_line, frame_line
from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.core.results import Event, EventKind, Snapshot
from leakwatch.sinks.recording.line_file import LineFile

FRAMES_NAME, EVENTS_NAME = "frames.jsonl", "events.jsonl"
IDENTITY_KEPT = text("the user chose to keep burned-in annotation, which may name the patient")


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one snapshot for both files; `frame` is empty for a source fault."""

    events: tuple[bytes, ...]
    frame: bytes


class Recorder:
    """Writer of both files of a run, replacing those of an earlier run.

    It is a `LineSink`: a live session makes its lines at once, so that none is lost.

    Parameters
    ----------
    folder : Path
        Exists and is writable.
    keeps_identity : bool
        The user chose ``--keep-identity``: it is the first event.

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
        """Write the events of a frame, then its line, so that a written frame has all its events.

        A source fault is an event without a frame.
        """
        self.write(self.lines(snapshot))

    def lines(self, snapshot: Snapshot) -> Lines:
        """Return the lines of a snapshot for `write`; call it in order."""
        events = list(map(event_line, snapshot.alert.events))
        if self._choice:
            at, choice, self._choice = snapshot.frame, self._choice, ""
            chosen = Event(at.index, at.time_s, EventKind.ANNOTATION, text=choice)
            events.insert(0, event_line(chosen))
        return Lines(tuple(events), b"" if snapshot.fault is not None else frame_line(snapshot))

    def write(self, lines: Lines) -> None:
        """Write lines made by `lines`."""
        for event in lines.events:
            self._events.write(event)
        if lines.frame:
            self._frames.write(lines.frame)

    def close(self) -> None:
        """Close both files."""
        self._frames.close()
        self._events.close()

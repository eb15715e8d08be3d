"""frames.jsonl and events.jsonl, a line at a time: what was written stays readable."""

from __future__ import annotations

from pathlib import Path

from leakwatch.case import event_line, frame_line
from leakwatch.errors import SinkError
from leakwatch.model import Snapshot
from leakwatch.sinks.line_file import LineFile

FRAMES_NAME, EVENTS_NAME = "frames.jsonl", "events.jsonl"


class Recorder:
    """Writes both files of a run into one folder, replacing those of an earlier run.

    Parameters
    ----------
    folder : Path
        Exists and may be written to.

    Raises
    ------
    SinkError
        A file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
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
        for event in snapshot.alert.events:
            self._events.write(event_line(event))
        if snapshot.fault is None:
            self._frames.write(frame_line(snapshot))

    def close(self) -> None:
        """Close both files."""
        self._frames.close()
        self._events.close()

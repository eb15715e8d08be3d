"""frames.jsonl and events.jsonl, a line at a time: what was written stays readable."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from leakwatch.case import event_line, frame_line
from leakwatch.errors import SinkError
from leakwatch.model import Snapshot

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
        self._frames = _LineFile(folder / FRAMES_NAME)
        try:
            self._events = _LineFile(folder / EVENTS_NAME)
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


class _LineFile:
    """A file that holds whole lines only, each on its way to the disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole_bytes = 0
        try:
            # Unbuffered: a full disk shows at the line that does not fit, not when closing.
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as error:
            raise SinkError(_cannot_write(path, error)) from error

    def write(self, line: bytes) -> None:
        data = memoryview(line)
        end = self._whole_bytes + len(data)
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            self._cut_to_whole_lines()
            raise SinkError(_cannot_write(self._path, error)) from error
        self._whole_bytes = end

    def _cut_to_whole_lines(self) -> None:
        try:
            self._file.seek(self._whole_bytes)
            self._file.truncate()
        except OSError:
            # The first error is the one to report; readers skip a broken last line.
            return

    def close(self) -> None:
        self._file.close()


def _cannot_write(path: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{path} cannot be written: {reason}. Free some space or choose another --out."

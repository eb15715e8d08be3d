"""The cement-free average that marks are found on: of a stored run, or of a live one. No Qt."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from typing import Protocol

from leakwatch.core.errors import LeakWatchError
from leakwatch.core.frame import Frame
from leakwatch.core.results import Snapshot
from leakwatch.marking.one_click import Basis, Prepared, Preparing
from leakwatch.runner.stored_run import Run

# Of a live picture so many frames are averaged: more keep the person waiting.
LIVE_FRAMES = 8


class Preparation(Protocol):
    """Where the average comes from. Asked for on the window's thread; never waits."""

    @property
    def prepared(self) -> Prepared | None:
        """The average; None as long as there is none."""

    @property
    def problem(self) -> str:
        """Why there will be none; empty where there may be."""

    def showed(self, snapshot: Snapshot) -> None:
        """A new frame is on the screen."""

    def close(self) -> None:
        """Nothing is asked for any more. Does not wait for long."""


class StoredPreparation:
    """Reads a run a second time, on a thread of its own.

    Parameters
    ----------
    run : Run
        Its source is left alone.
    frame : int
        That is marked.
    """

    def __init__(self, run: Run, frame: int) -> None:
        self.prepared: Prepared | None = None
        self.problem = ""
        self._run, self._frame = run, frame
        self._stop = Event()
        self._thread = Thread(target=self._work, name="average", daemon=True)
        self._thread.start()

    def showed(self, snapshot: Snapshot) -> None:
        """What is shown is read from the file anyway."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until it has ended; for tests, and before a window closes."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """End after the frame that is read now."""
        self._stop.set()
        self.wait(2.0)

    def _work(self) -> None:
        try:
            source = self._run.reopen()
            try:
                preparing = Preparing(self._run, self._frame, self._run.marks.baseline_frames)
                for frame in source.frames():
                    if self._stop.is_set():
                        return
                    preparing.take(frame)
                    if preparing.done:
                        break
                self.prepared = preparing.prepared()
            finally:
                source.close()
        except LeakWatchError as error:
            self.problem = str(error)
        # Whatever broke, the person must not wait for ever.
        except Exception as error:  # noqa: BLE001
            self.problem = f"the frames cannot be averaged: {type(error).__name__}: {error}"


class LivePreparation:
    """Averages the frames that come after the one that is marked.

    Parameters
    ----------
    basis : Basis
    frame : Frame
        That is marked: the anatomy in it holds no cement, as the person says.
    """

    def __init__(self, basis: Basis, frame: Frame) -> None:
        self.prepared: Prepared | None = None
        self.problem = ""
        self._index = frame.index
        self._preparing = Preparing(basis, frame.index, (frame.index, frame.index + LIVE_FRAMES))
        self._take(frame)

    def showed(self, snapshot: Snapshot) -> None:
        """Take a new frame along."""
        frame = snapshot.frame
        wanted = self._index < frame.index < self._index + 4 * LIVE_FRAMES
        if snapshot.fault is None and wanted and self._frames < LIVE_FRAMES:
            # Frames that were dropped leave gaps, which the average does not mind.
            self._take(replace(frame, index=self._index + self._frames))

    def close(self) -> None:
        """Nothing to end."""

    def _take(self, frame: Frame) -> None:
        try:
            self._preparing.take(frame)
            self.prepared = self._preparing.prepared()
        except LeakWatchError as error:
            self.problem = str(error)

    @property
    def _frames(self) -> int:
        return self._preparing.last - self._index + 1

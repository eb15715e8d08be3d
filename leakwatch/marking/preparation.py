"""Cement-free average for marking, of a stored or a live sequence. No Qt."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from typing import Protocol

from leakwatch.core.errors import LeakWatchError
from leakwatch.core.frame import Frame
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.marking.one_click import Basis, Prepared, Preparing
from leakwatch.runner.stored_run import AnalysisRun

# Averaged frames of a live image: more would keep the user waiting.
LIVE_FRAMES = 8


class Preparation(Protocol):
    """Source of the average, read on the thread of the window. Does not block."""

    @property
    def prepared(self) -> Prepared | None:
        """Average; None until it is ready."""

    @property
    def problem(self) -> str:
        """Reason why there will be none; empty if none failed."""

    def showed(self, snapshot: Snapshot) -> None:
        """Handle a new frame on the screen."""

    def close(self) -> None:
        """Stop the preparation. Does not block for long."""


class StoredPreparation:
    """Average of a stored run, which is read again on another thread.

    Parameters
    ----------
    run : AnalysisRun
        Its source is not used.
    frame : int
        The marked frame.
    """

    def __init__(self, run: AnalysisRun, frame: int) -> None:
        self.prepared: Prepared | None = None
        self.problem = ""
        self._run, self._frame = run, frame
        self._stop = Event()
        self._thread = Thread(target=self._work, name="average", daemon=True)
        self._thread.start()

    def showed(self, snapshot: Snapshot) -> None:
        """Do nothing: all frames are read from the file."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until it has ended, for tests and before a window closes."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Stop after the current frame."""
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
        # Whatever failed, the user must not wait for ever.
        except Exception as error:  # noqa: BLE001
            what = f"{type(error).__name__}: {error}"
            self.problem = text("the frames cannot be averaged: {what}", what=what)


class LivePreparation:
    """Average of the frames that follow the marked one.

    Parameters
    ----------
    basis : Basis
    frame : Frame
        The marked frame: cement-free, according to the operator.
    """

    def __init__(self, basis: Basis, frame: Frame) -> None:
        self.prepared: Prepared | None = None
        self.problem = ""
        self._index = frame.index
        self._preparing = Preparing(basis, frame.index, (frame.index, frame.index + LIVE_FRAMES))
        self._take(frame)

    def showed(self, snapshot: Snapshot) -> None:
        """Add a new frame."""
        frame = snapshot.frame
        wanted = self._index < frame.index < self._index + 4 * LIVE_FRAMES
        if snapshot.fault is None and wanted and self._frames < LIVE_FRAMES:
            # Dropped frames leave gaps, which do not affect the average.
            self._take(replace(frame, index=self._index + self._frames))

    def close(self) -> None:
        """Do nothing: there is no thread."""

    def _take(self, frame: Frame) -> None:
        try:
            self._preparing.take(frame)
            self.prepared = self._preparing.prepared()
        except LeakWatchError as error:
            self.problem = str(error)

    @property
    def _frames(self) -> int:
        return self._preparing.last - self._index + 1

"""A source, a sink and a detector for LeakWatch, each as short as it can be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from leakwatch import Calibration, Detection, Frame, Level, Marks
from leakwatch.core.errors import SinkError, SourceError
from leakwatch.core.frame import Acquisition, PixelFormat, TimeSource
from leakwatch.core.results import Snapshot


class NumpySource:
    """Images in a NumPy file: ``numpy:FILE.npz``, with the arrays images, times_s and bits_stored.

    Its frames wait until they are asked for, so that `leakwatch run` plays them at their own times.
    A source that waits for a device has the property `status` besides.
    """

    def __init__(self, rest: str) -> None:
        try:
            with np.load(rest) as file:
                self._images, self._times_s = file["images"], file["times_s"]
                bits = int(file["bits_stored"])
        except (OSError, KeyError) as error:
            raise SourceError(f"numpy:{rest}: cannot be read: {error}. Check the file.") from error
        self.number_of_frames, rows, columns = self._images.shape
        self._acquisition = Acquisition(
            rows=rows,
            columns=columns,
            pixel_format=PixelFormat("MONOCHROME2", bits),
            time_source=TimeSource.FRAME_TIME_VECTOR,
            number_of_frames=self.number_of_frames,
        )

    def frames(self) -> Iterator[Frame]:
        """Yield the frames in order."""
        for index, (image, time_s) in enumerate(zip(self._images, self._times_s, strict=True)):
            yield Frame(index, float(time_s), image, self._acquisition)

    def close(self) -> None:
        """Release what is open: nothing."""


class LevelSink:
    """Writes a line for each change of the level: ``--sink levels:FILE``."""

    def __init__(self, rest: str) -> None:
        try:
            self._file = Path(rest).open("w", encoding="utf-8")  # noqa: SIM115 - closed by close
        except OSError as error:
            raise SinkError(f"levels:{rest}: cannot be written: {error.strerror}.") from error
        self._level: Level | None = None

    def append(self, snapshot: Snapshot) -> None:
        """Take one frame with its observation and its alert."""
        level = snapshot.alert.level
        if level is not self._level:
            self._level = level
            self._file.write(f"{snapshot.observation.time_s:.3f} {level.value}\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class DarkeningDetector:
    """Says STOP when the image beside the posterior wall is darker than the first one was."""

    def __init__(self, marks: Marks, calibration: Calibration) -> None:
        wall = marks.posterior_wall_px
        if wall is None:
            raise ValueError("a posterior wall is needed")
        self._columns, self._rows = np.rint(wall).astype(int).T
        self._first: float | None = None
        self._stopped = False

    def step(self, frame: Frame) -> Detection:
        """Look at one frame."""
        beside = float(frame.pixels[self._rows, self._columns].mean())
        self._first = beside if self._first is None else self._first
        self._stopped = self._stopped or beside < 0.9 * self._first
        return Detection(Level.STOP if self._stopped else Level.CLEAR)

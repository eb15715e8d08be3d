"""overlay.mp4: the frames with what was seen in them, H.264 in MP4, at true frame timing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import Array
from leakwatch.core.errors import SinkError, needs_extra
from leakwatch.core.marks import Marks
from leakwatch.core.results import Snapshot
from leakwatch.display.grey_mapping import GreyImage, GreyMapping, grey_mapping
from leakwatch.display.history import History
from leakwatch.display.picture import make_overlay
from leakwatch.sinks.output_folder import unfinished
from leakwatch.sinks.overlay.canvas import draw, scaled
from leakwatch.sinks.overlay.layout import Layout

if TYPE_CHECKING:
    from leakwatch.sinks.overlay.encoder import VideoEncoder

VIDEO_NAME = "overlay.mp4"

# Frames at the start that fix greys and rate, and wait in memory until they do.
PREVIEW_FRAMES = 8
# A fault of the source is shown for so long: the video does not end with a level that held before.
FAULT_S = 2.0
FALLBACK_RATE_HZ, LEAST_RATE_HZ, LARGEST_RATE_HZ = 15.0, 1.0, 60.0


class OverlayVideo:
    """Draws and encodes every snapshot.

    Greys are fixed from the first frames of the run, which hold no cement; see `grey_mapping`.

    Parameters
    ----------
    folder : Path
        Exists and may be written to; an overlay.mp4 of an earlier run in it is replaced.
    marks : Marks
    settings : Settings

    Raises
    ------
    SinkError
        An earlier file is in the way.
    MissingExtraError
        There is no PyAV.
    """

    def __init__(self, folder: Path, marks: Marks, settings: Settings) -> None:
        self._path = folder / VIDEO_NAME
        self._marks, self._settings = marks, settings
        self._history = History(settings.window)
        self._preview: list[Snapshot] = []
        self._greys: GreyMapping | None = None
        self._encoder: VideoEncoder | None = None
        try:
            # The video of an earlier run must not pass for the one of this run, should it fail.
            self._path.unlink(missing_ok=True)
            unfinished(self._path).unlink(missing_ok=True)
        except OSError as error:
            raise SinkError(f"{self._path} cannot be replaced: {error.strerror}") from error
        with needs_extra("video", VIDEO_NAME):
            from leakwatch.sinks.overlay.encoder import VideoEncoder
        self._encoder_of = VideoEncoder

    def append(self, snapshot: Snapshot) -> None:
        """Take one snapshot.

        Raises
        ------
        SinkError
            The encoder cannot be opened.
        """
        if self._greys is not None:
            self._encode(snapshot)
            return
        self._preview.append(snapshot)
        if len(self._preview) >= self._frames_to_preview():
            self._start()

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises
        ------
        SinkError
            There is no whole video: the disk is full, or no frame came.
        """
        if self._greys is None and self._preview:
            self._start()
        if self._encoder is None:
            raise SinkError(f"{self._path} was not written: no frame could be drawn.")
        self._encoder.close()

    def _frames_to_preview(self) -> int:
        marked = self._marks.baseline_frames
        return PREVIEW_FRAMES if marked is None else max(1, min(marked[1], PREVIEW_FRAMES))

    def _start(self) -> None:
        self._greys = grey_mapping([snapshot.frame for snapshot in self._preview])
        for snapshot in self._preview:
            self._encode(snapshot)
        self._preview.clear()

    def _encode(self, snapshot: Snapshot) -> None:
        assert self._greys is not None
        self._history.append(snapshot.observation)
        before = self._history.before(snapshot.observation.time_s)
        shown = make_overlay(snapshot, self._marks, self._settings, before)
        layout = Layout.for_frame(*snapshot.frame.pixels.shape)
        image = draw(shown, _small_greys(snapshot.frame.pixels, self._greys, layout), layout)
        if self._encoder is None:
            times_s = [waiting.frame.time_s for waiting in self._preview]
            size = (image.shape[1], image.shape[0])
            self._encoder = self._encoder_of(self._path, size, frame_rate_hz(times_s))
        self._encoder.append(image, snapshot.frame.time_s)
        if snapshot.fault is not None:
            self._encoder.append(image, snapshot.frame.time_s + FAULT_S)


def _small_greys(pixels: Array, greys: GreyMapping, layout: Layout) -> GreyImage:
    """Return the greys of a frame, in the size of the canvas where it has fewer pixels."""
    return greys.apply(scaled(pixels, layout) if layout.scale < 1.0 else pixels)


def frame_rate_hz(times_s: list[float]) -> float:
    """Rate of the video for frames at `times_s`: that of the median step between them."""
    steps = np.diff(times_s)
    steps = steps[steps > 0.0]
    if len(steps) == 0:
        return FALLBACK_RATE_HZ
    return float(np.clip(1.0 / np.median(steps), LEAST_RATE_HZ, LARGEST_RATE_HZ))

"""VP9 in MP4 by cv2, on all cores: the only use of cv2 outside pixel computation.

cv2 lets nobody choose libvpx's speed and uses one core, about 0.25 s for a picture of a
megapixel. So short segments, each beginning with a key frame as cv2's own videos do every twelve
frames, are encoded side by side and joined without decoding. See decision record 0005.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.errors import SinkError

RgbImage = npt.NDArray[np.uint8]

# VP9: royalty-free, in browsers and players, and in the LGPL build of FFmpeg that cv2 carries.
CODEC = cv2.VideoWriter.fourcc(*"vp09")
SEGMENT_FRAMES = 12
MAX_THREADS = 4
# Without the interval every packet would be called a key frame, and players could not seek.
_JOIN_OPTIONS = [
    *(cv2.VIDEOWRITER_PROP_RAW_VIDEO, 1),
    *(cv2.VIDEOWRITER_PROP_KEY_INTERVAL, SEGMENT_FRAMES),
]
# A longer pause of the source is cut to this; the frame time is in the picture.
LONGEST_STILL_S = 2.0


class Vp9Encoder:
    """Encodes pictures of one size at a constant rate; a pause of the source repeats the last.

    Parameters
    ----------
    path : Path
        Ends in ``.mp4``; replaced.
    size : (int, int)
        Width and height, both even.
    rate_hz : float
        Pictures a second.

    Raises
    ------
    SinkError
        The folder cannot be written to.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate_hz: float) -> None:
        self._path, self._size, self._rate_hz = path, size, rate_hz
        self._start_s: float | None = None
        self._next_slot = 0
        self._pending: list[RgbImage] = []
        self._last: RgbImage | None = None
        self._segments: list[Future[Path]] = []
        self._threads = min(os.cpu_count() or 1, MAX_THREADS)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="vp9")
        try:
            self._folder = Path(tempfile.mkdtemp(prefix=f".{path.stem}-", dir=path.parent))
        except OSError as error:
            raise SinkError(f"{path} cannot be written: {error.strerror}") from error

    def append(self, image: RgbImage, time_s: float) -> None:
        """Show `image` from `time_s` on.

        Raises
        ------
        SinkError
            An earlier segment could not be written.
        """
        if self._start_s is None:
            self._start_s = time_s
        slot = round((time_s - self._start_s) * self._rate_hz)
        stills = min(slot - self._next_slot, int(LONGEST_STILL_S * self._rate_hz))
        bgr = np.ascontiguousarray(image[..., ::-1])
        if self._last is not None:
            for _ in range(stills):
                self._push(self._last)
        self._push(bgr)
        self._last = bgr
        self._next_slot = max(slot, self._next_slot) + 1

    def close(self) -> None:
        """Write what is pending, join the segments and remove them.

        Raises
        ------
        SinkError
            The video is not whole; then there is none.
        """
        try:
            if self._pending:
                self._submit()
            self._join([segment.result() for segment in self._segments])
        finally:
            self._pool.shutdown()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _push(self, bgr: RgbImage) -> None:
        self._pending.append(bgr)
        if len(self._pending) == SEGMENT_FRAMES:
            self._submit()

    def _submit(self) -> None:
        path = self._folder / f"{len(self._segments):06d}.mp4"
        images, self._pending = self._pending, []
        self._segments.append(self._pool.submit(self._encode, path, images))
        # Bounds the memory that waiting pictures take.
        if len(self._segments) > self._threads:
            self._segments[-1 - self._threads].result()

    def _encode(self, path: Path, images: list[RgbImage]) -> Path:
        writer = _open_writer(path, self._rate_hz, self._size)
        for image in images:
            writer.write(image)
        writer.release()
        _require_frames(path, len(images))
        return path

    def _join(self, segments: list[Path]) -> None:
        writer = _open_writer(self._path, self._rate_hz, self._size, packets=True)
        count = 0
        for segment in segments:
            reader = cv2.VideoCapture(str(segment), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
            while True:
                found, packet = reader.read()
                if not found:
                    break
                writer.write(packet)
                count += 1
            reader.release()
        writer.release()
        _require_frames(self._path, count)


def _open_writer(
    path: Path, rate_hz: float, size: tuple[int, int], packets: bool = False
) -> cv2.VideoWriter:
    options = _JOIN_OPTIONS if packets else []
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, CODEC, rate_hz, size, options)
    if not writer.isOpened():
        raise SinkError(f"{path} cannot be written: no space, no permission, or no VP9 encoder.")
    return writer


def _require_frames(path: Path, count: int) -> None:
    """cv2 reports no error in writing: look whether the file holds what went in."""
    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    found = int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) if reader.isOpened() else 0
    reader.release()
    if found < count:
        path.unlink(missing_ok=True)
        raise SinkError(
            f"{path.name} is not whole: {found} of {count} frames could be written. "
            "The disk may be full; the rest was removed."
        )

"""Images from a frame grabber or a video file, read by cv2, which no other source uses.

cv2 reads V4L2 and FFmpeg's formats, and both hand out blue, green and red; what belongs to that is
here too. All else about video is in `video_source`. See decision record 0015.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from leakwatch.core.messages import text

# Before cv2 opens anything. Its messages name files, which may be called after a patient.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
# No playlist that fetches from elsewhere, and no format that no recorder writes.
os.environ.setdefault(
    "OPENCV_FFMPEG_CAPTURE_OPTIONS",
    "protocol_whitelist;file|format_whitelist;"
    "avi,mov,mp4,matroska,webm,mpegts,mpeg,mpegvideo,asf,ogg,mxf,flv,dv,m4v",
)

import cv2
import numpy as np

from leakwatch.core.arrays import Array, BoolImage, FloatImage
from leakwatch.core.errors import SourceError

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

# A larger image is no video of a C-arm, and a damaged head may promise any size.
MAX_SIDE_PX = 4096
# Colour and repeats are looked for in patches of so many pixels each way: chroma has a half or a
# quarter of the resolution, and the mean of a patch has little noise.
COLOUR_PATCH_PX, REPEAT_PATCH_PX = 4, 16
# Longest wait of `close` for an image being read, s; then the reader releases the device.
_LET_GO_S = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Requested properties of a device; None leaves them unchanged.

    Parameters
    ----------
    size_px : (int, int) or None
        Columns, rows.
    rate_hz : float or None
    codec : str or None
        Four letters, such as ``MJPG``.
    """

    size_px: tuple[int, int] | None = None
    rate_hz: float | None = None
    codec: str | None = None


class Capture:
    """An open device or file; `read` is for one thread, `close` for any.

    Parameters
    ----------
    video : cv2.VideoCapture
        Open.
    """

    def __init__(self, video: cv2.VideoCapture) -> None:
        self._video, self._lock = video, Lock()
        self._closing = Event()
        count, rate = video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FPS)
        self.number_of_frames = int(count) if 0 < count < 1e9 else None
        self.rate_hz = float(rate) if 1.0 <= rate <= 240.0 else None
        across, down = video.get(cv2.CAP_PROP_SAR_NUM), video.get(cv2.CAP_PROP_SAR_DEN)
        self.pixel_aspect = float(down / across) if across > 0 and down > 0 else None
        self.position_s: float | None = None

    def read(self) -> Array | None:
        """Return the next image, ``(rows, columns, 3)`` in BGR order, or ``(rows, columns)``.

        None if there is none: the file has ended or is damaged, or the device sends none.
        """
        with self._lock:
            if self._closing.is_set():
                return None
            try:
                there, image = self._video.read()
                position_ms = self._video.get(cv2.CAP_PROP_POS_MSEC)
            except cv2.error:  # a damaged image
                there, image, position_ms = False, None, -1.0
            self.position_s = position_ms / 1000.0 if position_ms >= 0.0 else None
            if self._closing.is_set():
                self._video.release()
            return image if there else None

    def close(self) -> None:
        """Release the device or file; from any thread, and repeatedly."""
        self._closing.set()
        if self._lock.acquire(timeout=_LET_GO_S):
            self._video.release()
            self._lock.release()


def open_device(device: int | str, wanted: Wanted) -> Capture:
    """Open a frame grabber.

    Parameters
    ----------
    device : int or str
        Its number, or its path such as ``/dev/v4l/by-id/...``.
    wanted : Wanted

    Raises
    ------
    SourceError
        The device is missing or unusable, or does not support the requested properties.
    """
    linux = sys.platform == "linux"
    path = Path(f"/dev/video{device}") if isinstance(device, int) else Path(device)
    if linux and not path.exists():
        raise SourceError(
            text(
                "video:{device}: there is no such device. {devices}",
                device=device,
                devices=_devices(),
            )
        )
    if linux and not os.access(path, os.R_OK | os.W_OK):
        raise SourceError(
            text(
                "video:{device}: {path} may not be read. Add this user to the group that it "
                "belongs to: sudo usermod -aG video USER",
                device=device,
                path=path,
            )
        )
    video = cv2.VideoCapture(device, cv2.CAP_V4L2 if linux else cv2.CAP_ANY)
    if not video.isOpened():
        video.release()
        raise SourceError(
            text(
                "video:{device}: cannot be opened as a frame grabber. Another program may use "
                "it: end that one. {devices}",
                device=device,
                devices=_devices(),
            )
        )
    try:
        _ask(video, device, wanted)
    except SourceError:
        video.release()
        raise
    return Capture(video)


def open_file(path: Path) -> Capture:
    """Open a video file.

    Raises
    ------
    SourceError
        It is not a video, or has no image that could be from a C-arm.
    """
    # With several threads the concealment of damage would depend on timing.
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    columns, rows = (
        int(video.get(one)) for one in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    if not video.isOpened():
        video.release()
        raise SourceError(
            text(
                "{path}: is not a readable video, or is truncated before its images. Give "
                "a complete file such as MP4, AVI or MKV.",
                path=path,
            )
        )
    if not (0 < columns <= MAX_SIDE_PX and 0 < rows <= MAX_SIDE_PX):
        video.release()
        raise SourceError(
            text(
                "{path}: has images of {columns} x {rows} pixels. Give a video of at most "
                "{max_side_px} x {max_side_px}.",
                path=path,
                columns=columns,
                rows=rows,
                max_side_px=MAX_SIDE_PX,
            )
        )
    return Capture(video)


def _ask(video: cv2.VideoCapture, device: int | str, wanted: Wanted) -> None:
    if wanted.codec is not None:
        video.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*wanted.codec))
    if wanted.size_px is not None:
        video.set(cv2.CAP_PROP_FRAME_WIDTH, wanted.size_px[0])
        video.set(cv2.CAP_PROP_FRAME_HEIGHT, wanted.size_px[1])
    if wanted.rate_hz is not None:
        video.set(cv2.CAP_PROP_FPS, wanted.rate_hz)
    columns, rows = (
        int(video.get(one)) for one in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    if wanted.size_px not in (None, (columns, rows)):
        raise SourceError(
            text(
                "video:{device}: gives {columns} x {rows} pixels and not what was asked for. "
                "Write size={columns}x{rows}, or set the C-arm's output.",
                device=device,
                columns=columns,
                rows=rows,
            )
        )


def _devices() -> str:
    if sys.platform != "linux":
        return text("Try video:0, video:1 and so on.")
    found = ", ".join(sorted(str(one) for one in Path("/dev").glob("video[0-9]*")))
    return (
        f"There are: {found}." if found else text("No device is there: plug the frame grabber in.")
    )


def coloured(image: Array, levels: int) -> BoolImage:
    """Return patches of `COLOUR_PATCH_PX` whose channels differ.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns, 3)``, uint8.
    levels : int
        The furthest that channels of a grey may be apart.
    """
    rows, columns = (max(side // COLOUR_PATCH_PX, 1) for side in image.shape[:2])
    small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    first, second, third = cv2.split(small)
    apart = cv2.subtract(
        cv2.max(cv2.max(first, second), third), cv2.min(cv2.min(first, second), third)
    )
    found: BoolImage = apart > levels
    return found


def grey(image: Array) -> Array:
    """Return the brightness of an image whose channels agree; ``(rows, columns)``, uint8."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def one_field(pixels: Array) -> Array:
    """Return the first field of an interlaced image, stretched to its size."""
    rows, columns = pixels.shape
    return np.asarray(cv2.resize(pixels[::2], (columns, rows), interpolation=cv2.INTER_LINEAR))


def patch_means(pixels: Array) -> FloatImage:
    """Return means of patches of `REPEAT_PATCH_PX`, float32."""
    rows, columns = (max(side // REPEAT_PATCH_PX, 1) for side in pixels.shape)
    small = cv2.resize(pixels.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    means: FloatImage = small
    return means

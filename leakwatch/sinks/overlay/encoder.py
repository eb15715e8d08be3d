"""H.264 video in MP4, encoded by PyAV, which every player opens. See decision record 0021."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.codec.codec import UnknownCodecError
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.sinks.output_folder import unfinished

RgbImage = npt.NDArray[np.uint8]

# The first of these encoders that the installed FFmpeg has: x264, else OpenH264 of a build without
# GPL parts. `ultrafast` takes a third of the time of x264's default preset. A fixed quantizer takes
# three quarters of the time of constant quality, which analyses each image first; with a larger
# one a uniform area that darkens by 1 % does not change until the next key frame.
_ENCODERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"preset": "ultrafast", "qp": "23"}),
    ("libopenh264", {"allow_skip_frames": "0"}),
)
# Index before the images: a browser shows the first one before it has loaded the last.
_CONTAINER_OPTIONS = {"movflags": "faststart"}
# Most images that a player decodes when seeking: some hundredths of a second.
KEY_FRAME_EVERY = 30
# Frame rates are multiples of a thousandth, such as 29.97.
_RATE_DENOMINATOR = 1000
# H.273's number for BT.709, stated for matrix, primaries and transfer: else players guess colours.
_BT709 = 1
# Luma, blue and red of BT.709 from red, green and blue, in its limited range (H.273, 8.3).
_LUMA = np.array([0.2126, 0.7152, 0.0722])
_BLUE = (np.array([0.0, 0.0, 1.0]) - _LUMA) / 1.8556
_RED = (np.array([1.0, 0.0, 0.0]) - _LUMA) / 1.5748
_TO_YUV = np.column_stack(
    [np.vstack([219.0 * _LUMA, 224.0 * _BLUE, 224.0 * _RED]) / 255.0, [16.0, 128.0, 128.0]]
)
# Longest still image for a pause of the source; the frame time is shown in the image.
LONGEST_STILL_S = 2.0


class VideoEncoder:
    """Encoder of images of one size at a constant rate; in a pause the last image is repeated.

    The file has another name until it is complete.

    Parameters
    ----------
    path : Path
        Ends in ``.mp4``; replaced when the video is complete.
    size : (int, int)
        Width and height, both even.
    rate_hz : float
        Images per second.

    Raises
    ------
    SinkError
        The folder is not writable, or there is no encoder.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate_hz: float) -> None:
        self._path, self._rate_hz = path, rate_hz
        self._start_s: float | None = None
        self._next_slot = self._count = 0
        self._last: av.VideoFrame | None = None
        self._failure: SinkError | None = None
        self._container: OutputContainer = av.open(
            str(unfinished(path)), "w", format="mp4", options=_CONTAINER_OPTIONS
        )
        try:
            self._stream = _video_stream(self._container, size, rate_hz)
            # FFmpeg would make the images of a patient readable for all users of the machine.
            unfinished(path).touch(mode=0o600)
            self._container.start_encoding()  # opens the file, so that an error is reported now
        except (OSError, FFmpegError) as error:
            raise self._give_up(error) from error
        except SinkError:
            self._container.close()
            raise

    def append(self, image: RgbImage, time_s: float) -> None:
        """Show `image` from `time_s` on.

        Raises
        ------
        SinkError
            The video cannot be written.
        """
        if self._start_s is None:
            self._start_s = time_s
        slot = round((time_s - self._start_s) * self._rate_hz)
        stills = min(slot - self._next_slot, int(LONGEST_STILL_S * self._rate_hz))
        if self._last is not None:
            for _ in range(stills):
                self._push(self._last)
        self._last = av.VideoFrame.from_ndarray(planes(image), format="yuv420p")
        self._push(self._last)
        self._next_slot = max(slot, self._next_slot) + 1

    def close(self) -> None:
        """Write pending images, and give the file its name.

        Raises
        ------
        SinkError
            The video is incomplete; it is then removed.
        """
        self._write(None)
        try:
            self._container.close()
            unfinished(self._path).replace(self._path)
        except (OSError, FFmpegError) as error:
            raise self._give_up(error) from error

    def _push(self, frame: av.VideoFrame) -> None:
        frame.pts = self._count
        self._count += 1
        self._write(frame)

    def _write(self, frame: av.VideoFrame | None) -> None:
        """Encode and write an image; None: pending images."""
        # After a failure the container is closed, and FFmpeg would write to a null pointer.
        if self._failure is not None:
            raise self._failure
        try:
            self._container.mux(self._stream.encode(frame))
        except (OSError, FFmpegError) as error:
            raise self._give_up(error) from error

    def _give_up(self, error: Exception) -> SinkError:
        with suppress(OSError, FFmpegError):  # the first error is reported
            self._container.close()
        unfinished(self._path).unlink(missing_ok=True)
        self._failure = SinkError(_cannot_write(self._path, error))
        return self._failure


def planes(image: RgbImage) -> npt.NDArray[np.uint8]:
    """Return an image in ``yuv420p``: luma, then both colours at half the size.

    OpenCV takes a third of the time of FFmpeg.
    """
    rows, columns = image.shape[:2]
    yuv = cv2.transform(image, _TO_YUV)
    half = cv2.resize(yuv, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    planes = np.empty((rows * 3 // 2, columns), np.uint8)
    planes[:rows] = cv2.extractChannel(yuv, 0)
    colours = planes[rows:].reshape(2, rows // 2, columns // 2)
    for plane, channel in zip(colours, (1, 2), strict=True):
        plane[:] = cv2.extractChannel(half, channel)
    return planes


def _video_stream(container: OutputContainer, size: tuple[int, int], rate_hz: float) -> VideoStream:
    rate = Fraction(rate_hz).limit_denominator(_RATE_DENOMINATOR)
    for name, options in _ENCODERS:
        try:
            stream = container.add_stream(name, rate=rate, options=options)
        except UnknownCodecError:
            continue
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"  # the only one that every player opens
        coding = stream.codec_context
        coding.gop_size = KEY_FRAME_EVERY
        # More threads would only compete with analysis and decoding.
        coding.thread_count = 1
        coding.colorspace = coding.color_primaries = coding.color_trc = _BT709
        coding.color_range = ColorRange.MPEG
        return stream
    raise SinkError(
        text(
            "overlay.mp4 cannot be written: the FFmpeg of the installed PyAV has no H.264 "
            "encoder. Install PyAV as it comes from PyPI: pip install --force-reinstall av"
        )
    )


def _cannot_write(path: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return text(
        "{path} cannot be written: {reason}. Free disk space, or choose another --out. The "
        "incomplete file is removed.",
        path=path,
        reason=reason,
    )

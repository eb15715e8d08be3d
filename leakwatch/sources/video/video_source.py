"""Live sources for the video output of a C-arm and for video files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

from leakwatch.config import LiveVideoSettings, Settings
from leakwatch.core.arrays import Array
from leakwatch.core.errors import SourceEndedEarly
from leakwatch.core.frame import (
    Acquisition,
    Frame,
    IntensityRelationship,
    PixelFormat,
    ProjectionGeometry,
    TimeSource,
)
from leakwatch.core.messages import text
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.sources.arrival.link_log import LinkLog
from leakwatch.sources.video.video_capture import Capture, open_device, open_file
from leakwatch.sources.video.video_device import DeviceReader
from leakwatch.sources.video.video_images import (
    NotUsable,
    Repeats,
    combs,
    fluoroscopy,
    masks_in_region,
    region_of,
)
from leakwatch.sources.video.video_options import VideoOptions, read_options

# Assumed rate if a file does not state it, 1/s: the slowest of video.
ASSUMED_RATE_HZ = 25.0
# A file's head counts by its duration: so many missing frames are no loss, 1 s at 30/s.
_MISCOUNTED = 30
# Interval of the check for combing, images: combing lasts as long as something moves.
_COMBING_EVERY = 10


def from_spec(rest: str, settings: Settings) -> VideoDevice | VideoFile:
    """Open what ``video:`` names.

    Parameters
    ----------
    rest : str
        See `read_options`.
    settings : Settings

    Raises
    ------
    SourceError
        There is no such device or file, it cannot be read, or an option is not known.
    """
    options = read_options(rest, settings.live_video)
    shown_s = settings.live_dicom.fault_shown_s
    if options.device is None:
        return VideoFile(options, settings.live_video, shown_s)
    return VideoDevice(options, settings.live_video, shown_s)


class Fluoroscopy:
    """Frames from screen images; faults go to the link log.

    Parameters
    ----------
    options : VideoOptions
    settings : LiveVideoSettings
    log : LinkLog
    time_source : TimeSource
    pixel_aspect : float or None

    Attributes
    ----------
    given : int
        Frames so far, repeats that were given again included.
    fault : str
        Why the last image that was not usable was none.
    """

    def __init__(
        self,
        options: VideoOptions,
        settings: LiveVideoSettings,
        log: LinkLog,
        time_source: TimeSource,
        pixel_aspect: float | None = None,
    ) -> None:
        self._options, self._settings, self._log = options, settings, log
        self._time_source, self._aspect = time_source, pixel_aspect
        self._repeats = Repeats(settings, options.device is not None)
        self._acquisition: Acquisition | None = None
        self._last: Frame | None = None
        self._index = 0
        self.given = 0
        self.fault = ""

    def frame(self, image: Array, time_s: float, received_s: float) -> Frame | None:
        """Return the frame of an image; None if it is unusable or repeated.

        A repeated image is returned only now and then, with its first pixels: so it is recognised
        as frozen, and does not count as several frames.
        """
        try:
            pixels = fluoroscopy(image, self._options, self._settings)
        except NotUsable as error:
            self.fault = str(error)
            self._log.is_lost(self.fault, 1, received_s)
            self._index += self._last is not None
            return None
        self._log.is_good(received_s)
        last = self._last
        if self._repeats.is_repeat(pixels) and last is not None:
            if time_s - last.time_s < self._settings.repeat_s:
                return None
            pixels = last.pixels
        self._look_for_combing(pixels)
        self._last = Frame(
            self._index, time_s, pixels, self._acquisition_of(image, pixels), received_s
        )
        self._index += 1
        return self._last

    def lost(self, frames: int) -> None:
        """Count images that were skipped before the next one."""
        self._index += frames

    def _look_for_combing(self, pixels: Array) -> None:
        self.given += 1
        if self._options.one_field or self.given % _COMBING_EVERY:
            return
        if combs(pixels, self._settings.combing):
            self._log.note(
                text(
                    "the image is interlaced: its lines are from two times, and what moves is "
                    "torn. Write fields=one"
                )
            )

    def _acquisition_of(self, image: Array, pixels: Array) -> Acquisition:
        """Return the acquisition of the last frame, unless the size has changed."""
        known = self._acquisition
        if known is not None and (known.rows, known.columns) == pixels.shape:
            return known
        options = self._options
        region = region_of(image, options)
        rows, columns = pixels.shape
        self._acquisition = Acquisition(
            rows,
            columns,
            PixelFormat(
                "MONOCHROME2",
                8,
                IntensityRelationship.DISP,
                bone_is_bright=options.bone_is_bright is True,
            ),
            ProjectionGeometry(pixel_aspect=self._aspect),
            self._time_source,
            notes=_notes(options),
            burned_in_annotation=_may_name_the_patient(options),
            compressed_with_loss=True,
            masks_px=masks_in_region(region, options.masks_px),
        )
        return self._acquisition


def _may_name_the_patient(options: VideoOptions) -> bool:
    """Return whether a name may be visible: not if the user cropped or masked the image."""
    if options.text is not None:
        return options.text
    return options.region_px is None and not options.masks_px


def _notes(options: VideoOptions) -> tuple[str, ...]:
    shown = "bright" if options.bone_is_bright else "dark"
    return (
        text("Video shows brightness by an unknown curve; thickness and volume are rough."),
        text(
            "Bone is assumed to be {shown}; change it with bone=dark or bone=bright after video:.",
            shown=shown,
        ),
    )


class VideoDevice:
    """Images of a frame grabber; a `leakwatch.core.protocols.LiveSource`.

    A separate thread reads the device, so that a hanging driver delays nothing else. A device that
    disappears is reopened when it is back.

    Parameters
    ----------
    options : VideoOptions
        With a device.
    settings : LiveVideoSettings
    fault_shown_s : float
        How long a fault is shown beside frames that are good again.
    open_ : callable
        Opens the device; another one serves tests.

    Raises
    ------
    SourceError
        It is not there, or cannot be used.
    """

    def __init__(
        self,
        options: VideoOptions,
        settings: LiveVideoSettings,
        fault_shown_s: float,
        open_: Callable[[], Capture] | None = None,
    ) -> None:
        device, wanted = options.device, options.wanted
        assert device is not None
        self._log = LinkLog(options.told, fault_shown_s)
        self._reader = DeviceReader(
            open_ or (lambda: open_device(device, wanted)), self._log, settings
        )
        self._fluoroscopy = Fluoroscopy(options, settings, self._log, TimeSource.ARRIVAL)

    @property
    def number_of_frames(self) -> None:
        """Unknown."""
        return None

    @property
    def status(self) -> LinkStatus:
        """Current status of the link; a screen does not state whether fluoroscopy is on."""
        return self._log.status

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they come, until `close`."""
        first_s: float | None = None
        for image, received_s, left_out in self._reader.images():
            first_s = received_s if first_s is None else first_s
            self._fluoroscopy.lost(left_out)
            frame = self._fluoroscopy.frame(image, received_s - first_s, received_s)
            if frame is not None:
                yield frame

    def close(self) -> None:
        """End `frames`, and release the device."""
        self._reader.close()


class VideoFile:
    """Images of a file at their times; a `leakwatch.core.protocols.LiveSource`.

    Parameters
    ----------
    options : VideoOptions
        With a file.
    settings : LiveVideoSettings
    fault_shown_s : float
    clock, wait : callable
        Monotonic seconds; wait for some seconds, and return whether `close` was called. Replaced in
        tests.

    Raises
    ------
    SourceError
        It is no video.
    """

    def __init__(
        self,
        options: VideoOptions,
        settings: LiveVideoSettings,
        fault_shown_s: float,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        assert options.file is not None
        self._options, self._clock = options, clock
        self._capture = open_file(options.file)
        self._closed = threading.Event()
        self._wait = self._closed.wait if wait is None else wait
        self._log = LinkLog(options.told, fault_shown_s)
        self._over: LinkStatus | None = None
        told = self._capture.rate_hz
        self._step_s = 1.0 / (ASSUMED_RATE_HZ if told is None else told)
        self._fluoroscopy = Fluoroscopy(
            options,
            settings,
            self._log,
            TimeSource.ASSUMED if told is None else TimeSource.VIDEO,
            self._capture.pixel_aspect,
        )

    @property
    def number_of_frames(self) -> None:
        """Unknown, because repeated images are skipped."""
        return None

    @property
    def status(self) -> LinkStatus:
        """Current status of the link."""
        return replace(self._over or self._log.status, speed=self._options.speed)

    @property
    def fault(self) -> str:
        """Reason why the last unusable image was rejected."""
        return self._fluoroscopy.fault

    def frames(self) -> Iterator[Frame]:
        """Yield each frame when it is due; those that are late follow at once.

        Raises
        ------
        SourceEndedEarly
            Fewer images could be read than the file promises.
        """
        speed, start_s = self._options.speed, None
        read = 0
        for read, (image, time_s) in enumerate(self._images(), 1):  # noqa: B007
            start_s = self._clock() - time_s / speed if start_s is None else start_s
            left_s = start_s + time_s / speed - self._clock()
            if self._closed.is_set() or (left_s > 0.0 and self._wait(left_s)):
                return
            frame = self._fluoroscopy.frame(image, time_s, self._clock())
            if frame is not None:
                yield frame
        if not self._closed.is_set():
            self._end(read)

    def close(self) -> None:
        """End `frames` and release the file."""
        self._closed.set()
        self._capture.close()

    def _images(self) -> Iterator[tuple[Array, float]]:
        """Yield images with their times from the first, by the file's clock if it advances."""
        first_s = before_s = None
        with closing(self._capture):
            while (image := self._capture.read()) is not None:
                at_s = self._capture.position_s
                if before_s is None:
                    first_s, time_s = at_s, 0.0
                else:
                    time_s = before_s + self._step_s
                    if at_s is not None and first_s is not None and at_s - first_s > before_s:
                        time_s = at_s - first_s
                before_s = time_s
                yield image, time_s

    def _end(self, read: int) -> None:
        """Record the end of the file, or raise an error if it ended early."""
        name, promised = self._options.name, self._capture.number_of_frames
        status = self._log.status
        ended = ""
        if read == 0:
            ended = text("{name}: no image in it can be read. Give another video.", name=name)
        elif promised is not None and promised - read > max(_MISCOUNTED, promised // 100):
            ended = text(
                "{name}: ended early: {images_read} of {images_stated} images could be read. "
                "The file is damaged or truncated; earlier images are valid.",
                name=name,
                images_read=read,
                images_stated=promised,
            )
        elif not self._fluoroscopy.given:
            ended = text(
                "{name}: none of its {images_read} images can be used: {fault}.",
                name=name,
                images_read=read,
                fault=self._fluoroscopy.fault,
            )
        link = Link.LOST if ended else Link.OPEN
        self._over = replace(
            status,
            link=link,
            text=ended or text("{name} is over", name=name),
            fluoroscopy_on=False,
        )
        if ended:
            raise SourceEndedEarly(ended)

"""Frames from the video output of a C-arm, or from a video file; `LiveSource`s."""

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
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.sources.arrival.link_log import LinkLog
from leakwatch.sources.video.video_capture import Capture, open_device, open_file
from leakwatch.sources.video.video_device import DeviceReader
from leakwatch.sources.video.video_options import VideoOptions, read_options
from leakwatch.sources.video.video_pictures import (
    NotUsable,
    Repeats,
    combs,
    fluoroscopy,
    masks_in_region,
    region_of,
)

# Where a file does not say at which rate it was taken, 1/s: the slowest that video has.
ASSUMED_RATE_HZ = 25.0
# A file's head counts by its duration: so many missing frames are no loss, 1 s at 30/s.
_MISCOUNTED = 30
# Combing is looked for in every so many pictures: it stays as long as something moves.
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
    """Pictures of a screen as frames; faults go to the log of the link.

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
        Why the last picture that was not usable was none.
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

    def frame(self, picture: Array, time_s: float, received_s: float) -> Frame | None:
        """The frame that a picture is; None for what is not usable, or no new picture.

        A picture that comes again is given again only now and then, with the pixels of its first
        time: so it is known to be held, and does not count as many.
        """
        try:
            pixels = fluoroscopy(picture, self._options, self._settings)
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
            self._index, time_s, pixels, self._acquisition_of(picture, pixels), received_s
        )
        self._index += 1
        return self._last

    def lost(self, frames: int) -> None:
        """So many pictures were left out before the next one."""
        self._index += frames

    def _look_for_combing(self, pixels: Array) -> None:
        self.given += 1
        if self._options.one_field or self.given % _COMBING_EVERY:
            return
        if combs(pixels, self._settings.combing):
            self._log.note(
                "the picture is interlaced: its lines are of two moments, and what moves is torn. "
                "Write fields=one"
            )

    def _acquisition_of(self, picture: Array, pixels: Array) -> Acquisition:
        """That of the last frame, unless the size has changed."""
        known = self._acquisition
        if known is not None and (known.rows, known.columns) == pixels.shape:
            return known
        options = self._options
        region = region_of(picture, options)
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
    """A C-arm writes the name onto its screen; whoever cut or masked the picture has looked."""
    if options.text is not None:
        return options.text
    return options.region_px is None and not options.masks_px


def _notes(options: VideoOptions) -> tuple[str, ...]:
    shown = "bright" if options.bone_is_bright else "dark"
    return (
        "Video shows brightness by an unknown curve; thickness and volume are rough.",
        f"Bone is taken to be {shown}; bone=dark or bone=bright behind video: says otherwise.",
    )


class VideoDevice:
    """Pictures of a frame grabber; a `leakwatch.core.protocols.LiveSource`.

    A thread of its own reads the device, so that a driver that hangs keeps nobody waiting. A device
    that is gone is looked for until it is back.

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
        """Nobody knows."""
        return None

    @property
    def status(self) -> LinkStatus:
        """The link as it is now; a screen does not say whether the pedal is down."""
        return self._log.status

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they come, until `close`."""
        first_s: float | None = None
        for picture, received_s, left_out in self._reader.pictures():
            first_s = received_s if first_s is None else first_s
            self._fluoroscopy.lost(left_out)
            frame = self._fluoroscopy.frame(picture, received_s - first_s, received_s)
            if frame is not None:
                yield frame

    def close(self) -> None:
        """End `frames`, and let go of the device."""
        self._reader.close()


class VideoFile:
    """Pictures of a file at their own times; a `leakwatch.core.protocols.LiveSource`.

    Parameters
    ----------
    options : VideoOptions
        With a file.
    settings : LiveVideoSettings
    fault_shown_s : float
    clock, wait : callable
        Monotonic seconds; wait so many, and tell whether `close` was called. Other ones serve
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
        """Repeats are left out, and how many there are is not known before."""
        return None

    @property
    def status(self) -> LinkStatus:
        """The link as it is now."""
        return replace(self._over or self._log.status, speed=self._options.speed)

    @property
    def fault(self) -> str:
        """Why the last picture that was not usable was none."""
        return self._fluoroscopy.fault

    def frames(self) -> Iterator[Frame]:
        """Yield each frame when it is due; those that are late follow at once.

        Raises
        ------
        SourceEndedEarly
            Fewer pictures could be read than the file promises.
        """
        speed, start_s = self._options.speed, None
        read = 0
        for read, (picture, time_s) in enumerate(self._pictures(), 1):  # noqa: B007
            start_s = self._clock() - time_s / speed if start_s is None else start_s
            left_s = start_s + time_s / speed - self._clock()
            if self._closed.is_set() or (left_s > 0.0 and self._wait(left_s)):
                return
            frame = self._fluoroscopy.frame(picture, time_s, self._clock())
            if frame is not None:
                yield frame
        if not self._closed.is_set():
            self._end(read)

    def close(self) -> None:
        """End `frames` and release the file."""
        self._closed.set()
        self._capture.close()

    def _pictures(self) -> Iterator[tuple[Array, float]]:
        """Pictures with their times from the first, by the file's clock where that goes on."""
        first_s = before_s = None
        with closing(self._capture):
            while (picture := self._capture.read()) is not None:
                at_s = self._capture.position_s
                if before_s is None:
                    first_s, time_s = at_s, 0.0
                else:
                    time_s = before_s + self._step_s
                    if at_s is not None and first_s is not None and at_s - first_s > before_s:
                        time_s = at_s - first_s
                before_s = time_s
                yield picture, time_s

    def _end(self, read: int) -> None:
        """Say that the file is over, or raise where that is not all."""
        name, promised = self._options.name, self._capture.number_of_frames
        status = self._log.status
        text = ""
        if read == 0:
            text = f"{name}: no picture in it can be read. Give another video."
        elif promised is not None and promised - read > max(_MISCOUNTED, promised // 100):
            text = (
                f"{name}: ended early: {read} of {promised} pictures could be read. "
                "The file is damaged or cut off; those that came are whole."
            )
        elif not self._fluoroscopy.given:
            text = f"{name}: none of its {read} pictures can be used: {self._fluoroscopy.fault}."
        link = Link.LOST if text else Link.OPEN
        self._over = replace(
            status, link=link, text=text or f"{name} is over", fluoroscopy_on=False
        )
        if text:
            raise SourceEndedEarly(text)

"""Video files and pictures as stored sources: each frame is there when it is asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from leakwatch.config import LiveVideoSettings
from leakwatch.core.arrays import Array
from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.frame import Acquisition, Frame, TimeSource
from leakwatch.core.plural import counted_noun
from leakwatch.core.protocols import StoredSource
from leakwatch.sources.arrival.link_log import LinkLog
from leakwatch.sources.dicom.frame_times import ASSUMED_FRAMES_PER_S
from leakwatch.sources.extension_source import ExtensionSource, named_extension
from leakwatch.sources.stored.opening import open_source
from leakwatch.sources.stored_frames import StoredFrames
from leakwatch.sources.video.video_capture import MAX_SIDE_PX
from leakwatch.sources.video.video_options import VideoOptions
from leakwatch.sources.video.video_pictures import NotUsable
from leakwatch.sources.video.video_source import ASSUMED_RATE_HZ, Fluoroscopy, VideoFile

VIDEO_SUFFIXES = frozenset((".mp4", ".m4v", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg"))
PICTURE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"))
_SETTINGS_HINT = (
    "Where fluoroscopy is in the picture, and what is masked, say `region_px` and `masks_px` in "
    "section [live_video] of the settings."
)
# Greys of 8 bits, with or without an alpha channel, and what Pillow makes colours of.
_EIGHT_BITS = frozenset(("1", "L", "LA", "P", "RGB", "RGBA"))


def open_stored(path: Path, video: LiveVideoSettings) -> StoredSource:
    """Open what `open_source` opens, a video file, a picture, or what another package reads.

    Parameters
    ----------
    path : Path
        Or ``NAME:REST``, with the name of another package's source.
    video : LiveVideoSettings
        Region, masks, and whether bone is bright.

    Raises
    ------
    SourceError
        It cannot be read.
    ExtensionError
        The other package cannot be loaded.
    """
    named = named_extension(str(path))
    if named is not None:
        return ExtensionSource(*named)
    if path.is_file() and is_video(path):
        return StoredVideo(path, video)
    if path.is_file() and is_picture(path):
        return StillPictures([path], video)
    return open_source(path)


def is_video(path: Path) -> bool:
    """Whether a file is a video by its name."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by its name."""
    return path.suffix.lower() in PICTURE_SUFFIXES


class StoredVideo(StoredFrames[None]):
    """Frames of a video file, as ``video:FILE`` gives them, without waiting for their times.

    Numbered without a gap. Pictures that repeat the one before are left out.

    Parameters
    ----------
    path : Path
    settings : LiveVideoSettings
        Region, masks, and whether bone is bright.

    Raises
    ------
    SourceError
        It is no video, or none of its pictures can be used.
    """

    def __init__(self, path: Path, settings: LiveVideoSettings) -> None:
        self._path, self._settings = path, settings
        with closing(self._read(0)) as frames:
            first = next(frames, None)
        if first is None:
            raise SourceError(f"{path}: there is no picture in it. Give another video.")
        super().__init__(first.acquisition, None)

    def _read(self, first: int) -> Generator[Frame]:
        options = _options(self._path, self._settings)
        video = VideoFile(options, self._settings, 0.0, lambda: 0.0, lambda seconds: False)
        shared: tuple[Acquisition, Acquisition] | None = None
        count, first_s = 0, 0.0
        with closing(video):
            try:
                for frame in video.frames():
                    if shared is None or frame.acquisition is not shared[0]:
                        shared = (frame.acquisition, _told(frame.acquisition))
                    first_s = frame.time_s if count == 0 else first_s
                    if count >= first:
                        time_s = frame.time_s - first_s
                        yield Frame(count, time_s, frame.pixels, shared[1])
                    count += 1
            except SourceEndedEarly as error:
                raise _ended(error, count) from error
            left_out = video.status.frames_lost
        if left_out:
            raise SourceEndedEarly(
                f"{self._path}: {counted_noun(left_out, 'picture')} could not be used and "
                f"{'is' if left_out == 1 else 'are'} left out: {video.fault}. {_SETTINGS_HINT}"
            )


class StillPictures:
    """Pictures of one run, a file each, in the order of their names; a `StoredSource`.

    Parameters
    ----------
    paths : sequence of Path
        Not empty.
    settings : LiveVideoSettings

    Raises
    ------
    SourceError
        The first cannot be read or used.
    """

    def __init__(self, paths: Sequence[Path], settings: LiveVideoSettings) -> None:
        self._paths, self._settings = tuple(paths), settings
        first = next(self.frames())
        self._acquisition = first.acquisition

    @property
    def number_of_frames(self) -> int:
        """Pictures that there are."""
        return len(self._paths)

    @property
    def acquisition(self) -> Acquisition:
        """Of all pictures."""
        return self._acquisition

    def frames(self, first: int = 0) -> Iterator[Frame]:
        """Yield frames in order, each read when it is asked for.

        Raises
        ------
        SourceEndedEarly
            A later picture cannot be read or used, or has another size.
        SourceError
            The first cannot.
        """
        shared: Acquisition | None = None
        for index, path in enumerate(self._paths[first:], first):
            try:
                frame = self._frame(path)
                if shared is None:
                    found = replace(frame.acquisition, number_of_frames=len(self._paths))
                    shared = _told(found)
                elif frame.pixels.shape != (shared.rows, shared.columns):
                    rows, columns = frame.pixels.shape
                    raise SourceError(
                        f"{path}: has {columns} x {rows} pixels, and those before it "
                        f"{shared.columns} x {shared.rows}. Give the pictures of one run."
                    )
            except SourceError as error:
                if index == 0:
                    raise
                raise SourceEndedEarly(
                    f"{index} of {len(self._paths)} pictures are whole ({error}) What came before "
                    "is valid."
                ) from error
            yield Frame(index, index / ASSUMED_FRAMES_PER_S, frame.pixels, shared)

    def close(self) -> None:
        """Nothing is open between two pictures."""

    def _frame(self, path: Path) -> Frame:
        options = _options(path, self._settings)
        log = LinkLog(options.name, 0.0)
        reader = Fluoroscopy(options, self._settings, log, TimeSource.ASSUMED)
        frame = reader.frame(_pixels(path), 0.0, 0.0)
        if frame is None:
            raise NotUsable(f"{path}: {reader.fault}. {_SETTINGS_HINT}")
        return frame


def _options(path: Path, settings: LiveVideoSettings) -> VideoOptions:
    return VideoOptions(None, path, settings.region_px, settings.masks_px, settings.bone_is_bright)


def _told(acquisition: Acquisition) -> Acquisition:
    """Say where it can be corrected what was assumed: nobody wrote ``video:`` here."""
    bone = "bright" if acquisition.pixel_format.bone_is_bright else "dark"
    notes = [
        acquisition.notes[0],
        f"Bone is taken to be {bone}; `bone_is_bright` in section [live_video] of the settings "
        "says otherwise.",
    ]
    if acquisition.time_source is TimeSource.ASSUMED and acquisition.number_of_frames is None:
        notes.append(f"No rate in the file: {ASSUMED_RATE_HZ:g} frames/s are assumed.")
    return replace(acquisition, notes=tuple(notes))


def _ended(error: SourceEndedEarly, count: int) -> SourceError:
    if count:
        return error
    return SourceError(f"{error} {_SETTINGS_HINT}")


def _pixels(path: Path) -> Array:
    """Read a picture of 8 bits: ``(rows, columns)``, or with channels blue, green and red.

    Raises
    ------
    SourceError
        It is none, or not of 8 bits.
    """
    try:
        with Image.open(path) as picture:
            if max(picture.size) > MAX_SIDE_PX:
                raise SourceError(
                    f"{path}: has {picture.size[0]} x {picture.size[1]} pixels. Give a picture of "
                    f"at most {MAX_SIDE_PX} x {MAX_SIDE_PX}."
                )
            if picture.mode not in _EIGHT_BITS:
                raise SourceError(
                    f"{path}: its pixels are stored as {picture.mode}, and not in 8 bits. Export "
                    "it again as DICOM, or as PNG of 8 bits."
                )
            rgb = np.asarray(picture.convert("RGB"))
    # Pillow raises whatever a damaged file makes it do.
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(
            f"{path}: is no picture that can be read ({type(error).__name__}: {error}). "
            "Copy it again, or export it again."
        ) from error
    return np.ascontiguousarray(rgb[..., ::-1])

"""Options of a video source."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leakwatch.config import LiveVideoSettings
from leakwatch.core.arrays import Rectangle
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.sources.arrival.source_options import options_of
from leakwatch.sources.stored.replayed_file import FASTEST, SLOWEST
from leakwatch.sources.video.video_capture import MAX_SIDE_PX, Wanted

_OF_ALL = ("roi", "mask", "bone", "text", "fields")
_OF_DEVICES, _OF_FILES = ("size", "fps", "codec"), ("speed",)
_WHATEVER_COMES = Wanted()


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """A video and declared properties of its image.

    Parameters
    ----------
    device : int, str or None
        Number or path of a frame grabber; None: a file.
    file : Path or None
    region_px : (left, top, right, bottom) or None
        The part that is fluoroscopy; None: all.
    masks_px : tuple of (left, top, right, bottom)
        In coordinates of the full image, like the region.
    bone_is_bright : bool or None
        None: not specified, and assumed to be dark.
    text : bool or None
        Whether remaining text in the image may name the patient; None: not specified.
    one_field : bool
        The image is interlaced: take every other line.
    wanted : Wanted
        What the device is asked for.
    speed : float
        Of a file.
    """

    device: int | str | None
    file: Path | None
    region_px: Rectangle | None = None
    masks_px: tuple[Rectangle, ...] = ()
    bone_is_bright: bool | None = None
    text: bool | None = None
    one_field: bool = False
    wanted: Wanted = _WHATEVER_COMES
    speed: float = 1.0

    @property
    def name(self) -> str:
        """Name for messages and the status, without folders."""
        return f"video:{self.device}" if self.file is None else f"video of {self.file.name}"

    @property
    def told(self) -> str:
        """Name, with assumptions that would hide cement if they were wrong."""
        guess = text(" (bone assumed to be dark; state bone=dark or bone=bright)")
        return self.name + (guess if self.bone_is_bright is None else "")


def read_options(rest: str, settings: LiveVideoSettings) -> VideoOptions:
    """Read what follows ``video:``.

    Parameters
    ----------
    rest : str
        ``NUMBER``, ``/dev/...`` or ``FILE``, with ``?key=value&key=value`` behind it.
    settings : LiveVideoSettings
        Region and masks, unless given in the specification.

    Raises
    ------
    SourceError
        There is no such file, or an option is not known or makes no sense.
    """
    place, mark, query = rest.rpartition("?")
    if not mark or Path(rest).is_file():  # a name may have a question mark
        place, query = rest, ""
    device, file = _place(place)
    known = (*_OF_ALL, *(_OF_FILES if device is None else _OF_DEVICES))
    what = f"video:{place}"
    given = options_of(query, known, what)
    region = _rectangles(given, "roi", what)
    if len(region) > 1:
        raise SourceError(text("{what}: roi is one rectangle, LEFT,TOP,RIGHT,BOTTOM.", what=what))
    part = region[0] if region else settings.region_px
    masks = _rectangles(given, "mask", what)
    _check_masks(masks, part, what)
    bone = _one_of(given, "bone", ("dark", "bright"), what)
    annotation = _one_of(given, "text", ("yes", "no"), what)
    return VideoOptions(
        device,
        file,
        part,
        masks if "mask" in given else settings.masks_px,
        settings.bone_is_bright if bone is None else bone == "bright",
        None if annotation is None else annotation == "yes",
        _one_of(given, "fields", ("both", "one"), what) == "one",
        _wanted(given, what),
        _number(given, "speed", (SLOWEST, FASTEST), what) or 1.0,
    )


def _place(place: str) -> tuple[int | str | None, Path | None]:
    if place.isdecimal():
        return int(place), None
    path = Path(place)
    if path.is_file():
        return None, path
    if place.startswith("/dev/"):
        return place, None
    if not path.exists():
        raise SourceError(
            text(
                "video:{path}: there is no such file. Give a video file, or the number of a "
                "frame grabber, as video:0.",
                path=place,
            )
        )
    raise SourceError(text("video:{path}: is not a file. Give a video file.", path=place))


def _rectangles(given: dict[str, str], key: str, what: str) -> tuple[Rectangle, ...]:
    return tuple(_rectangle(one, key, what) for one in given.get(key, "").split(";") if one.strip())


def _rectangle(value: str, key: str, what: str) -> Rectangle:
    numbers = [int(one) for one in value.split(",") if one.strip().isdecimal()]
    if len(numbers) != 4 or value.count(",") != 3:
        raise SourceError(
            text(
                "{what}: {key} is {value!r}. Give LEFT,TOP,RIGHT,BOTTOM in whole pixels; several "
                "masks with ; between them.",
                what=what,
                key=key,
                value=value,
            )
        )
    left, top, right, bottom = numbers
    if left >= right or top >= bottom:
        raise SourceError(
            text(
                "{what}: {key} is {value!r}. Right must be larger than left, and bottom than top.",
                what=what,
                key=key,
                value=value,
            )
        )
    return left, top, right, bottom


def _check_masks(masks: tuple[Rectangle, ...], part: Rectangle | None, what: str) -> None:
    """Refuse a mask that blanks nothing: the text that somebody meant would be kept."""
    if part is None:
        return
    for left, top, right, bottom in masks:
        if left >= part[2] or right <= part[0] or top >= part[3] or bottom <= part[1]:
            raise SourceError(
                text(
                    "{what}: mask {left},{top},{right},{bottom} is outside roi {roi}. Both "
                    "count from the corner of the full image: correct the mask, or leave it "
                    "out.",
                    what=what,
                    left=left,
                    top=top,
                    right=right,
                    bottom=bottom,
                    roi=",".join(map(str, part)),
                )
            )


def _one_of(given: dict[str, str], key: str, known: tuple[str, str], what: str) -> str | None:
    value = given.get(key)
    if value is not None and value not in known:
        raise SourceError(
            text(
                "{what}: {key} is {value!r}. Give {key}={known} or {alternative}.",
                what=what,
                key=key,
                value=value,
                known=known[0],
                alternative=known[1],
            )
        )
    return value


def _wanted(given: dict[str, str], what: str) -> Wanted:
    codec = given.get("codec")
    if codec is not None and (len(codec) != 4 or not codec.isascii()):
        raise SourceError(
            text(
                "{what}: codec is {codec!r}. Give four letters, as codec=MJPG.",
                what=what,
                codec=codec,
            )
        )
    return Wanted(_size(given, what), _number(given, "fps", (1.0, 240.0), what), codec)


def _size(given: dict[str, str], what: str) -> tuple[int, int] | None:
    value = given.get("size")
    if value is None:
        return None
    columns, _, rows = value.partition("x")
    if columns.isdecimal() and rows.isdecimal():
        size = (int(columns), int(rows))
        if min(size) > 0 and max(size) <= MAX_SIDE_PX:
            return size
    raise SourceError(
        text(
            "{what}: size is {value!r}. Give COLUMNSxROWS, as size=1280x1024.",
            what=what,
            value=value,
        )
    )


def _number(
    given: dict[str, str], key: str, limits: tuple[float, float], what: str
) -> float | None:
    stated = given.get(key)
    if stated is None:
        return None
    with suppress(ValueError):
        value = float(stated)
        if math.isfinite(value) and limits[0] <= value <= limits[1]:
            return value
    raise SourceError(
        text(
            "{what}: {key} is {value!r}. Give a number from {minimum:g} to {maximum:g}.",
            what=what,
            key=key,
            value=stated,
            minimum=limits[0],
            maximum=limits[1],
        )
    )

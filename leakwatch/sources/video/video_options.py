"""What a person writes behind ``video:``."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leakwatch.config import LiveVideoSettings
from leakwatch.core.arrays import Rectangle
from leakwatch.core.errors import SourceError
from leakwatch.sources.arrival.source_options import options_of
from leakwatch.sources.stored.replayed_file import FASTEST, SLOWEST
from leakwatch.sources.video.video_capture import MAX_SIDE_PX, Wanted

_OF_ALL = ("roi", "mask", "bone", "text", "fields")
_OF_DEVICES, _OF_FILES = ("size", "fps", "codec"), ("speed",)
_WHATEVER_COMES = Wanted()


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """A video and what is known of its picture.

    Parameters
    ----------
    device : int, str or None
        Number or path of a frame grabber; None: a file.
    file : Path or None
    region_px : (left, top, right, bottom) or None
        The part that is fluoroscopy; None: all.
    masks_px : tuple of (left, top, right, bottom)
        Of the whole picture, as the region.
    bone_is_bright : bool or None
        None: nobody said, and it is taken to be dark.
    text : bool or None
        Whether text that is left in the picture may name the patient; None: nobody said.
    one_field : bool
        The picture is interlaced: take every other line.
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
        """For messages and the status: without folders."""
        return f"video:{self.device}" if self.file is None else f"video of {self.file.name}"

    @property
    def told(self) -> str:
        """The name, and what nobody said and a wrong guess would hide cement by."""
        guess = " (bone taken to be dark; say bone=dark or bone=bright)"
        return self.name + (guess if self.bone_is_bright is None else "")


def read_options(rest: str, settings: LiveVideoSettings) -> VideoOptions:
    """Read what follows ``video:``.

    Parameters
    ----------
    rest : str
        ``NUMBER``, ``/dev/...`` or ``FILE``, with ``?key=value&key=value`` behind it.
    settings : LiveVideoSettings
        Region and masks where the specification gives none.

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
        raise SourceError(f"{what}: roi is one rectangle, LEFT,TOP,RIGHT,BOTTOM.")
    part = region[0] if region else settings.region_px
    masks = _rectangles(given, "mask", what)
    _check_masks(masks, part, what)
    bone = _one_of(given, "bone", ("dark", "bright"), what)
    text = _one_of(given, "text", ("yes", "no"), what)
    return VideoOptions(
        device,
        file,
        part,
        masks if "mask" in given else settings.masks_px,
        settings.bone_is_bright if bone is None else bone == "bright",
        None if text is None else text == "yes",
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
            f"video:{place}: there is no such file. Give a video file, or the number of a frame "
            "grabber, as video:0."
        )
    raise SourceError(f"video:{place}: is no file. Give a video file.")


def _rectangles(given: dict[str, str], key: str, what: str) -> tuple[Rectangle, ...]:
    return tuple(_rectangle(one, key, what) for one in given.get(key, "").split(";") if one.strip())


def _rectangle(text: str, key: str, what: str) -> Rectangle:
    numbers = [int(one) for one in text.split(",") if one.strip().isdecimal()]
    if len(numbers) != 4 or text.count(",") != 3:
        raise SourceError(
            f"{what}: {key} is {text!r}. Give LEFT,TOP,RIGHT,BOTTOM in whole pixels; several masks "
            "with ; between them."
        )
    left, top, right, bottom = numbers
    if left >= right or top >= bottom:
        raise SourceError(
            f"{what}: {key} is {text!r}. Right must be larger than left, and bottom than top."
        )
    return left, top, right, bottom


def _check_masks(masks: tuple[Rectangle, ...], part: Rectangle | None, what: str) -> None:
    """Refuse a mask that blanks nothing: the text that somebody meant would be kept."""
    if part is None:
        return
    for left, top, right, bottom in masks:
        if left >= part[2] or right <= part[0] or top >= part[3] or bottom <= part[1]:
            raise SourceError(
                f"{what}: mask {left},{top},{right},{bottom} lies outside of roi "
                f"{','.join(map(str, part))}. Both count from the corner of the whole picture: "
                "correct the mask, or leave it out."
            )


def _one_of(given: dict[str, str], key: str, known: tuple[str, str], what: str) -> str | None:
    value = given.get(key)
    if value is not None and value not in known:
        raise SourceError(f"{what}: {key} is {value!r}. Give {key}={known[0]} or {known[1]}.")
    return value


def _wanted(given: dict[str, str], what: str) -> Wanted:
    codec = given.get("codec")
    if codec is not None and (len(codec) != 4 or not codec.isascii()):
        raise SourceError(f"{what}: codec is {codec!r}. Give four letters, as codec=MJPG.")
    return Wanted(_size(given, what), _number(given, "fps", (1.0, 240.0), what), codec)


def _size(given: dict[str, str], what: str) -> tuple[int, int] | None:
    text = given.get("size")
    if text is None:
        return None
    columns, _, rows = text.partition("x")
    if columns.isdecimal() and rows.isdecimal():
        size = (int(columns), int(rows))
        if min(size) > 0 and max(size) <= MAX_SIDE_PX:
            return size
    raise SourceError(f"{what}: size is {text!r}. Give COLUMNSxROWS, as size=1280x1024.")


def _number(
    given: dict[str, str], key: str, limits: tuple[float, float], what: str
) -> float | None:
    text = given.get(key)
    if text is None:
        return None
    with suppress(ValueError):
        value = float(text)
        if math.isfinite(value) and limits[0] <= value <= limits[1]:
            return value
    raise SourceError(
        f"{what}: {key} is {text!r}. Give a number from {limits[0]:g} to {limits[1]:g}."
    )

"""When each frame was taken, from the best tag that says so."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.valuerep import DA, DT, TM

from leakwatch.model import TimeSource
from leakwatch.sources.dicom_values import number, numbers, raw, text

# Fluoroscopy for cement runs at 7.5 to 15 pulses/s. The faster is assumed where nothing is said:
# speeds come out too high rather than too low, and warnings early rather than late.
ASSUMED_FRAMES_PER_S = 15.0

# No C-arm pulses faster than 60/s, and slower than one in 10 s nobody injects. What lies outside
# was written in another unit, seconds for milliseconds.
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 0.005, 10.0

# Where only the time of day is known: differences are all that is asked for.
_ANY_DAY = "20000101"

_FRAME_TIME_VECTOR_TAG = Tag("FrameTimeVector")


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Seconds from the first frame, and where they come from.

    Parameters
    ----------
    seconds : tuple of float
        One a frame, growing.
    source : TimeSource
    notes : tuple of str
        Tags that had to be passed over, and what was assumed.
    """

    seconds: tuple[float, ...]
    source: TimeSource
    notes: tuple[str, ...] = ()


def frame_times(dataset: Dataset, count: int, whole: int) -> FrameTimes:
    """Times of the frames of one object.

    The first that serves of: Frame Time (0018,1063), Frame Time Vector (0018,1065), the frames'
    functional groups (0018,9151 or 0018,9074), Recommended Display Frame Rate (0008,2144). The
    vector comes first where Frame Increment Pointer (0028,0009) names it (PS3.3 C.7.6.5, C.7.6.6).

    Parameters
    ----------
    dataset : Dataset
    count : int
        Number of frames as promised, at least 1: what gives one value a frame must give as many.
    whole : int
        Frames that are there: so many times come back. A damaged head may promise any number.
    """
    ladder: list[tuple[str, TimeSource, Callable[[Dataset, int], Iterable[float] | None]]] = [
        ("FrameTime", TimeSource.FRAME_TIME, _from_frame_time),
        ("FrameTimeVector", TimeSource.FRAME_TIME_VECTOR, _from_vector),
        ("PerFrameFunctionalGroupsSequence", TimeSource.FUNCTIONAL_GROUPS, _from_groups),
        (
            "RecommendedDisplayFrameRate",
            TimeSource.RECOMMENDED_DISPLAY_FRAME_RATE,
            _from_display_rate,
        ),
    ]
    if raw(dataset, "FrameIncrementPointer") == _FRAME_TIME_VECTOR_TAG:
        ladder[0], ladder[1] = ladder[1], ladder[0]
    notes: list[str] = []
    for keyword, source, read in ladder:
        if raw(dataset, keyword) is None:
            continue
        seconds = read(dataset, count)
        if seconds is not None:
            return FrameTimes(tuple(itertools.islice(seconds, whole)), source, tuple(notes))
        if source is not TimeSource.FUNCTIONAL_GROUPS:  # groups without times are no fault
            notes.append(f"{keyword} does not give times for {count} frames and was passed over.")
    return _assumed(whole, tuple(notes))


def clock_time(dataset: Dataset) -> dict[str, dt.datetime]:
    """Clock times of a single frame, by the tags that gave them; best first."""
    candidates = (
        ("FrameReferenceDateTime", ""),
        ("FrameAcquisitionDateTime", ""),
        ("AcquisitionDateTime", ""),
        ("AcquisitionTime", "AcquisitionDate"),
        ("ContentTime", "ContentDate"),
    )
    found = {}
    for time_keyword, date_keyword in candidates:
        moment = _moment(dataset, time_keyword, date_keyword)
        if moment is not None:
            found[time_keyword] = moment
    return found


def _assumed(count: int, notes: tuple[str, ...]) -> FrameTimes:
    seconds = tuple(index / ASSUMED_FRAMES_PER_S for index in range(count))
    if count > 1:
        notes += (f"No tag gives frame times: {ASSUMED_FRAMES_PER_S:g} frames/s are assumed.",)
    return FrameTimes(seconds, TimeSource.ASSUMED, notes)


def _from_frame_time(dataset: Dataset, count: int) -> Iterable[float] | None:
    milliseconds = number(dataset, "FrameTime")
    return None if milliseconds is None else _evenly(milliseconds / 1000)


def _from_vector(dataset: Dataset, count: int) -> Iterable[float] | None:
    """Increments in ms from the frame before; the first is 0 (PS3.3 C.7.6.5)."""
    increments = numbers(dataset, "FrameTimeVector")
    if increments is None or len(increments) != count or min(increments[1:], default=1) <= 0:
        return None
    return itertools.accumulate((step / 1000 for step in increments[1:]), initial=0.0)


def _from_groups(dataset: Dataset, count: int) -> Iterable[float] | None:
    if len(raw(dataset, "PerFrameFunctionalGroupsSequence")) != count:
        return None
    for keyword in ("FrameReferenceDateTime", "FrameAcquisitionDateTime"):
        moments = [_moment(dataset, keyword, "", frame) for frame in range(count)]
        seconds = seconds_between(moments)
        if seconds is not None:
            return seconds
    return None


def _from_display_rate(dataset: Dataset, count: int) -> Iterable[float] | None:
    rate = number(dataset, "RecommendedDisplayFrameRate")
    return None if not rate else _evenly(1 / rate)


def _evenly(interval_s: float) -> Iterator[float] | None:
    if not SHORTEST_INTERVAL_S <= interval_s <= LONGEST_INTERVAL_S:
        return None
    return (index * interval_s for index in itertools.count())


def seconds_between(moments: Sequence[dt.datetime | None]) -> list[float] | None:
    """Seconds from the first moment; None where one is missing or they do not grow."""
    known = [moment for moment in moments if moment is not None]
    if len(known) != len(moments) or len({moment.tzinfo is None for moment in known}) > 1:
        return None
    seconds = [(moment - known[0]).total_seconds() for moment in known]
    growing = all(before < after for before, after in itertools.pairwise(seconds))
    return seconds if growing else None


def _moment(
    dataset: Dataset, time_keyword: str, date_keyword: str, frame: int = 0
) -> dt.datetime | None:
    written = text(dataset, time_keyword, frame)
    if not written:
        return None
    try:
        if not date_keyword:
            return DT(written)
        written_date = text(dataset, date_keyword, frame) or _ANY_DAY
        return dt.datetime.combine(DA(written_date), TM(written))
    except (ValueError, TypeError):
        return None

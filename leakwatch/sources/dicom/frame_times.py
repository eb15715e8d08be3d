"""Times of the frames of an object, from the best element that states them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag
from pydicom.valuerep import DA, DT, TM

from leakwatch.core.frame import TimeSource
from leakwatch.core.messages import text
from leakwatch.sources.dicom.element_values import number, numbers, raw, text_value
from leakwatch.sources.dicom.frame_rates import (
    DeclaredRate,
    contradictions,
    steps_of,
    unseen_pauses,
    usual_interval_s,
)

# Fluoroscopy for cement uses 7.5 to 15 pulses/s. The faster is assumed if nothing is stated: speeds
# are then too high rather than too low, and warnings early rather than late.
ASSUMED_FRAMES_PER_S = 15.0

# No C-arm has more than 60 pulses/s, and nobody injects with less than one in 10 s. Values outside
# are in another unit, seconds instead of milliseconds.
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 0.005, 10.0

# Where only the time of day is known: differences are all that is asked for.
_ANY_DAY = "20000101"

_FRAME_CLOCKS: Final = ("FrameReferenceDateTime", "FrameAcquisitionDateTime")

# A sequence lasts minutes. If its clock spans more than half a day and all of its times are this
# near to midnight, the date was not changed at midnight.
_NO_TIME, _NEAR_MIDNIGHT = dt.timedelta(0), dt.timedelta(hours=1)
_HALF_A_DAY, _DAY = dt.timedelta(hours=12), dt.timedelta(days=1)

_FRAME_TIME_VECTOR_TAG = Tag("FrameTimeVector")


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Seconds from the first frame, and their source.

    Parameters
    ----------
    seconds : tuple of float
        One a frame, growing.
    source : TimeSource
    notes : tuple of str
        Tags that had to be passed over, and what was assumed.
    doubts : tuple of str
        As `Acquisition.time_doubts`.
    """

    seconds: tuple[float, ...]
    source: TimeSource
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    """Rate declared by one element."""

    keyword: str
    source: TimeSource
    seconds: Iterable[float]
    told: DeclaredRate


_Read = Callable[[Dataset, str, TimeSource, int], _Reading | None]


def frame_times(dataset: Dataset, count: int, whole: int) -> FrameTimes:
    """Return the times of the frames of one object.

    The first usable one of: Frame Time (0018,1063), Frame Time Vector (0018,1065), the frames'
    functional groups (0018,9151 or 0018,9074), Cine Rate (0018,0040), Actual Frame Duration
    (0018,1242), Recommended Display Frame Rate (0008,2144). The vector is first if Frame Increment
    Pointer (0028,0009) names it (PS3.3 C.7.6.5, C.7.6.6). The display rate may differ from the
    acquisition rate, so it is last.

    Parameters
    ----------
    dataset : Dataset
    count : int
        Number of frames as promised, at least 1: what gives one value a frame must give as many.
    whole : int
        Frames that are there: so many times come back. A damaged header may promise any number.
    """
    found, notes = _readings(dataset, count)
    if not found:
        return _assumed(whole, notes)
    seconds = tuple(itertools.islice(found[0].seconds, whole))
    followed, *others = [one.told for one in found]
    doubts = contradictions(followed, others) + unseen_pauses(followed, others, count)
    return FrameTimes(seconds, found[0].source, notes, doubts if count > 1 else ())


def _readings(dataset: Dataset, count: int) -> tuple[list[_Reading], tuple[str, ...]]:
    """Return all elements that state times, best first, and notes on invalid ones."""
    pointers = _several(raw(dataset, "FrameIncrementPointer"))
    ladder = _LADDER
    if pointers and pointers[0] == _FRAME_TIME_VECTOR_TAG:
        ladder = (_LADDER[1], _LADDER[0], *_LADDER[2:])
    found, notes = list[_Reading](), list[str]()
    for keyword, source, read in ladder:
        if raw(dataset, keyword) is None:
            continue
        reading = read(dataset, keyword, source, count)
        if reading is not None:
            found.append(reading)
        elif source is TimeSource.FUNCTIONAL_GROUPS:
            # Groups without times are no fault.
            notes += [
                text(
                    "{clock} does not grow from frame to frame, or is missing in some, and was "
                    "passed over.",
                    clock=clock,
                )
                for clock in _FRAME_CLOCKS
                if _moment(dataset, clock, "") is not None
            ]
        else:
            notes.append(
                text(
                    "{keyword} does not give times for {count} frames and was passed over.",
                    keyword=keyword,
                    count=count,
                )
            )
    return found, tuple(notes)


def clock_time(dataset: Dataset) -> dict[str, dt.datetime]:
    """Return clock times of a single frame by element, best first."""
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
        notes += (
            text(
                "No tag gives frame times: {rate:g} frames/s are assumed.",
                rate=ASSUMED_FRAMES_PER_S,
            ),
        )
    return FrameTimes(seconds, TimeSource.ASSUMED, notes)


def _from_interval(
    dataset: Dataset, keyword: str, source: TimeSource, count: int
) -> _Reading | None:
    milliseconds = number(dataset, keyword)
    return None if milliseconds is None else _evenly(keyword, source, milliseconds / 1000, False)


def _from_rate(dataset: Dataset, keyword: str, source: TimeSource, count: int) -> _Reading | None:
    rate = number(dataset, keyword)
    return _evenly(keyword, source, 1 / rate, True) if rate else None


def _evenly(keyword: str, source: TimeSource, interval_s: float, rounded: bool) -> _Reading | None:
    if not SHORTEST_INTERVAL_S <= interval_s <= LONGEST_INTERVAL_S:
        return None
    seconds = (index * interval_s for index in itertools.count())
    return _Reading(keyword, source, seconds, DeclaredRate(keyword, interval_s, rounded))


def _from_vector(dataset: Dataset, keyword: str, source: TimeSource, count: int) -> _Reading | None:
    """Return times from increments in ms, of which the first is 0 (PS3.3 C.7.6.5)."""
    increments = numbers(dataset, keyword)
    if increments is None or len(increments) != count or min(increments[1:], default=1) <= 0:
        return None
    steps = [step / 1000 for step in increments[1:]]
    told = DeclaredRate(keyword, usual_interval_s(steps), length_s=sum(steps))
    return _Reading(keyword, source, itertools.accumulate(steps, initial=0.0), told)


def _from_groups(dataset: Dataset, keyword: str, source: TimeSource, count: int) -> _Reading | None:
    if len(raw(dataset, keyword)) != count:
        return None
    for clock in _FRAME_CLOCKS:
        moments = [_moment(dataset, clock, "", frame) for frame in range(count)]
        seconds = seconds_between(moments)
        if seconds is not None:
            interval_s = usual_interval_s(steps_of(seconds))
            told = DeclaredRate(clock, interval_s, length_s=seconds[-1])
            return _Reading(clock, source, seconds, told)
    return None


def over_midnight(moments: Sequence[dt.datetime]) -> list[dt.datetime]:
    """Return clock times of a sequence, with the day corrected after midnight.

    Without a date, or with the date of the study, the frames after midnight appear to be a day
    before those before midnight.

    Parameters
    ----------
    moments : sequence of datetime
        In any order; all with a time zone, or none.

    Returns
    -------
    list of datetime
        In the same order. Where the run did not pass midnight, or its date did too, as they were.
    """
    if not moments or max(moments) - min(moments) <= _HALF_A_DAY:
        return list(moments)
    since = [_time_of_day(moment) for moment in moments]
    if any(_NEAR_MIDNIGHT < one < _DAY - _NEAR_MIDNIGHT for one in since):
        return list(moments)
    first = min(moments)
    midnight = first - _time_of_day(first)
    return [midnight + one + (_DAY if one < _HALF_A_DAY else _NO_TIME) for one in since]


def _time_of_day(moment: dt.datetime) -> dt.timedelta:
    return moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)


def seconds_between(moments: Sequence[dt.datetime | None]) -> list[float] | None:
    """Return seconds from the first time; None if one is missing or they do not grow."""
    known = [moment for moment in moments if moment is not None]
    if len(known) != len(moments) or len({moment.tzinfo is None for moment in known}) > 1:
        return None
    known = over_midnight(known)
    seconds = [(moment - known[0]).total_seconds() for moment in known]
    growing = all(before < after for before, after in itertools.pairwise(seconds))
    return seconds if growing else None


def _moment(
    dataset: Dataset, time_keyword: str, date_keyword: str, frame: int = 0
) -> dt.datetime | None:
    written = text_value(dataset, time_keyword, frame)
    if not written:
        return None
    try:
        if not date_keyword:
            return DT(written)
        written_date = text_value(dataset, date_keyword, frame) or _ANY_DAY
        return dt.datetime.combine(DA(written_date), TM(written))
    except (ValueError, TypeError):
        return None


def _several(value: Any) -> tuple[Any, ...]:
    """Return one or several values as several."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, MultiValue | list | tuple) else (value,)


_LADDER: Final[tuple[tuple[str, TimeSource, _Read], ...]] = (
    ("FrameTime", TimeSource.FRAME_TIME, _from_interval),
    ("FrameTimeVector", TimeSource.FRAME_TIME_VECTOR, _from_vector),
    ("PerFrameFunctionalGroupsSequence", TimeSource.FUNCTIONAL_GROUPS, _from_groups),
    ("CineRate", TimeSource.CINE_RATE, _from_rate),
    ("ActualFrameDuration", TimeSource.ACTUAL_FRAME_DURATION, _from_interval),
    (
        "RecommendedDisplayFrameRate",
        TimeSource.RECOMMENDED_DISPLAY_FRAME_RATE,
        _from_rate,
    ),
)

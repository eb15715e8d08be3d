"""Order and times of single frames that are stored as one file each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from pydicom.dataset import Dataset

from leakwatch.core.frame import Acquisition, TimeSource
from leakwatch.core.messages import text
from leakwatch.core.plural import counted_noun
from leakwatch.sources.dicom.frame_rates import (
    DeclaredRate,
    contradictions,
    steps_of,
    usual_interval_s,
)
from leakwatch.sources.dicom.frame_times import (
    FrameTimes,
    frame_times,
    over_midnight,
    seconds_between,
)

# The time of writing the object is not that of the acquisition.
_OF_THE_OBJECT = "ContentTime"
# Largest error of a clock in whole seconds at either end of a sequence, s.
_WHOLE_SECONDS_S = 1.0
_LONGER_BY = 0.05  # share by which two lengths of one run may differ


@dataclass(frozen=True, slots=True)
class Single:
    """File of a frame, without its header: a sequence may have thousands.

    Parameters
    ----------
    path : Path
    series : str
        Series Instance UID.
    instance : float or None
        Instance Number.
    clock : dict of str to datetime
        From `frame_times.clock_time`.
    run : Acquisition
        Acquisition as stated in this file.
    """

    path: Path
    series: str
    instance: float | None
    clock: dict[str, dt.datetime]
    run: Acquisition


def in_order(singles: Sequence[Single], header: Dataset) -> tuple[list[Single], FrameTimes]:
    """Sort frames by clock, else by Instance Number, else as given, and find their times.

    Parameters
    ----------
    singles : sequence of Single
        Of one run, by file name.
    header : Dataset
        Header of one of them, which may state the rate.

    Returns
    -------
    list of Single
        As they were taken.
    FrameTimes
        What contradicts the order or the times is in its `doubts`.
    """
    rates = frame_times(header, len(singles), len(singles))
    clocks = list(_clocks(singles))
    for keyword, moments in clocks:
        ordered = _sorted(singles, moments)
        seconds = seconds_between([moments[index] for index in ordered])
        if seconds is not None and len(ordered) > 1:
            found = [singles[index] for index in ordered]
            doubts = (
                *_rate_warnings(keyword, seconds, ordered, clocks, rates),
                *_order_warnings(keyword, found),
            )
            notes = (*_of_midnight(keyword, singles), *_missing(found))
            return found, FrameTimes(tuple(seconds), TimeSource.ACQUISITION_TIME, notes, doubts)
    return _without_clock(singles, rates, clocks)


def _without_clock(
    singles: Sequence[Single], rates: FrameTimes, clocks: Sequence[tuple[str, list[dt.datetime]]]
) -> tuple[list[Single], FrameTimes]:
    """Sort frames without a clock that distinguishes all of them."""
    numbers = [single.instance for single in singles if single.instance is not None]
    if len(set(numbers)) == len(singles):
        order = sorted(range(len(singles)), key=lambda index: singles[index].instance or 0.0)
        found = [singles[index] for index in order]
        doubts = rates.doubts + tuple(_coarse_clock_warnings(order, rates, clocks))
        return found, replace(rates, notes=rates.notes + _missing(found), doubts=doubts)
    if len(singles) > 1:
        note = "Neither clock times nor Instance Numbers tell the order of frames: by file name."
        rates = replace(rates, notes=(*rates.notes, note))
    return list(singles), rates


def _clocks(singles: Sequence[Single]) -> Iterator[tuple[str, list[dt.datetime]]]:
    """Return each clock that all frames have, best first, across midnight."""
    for keyword in singles[0].clock:
        if not all(keyword in single.clock for single in singles):
            continue
        moments = [single.clock[keyword] for single in singles]
        if len({moment.tzinfo is None for moment in moments}) == 1:
            yield keyword, over_midnight(moments)


def _sorted(singles: Sequence[Single], moments: Sequence[dt.datetime]) -> list[int]:
    return sorted(range(len(singles)), key=lambda index: moments[index])


def _rate_warnings(
    keyword: str,
    seconds: Sequence[float],
    ordered: Sequence[int],
    clocks: Sequence[tuple[str, list[dt.datetime]]],
    rates: FrameTimes,
) -> tuple[str, ...]:
    """Return warnings if other clocks or stated rates disagree."""
    told = []
    for other, moments in clocks:
        steps = [
            (moments[after] - moments[before]).total_seconds()
            for before, after in pairwise(ordered)
        ]
        if other not in (keyword, _OF_THE_OBJECT) and any(steps):
            told.append(DeclaredRate(other, usual_interval_s(steps)))
    if rates.source is not TimeSource.ASSUMED:
        rounded = rates.source in (
            TimeSource.CINE_RATE,
            TimeSource.RECOMMENDED_DISPLAY_FRAME_RATE,
        )
        told.append(DeclaredRate(rates.source, usual_interval_s(steps_of(rates.seconds)), rounded))
    return contradictions(DeclaredRate(keyword, usual_interval_s(steps_of(seconds))), told)


def _order_warnings(keyword: str, ordered: Sequence[Single]) -> Iterator[str]:
    """Return a warning if Instance Numbers do not grow with the clock."""
    numbers = [single.instance for single in ordered if single.instance is not None]
    if len(set(numbers)) < len(ordered):
        return
    against = sum(after < before for before, after in pairwise(numbers))
    if against:
        yield text(
            "{number} of {total} times the Instance Number falls while {keyword} grows; {keyword} "
            "is followed",
            number=against,
            total=len(ordered) - 1,
            keyword=keyword,
        )


def _coarse_clock_warnings(
    order: Sequence[int], rates: FrameTimes, clocks: Sequence[tuple[str, list[dt.datetime]]]
) -> Iterator[str]:
    """Return warnings on order and rate for a clock that stops between frames."""
    followed = (
        text("the assumed rate") if rates.source is TimeSource.ASSUMED else rates.source.value
    )
    for keyword, moments in clocks:
        if keyword == _OF_THE_OBJECT or len(set(moments)) < 2:
            continue
        steps = [
            (moments[after] - moments[before]).total_seconds() for before, after in pairwise(order)
        ]
        against = sum(step < 0 for step in steps)
        if against:
            yield text(
                "{number} of {total} times {keyword} falls while the Instance Number grows; the "
                "Instance Number is followed",
                number=against,
                total=len(steps),
                keyword=keyword,
            )
        else:
            length_s = sum(steps)
            if abs(length_s - rates.seconds[-1]) > _WHOLE_SECONDS_S + _LONGER_BY * length_s:
                yield text(
                    "{number} frames take {length_s:.3g} s by {keyword} and {followed_s:.3g} s by "
                    "{followed}; {followed} is followed",
                    number=len(order),
                    length_s=length_s,
                    keyword=keyword,
                    followed_s=rates.seconds[-1],
                    followed=followed,
                )


def _of_midnight(keyword: str, singles: Sequence[Single]) -> tuple[str, ...]:
    moments = [single.clock[keyword] for single in singles]
    if over_midnight(moments) == moments:
        return ()
    return (
        text(
            "The sequence passes midnight, and the date of {keyword} does not: the time is used.",
            keyword=keyword,
        ),
    )


def _missing(ordered: Sequence[Single]) -> tuple[str, ...]:
    """Return a note if Instance Numbers are missing."""
    numbers = {single.instance for single in ordered if single.instance is not None}
    if len(numbers) < len(ordered):
        return ()
    gap = int(max(numbers) - min(numbers)) + 1 - len(numbers)
    missing = counted_noun(gap, "Instance Number is", "Instance Numbers are")
    return (text("{missing} missing: frames may be lost.", missing=missing),) if gap > 0 else ()

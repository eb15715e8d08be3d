"""Times of frames that arrive one by one: from their clock, or from their arrival."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leakwatch.sources.dicom.frame_times import SHORTEST_INTERVAL_S, over_midnight

# The clock of a C-arm is used if it agrees with the arrival within this, s: networks delay frames
# by some tenths of a second, and a clock that differs more is not one.
_CLOCK_AGREES_S = 0.5
# After a run of many frames the next follows at least so late, s: the pulses of 15 frames/s.
_NEXT_RUN_S = 1 / 15


@dataclass(frozen=True, slots=True)
class Moment:
    """Time of the last frame that arrived.

    Parameters
    ----------
    time_s : float
        From the first frame.
    received_s : float
        When it arrived, monotonic.
    clock : mapping of str to datetime
        Clock times stated in the object, by element; best first.
    standing : frozenset of str
        Clocks that did not change from one frame to the next: they are slower than the frame rate,
        and a tick would count the elapsed time twice.
    """

    time_s: float
    received_s: float
    clock: Mapping[str, dt.datetime] = field(default_factory=dict)
    standing: frozenset[str] = frozenset()


def moment_after(
    before: Moment | None, time_s: float, received_s: float, clock: Mapping[str, dt.datetime]
) -> Moment:
    """Return the time of a frame that arrived after `before`, with its clocks."""
    if before is None:
        return Moment(time_s, received_s, clock)
    standing = before.standing
    # Frames of one object arrive at once, and have one clock.
    if received_s - before.received_s > SHORTEST_INTERVAL_S:
        standing |= {tag for tag, at in clock.items() if before.clock.get(tag) == at}
    return Moment(time_s, received_s, clock, standing)


def single_time_s(
    before: Moment | None, received_s: float, clock: Mapping[str, dt.datetime]
) -> float:
    """Return the time of a single frame.

    By its clock if that has fractions of a second and agrees with the arrival, else by the arrival.

    Parameters
    ----------
    before : Moment or None
        None: it is the first of all.
    received_s : float
        Monotonic.
    clock : mapping of str to datetime

    Returns
    -------
    float
        Seconds from the first frame; later than `before`.
    """
    if before is None:
        return 0.0
    arrived_s = received_s - before.received_s
    told_s = _clock_step_s(before, clock)
    trusted = told_s is not None and abs(told_s - arrived_s) <= _CLOCK_AGREES_S
    step_s = told_s if told_s is not None and trusted else arrived_s
    return before.time_s + max(step_s, SHORTEST_INTERVAL_S)


def run_times_s(
    before: Moment | None, received_s: float, seconds: Sequence[float]
) -> tuple[float, ...]:
    """Return the times of frames that arrived in one object, complete after its last frame.

    Parameters
    ----------
    before : Moment or None
    received_s : float
    seconds : sequence of float
        Of each frame, from the object's first.

    Returns
    -------
    tuple of float
        Seconds from the first frame of all.
    """
    start_s = 0.0
    if before is not None:
        arrived_s = received_s - before.received_s
        start_s = before.time_s + max(arrived_s - seconds[-1], _NEXT_RUN_S)
    return tuple(start_s + one for one in seconds)


def _clock_step_s(before: Moment, now: Mapping[str, dt.datetime]) -> float | None:
    """Return the interval by the best common clock; None if stopped or in whole seconds."""
    for tag, at in now.items():
        was = before.clock.get(tag)
        if was is None or (was.tzinfo is None) != (at.tzinfo is None) or tag in before.standing:
            continue
        earlier, later = over_midnight((was, at))
        step_s = (later - earlier).total_seconds()
        return step_s if (was.microsecond or at.microsecond) and step_s > 0 else None
    return None

"""When frames were taken that arrive one after another: by their clock, or by their arrival."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leakwatch.sources.dicom_times import SHORTEST_INTERVAL_S, over_midnight

# The clock of a C-arm counts where it goes with the arrival, s: networks bunch frames up by some
# tenths, and a clock that runs another way is none.
_CLOCK_AGREES_S = 0.5
# After a run of many frames the next follows at least so late, s: the pulses of 15 frames/s.
_NEXT_RUN_S = 1 / 15


@dataclass(frozen=True, slots=True)
class Moment:
    """The last frame that arrived.

    Parameters
    ----------
    time_s : float
        From the first frame.
    received_s : float
        When it arrived, monotonic.
    clock : mapping of str to datetime
        What the object says itself, by tag; best first.
    """

    time_s: float
    received_s: float
    clock: Mapping[str, dt.datetime] = field(default_factory=dict)


def single_time_s(
    before: Moment | None, received_s: float, clock: Mapping[str, dt.datetime]
) -> float:
    """Time of a frame that arrived by itself.

    By its clock where that tells parts of a second and goes with the arrival, else by the arrival.

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
    told_s = _clock_step_s(before.clock, clock)
    trusted = told_s is not None and abs(told_s - arrived_s) <= _CLOCK_AGREES_S
    step_s = told_s if told_s is not None and trusted else arrived_s
    return before.time_s + max(step_s, SHORTEST_INTERVAL_S)


def run_times_s(
    before: Moment | None, received_s: float, seconds: Sequence[float]
) -> tuple[float, ...]:
    """Times of frames that arrived as one object, complete when its last frame was.

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


def _clock_step_s(
    before: Mapping[str, dt.datetime], now: Mapping[str, dt.datetime]
) -> float | None:
    """Seconds by the best clock that both have; None where it stands still or has whole seconds."""
    for tag in now:
        if tag not in before or (before[tag].tzinfo is None) != (now[tag].tzinfo is None):
            continue
        earlier, later = over_midnight((before[tag], now[tag]))
        step_s = (later - earlier).total_seconds()
        fine = before[tag].microsecond or now[tag].microsecond
        return step_s if fine and step_s > 0 else None
    return None

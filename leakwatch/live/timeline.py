"""Frame times and indices that only increase, whatever the clock of a source does. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leakwatch.core.frame import Frame
from leakwatch.core.messages import text

# Minimum step between two frames if clocks give none, s: no C-arm pulses faster than 60/s.
MIN_STEP_S = 0.005


@dataclass(frozen=True, slots=True)
class Timeline:
    """Index and time of the last frame.

    Parameters
    ----------
    leap_s : float
        A larger difference between the step of the source and of arrival is a clock change.
    given, placed : Frame or None
        The last frame, with index and time of the source and of the session.
    received_s : float
    """

    leap_s: float
    given: Frame | None = None
    placed: Frame | None = None
    received_s: float = 0.0


def place_frame(
    line: Timeline, frame: Frame, received_s: float, speed: float = 1.0
) -> tuple[Timeline, Frame, str]:
    """Assign a frame its index and time in the session.

    Those of the source are used while they are plausible. If its clock goes back, or jumps relative
    to the time of arrival, the time of arrival is used. If its indices go back, it has restarted,
    and the indices of the session continue.

    Parameters
    ----------
    line : Timeline
    frame : Frame
    received_s : float
        ``time.monotonic()``.
    speed : float
        Seconds of frame time that pass in a second.

    Returns
    -------
    Timeline, Frame, str
        The text for a clock change; empty if there was none.
    """
    if line.given is None or line.placed is None:
        return Timeline(line.leap_s, frame, frame, received_s), frame, ""
    steps = frame.index - line.given.index
    step_s = frame.time_s - line.given.time_s
    arrived_s = max((received_s - line.received_s) * speed, MIN_STEP_S)
    change: str = ""
    jumped = abs(step_s - arrived_s) > line.leap_s * max(speed, 1.0)
    if not math.isfinite(step_s) or step_s <= 0.0 or jumped:
        change = text(
            "the clock of the source changed by {step_s:+.2f} s in {arrived_s:.2f} s; "
            "the time of arrival is used",
            step_s=step_s,
            arrived_s=arrived_s,
        )
        step_s = arrived_s
    placed = replace(
        frame, index=line.placed.index + max(steps, 1), time_s=line.placed.time_s + step_s
    )
    return Timeline(line.leap_s, frame, placed, received_s), placed, change

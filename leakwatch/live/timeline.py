"""Frame times and numbers that only grow, whatever a source's clock does. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leakwatch.core.frame import Frame

# Least step between two frames where clocks say none, s: no C-arm pulses faster than 60/s.
LEAST_STEP_S = 0.005


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where the last frame was put.

    Parameters
    ----------
    leap_s : float
        More than this between a source's step and that of arrival is a clock that was set.
    given, placed : Frame or None
        The last frame, as the source numbered and timed it and as the session does.
    received_s : float
    """

    leap_s: float
    given: Frame | None = None
    placed: Frame | None = None
    received_s: float = 0.0


def put(
    line: Timeline, frame: Frame, received_s: float, speed: float = 1.0
) -> tuple[Timeline, Frame, str]:
    """Give a frame its number and time in the session.

    They are the source's own as long as those are credible. Where its clock goes back, or leaps
    against the time of arrival, the time of arrival counts; where its numbers go back, it has
    begun anew, and they go on.

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
        What leapt, in words; empty where nothing did.
    """
    if line.given is None or line.placed is None:
        return Timeline(line.leap_s, frame, frame, received_s), frame, ""
    steps = frame.index - line.given.index
    step_s = frame.time_s - line.given.time_s
    arrived_s = max((received_s - line.received_s) * speed, LEAST_STEP_S)
    said = ""
    astray = abs(step_s - arrived_s) > line.leap_s * max(speed, 1.0)
    if not math.isfinite(step_s) or step_s <= 0.0 or astray:
        said = f"the source's clock went {step_s:+.2f} s in {arrived_s:.2f} s; arrival counts"
        step_s = arrived_s
    placed = replace(
        frame, index=line.placed.index + max(steps, 1), time_s=line.placed.time_s + step_s
    )
    return Timeline(line.leap_s, frame, placed, received_s), placed, said

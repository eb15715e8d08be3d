"""Whether the display stood still: the time between two of its refreshes. Pure; no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

# That it stood still is said so long, s: longer than a look at the patient.
SAID_S = 15.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """The refreshes of a display until now.

    Parameters
    ----------
    beat_s : float or None
        When the last one was; None: none was yet, or it was paused on purpose.
    stood_s : float
        How long it stood still, the last time that it did; 0.0: it never did.
    ended_s : float
        When that was over.
    """

    beat_s: float | None = None
    stood_s: float = 0.0
    ended_s: float = -math.inf


def beat(pulse: Pulse, now_s: float, limit_s: float) -> tuple[Pulse, str]:
    """Take a refresh.

    Parameters
    ----------
    pulse : Pulse
    now_s : float
    limit_s : float
        A longer gap means that what was on the screen was no picture of the present.

    Returns
    -------
    Pulse, str
        That the display stood still until now, in words; empty where it did not.
    """
    gap_s = 0.0 if pulse.beat_s is None else now_s - pulse.beat_s
    if gap_s <= limit_s:
        return Pulse(now_s, pulse.stood_s, pulse.ended_s), ""
    return Pulse(now_s, gap_s, now_s), f"The display stood still for {gap_s:.1f} s"


def stood_words(pulse: Pulse, now_s: float) -> str:
    """What is said of it for a while; empty where it went on all the time."""
    ago_s = now_s - pulse.ended_s
    if ago_s >= SAID_S:
        return ""
    return f"The display stood still for {pulse.stood_s:.1f} s, until {ago_s:.0f} s ago"

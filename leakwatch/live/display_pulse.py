"""Detection of a stalled display from the time between refreshes. Pure; no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

from leakwatch.core.messages import text

# How long a stall is reported, s: longer than a glance at the patient.
SAID_S = 15.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """Refreshes of a display.

    Parameters
    ----------
    beat_s : float or None
        Time of the last refresh; None: none yet, or paused on purpose.
    stood_s : float
        Duration of the last stall; 0.0 if there was none.
    ended_s : float
        End of that stall.
    """

    beat_s: float | None = None
    stood_s: float = 0.0
    ended_s: float = -math.inf


def beat(pulse: Pulse, now_s: float, limit_s: float) -> tuple[Pulse, str]:
    """Record a refresh.

    Parameters
    ----------
    pulse : Pulse
    now_s : float
    limit_s : float
        After a longer gap, the displayed image was not live.

    Returns
    -------
    Pulse, str
        The text for a stall that has just ended; empty if there was none.
    """
    gap_s = 0.0 if pulse.beat_s is None else now_s - pulse.beat_s
    if gap_s <= limit_s:
        return Pulse(now_s, pulse.stood_s, pulse.ended_s), ""
    return Pulse(now_s, gap_s, now_s), text(
        "The display did not refresh for {gap_s:.1f} s", gap_s=gap_s
    )


def stood_words(pulse: Pulse, now_s: float) -> str:
    """Return the text for a recent stall; empty if there was none."""
    ago_s = now_s - pulse.ended_s
    if ago_s >= SAID_S:
        return ""
    return text(
        "The display did not refresh for {gap_s:.1f} s, until {ago_s:.0f} s ago",
        gap_s=pulse.stood_s,
        ago_s=ago_s,
    )

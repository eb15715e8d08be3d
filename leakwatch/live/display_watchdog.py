"""Detection of a stalled display from the time between refreshes. Pure; no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

from leakwatch.core.messages import text

# How long a stall is reported, s: longer than a glance at the patient.
STALL_SHOWN_S = 15.0


@dataclass(frozen=True, slots=True)
class DisplayRefresh:
    """Refreshes of a display.

    Parameters
    ----------
    refreshed_s : float or None
        Time of the last refresh; None: none yet, or paused on purpose.
    stalled_s : float
        Duration of the last stall; 0.0 if there was none.
    ended_s : float
        End of that stall.
    """

    refreshed_s: float | None = None
    stalled_s: float = 0.0
    ended_s: float = -math.inf


def record_refresh(
    refresh: DisplayRefresh, now_s: float, limit_s: float
) -> tuple[DisplayRefresh, str]:
    """Record a refresh.

    Parameters
    ----------
    refresh : DisplayRefresh
    now_s : float
    limit_s : float
        After a longer gap, the displayed image was not live.

    Returns
    -------
    DisplayRefresh, str
        The text for a stall that has just ended; empty if there was none.
    """
    gap_s = 0.0 if refresh.refreshed_s is None else now_s - refresh.refreshed_s
    if gap_s <= limit_s:
        return DisplayRefresh(now_s, refresh.stalled_s, refresh.ended_s), ""
    return DisplayRefresh(now_s, gap_s, now_s), text(
        "The display did not refresh for {gap_s:.1f} s", gap_s=gap_s
    )


def stall_text(refresh: DisplayRefresh, now_s: float) -> str:
    """Return the text for a recent stall; empty if there was none."""
    ago_s = now_s - refresh.ended_s
    if ago_s >= STALL_SHOWN_S:
        return ""
    return text(
        "The display did not refresh for {gap_s:.1f} s, until {ago_s:.0f} s ago",
        gap_s=refresh.stalled_s,
        ago_s=ago_s,
    )

"""What the log says of a frame: what was decided, why, and how long each stage took.

Numbers and words of this program; no pixels, and no text that a person typed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.core.results import EventKind, Evidence, Snapshot
from leakwatch.diagnostics.log_file import FIELDS
from leakwatch.diagnostics.stage_times import StageTimes, stage_times


def stages_for(log: logging.Logger) -> AbstractContextManager[StageTimes]:
    """Follow the stages of a frame, with their times where a log is kept.

    Parameters
    ----------
    log : logging.Logger
        Without a log no clock is asked: on some machines each time takes microseconds.
    """
    return stage_times(time.perf_counter if log.isEnabledFor(logging.INFO) else _no_clock)


def _no_clock() -> float:
    return 0.0


def log_frame(
    log: logging.Logger,
    snapshot: Snapshot,
    stages_ms: Mapping[str, float],
    why: str = "",
    age_ms: float | None = None,
) -> None:
    """Log a decision; costs nothing where no log is kept. Does not raise.

    Parameters
    ----------
    log : logging.Logger
    snapshot : Snapshot
    stages_ms : mapping of str to float
        Milliseconds of each stage; empty where none ran.
    why : str
        What the session knows beside the reasons.
    age_ms : float or None
        From the frame's arrival to the decision, in a live session.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    try:
        what = _decided(snapshot)
        fields = _of_frame(snapshot) | {
            "ms": snapshot.latency_ms,
            "stages_ms": dict(stages_ms),
            "age_ms": age_ms,
            "why": why or None,
        }
    # No frame is lost to its log.
    except Exception:
        log.exception("a decision could not be logged")
        return
    log.info(what, extra={FIELDS: {key: one for key, one in fields.items() if one is not None}})


def _decided(snapshot: Snapshot) -> str:
    reasons = ", ".join(snapshot.alert.reasons)
    level = snapshot.alert.level
    return f"{level}: {reasons}" if reasons else str(level)


def _of_frame(snapshot: Snapshot) -> dict[str, Any]:
    alert, seen = snapshot.alert, snapshot.observation
    wall, cement = seen.wall_distance, seen.cement
    return {
        "frame": snapshot.frame.index,
        "time_s": snapshot.frame.time_s,
        "stage": "decision",
        "decision": alert.level,
        "of_this_frame": alert.current_level,
        "latched": alert.latched,
        "rules": list(alert.reasons),
        "unavailable": list(seen.unavailable),
        "not_held": [_failed(one) for one in seen.conditions if not one.holds],
        "distance_mm": None if wall is None else wall.distance_mm,
        "distance_sigma_mm": None if wall is None else wall.sigma_mm,
        "area_mm2": None if cement is None else cement.area_mm2,
        "tubes_mm": [one.length_mm for one in seen.tubes if one.confirmed],
        "shift_px": seen.shift_px,
        "time_to_margin_s": alert.time_to_margin_s,
        "events": [
            {"kind": one.kind, "level": one.level, "reason": one.reason, "text": one.text}
            for one in alert.events
            if one.kind is not EventKind.ANNOTATION
        ],
        "fault": snapshot.fault,
    }


def _failed(one: Evidence) -> dict[str, Any]:
    return {
        "condition": one.condition,
        "value": one.value,
        "limit": one.limit,
        "reasons": list(one.reasons),
        "text": one.text,
    }


class LinkNews:
    """Logs a live source each time that what it says of itself changes.

    Parameters
    ----------
    log : logging.Logger
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._known: LinkStatus | None = None

    def see(self, link: LinkStatus) -> None:
        """Take what the source says now."""
        before, self._known = self._known, link
        if before == link:
            return
        lost = link.frames_lost - (0 if before is None else before.frames_lost)
        self._log.info(
            "source %s: %s",
            _WORDS[link.link],
            link.text,
            extra={
                FIELDS: {
                    "stage": "source",
                    "link": link.link,
                    "fluoroscopy_on": link.fluoroscopy_on,
                    "frames_lost": link.frames_lost,
                    "newly_lost": lost,
                }
            },
        )


_WORDS = {Link.WAITING: "waits", Link.OPEN: "connected", Link.LOST: "lost"}

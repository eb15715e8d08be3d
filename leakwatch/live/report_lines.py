"""A session in words: its line while it runs, and what is said at its end. Pure."""

from __future__ import annotations

from leakwatch.alerting.coverage import no_stop_text
from leakwatch.core.plural import counted_noun
from leakwatch.display.banner import REASON_WORDS, distance_text
from leakwatch.live.latency_ledger import Percentiles
from leakwatch.live.recording_news import frames_are
from leakwatch.live.status import LiveStatus, Shown, Sight

# The words of these hold what the source says of its link.
_LINK_IS_TOLD = (Sight.WAITING, Sight.LOST, Sight.ENDED)


def level_line(now: Shown) -> str:
    """Level, reasons and doubts."""
    return "  ".join(
        [f"{now.banner.word:<7}", "; ".join((*now.banner.reasons, *now.banner.warnings))]
    )


def status_line(status: LiveStatus, now: Shown) -> str:
    """Everything that one line can hold: level, reason, distance, age, drops, latency, link."""
    parts = [level_line(now)]
    # Early in the line: its end may be cut off by the edge of a window.
    stopped = [one for one in status.recordings if one.failure]
    if stopped and not status.is_recorded:
        parts.append("NOT RECORDED: nothing is kept")
    elif stopped:
        parts.append(f"NOT RECORDED any more: {', '.join(one.name for one in stopped)}")
    if status.behind_words:
        parts.append(f"recording is {status.behind_words}")
    present = status.present
    if present is not None and not now.last:
        wall = present.snapshot.observation.wall_distance
        parts.append((None if wall is None else distance_text(wall)) or "no distance")
    if now.age_s is not None:
        parts.append(f"age {now.age_s:.2f} s")
    parts.append(f"dropped {status.dropped}, lost {status.link.frames_lost}")
    after = [f"{name} {_milliseconds(ages)}" for name, ages in _moments(status)]
    if after:
        parts.append(f"p50 / p95 / p99 until {', '.join(after)}")
    parts += link_lines(status, now)
    return " | ".join(parts)


def link_lines(status: LiveStatus, now: Shown) -> list[str]:
    """What the source says of its link, such as whom it refused; none where the level says it."""
    return [] if now.sight in _LINK_IS_TOLD else [status.link.text]


def summary_lines(status: LiveStatus, not_watched: tuple[str, ...] = ()) -> list[str]:
    """Return what to say at the end.

    Parameters
    ----------
    status : LiveStatus
    not_watched : tuple of str
        From `coverage.summary_lines`: where any is said, "no STOP" is said of the rest only.
    """
    unjudged = f" ({status.unknown} of them UNKNOWN)" if status.unknown else ""
    lost = status.link.frames_lost
    lines = [
        f"{counted_noun(status.frames, 'frame')}{unjudged}, {status.dropped} dropped, "
        f"{lost} lost on the way; "
        f"{_first_stop(status, not_watched)}"
    ]
    lines += [
        f"received to {name}: {_milliseconds(ages)} (p50, p95, p99)"
        for name, ages in _moments(status)
    ]
    return lines


def degraded_lines(status: LiveStatus) -> list[str]:
    """What was not kept."""
    lines = [f"{one.name} stopped: {one.failure}" for one in status.recordings if one.failure]
    lines += [
        f"{one.name}: {one.lost} {frames_are(one.lost)} not in it, since it was too slow"
        for one in status.recordings
        if one.lost
    ]
    return lines


def _moments(status: LiveStatus) -> list[tuple[str, Percentiles]]:
    """The moments of a frame's way that any frame came to."""
    ages = status.latency
    ways = (("decoded", ages.decoded), ("decided", ages.decided), ("drawn", ages.drawn))
    return [(name, found) for name, found in ways if found is not None]


def _first_stop(status: LiveStatus, not_watched: tuple[str, ...]) -> str:
    stop = status.first_stop
    if stop is None:
        return no_stop_text(not_watched)
    reason = "" if stop.reason is None else f": {REASON_WORDS[stop.reason]}"
    return f"first STOP at {stop.time_s:.2f} s, frame {stop.frame}{reason}"


def _milliseconds(ages: Percentiles) -> str:
    return f"{ages.p50_ms:.0f} / {ages.p95_ms:.0f} / {ages.p99_ms:.0f} ms"

"""Texts of a session for the terminal: the status line, and the summary at its end. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.alerting.coverage import no_stop_text
from leakwatch.core.messages import counted, join_texts, text, translate
from leakwatch.core.results import Event
from leakwatch.display.banner import REASON_WORDS, Banner, distance_text
from leakwatch.live.latency_ledger import Percentiles
from leakwatch.live.status import DisplayedStatus, DisplayState, LiveStatus

# The texts of these states contain the state of the link.
_STATES_WITH_LINK = (DisplayState.WAITING, DisplayState.LOST, DisplayState.ENDED)


def level_line(now: DisplayedStatus) -> str:
    """Return level, reasons and warnings, translated."""
    return banner_line(now.banner)


def banner_line(banner: Banner) -> str:
    """Return word, reasons and warnings of a banner, translated."""
    why = join_texts((*banner.reasons, *banner.warnings))
    return f"{translate(banner.word):<7}  {translate(why)}"


def status_line(status: LiveStatus, now: DisplayedStatus) -> str:
    """Return level, reasons, distance, age, dropped frames, latency and link on one line.

    The line is translated, since its parts are joined here.
    """
    parts: list[str] = [level_line(now)]
    # Early in the line, whose end may be cut off at the edge of the terminal.
    stopped = [one for one in status.recordings if one.failure]
    if stopped and not status.is_recorded:
        parts.append(text("NOT RECORDED: no output is written"))
    elif stopped:
        names = ", ".join(one.name for one in stopped)
        parts.append(text("NOT RECORDED any longer: {outputs}", outputs=names))
    if status.behind_words:
        parts.append(text("recording is {delay}", delay=status.behind_words))
    decision = status.decision
    if decision is not None and not now.last:
        wall = decision.snapshot.observation.wall_distance
        parts.append((None if wall is None else distance_text(wall)) or text("no distance"))
    if now.age_s is not None:
        parts.append(text("age {age_s:.2f} s", age_s=now.age_s))
    lost = status.link.frames_lost
    parts.append(text("dropped {dropped}, lost {lost}", dropped=status.dropped, lost=lost))
    after = [f"{translate(name)} {_milliseconds(ages)}" for name, ages in _steps(status)]
    if after:
        parts.append(text("p50 / p95 / p99 until {steps}", steps=", ".join(after)))
    parts += link_lines(status, now)
    return " | ".join(map(translate, parts))


def link_lines(status: LiveStatus, now: DisplayedStatus) -> list[str]:
    """Return the state of the link, such as refused senders; nothing if the level states it."""
    return [] if now.state in _STATES_WITH_LINK else [status.link.text]


def summary_lines(status: LiveStatus, not_watched: tuple[str, ...] = ()) -> list[str]:
    """Return the summary for the end of a session.

    Parameters
    ----------
    status : LiveStatus
    not_watched : tuple of str
        From `coverage.summary_lines`: if there is any, "no STOP" refers to the rest only.
    """
    lines: list[str] = [
        text(
            "{frames}, {dropped} dropped, {lost} lost in transit; {first_stop}",
            frames=frames_text(status.frames, status.unknown),
            dropped=status.dropped,
            lost=status.link.frames_lost,
            first_stop=_first_stop(status, not_watched),
        )
    ]
    lines += [
        text(
            "received to {step}: {latency} (p50, p95, p99)", step=name, latency=_milliseconds(ages)
        )
        for name, ages in _steps(status)
    ]
    return lines


def frames_text(frames: int, unknown: int) -> str:
    """Return the text for a number of frames, and how many of them are UNKNOWN."""
    if not unknown:
        return counted("{count} frame", "{count} frames", count=frames)
    return counted(
        "{count} frame ({unknown} of them UNKNOWN)",
        "{count} frames ({unknown} of them UNKNOWN)",
        count=frames,
        unknown=unknown,
    )


def degraded_lines(status: LiveStatus) -> list[str]:
    """Return the texts for outputs that failed or lost frames."""
    lines: list[str] = [
        text("{output} stopped: {failure}", output=one.name, failure=one.failure)
        for one in status.recordings
        if one.failure
    ]
    lines += [
        counted(
            "{output}: {count} frame was lost because the disk was too slow",
            "{output}: {count} frames were lost because the disk was too slow",
            count=one.lost,
            output=one.name,
        )
        for one in status.recordings
        if one.lost
    ]
    return lines


def _steps(status: LiveStatus) -> list[tuple[str, Percentiles]]:
    """Return the processing steps that any frame has reached."""
    ages = status.latency
    steps = (
        (text("decoded"), ages.decoded),
        (text("decided"), ages.decided),
        (text("drawn"), ages.drawn),
    )
    return [(name, found) for name, found in steps if found is not None]


def _first_stop(status: LiveStatus, not_watched: tuple[str, ...]) -> str:
    stop = status.first_stop
    if stop is None:
        return no_stop_text(not_watched)
    return first_stop_text(stop)


def first_stops_text(stops: Sequence[tuple[str, Event]], not_watched: Sequence[str]) -> str:
    """Return the text for the first STOP of each of two planes.

    Parameters
    ----------
    stops : sequence of (str, Event)
        The plane and its first STOP, the earlier one first.
    not_watched : sequence of str
        As for `summary_lines`, of both planes.
    """
    if not stops:
        return text("both planes: {no_stop}", no_stop=no_stop_text(tuple(not_watched)))
    return join_texts(
        text("{plane}: {first_stop}", plane=name, first_stop=first_stop_text(stop))
        for name, stop in stops
    )


def first_stop_text(stop: Event) -> str:
    """Return the text for the first STOP of a run."""
    if stop.reason is None:
        return text(
            "first STOP at {time_s:.2f} s, frame {frame}", time_s=stop.time_s, frame=stop.frame
        )
    return text(
        "first STOP at {time_s:.2f} s, frame {frame}: {reason}",
        time_s=stop.time_s,
        frame=stop.frame,
        reason=REASON_WORDS[stop.reason],
    )


def _milliseconds(ages: Percentiles) -> str:
    return f"{ages.p50_ms:.0f} / {ages.p95_ms:.0f} / {ages.p99_ms:.0f} ms"

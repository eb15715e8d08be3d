"""Message to receivers of alarms, the same for all outputs, and the state behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock
from typing import Final

import msgspec

from leakwatch.config import Settings
from leakwatch.core.active_rules import Coverage, coverage_of, watches_all_but_wall
from leakwatch.core.frame import Frame
from leakwatch.core.messages import join_texts, text
from leakwatch.core.results import Alert, EventKind, Level, Reason, Snapshot
from leakwatch.display.banner import REASON_WORDS
from leakwatch.display.quantities import FINEST_MM, round_to_uncertainty, wall_distance_text

ALARM_SCHEMA: Final = "leakwatch.alarm/1"


class MessageKind(StrEnum):
    """Reason for sending a message."""

    CHANGE = "change"
    HEARTBEAT = "heartbeat"  # nothing changed: the output is alive
    END = "end"  # no message follows


@dataclass(frozen=True, slots=True)
class AlarmMessage:
    """State of the alarm at one time, without anything of the patient but `frame`.

    Parameters
    ----------
    kind : MessageKind
    sequence : int
        Counts the messages of an output; a gap means that older ones were dropped.
    level : Level
        As shown; UNKNOWN if no frame came for too long, except for a latched STOP.
    latched : bool
        A STOP that nobody has acknowledged.
    current_level : Level
        Level of the latest frame, without the latch.
    reasons, acknowledged : tuple of Reason
        Of the level; of acknowledged STOPs.
    partly : bool
        UNKNOWN only because some rules were not set up; the others work.
    distance_mm, distance_sigma_mm : float or None
        Of the latest frame, negative behind the wall; None if unknown or old.
    mm_per_px : float or None
        None if not calibrated.
    frame : Frame or None
        The latest; None before the first.
    time_s, age_s : float or None
        Its time in the session, and how long ago it was received.
    stops : int
        STOPs since the start: one that was acknowledged meanwhile is counted too.
    label : str
        From the settings.
    plane : str or None
        Letter of the plane that all of it is of; None if one plane is monitored.
    watches_all_but_wall : bool
        As of `core.active_rules`; not sent.
    """

    kind: MessageKind
    sequence: int
    level: Level = Level.UNKNOWN
    latched: bool = False
    current_level: Level = Level.UNKNOWN
    reasons: tuple[Reason, ...] = (Reason.STALE,)
    acknowledged: tuple[Reason, ...] = ()
    partly: bool = False
    distance_mm: float | None = None
    distance_sigma_mm: float | None = None
    mm_per_px: float | None = None
    frame: Frame | None = None
    time_s: float | None = None
    age_s: float | None = None
    stops: int = 0
    label: str = ""
    plane: str | None = None
    watches_all_but_wall: bool = False

    @property
    def words(self) -> str:
        """Level, reasons and distance in English, for a person."""
        said: str = self.level.value
        if self.reasons or self.distance_mm is not None:
            said = text("{level}: {reasons}", level=said, reasons=self._reasons_text())
        if self.plane is None:
            return said
        return text("plane {letter}: {words}", letter=self.plane, words=said)

    def _reasons_text(self) -> str:
        parts = [str(REASON_WORDS[reason]) for reason in self.reasons]
        if self.distance_mm is not None:
            parts.append(wall_distance_text(self.distance_mm, self.distance_sigma_mm))
        return join_texts(parts)


class _AlarmJson(msgspec.Struct, frozen=True):
    schema: str
    kind: str
    label: str
    sequence: int
    level: str
    latched: bool
    current_level: str
    reasons: tuple[str, ...]
    acknowledged: tuple[str, ...]
    partly: bool
    text: str
    distance_mm: float | None
    distance_sigma_mm: float | None
    frame: int | None
    time_s: float | None
    age_s: float | None
    stops: int
    plane: str | None


def alarm_json(message: AlarmMessage) -> bytes:
    """Return a message as JSON, schema `ALARM_SCHEMA`, without the image."""
    return msgspec.json.encode(
        _AlarmJson(
            ALARM_SCHEMA,
            message.kind.value,
            message.label,
            message.sequence,
            message.level.value,
            message.latched,
            message.current_level.value,
            tuple(reason.value for reason in message.reasons),
            tuple(reason.value for reason in message.acknowledged),
            message.partly,
            str(message.words),
            message.distance_mm,
            message.distance_sigma_mm,
            None if message.frame is None else message.frame.index,
            None if message.time_s is None else round(message.time_s, 3),
            None if message.age_s is None else round(message.age_s, 3),
            message.stops,
            message.plane,
        ),
        enc_hook=str,
    )


class AlarmTracker:
    """State of the alarm, for messages at any time; for any thread.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._label = settings.alarm_outputs.label
        self._stale_after_s = settings.live.stale_after_s
        self._lock = Lock()
        self._latest: tuple[Snapshot, float] | None = None
        self._sequence = self._stops = 0

    def take(self, snapshot: Snapshot, now_s: float) -> bool:
        """Store the latest snapshot; return whether the alarm changed with it."""
        with self._lock:
            before = None if self._latest is None else _key(self._latest[0])
            # A frame may have waited for the analysis; without a new one it gets no younger.
            received_s = snapshot.frame.received_s
            if received_s is None:
                lost = snapshot.fault is not None and self._latest is not None
                received_s = self._latest[1] if lost and self._latest is not None else now_s
            self._latest = snapshot, received_s
            stopped = any(
                event.kind is EventKind.ALERT and event.level is Level.STOP
                for event in snapshot.alert.events
            )
            self._stops += stopped
            return stopped or _key(snapshot) != before

    def message(self, now_s: float, kind: MessageKind) -> AlarmMessage:
        """Return the state at `now_s`, as the next message."""
        with self._lock:
            self._sequence += 1
            said = AlarmMessage(kind, self._sequence, label=self._label, stops=self._stops)
            if self._latest is None:
                return said
            snapshot, received_s = self._latest
        return self._filled(said, snapshot, max(now_s - received_s, 0.0))

    def _filled(self, said: AlarmMessage, snapshot: Snapshot, age_s: float) -> AlarmMessage:
        alert = snapshot.alert
        said = replace(
            said,
            level=alert.level,
            latched=alert.latched,
            current_level=alert.current_level,
            reasons=alert.reasons,
            acknowledged=alert.acknowledged,
            partly=coverage_of(snapshot.observation) is Coverage.PARTLY,
            watches_all_but_wall=watches_all_but_wall(snapshot.observation),
            mm_per_px=snapshot.observation.calibration.mm_per_px,
            frame=snapshot.frame,
            time_s=snapshot.frame.time_s,
            age_s=age_s,
        )
        if age_s > self._stale_after_s:
            # The fold says so too, unless it hangs. An old number or CLEAR must not look current.
            return _without_frame(said, alert)
        wall = snapshot.observation.wall_distance
        if snapshot.fault is not None or wall is None or wall.distance_mm is None:
            return said
        distance_mm, sigma_mm = round_to_uncertainty(wall.distance_mm, wall.sigma_mm, FINEST_MM)
        return replace(said, distance_mm=distance_mm, distance_sigma_mm=sigma_mm)


def _without_frame(said: AlarmMessage, alert: Alert) -> AlarmMessage:
    said = replace(said, current_level=Level.UNKNOWN, partly=False, watches_all_but_wall=False)
    if alert.level is Level.STOP:
        return said
    if alert.level is Level.UNKNOWN and alert.reasons:
        return replace(said, reasons=tuple(dict.fromkeys((Reason.STALE, *alert.reasons))))
    return replace(said, level=Level.UNKNOWN, reasons=(Reason.STALE,))


def _key(snapshot: Snapshot) -> tuple[object, ...]:
    """Return what a receiver must hear of at once."""
    alert = snapshot.alert
    seen = snapshot.observation
    watched = coverage_of(seen), watches_all_but_wall(seen)
    return alert.level, alert.latched, alert.reasons, alert.acknowledged, watched

"""Two live sessions, one for each plane of a biplane C-arm, watched together.

Each plane is a session of its own, with its own source, marks, calibration, fold and outputs, on
its own threads: whatever ends or delays one of them, the other continues.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from leakwatch.config import Settings
from leakwatch.core.active_rules import watches_all_but_wall
from leakwatch.core.messages import text
from leakwatch.core.planes import plane_name
from leakwatch.core.results import Event, Reason
from leakwatch.display.banner import unknown_banner
from leakwatch.live.live_session import LiveSession
from leakwatch.live.planes import CommonStatus, Plane, combined
from leakwatch.live.status import (
    Alarm,
    DisplayedStatus,
    DisplayState,
    LiveStatus,
    displayed_status,
)

_LOG = logging.getLogger(__name__)

PAUSED_NOTE = text("monitoring of this plane paused by the operator")
RESUMED_NOTE = text("monitoring of this plane resumed by the operator")
RETURNED_NOTE = text("monitoring of this plane resumed: images arrive again")


class PlanePause:
    """A person's pause of one plane.

    It ends by itself when images return after they were off: who switches a plane on again wants
    it to be watched. In a plane that is live all the time, only a person ends it.
    """

    def __init__(self) -> None:
        self.on = False
        self._was_off = False

    def toggle(self) -> bool:
        """Begin or end the pause; return whether it is on."""
        self.on, self._was_off = not self.on, False
        return self.on

    def see(self, state: DisplayState) -> bool:
        """Take note of the state of the plane; return whether this ended the pause."""
        if not self.on:
            return False
        if state is not DisplayState.LIVE:
            self._was_off = True
        elif self._was_off:
            self.on = self._was_off = False
            return True
        return False


class TwoPlanes:
    """Both planes; used on one thread, that of the window or of the terminal.

    Parameters
    ----------
    first, second : LiveSession
        They share the clock, and are closed with this object.
    on_offset : callable
        Receives, once it is known, by how many seconds the first frame of the second plane is later
        than that of the first.
    on_pause : callable
        Receives the number of a plane, and whether a person paused it: alarm outputs follow that.
    """

    def __init__(
        self,
        first: LiveSession,
        second: LiveSession,
        on_offset: Callable[[float], None] = lambda offset_s: None,
        on_pause: Callable[[int, bool], None] = lambda number, on: None,
    ) -> None:
        self.sessions = (first, second)
        self.settings: Settings = first.settings
        self._pauses = (PlanePause(), PlanePause())
        self._on_offset, self._on_pause = on_offset, on_pause
        self._offset_s: float | None = None

    def start(self) -> None:
        """Start monitoring."""
        for session in self.sessions:
            session.start()

    def close(self) -> None:
        """End both sessions, and complete their recordings. Does not raise."""
        self._tell_offset([session.status for session in self.sessions])
        for session in self.sessions:
            session.close()

    @property
    def now_s(self) -> float:
        """Time of the clock."""
        return self.sessions[0].now_s

    @property
    def ended(self) -> bool:
        """Return whether no frame will follow in either plane."""
        return all(session.status.ended for session in self.sessions)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end of both planes at most `timeout_s`; return whether both have ended."""
        for session in self.sessions:
            if not session.status.ended:
                session.wait(timeout_s)
                break
        return self.ended

    def first_stops(self) -> tuple[tuple[str, Event], ...]:
        """Return the first STOP of each plane that had one, with its name; the earlier one first.

        Their times are those of the first plane.
        """
        offsets_s = (0.0, self._offset_s or 0.0)
        found = []
        for number, session in enumerate(self.sessions):
            stop = session.status.first_stop
            if stop is not None:
                time_s = stop.time_s + offsets_s[number]
                found.append((self.name(number), replace(stop, time_s=time_s)))
        return tuple(sorted(found, key=lambda pair: pair[1].time_s))

    def name(self, number: int) -> str:
        """Return the name of a plane."""
        return plane_name(number, self.sessions[number].marks.view)

    def statuses(self) -> tuple[LiveStatus, LiveStatus]:
        """Return the status of each session."""
        first, second = (session.status for session in self.sessions)
        self._tell_offset([first, second])
        return first, second

    def planes(self, statuses: tuple[LiveStatus, LiveStatus]) -> tuple[Plane, Plane]:
        """Return what is displayed of each plane now; a pause may end by it."""
        first, second = (
            self.plane(number, one, self._displayed(number, one))
            for number, one in enumerate(statuses)
        )
        return first, second

    def plane(self, number: int, status: LiveStatus, now: DisplayedStatus) -> Plane:
        """Return one plane, as a window shows it; a pause may end by it.

        Parameters
        ----------
        number : int
        status : LiveStatus
        now : DisplayedStatus
            What is displayed of it.
        """
        if self._pauses[number].see(now.state):
            self.sessions[number].note(RETURNED_NOTE)
            self._on_pause(number, False)
        shown = None if status.decision is None else status.decision.snapshot
        acknowledged = shown is not None and bool(shown.alert.acknowledged)
        name = plane_name(number, status.marks.view)
        live = now.state is DisplayState.LIVE
        complete = live and shown is not None and watches_all_but_wall(shown.observation)
        return Plane(name, now, self._pauses[number].on, acknowledged, complete)

    def look(self) -> tuple[tuple[Plane, Plane], CommonStatus]:
        """Return both planes, and what is displayed of them together."""
        planes = self.planes(self.statuses())
        return planes, combined(planes)

    def is_paused(self, number: int) -> bool:
        """Return whether a person paused a plane."""
        return self._pauses[number].on

    def toggle_pause(self, number: int) -> str:
        """Pause the monitoring of a plane, or end the pause; return what the operator is told.

        One plane at least is always monitored.
        """
        name, pause = self.name(number), self._pauses[number]
        if not pause.on and self._pauses[1 - number].on:
            other = self.name(1 - number)
            return text(
                "{other} is paused already: {plane} stays monitored.", other=other, plane=name
            )
        paused = pause.toggle()
        self._on_pause(number, paused)
        self.sessions[number].note(PAUSED_NOTE if paused else RESUMED_NOTE)
        if not paused:
            return text("{plane} is monitored again.", plane=name)
        return text(
            "{plane} is paused: it counts only if a WATCH or STOP is seen in it.\n"
            "The pause ends when its images return, or with the same key.",
            plane=name,
        )

    def acknowledge_all(self) -> None:
        """Acknowledge the displayed STOP of each plane."""
        for session in self.sessions:
            session.acknowledge()

    def _displayed(self, number: int, status: LiveStatus) -> DisplayedStatus:
        try:
            return displayed_status(status, self.now_s, self.settings)
        # One plane that cannot be displayed must not take the other one along.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("the status of plane %d cannot be displayed", number)
            return _broken(f"{type(error).__name__}: {error}")

    def _tell_offset(self, statuses: list[LiveStatus]) -> None:
        """Report the offset between the times of both planes, once."""
        starts_s = [_start_s(status) for status in statuses]
        first_s, second_s = starts_s
        if self._offset_s is None and first_s is not None and second_s is not None:
            self._offset_s = (second_s - first_s) * statuses[0].link.speed
            self._on_offset(self._offset_s)


def _start_s(status: LiveStatus) -> float | None:
    """Return when the first frame of a plane was received; None before it, and while none comes."""
    decision = status.decision
    # A decision without a frame has the time at which it was taken.
    if decision is None or decision.snapshot.fault is not None:
        return None
    return decision.received_s - decision.snapshot.frame.time_s / status.link.speed


def _broken(what: str) -> DisplayedStatus:
    banner = unknown_banner(text("This frame cannot be displayed: {fault}", fault=what))
    reasons = (Reason.STAGE_ERROR,)
    return DisplayedStatus(DisplayState.LOST, banner, reasons, Alarm.MEDIUM, None)

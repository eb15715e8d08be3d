"""A live session: capture, fold and sinks, each on its own thread.

The capture thread never waits for the fold, and the fold never waits for a sink. The window reads
only a `LiveStatus`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any

from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text as message
from leakwatch.core.protocols import Link, LinkStatus, LiveSource, Sink
from leakwatch.core.results import EventKind, Snapshot
from leakwatch.diagnostics.frame_log import LinkNews
from leakwatch.diagnostics.log_file import FIELDS
from leakwatch.live.actions import (
    Acknowledge,
    Action,
    EndRecord,
    Note,
    PauseAudio,
    Record,
    RestartBaseline,
    SetMargin,
    Syringe,
    UndoRestart,
)
from leakwatch.live.alarm_notices import AlarmNotices
from leakwatch.live.assessed_history import TimedDecision
from leakwatch.live.case_setup import FollowedMarks, Setup
from leakwatch.live.event_log import EventLog
from leakwatch.live.inbox import Arrival, Inbox
from leakwatch.live.latency_ledger import Latency, Ledger
from leakwatch.live.live_fold import LiveFold
from leakwatch.live.outputs import Outputs
from leakwatch.live.recording_notices import RecordingNotices
from leakwatch.live.status import LiveStatus, Recording, no_frame_text
from leakwatch.sinks.alarm_outputs.alarm_worker import AlarmWorker
from leakwatch.sinks.alarm_outputs.plane_feeds import PlaneFeed

_LOG = logging.getLogger(__name__)

# How often the fold checks for missing frames, s: a fifth of the shortest age limit.
CHECK_S = 0.1
# A source ends within a second after its `close`.
SOURCE_CLOSE_S = 2.0


class LiveSession:
    """Monitoring of a live source until it ends or `close` is called.

    Parameters
    ----------
    source : LiveSource
        An open source; closed with the session.
    setup : Setup
    sinks : mapping of str to Sink
        Outputs by the name that the operator sees; closed with the session.
    clock : callable
        Monotonic seconds, the same as the source's.
    unkept : sequence of Recording
        Outputs that could not be started, each with its `failure`, which is reported.
    alarms : sequence of AlarmWorker or PlaneFeed
        Outputs of the alarm to other devices; closed with the session.
    """

    def __init__(
        self,
        source: LiveSource,
        setup: Setup,
        sinks: Mapping[str, Sink] | None = None,
        clock: Callable[[], float] = time.monotonic,
        unkept: Sequence[Recording] = (),
        alarms: Sequence[AlarmWorker | PlaneFeed] = (),
    ) -> None:
        self.settings: Settings = setup.settings
        live = setup.settings.live
        self._source, self._clock = source, clock
        self._inbox: Inbox[Action | Record | EndRecord] = Inbox(
            live.learning_frames, live.waiting_bytes
        )
        self._outputs = Outputs(live, clock, unkept, alarms)
        self._outputs.begin(sinks or {})
        self._log = EventLog(setup.settings)
        self._fold = LiveFold(setup, self._emit)
        self._ledger = Ledger(live.latency_frames)
        self._link_news = LinkNews(_LOG)
        self._notices = RecordingNotices(live.behind_after_s)
        self._alarm_notices = AlarmNotices()
        self._dropped = 0
        self._ended = Flag()
        self._threads = [
            Thread(target=self._capture, name="capture", daemon=True),
            Thread(target=self._follow, name="fold", daemon=True),
        ]
        self._lock = Lock()
        self._closed = False
        self._published = self._fold.fill_status(LiveStatus(None, self._link()))

    def start(self) -> None:
        """Start monitoring."""
        for thread in self._threads:
            thread.start()

    @property
    def status(self) -> LiveStatus:
        """Current status; from any thread, at any time. Does not raise or block.

        The results of the fold come from one record, which is replaced as a whole. Values that must
        be current even when the fold hangs (link, arrivals, recordings) are read afterwards, so
        that they are never older.
        """
        with self._lock:
            published = self._published
        arrived_s, dropped = self._inbox.counts
        return replace(
            published,
            link=self._link(),
            arrived_s=arrived_s,
            dropped=dropped,
            latency=self._ledger.latency(),
            recordings=self._outputs.recordings(),
            alarm_outputs=self._outputs.alarms(),
        )

    @property
    def decision(self) -> TimedDecision | None:
        """Latest decision; from any thread, and without the work of `status`."""
        with self._lock:
            return self._published.decision

    @property
    def now_s(self) -> float:
        """Time of the session's clock."""
        return self._clock()

    def latency(self) -> Latency:
        """Return percentiles that include every frame; those of `status` may be slightly older."""
        return self._ledger.latency(exact=True)

    @property
    def marks(self) -> Marks:
        """Current marks; from any thread."""
        with self._lock:
            return self._published.marks

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end at most `timeout_s`; return whether no frame will follow."""
        return self._ended.wait(timeout_s)

    def acknowledge(self) -> None:
        """Acknowledge the displayed STOP."""
        with self._lock:
            decision = self._published.decision
        if decision is not None:
            self._inbox.post(Acknowledge(decision.snapshot.alert.reasons))

    def restart_baseline(
        self,
        marks: Marks | None = None,
        frame: Frame | None = None,
        spacing: tuple[float, float] | None = None,
    ) -> None:
        """Start a new baseline: the current image is taken as cement-free.

        Parameters
        ----------
        marks : Marks or None
            Drawn on `frame`; None keeps the current ones at their current position.
        frame : Frame or None
            Frame of a `TimedDecision` of this session; None takes the latest.
        spacing : (float, float) or None
            Millimetres per pixel at the vertebra and their standard deviation, as measured.
        """
        self._inbox.post(RestartBaseline(marks, frame, spacing))

    def undo_baseline(self) -> None:
        """Undo the last new baseline; without one, do nothing."""
        self._inbox.post(UndoRestart())

    def read_syringe(self, ml: float) -> None:
        """Take what the operator read on the syringe; a volume that is not possible is ignored.

        Parameters
        ----------
        ml : float
            Injected into the body since the baseline, without what fills the cannula.
        """
        self._inbox.post(Syringe(ml))

    def set_margin(self, margin_mm: float, why: str = "") -> None:
        """Use another margin from the next frame on; one that is not possible is ignored.

        Parameters
        ----------
        margin_mm : float
        why : str
            Saved with the case. Without it, a narrower margin is ignored.
        """
        self._inbox.post(SetMargin(margin_mm, why))

    def note(self, text: str, at_px: Point | None = None) -> None:
        """Save a remark of the operator with the case."""
        self._inbox.post(Note(text, at_px))

    def report_fault(self, text: str) -> None:
        """Save a fault of the window with the case."""
        self._inbox.post(Note(text, kind=EventKind.TECHNICAL))

    def pause_audio(self, seconds: float) -> None:
        """Pause the sound, at most for `LiveSettings.audio_pause_s`; 0.0 ends the pause."""
        self._inbox.post(PauseAudio(seconds))

    def record(
        self,
        sinks: Mapping[str, Sink],
        follow_marks: Callable[[Callable[[], Marks]], None] = lambda marks: None,
    ) -> None:
        """Start a recording during the session, with the displayed image.

        Parameters
        ----------
        sinks : mapping of str to Sink
            Closed with the session.
        follow_marks : callable
            Receives a function that returns the current marks, before the first snapshot.
        """
        self._inbox.post(Record(sinks, follow_marks))

    def end_record(self) -> None:
        """End the recording with the displayed image; the session continues."""
        self._inbox.post(EndRecord())

    def drawn(self, received_s: float) -> None:
        """Record that the window has drawn the frame received at `received_s`."""
        self._ledger.drawn(received_s, self._clock())

    def close(self) -> None:
        """End the session and complete its recordings. Does not raise."""
        with self._lock:
            closed, self._closed = self._closed, True
        if closed:
            return
        self._source.close()
        self._inbox.close()
        capture, fold = self._threads
        for thread, patience_s in ((capture, SOURCE_CLOSE_S), (fold, self.settings.live.close_s)):
            if thread.is_alive():
                thread.join(patience_s)
        actions = self._inbox.take(0.0).actions
        if fold.is_alive():
            self._leave_fold_alone(actions)
        else:
            self._begin_records(actions)
            self._report_recordings(last=True)
            self._fold.flush()
            self._publish()
        self._outputs.close()
        self._publish_only(ended=True)
        self._ended.set()

    def _leave_fold_alone(self, actions: Sequence[Action | Record | EndRecord]) -> None:
        """End without the fold, which hangs in a frame: only its own thread may use it."""
        close_s = self.settings.live.close_s
        what = message("the last frame was not analysed within {close_s:g} s", close_s=close_s)
        _LOG.error("the session ends without its fold: %s", what)
        with self._lock:
            fault = self._published.fault or what
        self._publish_only(fault=fault)
        for action in actions:
            if isinstance(action, Record):  # to be closed with the others
                self._outputs.begin(action.sinks)

    def _emit(self, snapshot: Snapshot) -> None:
        """Add a snapshot to the outputs and to the list of events; on the fold's thread."""
        self._outputs.append(snapshot)
        try:
            self._log.add(snapshot)
        # No fault of a list may end the monitoring.
        except Exception:  # noqa: BLE001
            _LOG.exception("an event cannot be listed")

    def _publish(self, **changes: Any) -> None:
        """Replace the record by one with the results of the fold; on the fold's thread."""
        with self._lock:
            status = replace(self._published, log=self._log.view, **changes)
            self._published = self._fold.fill_status(status)

    def _publish_only(self, **changes: Any) -> None:
        """Replace the record by one with `changes`; from any thread."""
        with self._lock:
            self._published = replace(self._published, **changes)

    def _begin_records(self, actions: Sequence[Action | Record | EndRecord]) -> None:
        """Start recordings requested just before the end, to close them with the others."""
        for action in actions:
            if isinstance(action, Record):
                self._act(action)

    def _link(self) -> LinkStatus:
        try:
            return self._source.status
        # A source that fails is a lost link; the window must keep working.
        except Exception as error:  # noqa: BLE001
            return LinkStatus(Link.LOST, f"{type(error).__name__}: {error}")

    def _capture(self) -> None:
        """Receive frames without blocking."""
        try:
            for frame in self._source.frames():
                now_s = self._clock()
                received_s = now_s if frame.received_s is None else frame.received_s
                self._inbox.put(Arrival(frame, received_s, now_s))
        except SourceError as error:
            _LOG.info("the source failed", exc_info=True)
            self._publish_only(fault=str(error))
        # The end of a source is reported whatever its cause.
        except Exception as error:  # noqa: BLE001
            _LOG.debug("the source failed", exc_info=True)
            what = f"{type(error).__name__}: {error}"
            self._publish_only(fault=message("the source failed: {error}", error=what))
        finally:
            self._inbox.end()

    def _follow(self) -> None:
        """Fold frames and actions until the session is closed."""
        while True:
            delivery = self._inbox.take(CHECK_S)
            if delivery.closed:
                self._begin_records(delivery.actions)
                return
            try:
                self._link_news.see(self._link())
                for action in delivery.actions:
                    self._act(action)
                if delivery.arrival is not None:
                    self._take(delivery.arrival)
                elif delivery.ended:
                    self._end()
                else:
                    self._check_for_frames()
                self._report_recordings()
            # After such a fault the displayed frame ages, and the window reports it.
            except Exception:  # noqa: BLE001
                _LOG.exception("a frame could not be followed")

    def _report_recordings(self, last: bool = False) -> None:
        """Save changes of the recording's state with the case when they happen."""
        new = self._notices.take_new(self._outputs.running(), last)
        for text in (*new, *self._alarm_notices.take_new(self._outputs.alarms())):
            _LOG.info("%s", text)
            self._fold.act(Note(text, kind=EventKind.TECHNICAL), self._clock())
            self._publish(notices=(*self._published.notices, text))

    def _act(self, action: Action | Record | EndRecord) -> None:
        if isinstance(action, EndRecord):
            self._outputs.end()
            return
        if not isinstance(action, Record):
            self._fold.act(action, self._clock())
            self._publish()
            return
        followed = FollowedMarks(self._fold.marks, self._fold.marks_placed)
        action.follow_marks(lambda: followed.of(self.marks))
        decision = self._fold.decision
        self._outputs.begin(action.sinks, None if decision is None else decision.snapshot)

    def _take(self, arrival: Arrival) -> None:
        dropped = self._inbox.dropped
        if dropped > self._dropped:
            new, self._dropped = dropped - self._dropped, dropped
            _LOG.info("frames dropped: %d", new, extra={FIELDS: {"stage": "inbox", "dropped": new}})
            self._fold.note_dropped(new)
        decision = self._fold.take(arrival, self._link(), self._clock)
        self._ledger.decided(arrival, decision.decided_s)
        self._publish()
        live = self.settings.live
        self._inbox.capacity = (
            live.learning_frames if self._fold.is_acquiring_baseline else live.waiting_frames
        )

    def _end(self) -> None:
        if not self._ended.is_set():
            self._fold.end(self._published.fault, self._clock())
            self._publish(ended=True)
            self._ended.set()
        time.sleep(CHECK_S)  # actions are still accepted until the session is closed

    def _check_for_frames(self) -> None:
        text = no_frame_text(self.status, self._clock(), self.settings)
        if text:
            self._fold.report_no_frame(text, self._clock())
            self._publish()

"""A live session: capture, fold and sinks, each on a thread of its own.

The capture thread never waits for the fold, the fold never for a sink, and the window asks all of
them for nothing but a `LiveStatus`.
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
from leakwatch.core.protocols import Link, LinkStatus, LiveSource, Sink
from leakwatch.core.results import EventKind
from leakwatch.diagnostics.frame_log import LinkNews
from leakwatch.diagnostics.log_file import FIELDS
from leakwatch.live.actions import (
    Acknowledge,
    Action,
    EndRecord,
    Note,
    PauseAudio,
    Record,
    Start,
    TakeBack,
)
from leakwatch.live.case_setup import Setup
from leakwatch.live.inbox import Arrival, Inbox
from leakwatch.live.latency_ledger import Latency, Ledger
from leakwatch.live.live_fold import LiveFold
from leakwatch.live.outputs import Outputs
from leakwatch.live.recording_news import RecordingNews
from leakwatch.live.status import LiveStatus, Recording, silence_text

_LOG = logging.getLogger(__name__)

# How often the fold looks for frames that do not come, s: a fifth of the shortest staleness.
LOOK_S = 0.1
# A source ends within a second of its `close`.
SOURCE_CLOSE_S = 2.0


class LiveSession:
    """Watches a live source until it ends or `close` is called.

    Parameters
    ----------
    source : LiveSource
        Open; closed with the session.
    setup : Setup
    sinks : mapping of str to Sink
        Outputs by what the person calls them; closed with the session.
    clock : callable
        Monotonic seconds, the same as the source's.
    unkept : sequence of Recording
        Outputs that could not even begin, each with its `failure`: it is told from the beginning.
    """

    def __init__(
        self,
        source: LiveSource,
        setup: Setup,
        sinks: Mapping[str, Sink] | None = None,
        clock: Callable[[], float] = time.monotonic,
        unkept: Sequence[Recording] = (),
    ) -> None:
        self.settings: Settings = setup.settings
        live = setup.settings.live
        self._source, self._clock = source, clock
        self._inbox: Inbox[Action | Record | EndRecord] = Inbox(
            live.learning_frames, live.waiting_bytes
        )
        self._outputs = Outputs(live, clock, unkept)
        self._outputs.begin(sinks or {})
        self._fold = LiveFold(setup, self._outputs.append)
        self._ledger = Ledger(live.latency_frames)
        self._link_news = LinkNews(_LOG)
        self._news = RecordingNews(live.behind_after_s)
        self._dropped = 0
        self._ended = Flag()
        self._threads = [
            Thread(target=self._capture, name="capture", daemon=True),
            Thread(target=self._follow, name="fold", daemon=True),
        ]
        self._lock = Lock()
        self._closed = False
        self._published = self._fold.told_in(LiveStatus(None, self._link()))

    def start(self) -> None:
        """Begin to watch."""
        for thread in self._threads:
            thread.start()

    @property
    def status(self) -> LiveStatus:
        """The session as it is now; from any thread, at any time. Does not raise or wait.

        What the fold decided comes from one record, which is exchanged as a whole. What must be
        true even when the fold hangs is asked for after it was read, so that it is never older:
        the link, what arrived, and how the recordings fare.
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
        )

    @property
    def now_s(self) -> float:
        """The session's clock."""
        return self._clock()

    def latency(self) -> Latency:
        """Percentiles that count every frame until now; `status` has those of a moment ago."""
        return self._ledger.latency(exact=True)

    @property
    def marks(self) -> Marks:
        """Those that hold now; from any thread."""
        with self._lock:
            return self._published.marks

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end, so long at most; True where no frame follows any more."""
        return self._ended.wait(timeout_s)

    def acknowledge(self) -> None:
        """A person has seen the STOP that is shown now."""
        with self._lock:
            present = self._published.present
        if present is not None:
            self._inbox.post(Acknowledge(present.snapshot.alert.reasons))

    def start_anew(
        self,
        marks: Marks | None = None,
        frame: Frame | None = None,
        spacing: tuple[float, float] | None = None,
    ) -> None:
        """A person says: what is seen now is anatomy without cement.

        Parameters
        ----------
        marks : Marks or None
            Drawn on `frame`; None keeps those that are known, where they lie now.
        frame : Frame or None
            Of a `Present` of this session; None takes the latest.
        spacing : (float, float) or None
            Millimetres per pixel at the vertebra and their standard deviation, as measured.
        """
        self._inbox.post(Start(marks, frame, spacing))

    def take_back(self) -> None:
        """A person takes back that they began anew; where nobody did, nothing happens."""
        self._inbox.post(TakeBack())

    def note(self, text: str, at_px: Point | None = None) -> None:
        """A person's remark, kept with the case."""
        self._inbox.post(Note(text, at_px))

    def tell(self, text: str) -> None:
        """What went wrong with whoever shows this session, kept with the case."""
        self._inbox.post(Note(text, kind=EventKind.TECHNICAL))

    def pause_audio(self, seconds: float) -> None:
        """A person wants silence, for no longer than `LiveSettings.audio_pause_s`; 0.0 ends it."""
        self._inbox.post(PauseAudio(seconds))

    def record(
        self,
        sinks: Mapping[str, Sink],
        follow_marks: Callable[[Callable[[], Marks]], None] = lambda marks: None,
    ) -> None:
        """Begin a record in a session that runs: it starts with the picture that is shown.

        Parameters
        ----------
        sinks : mapping of str to Sink
            Closed with the session.
        follow_marks : callable
            Is told whom to ask for the marks that hold, before the first snapshot.
        """
        self._inbox.post(Record(sinks, follow_marks))

    def end_record(self) -> None:
        """End what is recorded with the picture that is shown; the session goes on."""
        self._inbox.post(EndRecord())

    def drawn(self, received_s: float) -> None:
        """The window has drawn the frame that was received then."""
        self._ledger.drawn(received_s, self._clock())

    def close(self) -> None:
        """End the session; what was recorded is whole. Does not raise."""
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
            self._tell_of_recordings(last=True)
            self._fold.flush()
            self._publish()
        self._outputs.close()
        self._publish_only(ended=True)
        self._ended.set()

    def _leave_fold_alone(self, actions: Sequence[Action | Record | EndRecord]) -> None:
        """End without the fold, which hangs in a frame: only its own thread may touch it."""
        text = f"the last frame was not judged within {self.settings.live.close_s:g} s"
        _LOG.error("the session ends without its fold: %s", text)
        with self._lock:
            fault = self._published.fault or text
        self._publish_only(fault=fault)
        for action in actions:
            if isinstance(action, Record):  # to be closed with the others
                self._outputs.begin(action.sinks)

    def _publish(self, **changes: Any) -> None:
        """Exchange the record for one with all that the fold decided; on the fold's thread."""
        with self._lock:
            self._published = self._fold.told_in(replace(self._published, **changes))

    def _publish_only(self, **changes: Any) -> None:
        """Exchange the record for one with `changes`; from any thread."""
        with self._lock:
            self._published = replace(self._published, **changes)

    def _begin_records(self, actions: Sequence[Action | Record | EndRecord]) -> None:
        """A record that was asked for at the last moment is closed with the others."""
        for action in actions:
            if isinstance(action, Record):
                self._act(action)

    def _link(self) -> LinkStatus:
        try:
            return self._source.status
        # A broken source is a lost link, and the window must live on.
        except Exception as error:  # noqa: BLE001
            return LinkStatus(Link.LOST, f"{type(error).__name__}: {error}")

    def _capture(self) -> None:
        """Take frames as they come, and never wait for anybody."""
        try:
            for frame in self._source.frames():
                now_s = self._clock()
                received_s = now_s if frame.received_s is None else frame.received_s
                self._inbox.put(Arrival(frame, received_s, now_s))
        except SourceError as error:
            _LOG.info("the source failed", exc_info=True)
            self._publish_only(fault=str(error))
        # Whatever a source dies of, its end is told.
        except Exception as error:  # noqa: BLE001
            _LOG.debug("the source failed", exc_info=True)
            self._publish_only(fault=f"the source failed: {type(error).__name__}: {error}")
        finally:
            self._inbox.end()

    def _follow(self) -> None:
        """Fold what comes until nothing can."""
        while True:
            delivery = self._inbox.take(LOOK_S)
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
                    self._look_for_silence()
                self._tell_of_recordings()
            # A frame that breaks even this gets old, and the window says so.
            except Exception:  # noqa: BLE001
                _LOG.exception("a frame could not be followed")

    def _tell_of_recordings(self, last: bool = False) -> None:
        """Keep with the case, as it happens, how its own recording fares."""
        for text in self._news.new(self._outputs.running(), last):
            _LOG.info("%s", text)
            self._fold.act(Note(text, kind=EventKind.TECHNICAL), self._clock())
            self._publish(told=(*self._published.told, text))

    def _act(self, action: Action | Record | EndRecord) -> None:
        if isinstance(action, EndRecord):
            self._outputs.end()
            return
        if not isinstance(action, Record):
            self._fold.act(action, self._clock())
            self._publish()
            return
        known, placed = self._fold.marks, self._fold.marks_placed
        # Drawn on the first frame of the record, until a person draws others.
        action.follow_marks(lambda: placed if (marks := self.marks) is known else marks)
        present = self._fold.present
        self._outputs.begin(action.sinks, None if present is None else present.snapshot)

    def _take(self, arrival: Arrival) -> None:
        dropped = self._inbox.dropped
        if dropped > self._dropped:
            new, self._dropped = dropped - self._dropped, dropped
            _LOG.info("frames dropped: %d", new, extra={FIELDS: {"stage": "inbox", "dropped": new}})
            self._fold.note_dropped(new)
        present = self._fold.take(arrival, self._link(), self._clock)
        self._ledger.decided(arrival, present.decided_s)
        self._publish()
        live = self.settings.live
        self._inbox.capacity = live.learning_frames if self._fold.learning else live.waiting_frames

    def _end(self) -> None:
        if not self._ended.is_set():
            self._fold.end(self._published.fault, self._clock())
            self._publish(ended=True)
            self._ended.set()
        time.sleep(LOOK_S)  # for a person's actions, until the session is closed

    def _look_for_silence(self) -> None:
        text = silence_text(self.status, self._clock(), self.settings)
        if text:
            self._fold.silence(text, self._clock())
            self._publish()

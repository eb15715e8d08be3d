"""A live session: capture, fold and sinks, each on a thread of its own.

The capture thread never waits for the fold, the fold never for a sink, and the window asks all of
them for nothing but a `LiveStatus`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event as Flag
from threading import Thread

from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.protocols import Link, LinkStatus, LiveSource, Sink
from leakwatch.core.results import EventKind, Snapshot
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
from leakwatch.live.fold import LiveFold
from leakwatch.live.inbox import Arrival, Inbox
from leakwatch.live.latency_ledger import Latency, Ledger
from leakwatch.live.recording_news import RecordingNews
from leakwatch.live.status import LiveStatus, Recording, silence_text
from leakwatch.sinks.workers.live_sink_worker import Backlog, LiveSinkWorker

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
        self._workers = self._worked(sinks or {})
        self._unkept = tuple(unkept)
        self._ended_workers: list[LiveSinkWorker] = []
        self._closers: list[Thread] = []
        self._fold = LiveFold(setup, self._give)
        self._ledger = Ledger(live.latency_frames)
        self._news = RecordingNews(live.behind_after_s)
        self._told: tuple[str, ...] = ()
        self._fault = ""
        self._dropped = 0
        self._ended = Flag()
        self._threads = [
            Thread(target=self._capture, name="capture", daemon=True),
            Thread(target=self._follow, name="fold", daemon=True),
        ]
        self._closed = False

    def start(self) -> None:
        """Begin to watch."""
        for thread in self._threads:
            thread.start()

    @property
    def status(self) -> LiveStatus:
        """The session as it is now; from any thread, at any time. Does not raise or wait."""
        known = self._fold.known
        return LiveStatus(
            present=self._fold.present,
            known=known,
            held=known.held(self.settings.live.last_image_s),
            can_take_back=self._fold.can_take_back,
            link=self._link(),
            arrived_s=self._inbox.arrived_s,
            frames=self._fold.frames,
            unknown=self._fold.unknown,
            first_stop=self._fold.first_stop,
            stopped_s=self._fold.stopped_s,
            exposure=self._fold.exposure,
            dropped=self._inbox.dropped,
            latency=self._ledger.latency(),
            recordings=self._recordings(),
            told=self._told,
            audio_paused_until_s=self._fold.audio_paused_until_s,
            doubts=self._fold.doubts,
            rules_off=self._fold.rules_off,
            ended=self._ended.is_set(),
            fault=self._fault,
            tally=self._fold.tally,
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
        """Those that hold now."""
        return self._fold.marks

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end, so long at most; True where no frame follows any more."""
        return self._ended.wait(timeout_s)

    def acknowledge(self) -> None:
        """A person has seen the STOP that is shown now."""
        present = self._fold.present
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
        if self._closed:
            return
        self._closed = True
        self._source.close()
        self._inbox.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(SOURCE_CLOSE_S)
        self._begin_records(self._inbox.take(0.0).actions)
        self._tell_of_recordings(last=True)
        self._fold.flush()
        for worker in self._workers:
            worker.close(self.settings.live.close_s)
        for closer in self._closers:
            closer.join(self.settings.live.close_s)
        self._ended.set()

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

    def _give(self, snapshot: Snapshot) -> None:
        for worker in self._workers:
            worker.append(snapshot)

    def _capture(self) -> None:
        """Take frames as they come, and never wait for anybody."""
        try:
            for frame in self._source.frames():
                now_s = self._clock()
                received_s = now_s if frame.received_s is None else frame.received_s
                self._inbox.put(Arrival(frame, received_s, now_s))
        except SourceError as error:
            self._fault = str(error)
        # Whatever a source dies of, its end is told.
        except Exception as error:  # noqa: BLE001
            _LOG.debug("the source failed", exc_info=True)
            self._fault = f"the source failed: {type(error).__name__}: {error}"
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

    def _worked(self, sinks: Mapping[str, Sink]) -> list[LiveSinkWorker]:
        live = self.settings.live
        backlog = Backlog(live.sink_queue_frames, round(live.sink_queue_mb * 1e6))
        return [LiveSinkWorker(name, sink, backlog, self._clock) for name, sink in sinks.items()]

    def _recordings(self) -> tuple[Recording, ...]:
        """Of those that a person ended, what went wrong."""
        running = [self._recording(one) for one in self._workers]
        wrong = [one for one in self._ended_workers if one.failure or one.lost]
        return (
            *running,
            *(Recording(one.name, one.lost, one.failure, ended=True) for one in wrong),
            *self._unkept,
        )

    def _recording(self, one: LiveSinkWorker) -> Recording:
        behind_s = one.behind_s
        late = behind_s >= self.settings.live.behind_after_s
        lost, failure = one.lost, one.failure
        return Recording(one.name, lost, failure, behind_s=behind_s, late=late, full=one.is_full)

    def _tell_of_recordings(self, last: bool = False) -> None:
        """Keep with the case, as it happens, how its own recording fares."""
        now = {id(one): self._recording(one) for one in self._workers}
        for text in self._news.new(now, last):
            self._told = (*self._told, text)
            self._fold.act(Note(text, kind=EventKind.TECHNICAL), self._clock())

    def _end_records(self) -> None:
        """Close the outputs beside the fold, which waits for no disk."""
        ending, self._workers = self._workers, []
        self._ended_workers = [*self._ended_workers, *ending]
        for worker in ending:
            closer = Thread(
                target=worker.close, args=(self.settings.live.close_s,), name="record end"
            )
            closer.daemon = True
            closer.start()
            self._closers.append(closer)

    def _act(self, action: Action | Record | EndRecord) -> None:
        if isinstance(action, EndRecord):
            self._end_records()
            return
        if not isinstance(action, Record):
            self._fold.act(action, self._clock())
            return
        known, placed = self._fold.marks, self._fold.marks_placed
        # Drawn on the first frame of the record, until a person draws others.
        action.follow_marks(lambda: placed if self._fold.marks is known else self._fold.marks)
        more = self._worked(action.sinks)
        present = self._fold.present
        if present is not None:
            for worker in more:
                worker.append(present.snapshot)
        self._workers = [*self._workers, *more]

    def _take(self, arrival: Arrival) -> None:
        dropped = self._inbox.dropped
        if dropped > self._dropped:
            self._fold.note_dropped(dropped - self._dropped)
            self._dropped = dropped
        present = self._fold.take(arrival, self._link(), self._clock)
        self._ledger.decided(arrival, present.decided_s)
        live = self.settings.live
        self._inbox.capacity = live.learning_frames if self._fold.learning else live.waiting_frames

    def _end(self) -> None:
        if not self._ended.is_set():
            self._fold.end(self._fault, self._clock())
            self._ended.set()
        time.sleep(LOOK_S)  # for a person's actions, until the session is closed

    def _look_for_silence(self) -> None:
        text = silence_text(self.status, self._clock(), self.settings)
        if text:
            self._fold.silence(text, self._clock())

"""What other threads read of a session is one record, of one moment; and the end waits for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from threading import Event as Flag
from threading import Thread, current_thread

import injection
import pytest
from injection import FRAMES, STOPPED
from live_room import CASE, END, PATIENCE_S, KeptSink, Room

from leakwatch.config import LiveSettings, Settings
from leakwatch.core.results import Level
from leakwatch.live import live_fold
from leakwatch.live.case_setup import Setup
from leakwatch.live.inbox import Arrival
from leakwatch.live.live_fold import LiveFold

FEW = list(injection.frames())


def is_of_one_moment(status):
    """Whether the parts of `status` belong together; numbers of frames begin with 0."""
    judged = 0 if status.decision is None else status.decision.snapshot.frame.index + 1
    newest = 0 if status.history.newest is None else status.history.newest.snapshot.frame.index + 1
    level = None if status.decision is None else status.decision.snapshot.alert.level
    counted = status.tally.frames
    stop = (status.first_stop is None) == (status.stopped_s is None)
    told = status.first_stop is not None or level is not Level.STOP
    arrived = status.decision is None or status.arrived_s >= status.decision.received_s
    return status.frames == judged == newest == counted and stop and told and arrived


@pytest.mark.parametrize("stage", ["fold_frame", "add_frame", "count_exposure"])
def test_a_reader_in_the_middle_of_a_frame_sees_the_one_before(monkeypatch, stage):
    """The fold is stopped in its middle, where a part of what it knows is already new."""
    seen = []
    work = getattr(live_fold, stage)
    with Room() as room:

        def read_first(*given):
            seen.append(room.session.status)
            return work(*given)

        monkeypatch.setattr(live_fold, stage, read_first)
        room.run(FEW[: STOPPED + 1])
        seen.append(room.session.status)
    assert [status.frames for status in seen] == list(range(STOPPED + 2))
    assert all(map(is_of_one_moment, seen))


@pytest.fixture
def quick_turns() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_readers_on_other_threads_never_see_half_of_a_frame(quick_turns):
    wrong, read, over = [], [0, 0], Flag()
    with Room({"recording": KeptSink()}) as room:

        def read_on(number):
            frames = 0
            while not over.is_set():
                status = room.session.status
                if not is_of_one_moment(status) or status.frames < frames:
                    wrong.append(status)
                frames = status.frames
                read[number] += 1

        readers = [Thread(target=read_on, args=(number,)) for number in range(len(read))]
        for one in readers:
            one.start()
        room.run(FEW[:FRAMES])
        over.set()
        for one in readers:
            one.join()
    assert min(read) > 0
    assert wrong == []


def test_an_end_that_is_told_has_its_last_decision():
    with Room() as room:
        room.run(FEW[:3])
        room.source.fed.put(OSError("the cable is out"))
        status = room.until(lambda status: status.ended)
        assert "the cable is out" in status.fault
        assert status.decision.snapshot.fault == status.fault
        assert room.session.wait(0.0)


class HungFold:
    """A room whose fold hangs in its second frame until it is let go."""

    def __init__(self, monkeypatch, sinks=None, close_s=0.1):
        self.hung, self.let_go, self.touched = Flag(), Flag(), []
        settings = Settings(live=LiveSettings(close_s=close_s))
        self.room = Room(sinks, Setup(settings, CASE), settings)
        work = live_fold.fold_frame

        def hang(vision, alerts, frame, *more):
            if frame.index == 1:
                self.hung.set()
                assert self.let_go.wait(PATIENCE_S)
            return work(vision, alerts, frame, *more)

        monkeypatch.setattr(live_fold, "fold_frame", hang)
        for name in ("flush", "act", "end"):
            self._watch(monkeypatch, name)
        self.room.session.start()
        self.room.feed(FEW[0])
        self.room.source.fed.put(FEW[1])
        assert self.hung.wait(PATIENCE_S)

    def _watch(self, monkeypatch, name):
        work = getattr(LiveFold, name)

        def watched(fold, *given):
            self.touched.append((name, current_thread().name))
            return work(fold, *given)

        monkeypatch.setattr(LiveFold, name, watched)

    def end(self):
        """Let the fold go, and wait until its thread has ended."""
        self.let_go.set()
        self.room.session._threads[1].join(PATIENCE_S)


def test_close_does_not_touch_a_fold_that_still_works(monkeypatch, caplog):
    sink = KeptSink()
    hung = HungFold(monkeypatch, {"recording": sink})
    hung.room.session.close()
    assert hung.touched == []
    assert sink.closed
    status = hung.room.session.status
    assert status.ended
    assert "not analysed within 0.1 s" in status.fault
    assert "not analysed within 0.1 s" in caplog.text
    hung.end()
    assert all(thread == "fold" for _, thread in hung.touched)


def test_a_record_asked_for_while_the_fold_hangs_is_closed(monkeypatch):
    hung, late = HungFold(monkeypatch), KeptSink()
    hung.room.session.record({"recording": late})
    hung.room.session.close()
    assert late.closed
    hung.end()


def test_close_waits_for_the_frame_that_is_judged(monkeypatch):
    """It is in the record, and the fold is touched only when its thread has ended."""
    sink = KeptSink()
    hung = HungFold(monkeypatch, {"recording": sink}, close_s=PATIENCE_S)
    closing = Thread(target=hung.room.session.close)
    closing.start()
    assert hung.touched == []
    hung.end()
    closing.join(PATIENCE_S)
    assert [one.frame.index for one in sink.snapshots] == [0, 1]
    assert ("flush", closing.name) in hung.touched


def test_two_threads_that_close_close_once():
    with Room({"recording": KeptSink()}) as room:
        room.run(FEW[:2])
        closers = [Thread(target=room.session.close) for _ in range(4)]
        for one in closers:
            one.start()
        for one in closers:
            one.join(PATIENCE_S)
        room.source.fed.put(END)
        assert room.session.status.ended


def test_what_arrived_and_what_was_dropped_are_of_the_same_moment():
    room = Room()
    inbox = room.session._inbox
    inbox.capacity = 1
    for number in range(3):
        inbox.put(Arrival(FEW[number], float(number), float(number)))
    status = room.session.status
    assert (status.arrived_s, status.dropped) == (2.0, 2)
    room.session.close()

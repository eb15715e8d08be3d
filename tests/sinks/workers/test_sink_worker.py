"""A sink on its own thread: slow, failing, never waited for longer than its queue."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest
from handmade import make_snapshot

from leakwatch.core.errors import SinkError
from leakwatch.sinks.workers.sink_worker import NICENESS, QUEUE_FRAMES, SinkWorker


class Spy:
    """Keeps what it takes, and raises `error` at frame `fails_at`, or when closed."""

    def __init__(self, fails_at=None, error=None, close_error=None):
        self.frames, self.closed, self.thread = [], 0, None
        self.fails_at, self.error, self.close_error = fails_at, error, close_error

    def append(self, snapshot):
        self.thread = threading.current_thread()
        if snapshot.frame.index == self.fails_at:
            raise self.error
        self.frames.append(snapshot.frame.index)

    def close(self):
        self.closed += 1
        if self.close_error is not None:
            raise self.close_error


def run(sink, frames=3 * QUEUE_FRAMES):
    worker = SinkWorker(sink)
    for index in range(frames):
        worker.append(make_snapshot(index))
    worker.close()
    return worker


def test_all_snapshots_arrive_in_order_on_another_thread():
    spy = Spy()
    worker = run(spy)
    assert spy.frames == list(range(3 * QUEUE_FRAMES))
    assert spy.closed == 1
    assert spy.thread is not threading.current_thread()
    assert worker.failure is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts niceness by threads")
def test_sink_gives_way_to_the_fold_and_the_fold_keeps_its_priority():
    class Nice(Spy):
        def append(self, snapshot):
            self.frames.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    sink = Nice()
    run(sink, frames=1)
    assert sink.frames == [NICENESS]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SinkError("overlay.mp4 cannot be written"), "overlay.mp4 cannot be written"),
        (ZeroDivisionError("oh"), "Spy failed: ZeroDivisionError: oh"),
    ],
)
def test_failing_sink_is_closed_and_neither_blocks_nor_raises(error, words):
    spy = Spy(fails_at=2, error=error)
    worker = run(spy)
    assert spy.frames == [0, 1]
    assert spy.closed == 1
    assert words in str(worker.failure)


def test_failure_to_finish_is_reported():
    worker = run(Spy(close_error=SinkError("not whole")), frames=1)
    assert str(worker.failure) == "not whole"


def test_first_failure_is_the_one_that_is_told():
    spy = Spy(fails_at=0, error=SinkError("first"), close_error=SinkError("second"))
    assert str(run(spy, frames=2).failure) == "first"


def test_hurry_forgets_what_waits_and_closes():
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Spy):
        def append(self, snapshot):
            super().append(snapshot)
            begun.set()
            go_on.wait(30.0)

    spy = Slow()
    worker = SinkWorker(spy)
    for index in range(5):
        worker.append(make_snapshot(index))
    begun.wait(30.0)
    worker.expedite()
    go_on.set()
    worker.close_within(30.0)
    assert (spy.frames, spy.closed) == ([0], 1)
    assert worker.failure is None


def test_sink_that_hangs_is_given_up_and_told():
    go_on = threading.Event()

    class Hanging(Spy):
        def close(self):
            go_on.wait(30.0)

    worker = SinkWorker(Hanging())
    worker.expedite()
    worker.close_within(0.0)
    assert "was not finished" in str(worker.failure)
    go_on.set()


def test_an_interrupted_wait_ends_no_sink(ctrl_c: None) -> None:
    """`Thread.join` would then call the thread ended, and its file complete."""
    released = threading.Event()

    class Drawing:
        def append(self, snapshot: object) -> None:
            pass

        def close(self) -> None:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            released.wait(60.0)

    worker = SinkWorker(Drawing())
    with pytest.raises(KeyboardInterrupt):
        worker.close()
    assert worker.is_working
    worker.close_within(0.0)
    assert worker.failure is not None
    released.set()
    worker.close()
    assert not worker.is_working

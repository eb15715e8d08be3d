"""A sink that nobody waits for: bounded in frames and bytes, and no line is ever left out."""

from __future__ import annotations

import os
import sys
import threading
from threading import Event as Flag

import pytest
from handmade import make_frame, make_snapshot

from leakwatch.case_files.run_records import read_frames
from leakwatch.sinks.recording.recorder import FRAMES_NAME, Recorder
from leakwatch.sinks.workers.live_sink_worker import Backlog, LiveSinkWorker

FRAME_BYTES = make_frame().pixels.nbytes
AMPLE = Backlog(1000, 10**9)
PATIENCE_S = 20.0


class Held:
    """Takes nothing until it is let go; keeps which frames it took, and on which priority."""

    def __init__(self):
        self.go, self.begun = Flag(), Flag()
        self.frames, self.niceness = [], set()

    def append(self, snapshot):
        self.begun.set()
        assert self.go.wait(PATIENCE_S)
        self.frames.append(snapshot.frame.index)
        if sys.platform == "linux":
            self.niceness.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def close(self):
        pass


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts niceness by threads")
def test_a_recording_has_the_priority_of_the_fold():
    """With a lower one no picture reached the disk on a busy machine."""
    sink = Held()
    sink.go.set()
    worker = LiveSinkWorker("frames", sink, AMPLE)
    worker.append(make_snapshot(0))
    worker.close(PATIENCE_S)
    assert sink.niceness == {os.getpriority(os.PRIO_PROCESS, threading.get_native_id())}


@pytest.mark.parametrize(
    ("backlog", "fit"),
    [
        (Backlog(4, 10**9), 4),
        (Backlog(1000, 3 * FRAME_BYTES), 3),
        (Backlog(1000, 3 * FRAME_BYTES - 1), 2),
        (Backlog(1000, 1), 1),
    ],
    ids=["frames", "bytes", "a byte less", "one frame is larger than all room"],
)
def test_what_waits_is_bounded_in_frames_and_in_bytes(backlog, fit):
    sink = Held()
    worker = LiveSinkWorker("frames", sink, backlog)
    for index in range(10):
        worker.append(make_snapshot(index))
    assert (worker.waiting, worker.lost) == (fit, 10 - fit)
    sink.go.set()
    worker.close(PATIENCE_S)
    assert sink.frames == list(range(fit))
    assert (worker.waiting, worker.failure) == (0, "")


def test_room_that_is_free_again_is_used():
    sink = Held()
    worker = LiveSinkWorker("frames", sink, Backlog(1000, FRAME_BYTES))
    for index in range(3):
        worker.append(make_snapshot(index))
    sink.go.set()
    while worker.waiting:
        threading.Event().wait(0.001)
    worker.append(make_snapshot(3))
    worker.close(PATIENCE_S)
    assert sink.frames == [0, 3]
    assert worker.lost == 2


def test_how_far_behind_it_is_counts_the_frame_that_is_being_written():
    sink, clock = Held(), Clock()
    worker = LiveSinkWorker("frames", sink, AMPLE, clock)
    assert worker.behind_s == 0.0
    worker.append(make_snapshot(0))
    assert sink.begun.wait(PATIENCE_S)
    clock.now_s += 2.5
    worker.append(make_snapshot(1))
    assert worker.behind_s == 2.5
    sink.go.set()
    worker.close(PATIENCE_S)
    assert worker.behind_s == 0.0


def test_no_line_is_left_out_however_long_the_disk_takes(tmp_path):
    go = Flag()

    class SlowDisk(Recorder):
        def write(self, lines):
            assert go.wait(PATIENCE_S)
            super().write(lines)

    worker = LiveSinkWorker("measurements", SlowDisk(tmp_path), Backlog(1, 1))
    for index in range(500):
        worker.append(make_snapshot(index))
    assert (worker.waiting, worker.lost) == (500, 0)
    go.set()
    worker.close(PATIENCE_S)
    assert [line.frame for line in read_frames(tmp_path / FRAMES_NAME)] == list(range(500))

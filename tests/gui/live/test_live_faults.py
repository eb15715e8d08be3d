"""What is broken in the room or in the program, as the window shows it in the end.

Sources hold the interpreter, die, are slow; a stage raises; a disk is full. Each ends in what the
banner says. Nothing is timed: where real time passes, only that a gap was at least so long counts.
"""

from __future__ import annotations

import ctypes
import errno
import sys
import time
from dataclasses import replace
from threading import Event as Flag

import injection
import numpy as np
import pytest
from injection import STOPPED
from live_room import CASE, END, SETTINGS, KeptSink, Room, ScriptedSource

from leakwatch.core.arrays import read_only
from leakwatch.core.errors import SinkError
from leakwatch.core.results import Level
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.live.case_setup import Setup
from leakwatch.live.live_session import LiveSession
from leakwatch.live.status import DisplayState, Recording
from leakwatch.pipeline import stages

pytestmark = pytest.mark.usefixtures("fonts")

CALM = 6
FEW = list(injection.frames())


class Silent:
    problem = ""

    def play(self, alarm):
        pass

    def stop(self):
        pass


@pytest.fixture
def open_window(qtbot):
    def opened(session):
        window = LiveWindow(session, "by hand", speaker=Silent())
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.show()
        window.grab()
        return window

    return opened


@pytest.fixture
def room():
    with Room({"recording": KeptSink()}) as one:
        yield one


@pytest.fixture
def window(open_window, room):
    return open_window(room.session)


def banner_of(window):
    window.tick()
    return window.banner.banner


def everything(banner):
    return " | ".join((*banner.reasons, *banner.warnings))


HELD_S = 0.7


def in_c():
    """A call that lets no other thread of the interpreter run: an allocation, an old driver."""
    ctypes.PyDLL(None).usleep(int(1e6 * HELD_S))


def in_python():
    """A loop of Python, where the threads are seldom told to take turns."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(10.0 * HELD_S)
    try:
        until_s = time.monotonic() + HELD_S
        while time.monotonic() < until_s:
            pass
    finally:
        sys.setswitchinterval(before)


class Holding(ScriptedSource):
    """Does what it is fed, where that is no frame."""

    def frames(self):
        for item in super().frames():
            if callable(item):
                item()
            else:
                yield replace(item, received_s=time.monotonic())


@pytest.mark.parametrize("hold", [in_c, in_python])
def test_a_source_that_holds_the_interpreter_is_told_when_it_lets_go(open_window, hold):
    """Nothing of this process can draw meanwhile: the clock that stands is all that tells it."""
    source, sink = Holding(), KeptSink()
    session = LiveSession(source, Setup(SETTINGS, CASE), {"recording": sink})
    session.start()
    window = open_window(session)
    try:
        end_s = time.monotonic() + 20.0
        for count, frame in enumerate(FEW[:CALM], start=1):
            source.fed.put(frame)
            while session.status.frames < count:
                assert time.monotonic() < end_s
                window.tick()
        hand = window.banner.clock
        source.fed.put(hold)
        while window.alarm.refreshed.stalled_s < HELD_S:
            assert time.monotonic() < end_s
            window.tick()
            if window.alarm.refreshed.stalled_s == 0.0:
                hand = window.banner.clock
        # Until now the screen showed the time at which it stopped; what it says now is true.
        assert window.banner.clock != hand
        now = banner_of(window)
        assert now.level is not Level.CLEAR
        assert now.warnings[0].startswith("The display did not refresh for ")
        assert "LAST IMAGE" in everything(now)
        while not any("The display did not refresh" in text for text in sink.texts):
            assert time.monotonic() < end_s
            source.fed.put(replace(FEW[CALM], index=99))
            time.sleep(0.001)
    finally:
        session.close()


DEATHS = [OSError(errno.EIO, "Input/output error"), MemoryError("4 GB"), END]


@pytest.mark.parametrize("death", DEATHS, ids=["I/O", "memory", "over"])
@pytest.mark.parametrize("frames", [CALM, STOPPED + 1], ids=["calm", "stopped"])
def test_a_source_that_dies(room, window, death, frames):
    room.run(FEW[:frames])
    window.tick()
    room.source.fed.put(death)
    room.until(lambda status: status.ended)
    room.clock.now_s += 3.0
    now = banner_of(window)
    assert now.level is (Level.STOP if frames > CALM else Level.UNKNOWN)
    assert now.flashing is (frames > CALM)
    assert "LAST IMAGE, 3 s ago" in everything(now)
    assert (str(death) if death is not END else "End of sequence") in everything(now)


def test_a_source_that_is_slow_is_never_clear_between_its_frames(room, window):
    room.run(FEW[:CALM])
    for frame in FEW[CALM : CALM + 3]:
        assert banner_of(window).level is not Level.UNKNOWN
        room.clock.now_s += 0.9
        now = banner_of(window)
        assert (now.level, room.shown().state) == (Level.UNKNOWN, DisplayState.STALE)
        assert "LAST IMAGE, 1 s ago" in everything(now)
        room.feed(frame, 0.1)


@pytest.mark.parametrize("frames", [CALM, STOPPED + 1], ids=["calm", "stopped"])
def test_a_stage_that_raises(room, window, monkeypatch, frames):
    room.run(FEW[:frames])
    window.tick()
    monkeypatch.setattr(stages, "step", lambda *_: 1 / 0)
    room.feed(FEW[frames])
    now = banner_of(window)
    assert now.level is (Level.STOP if frames > CALM else Level.UNKNOWN)
    assert "Analysis of this frame failed" in everything(now)
    assert "LAST ASSESSED, 1 s ago" in everything(now)


def test_a_full_disk_takes_no_alarm_away(open_window):
    def full(snapshot):
        if snapshot.frame.index >= CALM:
            raise SinkError("frames.jsonl cannot be written: No space left on device")

    with Room({"recording": KeptSink(full)}) as room:
        window = open_window(room.session)
        levels = []
        for frame in FEW[: STOPPED + 1]:
            room.feed(frame)
            levels.append(banner_of(window).level)
        room.until(lambda status: status.recordings[0].failure)
        room.clock.now_s += 0.3
        now = banner_of(window)
        assert (levels[CALM - 1], now.level, now.flashing) == (Level.CLEAR, Level.STOP, True)
        assert "No space left on device" in window.run_strip.facts.text()


def test_a_slow_disk_is_told_while_it_lasts_and_takes_no_alarm_away(open_window):
    hung = Flag()
    with Room({"frames": KeptSink(lambda snapshot: hung.wait())}) as room:
        window = open_window(room.session)
        room.run(FEW[: STOPPED + 1])
        now = banner_of(window)
        assert "Recording: on, 2 s behind" in window.run_strip.facts.text().splitlines()
        assert (now.level, now.flashing) == (Level.STOP, True)
        hung.set()
        room.until(lambda status: not status.behind_words)
        room.clock.now_s += 0.3
        assert banner_of(window).level is Level.STOP
        assert "Recording: on" in window.run_strip.facts.text().splitlines()


def test_nothing_is_kept_stands_in_the_window_from_the_beginning(open_window):
    why = "the case library at /x cannot be used: file is not a database."
    source = ScriptedSource()
    unkept = [Recording("recording", failure=why, ended=True)]
    session = LiveSession(source, Setup(SETTINGS, CASE), unkept=unkept)
    session.start()
    window = open_window(session)
    window.tick()
    said = window.run_strip.facts.text()
    assert "Recording: not recording (R starts)" in said
    assert why in said
    assert banner_of(window).level is Level.UNKNOWN


def test_an_acknowledged_stop_is_never_clear_through_all_of_it(room, window, monkeypatch):
    room.run(FEW)
    room.session.acknowledge()
    room.until(lambda status: not status.decision.snapshot.alert.latched)
    assert banner_of(window).acknowledged
    room.clock.now_s += 5.0
    now = banner_of(window)
    assert now.level is Level.UNKNOWN
    assert "STOP acknowledged" in everything(now)
    rng = np.random.default_rng(5)
    still = injection.without_noise()[-1]

    def again():
        noisy = still + rng.normal(0.0, 15.0, still.shape)
        return read_only(noisy.clip(1, 4095).astype(np.uint16))

    with monkeypatch.context() as patch:
        patch.setattr(stages, "step", lambda *_: 1 / 0)
        room.feed(replace(FEW[-1], pixels=again(), index=50))
        now = banner_of(window)
        assert (now.level, "STOP acknowledged" in everything(now)) == (Level.UNKNOWN, True)
    room.feed(replace(FEW[-1], pixels=again(), index=51))
    assert banner_of(window).acknowledged

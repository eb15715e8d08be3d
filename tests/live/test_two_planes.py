"""Two live sessions watched together, through the faults of either: the last level is true.

The clock is the test's own. The first plane is `a`, the second `b`.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Event as Flag

import numpy as np
import pytest
from injection import FRAME_S, STOPPED
from live_room import CASE, END, OPEN
from two_rooms import CALM, FEW, TwoRooms

from leakwatch.core.errors import SinkError, SourceEndedEarly
from leakwatch.core.frame import View
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.core.results import EventKind, Level
from leakwatch.live import two_planes
from leakwatch.live.status import Alarm, DisplayState
from leakwatch.live.two_planes import PAUSED_NOTE, RETURNED_NOTE, PlanePause

AP = replace(CASE, marks=replace(CASE.marks, view=View.AP, posterior_wall_px=None))


@pytest.fixture
def rooms():
    with TwoRooms() as both:
        yield both


@pytest.fixture
def calm(rooms):
    """Both planes are CLEAR."""
    assert rooms.run(FEW[:CALM])[-1] is Level.CLEAR
    return rooms


def goes_on(rooms, number=0):
    """The plane that is left sees the leak to come, and the common banner says STOP."""
    assert rooms.run(FEW[CALM : STOPPED + 1], number)[-1] is Level.STOP
    assert (rooms.shown().alarm, rooms.shown().worse) == (Alarm.HIGH, number)


@pytest.mark.parametrize("number", [0, 1])
def test_a_leak_in_either_plane_is_a_stop(calm, number):
    other = 1 - number
    for frame in FEW[CALM:]:
        calm.feed(frame, number)
        calm.feed(replace(FEW[frame.index % CALM], index=frame.index, time_s=frame.time_s), other)
    assert (calm.shown().level, calm.shown().worse) == (Level.STOP, number)
    assert calm.shown().banner.reasons[0].startswith(f"{'AB'[number]} lateral: ")


DEATHS = [SourceEndedEarly("ended early"), OSError("Input/output error"), IndexError("oh"), END]


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("death", DEATHS, ids=["early", "os", "bug", "end"])
def test_a_source_that_dies_is_told_and_the_other_plane_goes_on(calm, death, number):
    calm.sources[number].fed.put(death)
    calm.until(lambda status: status.ended, number)
    assert (calm.shown().level, calm.shown().worse) == (Level.UNKNOWN, number)
    assert calm.shown().banner.reasons[0].startswith(f"{'AB'[number]} lateral: ")
    calm.feed(FEW[CALM], 1 - number)
    assert calm.shown().level is Level.UNKNOWN
    assert not calm.planes.ended
    for frame in FEW[CALM + 1 : STOPPED + 1]:
        calm.feed(frame, 1 - number)
    assert (calm.shown().level, calm.shown().worse) == (Level.STOP, 1 - number)
    assert any(one.startswith(f"{'AB'[number]} lateral") for one in calm.shown().banner.warnings)


def test_a_second_source_that_never_gives_a_frame_is_unknown(rooms):
    assert rooms.run(FEW[:CALM], 0)[-1] is Level.UNKNOWN
    assert rooms.plane(1).now.state is DisplayState.WAITING
    goes_on(rooms)


@pytest.mark.parametrize("on", [True, None], ids=["on", "unknown"])
def test_a_second_source_that_stalls_is_unknown(calm, on):
    calm.sources[1].status = replace(OPEN, fluoroscopy_on=on)
    calm.run(FEW[CALM : CALM + 6], 0)
    assert (calm.shown().level, calm.shown().worse) == (Level.UNKNOWN, 1)
    assert not calm.shown().banner.partly


def test_a_second_source_that_is_off_is_partly_and_silent(calm):
    calm.sources[1].status = replace(OPEN, fluoroscopy_on=False)
    calm.feed(FEW[CALM], 0, step_s=1.0)
    assert (calm.plane(0).now.level, calm.plane(1).now.state) == (Level.CLEAR, DisplayState.OFF)
    shown = calm.shown()
    assert (shown.level, shown.banner.word, shown.alarm) == (Level.UNKNOWN, "PARTLY", Alarm.NONE)


def test_off_in_one_plane_does_not_hide_a_stop_in_the_other(calm):
    calm.sources[1].status = replace(OPEN, fluoroscopy_on=False)
    goes_on(calm)


def test_a_link_that_is_lost_is_told_at_once(calm):
    calm.sources[1].status = LinkStatus(Link.LOST, "the cable is out")
    shown = calm.shown()
    assert (shown.level, shown.alarm) == (Level.UNKNOWN, Alarm.MEDIUM)
    assert shown.banner.reasons == ("B lateral: Connection lost: the cable is out",)


def test_a_status_that_breaks_is_told_and_the_other_plane_goes_on(calm, monkeypatch):
    monkeypatch.delattr(calm.sources[1], "status")
    assert (calm.shown().level, calm.shown().worse) == (Level.UNKNOWN, 1)
    goes_on(calm)


def test_a_plane_whose_status_cannot_be_displayed_is_unknown(calm, monkeypatch, caplog):
    whole = two_planes.displayed_status

    def broken(status, now_s, settings):
        if status.frames == calm.fed[1] and status.frames > CALM:
            raise ZeroDivisionError("oh")
        return whole(status, now_s, settings)

    monkeypatch.setattr(two_planes, "displayed_status", broken)
    calm.feed(FEW[CALM], 1)
    assert (calm.shown().level, calm.shown().worse) == (Level.UNKNOWN, 1)
    assert "ZeroDivisionError" in calm.shown().banner.reasons[0]
    caplog.clear()  # the log says why


def test_a_fold_that_hangs_is_late_and_the_other_plane_goes_on(calm, monkeypatch):
    hung = Flag()
    monkeypatch.setattr(calm.sessions[1]._fold, "take", lambda *_: hung.wait() and 1 / 0)
    calm.sources[1].fed.put(replace(FEW[CALM], received_s=calm.clock.now_s + FRAME_S))
    goes_on(calm)
    assert calm.plane(1).now.level is Level.UNKNOWN
    hung.set()


def test_a_fold_whose_thread_is_gone_is_unknown(calm):
    calm.sessions[1]._inbox.close()
    calm.sessions[1]._threads[1].join(10.0)
    calm.run(FEW[CALM : CALM + 6], 0)
    assert calm.plane(1).now.level is Level.UNKNOWN
    assert calm.shown().level in (Level.UNKNOWN, Level.STOP)


def test_a_recording_that_fails_leaves_the_level(calm):
    def full(snapshot):
        raise SinkError("No space left")

    calm.sinks[1].before = full
    assert calm.run(FEW[CALM : STOPPED + 1])[-1] is Level.STOP
    calm.until(lambda status: status.recordings[0].failure)
    assert calm.sessions[0].status.recordings[0].failure == ""


def test_the_ap_view_watches_and_says_what_it_does_not():
    with TwoRooms(AP) as rooms:
        rooms.run(FEW[:CALM])
        shown = rooms.shown()
        assert (shown.level, shown.worse, shown.alarm) == (Level.UNKNOWN, 1, Alarm.NONE)
        assert shown.banner.partly
        assert shown.banner.reasons[0].startswith("B AP: ")
        assert shown.banner.warnings[0] == "A lateral: CLEAR"
        assert rooms.run(FEW[CALM:])[-1] is Level.STOP
        assert rooms.shown().worse == 0


def test_an_acknowledgement_is_of_one_plane(calm):
    assert calm.run(FEW[CALM : STOPPED + 1])[-1] is Level.STOP
    calm.sessions[0].acknowledge()
    calm.until(lambda status: not status.decision.snapshot.alert.latched, 0)
    assert (calm.shown().level, calm.shown().worse) == (Level.STOP, 1)
    calm.planes.acknowledge_all()
    calm.until(lambda status: not status.decision.snapshot.alert.latched, 1)
    assert calm.shown().level is Level.WATCH
    calm.planes.close()
    for sink in calm.sinks:
        assert [one.kind for one in sink.events].count(EventKind.ACKNOWLEDGE) == 1


def test_a_paused_plane_is_excused_until_its_images_return(calm):
    calm.sources[1].status = replace(OPEN, fluoroscopy_on=None)
    calm.clock.now_s += 2.0
    calm.planes.toggle_pause(1)
    calm.feed(FEW[CALM], 0)
    assert (calm.plane(1).paused, calm.plane(1).now.level) == (True, Level.UNKNOWN)
    assert (calm.shown().level, calm.shown().alarm) == (Level.CLEAR, Alarm.NONE)
    calm.sources[1].status = OPEN
    calm.feed(FEW[CALM], 1)
    assert not calm.plane(1).paused
    calm.feed(FEW[CALM + 1], 1)  # carries the notes
    calm.planes.close()
    texts = calm.sinks[1].texts
    assert texts.count(PAUSED_NOTE) == texts.count(RETURNED_NOTE) == 1
    assert PAUSED_NOTE not in calm.sinks[0].texts


def test_a_leak_in_a_paused_plane_is_a_stop(calm):
    calm.planes.toggle_pause(1)
    for frame in FEW[CALM : STOPPED + 1]:
        calm.feed(frame)
    assert calm.plane(1).paused
    assert calm.shown().level is Level.STOP
    assert "B lateral" in " ".join(calm.shown().banner.reasons)


def test_both_planes_cannot_be_paused(calm):
    calm.planes.toggle_pause(0)
    assert "stays monitored" in calm.planes.toggle_pause(1)
    assert not calm.planes.is_paused(1)
    calm.planes.toggle_pause(0)
    assert not calm.planes.is_paused(0)


def test_a_pause_of_a_live_plane_ends_only_after_it_was_off():
    pause = PlanePause()
    assert pause.toggle()
    assert not pause.see(DisplayState.LIVE)
    assert not pause.see(DisplayState.OFF)
    assert pause.see(DisplayState.LIVE)
    assert not pause.on


def test_the_offset_of_the_second_plane_is_told_once():
    with TwoRooms() as rooms:
        rooms.run(FEW[:3], 0)
        assert rooms.offsets_s == []
        rooms.feed(FEW[0], 1)
        rooms.feed(FEW[1], 1)
        rooms.shown()
    assert rooms.offsets_s == [pytest.approx(3 * FRAME_S)]


def test_a_calm_ap_plane_with_an_outline_lets_a_clear_lateral_be_clear():
    """And only while it is watched itself: what fails in it is UNKNOWN as ever."""
    outline = np.array([(30.0, 30.0), (110.0, 30.0), (110.0, 75.0), (30.0, 75.0)])
    ap = replace(AP, marks=replace(AP.marks, body_outline_px=outline))
    with TwoRooms(ap) as rooms:
        assert rooms.run(FEW[:CALM])[-1] is Level.CLEAR
        assert rooms.plane(1).now.banner.partly  # by itself it is not
        assert rooms.shown().banner.warnings[-1].startswith("B AP: veins and outline watched")
        rooms.run([FEW[CALM]], 0)
        rooms.clock.now_s += 0.6
        rooms.feed(FEW[CALM + 1], 0)
        assert (rooms.shown().level, rooms.shown().worse) == (Level.UNKNOWN, 1)
    with TwoRooms(AP) as rooms:  # without an outline only veins are watched
        assert rooms.run(FEW[:CALM])[-1] is Level.UNKNOWN

"""The unhappy machine, live: whatever breaks, the last level that is shown is true.

Each test ends in what a window shows. The clock is the test's own.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Event as Flag

import injection
import numpy as np
import pytest
from injection import FRAMES, STOPPED
from live_room import END, OPEN, KeptSink, Room

from leakwatch.alerting import rules
from leakwatch.config import LiveSettings, Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.errors import SinkError, SourceEndedEarly
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.core.results import Level, Reason
from leakwatch.live.status import Alarm, DisplayState
from leakwatch.pipeline import stages

CALM = 5  # frames without cement

FEW = list(injection.frames())


@pytest.fixture
def room():
    with Room() as one:
        yield one


@pytest.fixture
def calm(room):
    """A room in which all is CLEAR."""
    assert room.run(FEW[:CALM])[-1] is Level.CLEAR
    return room


@pytest.fixture
def stopped(room):
    """A room in which STOP is latched."""
    assert room.run(FEW[: STOPPED + 1])[-1] is Level.STOP
    return room


def is_unknown(room, state, alarm):
    now = room.shown()
    assert (now.level, now.state, now.alarm) == (Level.UNKNOWN, state, alarm)
    return now


def is_still_stop(room, state):
    now = room.shown()
    assert (now.level, now.state, now.alarm) == (Level.STOP, state, Alarm.HIGH)
    return now


DEATHS = [SourceEndedEarly("ended early"), OSError("Input/output error"), IndexError("oh")]


@pytest.mark.parametrize("death", DEATHS, ids=lambda error: type(error).__name__)
def test_a_source_that_dies_while_all_is_clear(calm, death):
    calm.source.fed.put(death)
    status = calm.until(lambda status: status.ended)
    assert str(death) in status.fault
    assert str(death) in is_unknown(calm, DisplayState.LOST, Alarm.MEDIUM).banner.reasons[0]
    assert status.decision.snapshot.alert.reasons == (Reason.DECODE,)


def test_a_source_that_dies_after_a_stop(stopped):
    stopped.source.fed.put(SourceEndedEarly("ended early"))
    stopped.until(lambda status: status.ended)
    now = is_still_stop(stopped, DisplayState.LOST)
    assert "ended early" in now.banner.warnings


def test_a_source_that_is_over_is_not_clear_any_more(calm):
    calm.source.fed.put(END)
    assert calm.until(lambda status: status.ended).fault == ""
    is_unknown(calm, DisplayState.ENDED, Alarm.LOW)


def test_a_source_that_never_gives_a_frame(room):
    is_unknown(room, DisplayState.WAITING, Alarm.NONE)
    room.source.fed.put(SourceEndedEarly("nothing came"))
    room.until(lambda status: status.ended)
    assert is_unknown(room, DisplayState.LOST, Alarm.MEDIUM).banner.reasons == ("nothing came",)


SILENCES = [
    (True, DisplayState.STALE, Alarm.MEDIUM, "No new frame"),
    (None, DisplayState.SILENT, Alarm.LOW, "No new frame: fluoroscopy off, or connection lost"),
    (False, DisplayState.OFF, Alarm.NONE, "Fluoroscopy off: no monitoring"),
]


@pytest.mark.parametrize(("on", "state", "alarm", "recorded"), SILENCES, ids=["on", "?", "off"])
def test_a_source_that_stalls(on, state, alarm, recorded):
    sink = KeptSink()
    with Room({"recording": sink}) as room:
        room.run(FEW[:CALM])
        room.source.status = replace(OPEN, fluoroscopy_on=on)
        room.clock.now_s += 0.6
        is_unknown(room, state, alarm)
        room.until(lambda status: status.decision.snapshot.fault == recorded)
        assert room.shown().reasons == (Reason.STALE,)
        room.source.status = OPEN
        room.feed(FEW[CALM], 2.0)
        assert room.shown().level is Level.CLEAR
    assert sink.texts.count(recorded) == 1
    stale = next(event for event in sink.events if event.text == recorded)
    assert (stale.reason, stale.level) == (Reason.STALE, Level.UNKNOWN)
    frames = [one.frame.index for one in sink.snapshots if one.fault is None]
    assert frames == list(range(CALM + 1))


def is_last_image(room, age, kind="LAST IMAGE"):
    """What is shown says how old the last judged picture is, and no number without that."""
    judged = room.session.status.history.assessed
    distance = judged.snapshot.observation.wall_distance
    now = room.shown()
    said = f"{kind}, {age} ago: {abs(distance.distance_mm):.1f}"
    assert now.banner.warnings[0].startswith(said)
    assert now.last == now.banner.warnings[0]
    others = (*now.banner.reasons, *now.banner.warnings[1:])
    assert not any(" mm from" in one or "mm behind" in one for one in others)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (replace(OPEN, fluoroscopy_on=False), DisplayState.OFF),
        (replace(OPEN, fluoroscopy_on=None), DisplayState.SILENT),
        (OPEN, DisplayState.STALE),
        (LinkStatus(Link.LOST, "the cable is out"), DisplayState.LOST),
    ],
    ids=["off", "silent", "stale", "lost"],
)
@pytest.mark.parametrize("acknowledged", [False, True])
def test_the_last_image_is_told_with_its_age(stopped, status, state, acknowledged):
    if acknowledged:
        stopped.session.acknowledge()
        stopped.until(lambda one: not one.decision.snapshot.alert.latched)
    stopped.source.status = status
    stopped.clock.now_s += 11.6
    for age in ("12 s", "2:12 min"):
        now = stopped.shown()
        assert (now.level, now.state) == (Level.UNKNOWN if acknowledged else Level.STOP, state)
        is_last_image(stopped, age)
        acks = [one for one in now.banner.warnings if one.startswith("STOP acknowledged")]
        assert bool(acks) is acknowledged
        stopped.clock.now_s += 120.0


def test_the_last_image_of_a_source_that_is_over(stopped):
    stopped.source.fed.put(END)
    stopped.until(lambda status: status.ended)
    stopped.clock.now_s += 4.7
    is_still_stop(stopped, DisplayState.ENDED)
    is_last_image(stopped, "5 s")


def test_the_last_image_while_it_is_held_ages_though_frames_come(stopped):
    held = FEW[STOPPED]
    for later in range(1, 40):
        at_s = held.time_s + later * injection.FRAME_S
        stopped.feed(replace(held, index=held.index + later, time_s=at_s))
    is_still_stop(stopped, DisplayState.FROZEN)
    age_s = stopped.clock.now_s - stopped.session.status.history.assessed.received_s
    assert age_s > 4.0
    is_last_image(stopped, f"{np.ceil(age_s):.0f} s")


def test_what_was_judged_last_while_frames_cannot_be_compared(stopped):
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 4096, FEW[0].pixels.shape, dtype=np.uint16)
    for index in range(STOPPED + 1, FRAMES):
        stopped.feed(replace(FEW[index], pixels=read_only(noise + np.uint16(index))))
    is_still_stop(stopped, DisplayState.LIVE)
    is_last_image(stopped, "1 s", "LAST ASSESSED")
    # The picture that stays is the last judged one: a beam that ends dims its last frames.
    assert stopped.session.status.decision_to_show is stopped.session.status.history.assessed


def test_a_picture_that_was_not_judged_for_long_is_the_one_that_stays(stopped):
    stopped.feed(smaller(FEW[STOPPED + 1]), 3.0)
    stopped.clock.now_s += 2.0
    status = stopped.session.status
    assert status.decision_to_show is status.history.newest
    is_last_image(stopped, "5 s", "LAST ASSESSED")


def test_what_was_judged_last_of_another_patient_is_not_told(stopped):
    stopped.feed(of_patient(FEW[STOPPED + 1], "b"))
    assert stopped.shown().last == ""


def test_a_stall_leaves_a_stop(stopped):
    stopped.clock.now_s += 60.0
    is_still_stop(stopped, DisplayState.STALE)


def test_the_same_picture_again_is_a_held_one(calm):
    held = FEW[CALM - 1]
    for later in range(1, 8):
        at_s = held.time_s + later * injection.FRAME_S
        calm.feed(replace(held, index=held.index + later, time_s=at_s))
    now = is_unknown(calm, DisplayState.FROZEN, Alarm.NONE)
    assert now.banner.reasons[0].startswith("Image frozen")


def test_a_lost_link_is_told_at_once(calm):
    calm.source.status = LinkStatus(Link.LOST, "what came is no DICOM object")
    now = is_unknown(calm, DisplayState.LOST, Alarm.MEDIUM)
    assert now.banner.reasons == ("Connection lost: what came is no DICOM object",)


def test_a_source_whose_status_breaks(calm, monkeypatch):
    monkeypatch.delattr(calm.source, "status")
    assert "AttributeError" in is_unknown(calm, DisplayState.LOST, Alarm.MEDIUM).banner.reasons[0]


def test_pixels_that_are_noise(calm):
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 4096, FEW[0].pixels.shape, dtype=np.uint16)
    for index in range(CALM, CALM + 3):
        calm.feed(replace(FEW[index], pixels=read_only(noise.copy())))
        assert calm.shown().level is Level.UNKNOWN


def test_pixels_in_colour(calm):
    colour = np.repeat(FEW[CALM].pixels[..., None], 3, axis=2)
    calm.feed(replace(FEW[CALM], pixels=read_only(colour)))
    is_unknown(calm, DisplayState.LIVE, Alarm.LOW)


def smaller(frame):
    half = read_only(np.ascontiguousarray(frame.pixels[::2, ::2]))
    rows, columns = half.shape
    return replace(
        frame, pixels=half, acquisition=replace(frame.acquisition, rows=rows, columns=columns)
    )


def test_another_size_and_back(calm):
    calm.feed(smaller(FEW[CALM]))
    now = is_unknown(calm, DisplayState.LIVE, Alarm.LOW)
    assert now.banner.reasons[0] == "Frames of 120 × 120 pixels instead of 240 × 240"
    rest = FEW[CALM + 1 :]
    levels = calm.run(rest)
    back = [at for at, level in enumerate(levels) if level is not Level.UNKNOWN]
    # Only when the view has been back for a second; then the cement is judged as ever.
    assert back[0] == LiveSettings().return_after_s / injection.FRAME_S - 1
    assert levels[-1] is Level.STOP


def of_patient(frame, subject):
    return replace(frame, acquisition=replace(frame.acquisition, subject=subject))


def test_another_patient_is_never_judged_until_a_person_starts_anew(calm):
    levels = calm.run(of_patient(frame, "b") for frame in FEW[CALM:])
    assert set(levels) == {Level.UNKNOWN}
    assert calm.shown().banner.reasons == ("Another patient: start a new baseline",)
    calm.session.restart_baseline()
    calm.until(lambda status: status.decision.detail == "")
    # Nobody drew a wall on this patient, and the other one's spacing is not this one's.
    calm.feed(of_patient(replace(FEW[-1], index=FRAMES, time_s=9.0), "b"))
    assert calm.shown().level is Level.UNKNOWN
    assert Reason.NO_WALL in calm.shown().reasons
    assert calm.session.status.decision.snapshot.observation.calibration.mm_per_px is None


@pytest.mark.parametrize("other", [smaller, lambda frame: of_patient(frame, "b")])
def test_two_senders_at_once_are_never_clear(calm, other):
    for frame in FEW[CALM:]:
        calm.feed(other(frame) if frame.index % 2 else frame)
        if frame.index > CALM:
            assert calm.shown().level is Level.UNKNOWN


def test_two_senders_do_not_take_a_stop_away(stopped):
    stopped.feed(of_patient(FEW[STOPPED + 1], "b"))
    now = is_still_stop(stopped, DisplayState.LIVE)
    assert "Another patient: start a new baseline" in now.banner.warnings


CLOCKS = {
    "back": lambda frame: replace(frame, time_s=frame.time_s - 500.0),
    "ahead": lambda frame: replace(frame, time_s=frame.time_s + 500.0),
    "stands": lambda frame: replace(frame, time_s=FEW[CALM - 1].time_s),
    "nan": lambda frame: replace(frame, time_s=float("nan")),
    "numbers": lambda frame: replace(frame, index=frame.index - CALM, time_s=0.0),
}


@pytest.mark.parametrize("leap", CLOCKS.values(), ids=CLOCKS)
def test_a_clock_that_jumps_changes_no_level(leap):
    sink = KeptSink()
    with Room() as sound:
        expected = sound.run(FEW)
    with Room({"recording": sink}) as room:
        levels = room.run([*FEW[:CALM], *(leap(frame) for frame in FEW[CALM:])])
    assert levels == expected
    assert levels[-1] is Level.STOP
    frames = [one for one in sink.snapshots if one.fault is None]
    assert [one.frame.index for one in frames] == list(range(FRAMES))
    times = [one.frame.time_s for one in frames]
    assert times == pytest.approx([frame.time_s for frame in FEW])
    assert any("clock of the source" in text for text in sink.texts)


@pytest.mark.parametrize(("module", "name"), [(stages, "step"), (rules, "decide")])
def test_a_stage_that_raises_for_good(calm, monkeypatch, module, name):
    whole = getattr(module, name)

    def broken(state, seen):
        if Reason.STAGE_ERROR not in getattr(seen, "unavailable", ()):
            raise ZeroDivisionError("oh")
        return whole(state, seen)

    monkeypatch.setattr(module, name, broken)
    assert set(calm.run(FEW[CALM:])) == {Level.UNKNOWN}
    is_unknown(calm, DisplayState.LIVE, Alarm.MEDIUM)


def test_a_fold_that_breaks_altogether_is_late_and_not_clear(calm, monkeypatch, caplog):
    monkeypatch.setattr(calm.session._fold, "take", lambda *_: 1 / 0)
    for frame in FEW[CALM : CALM + 6]:
        calm.clock.now_s += injection.FRAME_S
        calm.source.fed.put(replace(frame, received_s=calm.clock.now_s))
    calm.until(lambda status: status.arrived_s == calm.clock.now_s)
    is_unknown(calm, DisplayState.LATE, Alarm.MEDIUM)
    caplog.clear()  # the log says why


def test_a_fold_whose_thread_is_gone(calm):
    calm.session._inbox.close()
    calm.session._threads[1].join(10.0)
    assert not calm.session._threads[1].is_alive()
    calm.clock.now_s += 0.6
    is_unknown(calm, DisplayState.STALE, Alarm.MEDIUM)


def fails_at(index, error):
    def before(snapshot):
        if snapshot.frame.index >= index:
            raise error

    return KeptSink(before)


SINK_ERRORS = [SinkError("frames.jsonl cannot be written: No space left"), KeyError("oh")]


@pytest.mark.parametrize("error", SINK_ERRORS, ids=["disk full", "bug"])
def test_a_sink_that_fails_is_told_and_the_alarm_goes_on(error):
    sink, sound = fails_at(3, error), KeptSink()
    with Room({"recording": sink, "other": sound}) as room:
        levels = room.run(FEW)
        status = room.until(lambda status: status.recordings[0].failure)
        assert levels[-1] is Level.STOP
        assert str(error) in status.recordings[0].failure
        assert status.recordings[1].failure == ""
        is_still_stop(room, DisplayState.LIVE)
    assert sink.closed
    assert [one.frame.index for one in sink.snapshots] == [0, 1, 2]
    assert len(sound.snapshots) >= FRAMES


def test_a_sink_that_hangs_delays_nothing_and_keeps_the_events():
    hung = Flag()
    sink = KeptSink(lambda snapshot: hung.wait())
    few = Settings(live=LiveSettings(sink_queue_frames=2))
    with Room({"recording": sink}, settings=few) as room:
        levels = room.run(FEW)
        assert levels[-1] is Level.STOP
        (recording,) = room.session.status.recordings
        # One is being written, two wait.
        assert recording.lost in (FRAMES - 3, FRAMES - 2)
        hung.set()
    assert [event.level for event in sink.events if event.level is Level.STOP] != []
    assert room.session.status.recordings[0].failure == ""


def test_a_sink_that_hangs_for_ever_does_not_keep_the_session_open():
    hung = Flag()
    sink = KeptSink(lambda snapshot: hung.wait())
    brief = Settings(live=LiveSettings(close_s=0.05))
    with Room({"recording": sink}, settings=brief) as room:
        assert room.run(FEW)[-1] is Level.STOP
    assert "did not end within 0.05 s" in room.session.status.recordings[0].failure
    assert room.shown().level is Level.STOP
    hung.set()


def test_a_window_that_closes_ends_all(calm):
    calm.session.close()
    assert calm.source.closed
    assert calm.session.status.ended
    assert not any(thread.is_alive() for thread in calm.session._threads)
    is_unknown(calm, DisplayState.ENDED, Alarm.LOW)

"""A recording that falls behind: told as it happens, in calm words, and the alarm is the same."""

from __future__ import annotations

from threading import Event as Flag

import injection
import pytest
from live_room import SETTINGS, KeptSink, Room

from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.config import LiveSettings, Settings
from leakwatch.core.results import EventKind, Level
from leakwatch.live.panel import session_facts
from leakwatch.live.recording_notices import RecordingNotices
from leakwatch.live.report_lines import status_line
from leakwatch.live.status import Recording
from leakwatch.sinks.recording.recorder import EVENTS_NAME, FRAMES_NAME, Recorder

FEW = list(injection.frames())


def recording_fact(room):
    status, now_s = room.session.status, room.clock.now_s
    facts = session_facts(status, room.shown(), now_s, room.settings)
    return next(fact for fact in facts if fact.name == "Recording")


def told(folder):
    events = read_events(folder / EVENTS_NAME)
    return [one for one in events if one.text and one.text.startswith("recording of ")]


def test_a_slow_disk_is_told_as_it_happens_and_counted(tmp_path):
    hung = Flag()
    pictures = KeptSink(lambda snapshot: hung.wait())
    settings = Settings(live=LiveSettings(sink_queue_frames=5))
    sinks = {"measurements": Recorder(tmp_path), "frames": pictures}
    with Room(sinks, settings=settings) as room:
        levels = room.run(FEW[:5])
        assert "recording is" not in status_line(room.session.status, room.shown())
        levels += room.run(FEW[5:])
        room.until(lambda status: len(status.notices) == 2)
        said = status_line(room.session.status, room.shown())
        assert "recording is 2 s behind" in said.split(" | ")
        fact = recording_fact(room)
        assert (fact.value.endswith("; 2 s behind"), fact.warn) == (True, True)
        assert f"frames: {len(FEW) - 5} lost" in fact.value
        assert levels[-1] is Level.STOP
        hung.set()
        status = room.until(lambda status: len(status.notices) == 3)
        assert status.behind_words == ""
        assert status.notices[1] in [f"recording of frames is {late} s behind" for late in (1, 2)]
        assert (status.notices[0], *status.notices[2:]) == (
            "recording of frames accepts no more frames until it has caught up",
            f"recording of frames has caught up; it was up to 2 s behind; "
            f"{len(FEW) - 5} frames were lost",
        )
        assert room.shown().level is Level.STOP
    assert tuple(one.text for one in told(tmp_path)) == status.notices
    assert {one.kind for one in told(tmp_path)} == {EventKind.TECHNICAL}
    lines = read_frames(tmp_path / FRAMES_NAME)
    assert [line.frame for line in lines] == list(range(len(FEW)))
    assert lines[-1].level is Level.STOP


def test_behind_and_nothing_lost_is_calm():
    hung = Flag()
    with Room({"frames": KeptSink(lambda snapshot: hung.wait())}) as room:
        levels = room.run(FEW)
        room.clock.now_s += 0.4
        fact = recording_fact(room)
        assert (fact.value, fact.warn) == ("on, 3 s behind", False)
        assert levels[-1] is room.shown().level is Level.STOP
        hung.set()


def test_a_session_that_ends_full_counts_what_is_not_in_it(tmp_path):
    hung = Flag()
    settings = Settings(live=LiveSettings(sink_queue_frames=2, close_s=0.05))
    sinks = {"measurements": Recorder(tmp_path), "frames": KeptSink(lambda snapshot: hung.wait())}
    with Room(sinks, settings=settings) as room:
        assert room.run(FEW)[-1] is Level.STOP
    assert told(tmp_path)[-1].text == f"recording of frames: {len(FEW) - 2} frames were lost"
    assert room.shown().level is Level.STOP
    hung.set()


NEWS = [
    ([0.0, 0.9, 0.0], [0, 0, 0], []),
    ([1.2, 3.1, 0.9, 1.3, 0.4], [0] * 5, ["is 2 s behind", "caught up; it was up to 4 s behind"]),
    ([0.0, 0.0], [0, 1], ["accepts no more frames until it has caught up"]),
    (
        [2.0, 0.0, 2.0, 0.0],
        [1, 1, 3, 3],
        [
            "is 2 s behind",
            "accepts no more frames until it has caught up",
            "caught up; it was up to 2 s behind; 1 frame was lost",
            "is 2 s behind",
            "accepts no more frames until it has caught up",
            "caught up; it was up to 2 s behind; 2 frames were lost",
        ],
    ),
]


@pytest.mark.parametrize(("behind", "lost", "expected"), NEWS)
def test_each_change_is_told_once(behind, lost, expected):
    limit_s = SETTINGS.live.behind_after_s
    notices, texts, before = RecordingNotices(limit_s), [], 0
    for behind_s, count in zip(behind, lost, strict=True):
        full, before = count > before, count
        for _ in range(3):
            late = behind_s >= limit_s
            texts += notices.take_new(
                {1: Recording("frames", count, "", False, behind_s, late, full)}
            )
    assert [one.removeprefix("recording of frames ").removeprefix("has ") for one in texts] == (
        expected
    )


def test_a_second_record_is_told_of_anew():
    notices = RecordingNotices(1.0)
    stopped = Recording("frames", failure="disk full")
    assert notices.take_new({1: stopped}) == ["recording of frames stopped: disk full"]
    assert notices.take_new({1: stopped}) == []
    assert notices.take_new({2: stopped}) == ["recording of frames stopped: disk full"]

"""What a session says in words: the line while it runs, its end, and what it records of drops."""

from __future__ import annotations

import re
from dataclasses import replace
from threading import Event as Flag

import injection
from live_room import KeptSink, Room

from leakwatch.core.errors import SinkError
from leakwatch.core.protocols import Link
from leakwatch.core.results import EventKind
from leakwatch.live.report_lines import degraded_lines, status_line, summary_lines

FEW = list(injection.frames())
THREE = r"\d+ / \d+ / \d+ ms"


def line(room):
    return status_line(room.session.status, room.shown())


def test_a_line_has_level_distance_age_drops_and_all_latencies():
    with Room() as room:
        room.run(FEW[:9])
        room.session.drawn(room.session.status.decision.received_s)
        room.source.status = replace(room.source.status, frames_lost=3)
        said = line(room)
    assert re.match(r"(CLEAR|WATCH) ", said)
    assert re.search(r"mm", said)
    assert "age 0.00 s" in said
    assert "dropped 0, lost 3" in said
    whole = rf"p50 / p95 / p99 until decoded {THREE}, decided {THREE}, drawn {THREE}"
    assert re.fullmatch(whole, said.split(" | ")[-2]), said


def test_a_line_of_the_past_has_no_number_without_its_age():
    with Room() as room:
        room.run(FEW)
        room.source.status = replace(room.source.status, fluoroscopy_on=False)
        room.clock.now_s += 11.6
        said = line(room)
    assert said.startswith("STOP ")
    (told,) = re.findall(r"LAST IMAGE, 12 s ago: [^;|]* mm", said)
    assert len(re.findall(r"[0-9.]+ mm", said.replace(told, ""))) == 0, said
    assert "no distance" not in said


def test_a_line_ends_with_what_the_source_says_unless_the_level_says_it():
    with Room() as room:
        said = "C-STORE on port 1: a connection from 10.0.0.9 was refused"
        room.source.status = replace(room.source.status, link=Link.OPEN, text=said)
        assert line(room).count(said) == 1  # No frame yet: ...
        room.run(FEW[:2])
        assert line(room).endswith(f" | {said}")
        room.source.status = replace(room.source.status, link=Link.LOST)
        assert line(room).count(said) == 1


def test_the_end_says_the_same_again():
    with Room() as room:
        room.run(FEW)
        lines = summary_lines(room.session.status)
    assert re.fullmatch(
        r"16 frames \(\d+ of them UNKNOWN\), 0 dropped, 0 lost in transit; first STOP at .*",
        lines[0],
    )
    assert [re.match(r"received to (\w+): ", one)[1] for one in lines[1:]] == ["decoded", "decided"]


def test_a_recording_that_stopped_stands_where_no_edge_cuts_it_off():
    def full(snapshot):
        raise SinkError("frames.jsonl cannot be written: No space left on device")

    with Room({"frames": KeptSink(full)}) as room:
        room.run(FEW[:4])
        room.until(lambda status: status.recordings[0].failure)
        said = line(room)
        ended = degraded_lines(room.session.status)
    assert said.split(" | ")[1] == "NOT RECORDED any longer: frames"
    assert "No space left" in ended[0]


def test_frames_that_are_dropped_are_counted_shown_and_recorded():
    sink = KeptSink()
    with Room({"recording": sink}) as room:
        room.run(FEW[:8])
        take, go_on, begun = room.session._fold.take, Flag(), Flag()

        def slow(*arguments):
            begun.set()
            go_on.wait(20.0)
            return take(*arguments)

        room.session._fold.take = slow
        for index, frame in enumerate(FEW[8:14]):
            room.clock.now_s += injection.FRAME_S
            room.source.fed.put(replace(frame, received_s=room.clock.now_s))
            if index == 0:
                assert begun.wait(20.0)
        # One is looked at, and three may wait: of six, two are dropped.
        room.until(lambda status: status.dropped == 2)
        go_on.set()
        room.until(lambda status: status.frames == 12)
        assert "dropped 2, lost 0" in line(room)
        assert "2 dropped" in summary_lines(room.session.status)[0]
    frames = [one.frame.index for one in sink.snapshots if one.fault is None]
    assert frames == [*range(9), 11, 12, 13]
    told = [event for event in sink.events if event.text and "dropped" in event.text]
    assert [(one.kind, one.text) for one in told] == [
        (EventKind.TECHNICAL, "2 frames dropped: newer ones were available")
    ]

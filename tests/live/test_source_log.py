"""What the log of a live session says of its source."""

from __future__ import annotations

import logging
from dataclasses import replace

import injection
from live_room import OPEN, Room

from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.diagnostics import frame_log
from leakwatch.diagnostics.log_file import FIELDS

FEW = list(injection.frames())[:3]


def test_a_link_that_is_lost_and_comes_back_is_told_each_time_once(caplog):
    caplog.set_level(logging.INFO, "leakwatch")
    with Room() as room:
        room.run(FEW[:1])
        for link in (
            LinkStatus(Link.LOST, "the cable is out", None, 4),
            replace(OPEN, frames_lost=6),
        ):
            room.source.status = link
            room.run(FEW[1:2])
            room.run(FEW[2:3])
    told = [
        (record.message, getattr(record, FIELDS)["newly_lost"])
        for record in caplog.records
        if record.message.startswith("source ")
    ]
    assert told == [
        ("source connected: a test", 0),
        ("source lost: the cable is out", 4),
        ("source connected: a test", 2),
    ]


def test_a_source_that_dies_leaves_its_traceback(caplog):
    caplog.set_level(logging.DEBUG, "leakwatch")
    with Room() as room:
        room.run(FEW[:1])
        room.source.fed.put(IndexError("oh"))
        room.until(lambda status: status.ended)
    broke = [one for one in caplog.records if one.message == "the source failed"]
    assert [type(one.exc_info[1]) for one in broke] == [IndexError]
    assert broke[0].threadName == "capture"


def test_remarks_of_a_person_are_not_logged(caplog):
    caplog.set_level(logging.DEBUG, "leakwatch")
    with Room() as room:
        room.run(FEW[:1])
        room.session.note("Jane Doe moved")
        room.run(FEW[1:2])
    fields = [getattr(record, FIELDS, {}) for record in caplog.records]
    assert "Doe" not in caplog.text + str(fields)
    assert "action: Note" in caplog.text


def test_a_frame_is_judged_and_shown_although_it_cannot_be_logged(caplog, monkeypatch):
    caplog.set_level(logging.INFO, "leakwatch")
    monkeypatch.setattr(frame_log, "_of_frame", lambda snapshot: 1 / 0)
    with Room() as room:
        room.run(FEW)
        assert room.session.status.frames == len(FEW)
    assert caplog.text.count("a decision could not be logged") >= len(FEW)

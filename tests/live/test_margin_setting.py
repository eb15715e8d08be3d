"""A margin that the operator changes in a session, and in the analysis of its recording."""

from __future__ import annotations

from dataclasses import replace

import pytest
from live_room import CASE, OPEN, SETTINGS, KeptSink, Room
from test_live_fold import FEW, ByHand

from leakwatch.alerting import rules
from leakwatch.alerting.margins import MarginChange
from leakwatch.case_files.run_records import frame_line
from leakwatch.core.results import EventKind, Level
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.live.actions import RestartBaseline, SetMargin, UndoRestart
from leakwatch.live.status import LiveStatus
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.runner.recorded_case import open_recorded
from leakwatch.runner.recorded_events import recorded_events
from leakwatch.runner.stored_run import open_run
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.recorder import Recorder

SET = 10  # frames before the change


def margins(given):
    return [one.alert.margin_mm for one in given]


def lines(snapshots):
    return [frame_line(replace(one, latency_ms=0.0)) for one in snapshots]


def margin_of(live):
    return live.fold.fill_status(LiveStatus(None, OPEN)).margin_mm


def technical(live):
    return [one.text for one in live.events_of(EventKind.TECHNICAL) if one.text]


def test_a_wider_one_holds_from_the_next_frame_on_and_is_recorded():
    live = ByHand()
    live.run(FEW[:SET])
    live.act(SetMargin(9.0))
    live.run(FEW[SET:])
    assert margins(live.given) == [None] * SET + [9.0] * (len(FEW) - SET)
    said = technical(live)
    assert said == ["the operator widened the margin from 5 to 9 mm"]
    plain = ByHand()
    plain.run(FEW)
    first = [one.alert.level for one in live.given].index(Level.STOP)
    assert SET <= first < [one.alert.level for one in plain.given].index(Level.STOP)


@pytest.mark.parametrize("why", ["", "  ", "ok"])
def test_a_narrower_one_without_a_reason_is_refused(why):
    live = ByHand()
    live.run(FEW[:SET])
    live.act(SetMargin(3.0, why))
    live.run(FEW[SET:])
    assert margins(live.given) == [None] * len(FEW)
    assert technical(live) == []


def test_a_narrower_one_is_recorded_with_its_reason():
    live = ByHand()
    live.run(FEW[:SET])
    live.act(SetMargin(3.0, " wall marked 2 mm too far anterior "))
    live.run(FEW[SET:])
    assert margins(live.given)[SET:] == [3.0] * (len(FEW) - SET)
    why = "wall marked 2 mm too far anterior"
    assert technical(live) == [f"the operator narrowed the margin from 5 to 3 mm: {why}"]


@pytest.mark.parametrize("margin_mm", [5.0, 0.2, 25.0, float("nan"), float("inf"), -5.0])
def test_what_changes_nothing_or_is_not_possible_is_ignored(margin_mm):
    live = ByHand()
    live.run(FEW[:SET])
    live.act(SetMargin(margin_mm, "a reason"))
    live.run(FEW[SET:])
    assert margins(live.given) == [None] * len(FEW)
    assert technical(live) == []


def test_narrower_is_measured_from_the_change_before_not_from_the_settings():
    live = ByHand()
    live.run(FEW[:SET])
    live.act(SetMargin(9.0))
    live.act(SetMargin(7.0))  # above the 5 mm of the settings, but narrower than it is
    assert margin_of(live) == 9.0
    live.act(SetMargin(7.0, "enough"))
    assert margin_of(live) == 7.0


def test_a_new_baseline_and_its_undo_keep_it():
    live = ByHand()
    live.run(FEW[:SET])
    live.act(SetMargin(9.0))
    live.act(RestartBaseline())
    live.run(FEW[SET : SET + 2])
    live.act(UndoRestart())
    live.run(FEW[SET + 2 :])
    assert margins(live.given)[-1] == 9.0
    assert margin_of(live) == 9.0


def test_a_new_analysis_with_the_margins_of_the_session_gives_the_same_bytes():
    live = ByHand()
    live.run(FEW[:8])
    live.act(SetMargin(12.0))
    live.run(FEW[8:12])
    live.act(SetMargin(4.0, "a reason"))
    live.run(FEW[12:])
    vision = stages.initial_state(SETTINGS, CASE.marks, live.given[0].observation.calibration)
    changes = (MarginChange(8, 12.0), MarginChange(12, 4.0))
    alerts = replace(rules.initial_state(SETTINGS), margins=changes)
    again = fold(iter(FEW), vision, alerts)
    assert lines(again) == lines(live.given)


def recorded(folder):
    """Record a session in which the margin is changed; return its snapshots."""
    unknown = Calibration(None, None, SpacingRung.NONE, "not known yet")
    recorder = FrameRecorder(folder, Recording(CASE.marks, unknown, SETTINGS, "test", False))
    kept = KeptSink()
    with Room({"lines": Recorder(folder), "frames": recorder, "kept": kept}) as room:
        recorder.follow_marks(lambda: room.session.marks)
        room.run(FEW[:SET])
        room.session.set_margin(9.0)
        room.until(lambda status: status.margin_mm == 9.0)
        room.run(FEW[SET:])
    return [one for one in kept.snapshots if one.fault is None]


def test_a_recorded_session_is_analysed_to_the_same_bytes(tmp_path):
    shown = recorded(tmp_path)
    assert margins(shown)[SET - 1 : SET + 1] == [None, 9.0]
    for run in (open_recorded(tmp_path), open_run(tmp_path / "session.case.json", SETTINGS)):
        again = list(run.iter_snapshots())
        run.source.close()
        assert lines(again) == lines(shown)
        assert run.recorded.margins == (MarginChange(SET, 9.0),)


def test_a_margin_in_a_file_that_is_not_possible_is_reported_and_not_used(tmp_path):
    recorded(tmp_path)
    path = tmp_path / "frames.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"margin_mm":9.0', b'"margin_mm":900.0'))
    found = recorded_events(tmp_path, SETTINGS)
    assert found.margins == ()
    assert "quality.margin_mm of frame 10 is 900.0" in found.problem
    run = open_run(tmp_path / "session.case.json", SETTINGS)
    run.source.close()
    assert found.problem in run.warnings

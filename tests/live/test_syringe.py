"""What a person reads on the syringe, in a session and in the analysis of its recording."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest
from live_room import CASE, SETTINGS, KeptSink, Room
from test_live_fold import FEW, ByHand

from leakwatch.alerting import rules
from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.run_records import frame_line
from leakwatch.case_files.session_file import CASE_NAME
from leakwatch.core.arrays import read_only
from leakwatch.core.marks import Marks
from leakwatch.core.results import EventKind
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.core.volume import CementInputs, FactorSource, SyringeReading
from leakwatch.live.actions import RestartBaseline, Syringe, UndoRestart
from leakwatch.live.case_setup import FollowedMarks, Setup
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.runner.recorded_case import open_recorded
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording

READ = 10  # frames before the reading


def volumes(given):
    seen = [one.observation.cement for one in given]
    return [None if one is None else one.volume_ml for one in seen]


def lines(snapshots):
    return [frame_line(replace(one, latency_ms=0.0)) for one in snapshots]


def test_it_is_used_from_the_next_frame_on_and_kept_with_the_case():
    live = ByHand()
    live.run(FEW[:READ])
    live.act(Syringe(0.5))
    live.run(FEW[READ:])
    assert volumes(live.given)[:READ] == [None] * READ
    assert volumes(live.given)[READ] == pytest.approx(0.5)
    assert live.given[READ].observation.cement.volume.source is FactorSource.SYRINGE
    assert volumes(live.given)[-1] > 0.5
    (note,) = live.events_of(EventKind.ANNOTATION)
    assert note.text == "0.5 mL injected, as read on the syringe"
    assert live.fold.marks.cement.syringe == (SyringeReading(READ, 0.5),)


def test_a_new_analysis_with_the_marks_of_the_session_gives_the_same_bytes():
    live = ByHand()
    live.run(FEW[:8])
    live.act(Syringe(0.2))
    live.run(FEW[8:12])
    live.act(Syringe(0.7))
    live.run(FEW[12:])
    calibration = live.given[0].observation.calibration
    vision = stages.initial_state(SETTINGS, live.fold.marks, calibration)
    again = fold(iter(FEW), vision, rules.initial_state(SETTINGS))
    assert [lines([one]) for one in again] == [lines([one]) for one in live.given]


@pytest.mark.parametrize("ml", [0.0, -1.0, 50.0, float("nan"), float("inf")])
def test_what_is_no_volume_is_ignored(ml):
    live = ByHand()
    live.run(FEW[:READ])
    live.act(Syringe(ml))
    live.run(FEW[READ:])
    assert volumes(live.given) == [None] * len(FEW)
    assert live.events_of(EventKind.ANNOTATION) == []


def test_before_the_first_frame_it_is_ignored_and_before_cement_it_is_refused():
    live = ByHand()
    live.fold.act(Syringe(0.5), live.clock.now_s)
    live.run(FEW[:3])
    live.act(Syringe(0.5))
    live.run(FEW[3:])
    assert volumes(live.given) == [None] * len(FEW)
    told = live.given[-1].observation.cement.volume
    assert told.refused == "no cement was detected then"


def test_typed_twice_between_two_frames_the_last_one_counts():
    live = ByHand()
    live.run(FEW[:READ])
    live.act(Syringe(5.0))
    live.act(Syringe(0.5))
    live.run(FEW[READ:])
    assert volumes(live.given)[READ] == pytest.approx(0.5)
    assert live.fold.marks.cement.syringe == (SyringeReading(READ, 0.5),)


def test_another_baseline_keeps_the_factor_and_undoing_it_the_reading():
    live = ByHand()
    live.run(FEW[:READ])
    live.act(Syringe(0.5))
    live.run(FEW[READ:12])
    before = live.fold.marks.cement
    live.act(RestartBaseline())
    assert live.fold.marks.cement == before
    live.act(RestartBaseline(Marks(posterior_wall_px=read_only(np.array(injection.WALL)))))
    assert live.fold.marks.cement == before  # drawn marks say nothing of the cement
    live.act(UndoRestart())
    live.act(UndoRestart())
    live.run(FEW[12:])
    assert volumes(live.given)[-1] > 0.5


def test_another_patient_has_another_syringe():
    inputs = CementInputs("BaSO4 30 %", 11, (SyringeReading(3, 0.5),))
    setup = Setup(SETTINGS, replace(CASE, marks=replace(CASE.marks, cement=inputs)))
    assert setup.with_marks(Marks(), same_patient=True).marks.cement == inputs
    assert setup.with_marks(Marks(), same_patient=False).marks.cement == CementInputs()


def test_marks_of_a_recording_follow_a_reading_and_stay_on_its_first_frame():
    known = injection.MARKS
    placed = replace(known, reference_frame=9)
    followed = FollowedMarks(known, placed)
    assert followed.of(known) is placed
    read = replace(known, cement=CementInputs(syringe=(SyringeReading(12, 0.5),)))
    now = followed.of(read)
    assert (now.reference_frame, now.cement) == (9, read.cement)
    assert followed.of(read) is now  # else the case would be written again with each frame
    drawn = replace(read, posterior_wall_px=read_only(np.array(injection.WALL)))
    assert followed.of(drawn) is drawn


def test_a_recorded_session_is_analysed_to_the_same_bytes(tmp_path):
    unknown = Calibration(None, None, SpacingRung.NONE, "not known yet")
    recorder = FrameRecorder(tmp_path, Recording(CASE.marks, unknown, SETTINGS, "test", False))
    kept = KeptSink()
    with Room({"frames": recorder, "kept": kept}) as room:
        recorder.follow_marks(lambda: room.session.marks)
        room.run(FEW[:READ])
        room.session.read_syringe(0.5)
        room.until(lambda status: status.marks.cement.syringe)
        room.run(FEW[READ:])
    shown = [one for one in kept.snapshots if one.fault is None]
    assert volumes(shown)[READ] == pytest.approx(0.5)
    assert load_case(tmp_path / CASE_NAME).marks.cement.syringe == (SyringeReading(READ, 0.5),)
    run = open_recorded(tmp_path)
    again = list(run.iter_snapshots())
    run.source.close()
    assert lines(again) == lines(shown)

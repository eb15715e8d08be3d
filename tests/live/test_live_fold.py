"""What a person does in a session, and what the fold makes of it."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest
from injection import FRAMES, STOPPED
from live_room import CASE, OPEN, SETTINGS, Clock, KeptSink, Room

from leakwatch.alerting import rules
from leakwatch.core.active_rules import Rule
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import ProjectionGeometry, View
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.results import EventKind, Level, Reason
from leakwatch.live.actions import Acknowledge, Note, PauseAudio, RestartBaseline, UndoRestart
from leakwatch.live.case_setup import Setup, current_marks
from leakwatch.live.inbox import Arrival
from leakwatch.live.live_fold import LiveFold
from leakwatch.live.report_lines import level_line
from leakwatch.live.status import Alarm, LiveStatus, displayed_status
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold

FEW = list(injection.frames())
BY_ITSELF = (EventKind.ALERT, EventKind.TECHNICAL)


class ByHand:
    """A fold without any thread."""

    def __init__(self, setup=None):
        self.clock, self.given = Clock(), []
        self.fold = LiveFold(setup or Setup(SETTINGS, CASE), self.given.append)

    def run(self, frames):
        for frame in frames:
            self.clock.now_s += injection.FRAME_S
            arrival = Arrival(frame, self.clock.now_s, self.clock.now_s)
            self.fold.take(arrival, OPEN, self.clock)
        return self.fold.decision.snapshot

    def act(self, action):
        self.fold.act(action, self.clock.now_s)
        return self.fold.decision.snapshot

    @property
    def events(self):
        return [event for snapshot in self.given for event in snapshot.alert.events]

    def events_of(self, kind):
        return [event for event in self.events if event.kind is kind]

    def shown(self):
        fold = self.fold
        status = LiveStatus(fold.decision, OPEN, fold.history, fold.decision_to_show, fold.can_undo)
        return displayed_status(status, self.clock.now_s, SETTINGS)


def test_live_and_file_say_the_same_of_every_frame():
    vision = stages.initial_state(SETTINGS, injection.MARKS, injection.CALIBRATION)
    filed = list(fold(iter(FEW), vision, rules.initial_state(SETTINGS)))
    live = ByHand()
    live.run(FEW)
    assert [one.alert for one in live.given] == [one.alert for one in filed]
    distances = [one.observation.wall_distance for one in live.given]
    assert distances == [one.observation.wall_distance for one in filed]


def test_what_was_never_set_up_sounds_no_tone_and_is_counted():
    live = ByHand(Setup(SETTINGS, replace(CASE, marks=replace(CASE.marks, view=View.AP))))
    live.run(FEW[:6])
    now = live.shown()
    assert (now.level, now.banner.partly, now.alarm) == (Level.UNKNOWN, True, Alarm.NONE)
    assert level_line(now) == "PARTLY   Veins only: no posterior wall in this view"
    assert dict(live.fold.tally.off)[Rule.MARGIN, Reason.VIEW] == 6 - live.fold.tally.acquiring
    dark = replace(FEW[6], pixels=np.zeros_like(FEW[6].pixels))
    live.run([dark])
    now = live.shown()
    assert (now.level, now.banner.partly, now.alarm) == (Level.UNKNOWN, False, Alarm.LOW)
    assert live.fold.tally.not_assessed == 1


def test_a_stop_goes_only_when_a_person_has_seen_all_of_it():
    live = ByHand()
    stopped = live.run(FEW[: STOPPED + 1])
    assert stopped.alert.level is Level.STOP
    assert live.act(Acknowledge(())).alert.level is Level.STOP  # seen before it rose
    cleared = live.act(Acknowledge(stopped.alert.reasons))
    assert cleared.alert.level is Level.WATCH
    assert live.events_of(EventKind.ACKNOWLEDGE) == []
    live.run(FEW[STOPPED + 1 :])  # the next frame carries it to the sinks
    assert len(live.events_of(EventKind.ACKNOWLEDGE)) == 1


def test_what_a_person_does_while_nothing_comes_is_kept_at_once():
    live = ByHand()
    stopped = live.run(FEW[: STOPPED + 1])
    live.clock.now_s += 2.0
    live.fold.report_no_frame("No new frame", live.clock.now_s)
    live.fold.report_no_frame("No new frame", live.clock.now_s)
    live.act(Note("cement is at 4 minutes", (12.0, 30.0)))
    live.act(Acknowledge(stopped.alert.reasons))
    (note,) = live.events_of(EventKind.ANNOTATION)
    assert (note.text, note.at_px) == ("cement is at 4 minutes", (12.0, 30.0))
    assert note.time_s == pytest.approx(stopped.frame.time_s + 2.0)
    assert len(live.events_of(EventKind.ACKNOWLEDGE)) == 1
    # None of it is a frame.
    assert [one.fault is None for one in live.given[STOPPED + 1 :]] == [False, False, False]


def test_a_pause_of_the_sound_has_an_end_and_does_not_cover_a_new_stop():
    live = ByHand()
    live.run(FEW[:5])
    live.act(PauseAudio(3600.0))
    paused = live.fold.audio_paused_until_s
    assert paused == live.clock.now_s + SETTINGS.live.audio_pause_s
    live.run(FEW[5 : STOPPED + 1])
    assert live.fold.audio_paused_until_s is None
    (event,) = live.events_of(EventKind.AUDIO_PAUSED)
    assert event.text == "120 s"


CALM = injection.without_noise()


def moved(frame, columns, index):
    """The anatomy of a frame elsewhere, and other quanta: the same ones would be a held picture."""
    noise = np.random.default_rng(100 + index).normal(0.0, 15.0, frame.pixels.shape)
    shown = (CALM[frame.index] + noise).clip(1, 4095).astype(np.uint16)
    pixels = read_only(np.roll(shown, columns, axis=1))
    return replace(frame, pixels=pixels, index=index, time_s=index * injection.FRAME_S)


def test_beginning_anew_takes_the_marks_along():
    live = ByHand()
    live.run([*FEW[:5], *(moved(FEW[at], 4, at + 5) for at in range(3))])
    live.act(RestartBaseline())
    wall = live.fold.marks.posterior_wall_px
    assert wall == pytest.approx(np.add(injection.WALL, (4.0, 0.0)), abs=0.25)
    # Later frames are judged against the new reference: cement that grows is found as before.
    last = live.run(moved(FEW[at], 4, at + 8) for at in range(FRAMES))
    assert (last.alert.level, last.alert.latched) == (Level.STOP, True)
    assert "the operator started a new baseline" in [event.text for event in live.events]
    indexes = [one.frame.index for one in live.given if one.fault is None]
    assert indexes == sorted(set(indexes))


def test_marks_drawn_on_an_earlier_picture_hold_from_there():
    live = ByHand(Setup(SETTINGS, CaseFile("", Marks(), injection.MM_PER_PX, 0.005)))
    picture = live.run(FEW[:3]).frame
    assert live.shown().level is Level.UNKNOWN
    live.run(moved(FEW[at], 3, at) for at in range(3, 5))
    live.act(RestartBaseline(injection.MARKS, picture))
    last = live.run(moved(FEW[at], 3, at) for at in range(5, FRAMES))
    assert last.alert.level is Level.STOP
    shifted = last.observation.wall_px - np.array(injection.WALL)
    assert shifted == pytest.approx(np.tile([3.0, 0.0], (3, 1)), abs=0.3)


def test_beginning_anew_keeps_a_stop_that_nobody_saw_and_no_older_grudge():
    live = ByHand()
    stopped = live.run(FEW[: STOPPED + 1])
    assert live.act(RestartBaseline()).alert.level is Level.STOP
    live.act(Acknowledge(stopped.alert.reasons))
    assert live.fold.decision.snapshot.alert.level is not Level.STOP


def test_marks_are_dropped_where_nobody_knows_where_they_lie():
    blind = ByHand()
    rng = np.random.default_rng(5)
    blind.run(FEW[:4])
    noise = rng.integers(0, 4096, FEW[0].pixels.shape, dtype=np.uint16)
    lost = blind.run([replace(FEW[4], pixels=read_only(noise))])
    assert lost.alert.reasons == (Reason.MOTION,)
    assert current_marks(injection.MARKS, lost) == Marks(view=injection.MARKS.view)
    assert current_marks(injection.MARKS, None) == Marks(view=injection.MARKS.view)


def test_marks_of_another_picture_are_told_and_not_used():
    outside = replace(injection.MARKS, posterior_wall_px=read_only(np.array([(9e3, 1.0)] * 2)))
    live = ByHand(Setup(SETTINGS, CaseFile("", outside, 99.0, 1.0)))
    live.run(FEW)
    assert len(live.fold.warnings) == 1
    assert "posterior_wall_px" in live.fold.warnings[0]
    assert live.shown().level is Level.UNKNOWN
    assert Reason.NO_WALL in live.shown().reasons


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"posterior_wall_px": read_only(np.array(injection.WALL)[:, ::-1])}, "exchanged"),
        ({"needle_tip_px": (200.0, 120.0)}, "posterior of posterior_wall_px"),
    ],
)
def test_marks_that_contradict_themselves_are_told_and_not_used(changes, word):
    marks = replace(injection.MARKS, **changes)
    live = ByHand(Setup(SETTINGS, CaseFile("", marks, injection.MM_PER_PX, 0.005)))
    live.run(FEW)
    (warning,) = live.fold.warnings
    assert word in warning
    assert "The case is ignored." in warning
    assert live.shown().level is Level.UNKNOWN
    assert Reason.NO_WALL in live.shown().reasons
    assert [one.rule for one in live.fold.inactive_rules][:2] == [
        "posterior wall rule",
        "outline rule",
    ]


def test_a_spacing_against_the_tags_is_told_and_not_used():
    geometry = ProjectionGeometry(sid_mm=1000.0, sod_mm=700.0, imager_pixel_spacing_mm=(0.3, 0.3))
    acquisition = replace(injection.ACQUISITION, geometry=geometry)
    basis = Setup(SETTINGS, CaseFile("", injection.MARKS, 0.4, 0.005)).make_basis(acquisition)
    assert "mm_per_px is 0.4" in basis.warnings[0]
    assert basis.calibration.mm_per_px == pytest.approx(0.21)
    assert basis.marks.posterior_wall_px is None


def test_what_is_off_is_known_before_the_first_frame_and_then():
    live = ByHand(Setup(SETTINGS, CaseFile("", injection.MARKS)))
    assert [one.rule for one in live.fold.inactive_rules] == []
    live.run(FEW[:1])
    assert [one.rule for one in live.fold.inactive_rules] == ["5 mm rule", "outline rule"]


def test_a_spacing_that_cannot_be_is_told_and_not_used():
    live = ByHand(Setup(SETTINGS, CaseFile("", injection.MARKS, 99.0, 1.0)))
    live.run(FEW)
    assert "mm_per_px of the case is 99" in live.fold.warnings[0]
    assert Reason.NO_CALIBRATION in live.shown().reasons


def test_actions_by_the_session_reach_the_fold_in_order():
    sink = KeptSink()
    with Room({"recording": sink}) as room:
        room.session.note("too early: there is no frame yet")
        room.run(FEW[: STOPPED + 1])
        room.session.acknowledge()
        room.session.note("seen")
        room.session.pause_audio(30.0)
        status = room.until(lambda status: status.audio_paused_until_s is not None)
        assert status.decision.snapshot.alert.level is Level.WATCH
        assert status.audio_paused_until_s == room.clock.now_s + 30.0
    persons = [event.kind for event in sink.events if event.kind not in BY_ITSELF]
    assert persons == [EventKind.ACKNOWLEDGE, EventKind.ANNOTATION, EventKind.AUDIO_PAUSED]


def turned(frame, angle_deg):
    geometry = ProjectionGeometry(primary_angle_deg=angle_deg, secondary_angle_deg=0.0)
    return replace(frame, acquisition=replace(frame.acquisition, geometry=geometry))


def test_a_turned_view_is_never_judged_in_a_file_either():
    """The pixels are those of the first view: only the head tells."""
    angles = [90.0] * 8 + [87.0, 60.0, 0.0, 60.0, 87.0] + [91.0] * 3
    frames = [turned(frame, angle) for frame, angle in zip(FEW, angles, strict=True)]
    vision = stages.initial_state(SETTINGS, injection.MARKS, injection.CALIBRATION)
    filed = list(fold(iter(frames), vision, rules.initial_state(SETTINGS)))
    seen = [one.observation.unavailable for one in filed]
    assert seen[8:13] == [(Reason.VIEW,)] * 5
    assert {one.alert.level for one in filed[8:13]} == {Level.UNKNOWN}
    assert seen[13:] == [()] * 3
    assert filed[-1].alert.level is Level.STOP
    live = ByHand()
    live.run(frames[:10])
    assert live.shown().banner.reasons == ("C-arm rotated by 30° from the marked view",)


def continued(count, first=FRAMES):
    """Frames after the injection, on which the cement stands as it stood last."""
    rng = np.random.default_rng(first)
    last = FEW[-1]
    still = injection.without_noise()[-1]
    for index in range(first, first + count):
        pixels = (still + rng.normal(0.0, 15.0, still.shape)).clip(1, 4095)
        at_s = index * injection.FRAME_S
        yield replace(last, pixels=read_only(pixels.astype(np.uint16)), index=index, time_s=at_s)


def lift_the_pedal(live, seconds):
    live.clock.now_s += seconds
    live.fold.report_no_frame("Fluoroscopy off: no monitoring", live.clock.now_s)


def test_what_was_acknowledged_with_the_pedal_up_stays_acknowledged():
    live = ByHand()
    stopped = live.run(FEW)
    lift_the_pedal(live, 12.0)
    live.act(Acknowledge(stopped.alert.reasons))
    now = live.shown()
    assert now.level is Level.UNKNOWN
    assert "STOP acknowledged: Cement near the posterior wall" in now.banner.warnings
    last = live.run(continued(8))
    assert (last.alert.level, last.alert.latched) == (Level.WATCH, False)
    assert Reason.POSTERIOR_MARGIN in last.alert.acknowledged
    assert live.shown().banner.acknowledged


def test_over_known_cement_a_new_baseline_is_told_and_can_be_taken_back():
    live = ByHand()
    stopped = live.run(FEW)
    distance = stopped.observation.wall_distance
    live.act(Acknowledge(stopped.alert.reasons))
    lift_the_pedal(live, 2.0)
    assert f"{abs(distance.distance_mm):.1f}" in live.fold.history.discards_text(live.clock.now_s)
    live.act(RestartBaseline())
    anew = live.run(continued(8))
    # The cement is anatomy now; but nobody is told CLEAR without being told that.
    assert (anew.alert.level, anew.observation.cement.area_px) == (Level.CLEAR, 0.0)
    (said,) = live.shown().banner.warnings
    assert "mm² of cement" in said
    assert "Shift B undoes it" in said
    assert live.fold.history.discards_text(live.clock.now_s).startswith("keeps")
    live.act(UndoRestart())
    assert live.shown().level is Level.UNKNOWN
    back = live.run(continued(8, FRAMES + 8))
    assert back.observation.wall_distance.distance_mm == pytest.approx(
        distance.distance_mm, abs=0.5
    )
    assert Reason.POSTERIOR_MARGIN in back.alert.acknowledged
    assert live.shown().banner.acknowledged
    assert "the operator undid the new baseline" in [event.text for event in live.events]


def test_a_new_baseline_says_in_the_record_what_it_forgets():
    live = ByHand()
    live.run(FEW)
    live.act(RestartBaseline())
    live.run(continued(1))
    (text,) = [event.text for event in live.events_of(EventKind.ANNOTATION)]
    assert text.startswith("the operator started a new baseline, which discards ")


@pytest.mark.parametrize(
    "start",
    [
        RestartBaseline(injection.MARKS),
        RestartBaseline(spacing=(0.2, 0.005)),
        RestartBaseline(injection.MARKS, FEW[2]),
    ],
    ids=["marks", "spacing", "earlier picture"],
)
def test_whatever_begins_anew_forgets_and_can_be_taken_back(start):
    live = ByHand()
    stopped = live.run(FEW)
    live.act(start)
    assert "Included in the baseline" in live.shown().banner.warnings[-1]
    live.act(UndoRestart())
    marks, scale = live.fold.marks, stopped.observation.calibration
    last = live.run(continued(3))
    assert last.observation.calibration == scale
    assert marks.reference_frame == injection.MARKS.reference_frame
    assert last.observation.wall_distance is not None


def test_new_baselines_are_taken_back_one_after_the_other_and_no_further():
    live = ByHand()
    live.run(FEW)
    most = SETTINGS.live.take_back_steps
    for step in range(most + 2):
        live.act(RestartBaseline())
        live.run(continued(1, FRAMES + step))
    for _ in range(most):
        assert live.fold.can_undo
        live.act(UndoRestart())
    assert not live.fold.can_undo
    live.act(UndoRestart())


def test_a_stop_that_nobody_saw_outlasts_beginning_anew_and_taking_it_back():
    live = ByHand()
    live.run(FEW)
    for action in (RestartBaseline(), UndoRestart()):
        assert live.act(action).alert.level is Level.STOP
    assert live.run(continued(1)).alert.latched


def test_with_the_pedal_up_a_new_baseline_keeps_the_marks_of_the_last_picture():
    live = ByHand()
    live.run([*FEW[:5], *(moved(FEW[at], 4, at + 5) for at in range(3))])
    held = replace(live.fold.decision.snapshot.frame)
    for index in range(8, 16):
        live.run([replace(held, index=index, time_s=index * injection.FRAME_S)])
    lift_the_pedal(live, 3.0)
    live.act(RestartBaseline())
    wall = live.fold.marks.posterior_wall_px
    assert wall == pytest.approx(np.add(injection.WALL, (4.0, 0.0)), abs=0.25)

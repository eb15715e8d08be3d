"""What is sent: the alarm as shown, never an old number as a new one, nothing of the patient."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from alarm_receivers import quick_settings
from handmade import make_alert, make_observation, make_snapshot

from leakwatch.config import Settings
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.sinks.alarm_outputs.alarm_message import AlarmTracker, MessageKind, alarm_json

STOP = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN)


def said(tracker, now_s, kind=MessageKind.HEARTBEAT):
    return json.loads(alarm_json(tracker.message(now_s, kind)))


def test_a_message_has_level_reasons_and_distance_with_allowed_digits():
    tracker = AlarmTracker(quick_settings())
    assert tracker.take(make_snapshot(20, STOP), 10.0)
    assert said(tracker, 10.1, MessageKind.CHANGE) == {
        "schema": "leakwatch.alarm/1",
        "kind": "change",
        "label": "OR 3",
        "sequence": 1,
        "level": "STOP",
        "latched": True,
        "current_level": "STOP",
        "reasons": ["posterior_margin"],
        "acknowledged": [],
        "partly": False,
        "text": "STOP: Cement near the posterior wall; 4.5 ± 0.4 mm",
        "distance_mm": 4.5,
        "distance_sigma_mm": 0.4,
        "frame": 20,
        "time_s": 2.5,
        "age_s": 0.1,
        "stops": 0,
        "plane": None,
    }


def test_before_the_first_frame_nothing_is_known():
    message = said(AlarmTracker(Settings()), 0.0)
    assert (message["level"], message["reasons"]) == ("UNKNOWN", ["stale"])
    assert message["age_s"] is message["frame"] is message["distance_mm"] is None


@pytest.mark.parametrize("level", [Level.CLEAR, Level.WATCH])
def test_an_old_level_is_unknown_and_has_no_number(level):
    tracker = AlarmTracker(Settings())
    tracker.take(make_snapshot(3, make_alert(level)), 10.0)
    assert said(tracker, 10.4)["level"] == level
    old = said(tracker, 10.6)
    assert (old["level"], old["reasons"], old["distance_mm"]) == ("UNKNOWN", ["stale"], None)
    assert old["age_s"] == 0.6


def test_a_latched_stop_stays_however_old_it_is():
    tracker = AlarmTracker(Settings())
    tracker.take(make_snapshot(3, STOP), 10.0)
    old = said(tracker, 1000.0)
    assert (old["level"], old["latched"], old["reasons"]) == ("STOP", True, ["posterior_margin"])
    assert (old["current_level"], old["distance_mm"]) == ("UNKNOWN", None)


def test_a_fault_makes_the_image_no_younger():
    tracker = AlarmTracker(Settings())
    tracker.take(make_snapshot(3), 10.0)
    lost = make_snapshot(3, make_alert(Level.UNKNOWN, Reason.DECODE))
    assert tracker.take(replace(lost, fault="^DOE^JANE sent nothing"), 10.7)
    message = said(tracker, 10.8)
    assert message["age_s"] == 0.8
    assert message["reasons"] == ["stale", "decode"]
    # What a fault says may quote a header.
    assert "DOE" not in json.dumps(message)


def test_a_frame_that_waited_for_the_analysis_is_as_old_as_it_is():
    tracker = AlarmTracker(Settings())
    late = make_snapshot(3)
    tracker.take(replace(late, frame=replace(late.frame, received_s=6.0)), 10.0)
    message = said(tracker, 10.0)
    assert (message["level"], message["age_s"], message["distance_mm"]) == ("UNKNOWN", 4.0, None)


def test_only_what_changed_is_news():
    tracker = AlarmTracker(Settings())
    assert tracker.take(make_snapshot(1), 1.0)
    assert not tracker.take(make_snapshot(2), 1.1)
    assert tracker.take(make_snapshot(3, STOP), 1.2)
    assert not tracker.take(make_snapshot(4, STOP), 1.3)
    calmed = make_alert(Level.WATCH, acknowledged=(Reason.POSTERIOR_MARGIN,))
    assert tracker.take(make_snapshot(5, calmed), 1.4)
    assert said(tracker, 1.4)["acknowledged"] == ["posterior_margin"]


def test_each_stop_is_counted_and_is_news():
    tracker = AlarmTracker(Settings())
    event = Event(3, 0.4, EventKind.ALERT, Level.STOP, Reason.TUBULAR_FILLING)
    for count in (1, 2):
        assert tracker.take(make_snapshot(3, replace(STOP, events=(event,))), 1.0)
        assert said(tracker, 1.0)["stops"] == count


def test_partial_monitoring_is_told_from_none():
    tracker = AlarmTracker(Settings())
    partly = make_observation(3, wall_distance=None, unavailable=(Reason.NO_CALIBRATION,))
    tracker.take(make_snapshot(3, make_alert(Level.UNKNOWN, Reason.NO_CALIBRATION), partly), 1.0)
    message = said(tracker, 1.0)
    assert (message["level"], message["partly"]) == ("UNKNOWN", True)

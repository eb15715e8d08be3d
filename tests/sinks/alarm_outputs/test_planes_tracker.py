"""The alarm of two planes as one message: never calmer than any plane that is monitored."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from handmade import make_alert, make_snapshot

from leakwatch.config import Settings
from leakwatch.core.results import Condition, Evidence, Level, Reason
from leakwatch.sinks.alarm_outputs.alarm_message import MessageKind
from leakwatch.sinks.alarm_outputs.planes_tracker import PlanesTracker

NOW_S = 100.0
ALERTS = {
    Level.CLEAR: make_alert(Level.CLEAR),
    Level.WATCH: make_alert(Level.WATCH, Reason.POSTERIOR_MARGIN),
    Level.UNKNOWN: make_alert(Level.UNKNOWN, Reason.MOTION),
    Level.STOP: make_alert(Level.STOP, Reason.TUBULAR_FILLING),
}
WORSE = (Level.CLEAR, Level.WATCH, Level.UNKNOWN, Level.STOP)


def told(tracker, now_s=NOW_S):
    return tracker.message(now_s, MessageKind.HEARTBEAT)


def tracker_of(first, second):
    tracker = PlanesTracker(Settings(), 2)
    for plane, alert in enumerate((first, second)):
        tracker.take(make_snapshot(3, alert), NOW_S, plane)
    return tracker


@pytest.mark.parametrize(("first", "second"), list(product(WORSE, WORSE)))
def test_the_worse_level_is_sent_with_its_reasons_and_plane(first, second):
    said = told(tracker_of(ALERTS[first], ALERTS[second]))
    worse = max(first, second, key=WORSE.index)
    assert (said.level, said.reasons) == (worse, ALERTS[worse].reasons)
    if first is not second:
        assert said.plane == ("A" if worse is first else "B")
    assert str(said.words).startswith(f"plane {said.plane}: {worse.value}")


def test_a_plane_without_frames_is_not_calm_for_the_other():
    tracker = PlanesTracker(Settings(), 2)
    assert told(tracker).level is Level.UNKNOWN
    tracker.take(make_snapshot(3, ALERTS[Level.CLEAR]), NOW_S, 0)
    said = told(tracker)
    assert (said.level, said.reasons, said.plane) == (Level.UNKNOWN, (Reason.STALE,), "B")
    tracker.take(make_snapshot(3, ALERTS[Level.CLEAR]), NOW_S, 1)
    assert told(tracker).level is Level.CLEAR
    tracker.take(make_snapshot(9, ALERTS[Level.CLEAR]), NOW_S + 5.0, 0)
    assert told(tracker, NOW_S + 5.0).level is Level.UNKNOWN  # the other one stalled


def test_a_paused_plane_counts_only_with_what_was_seen():
    tracker = tracker_of(ALERTS[Level.CLEAR], ALERTS[Level.UNKNOWN])
    assert tracker.pause(1, True)
    assert told(tracker).level is Level.CLEAR
    tracker.take(make_snapshot(4, ALERTS[Level.STOP]), NOW_S, 1)
    assert told(tracker).level is Level.STOP
    cleared = make_alert(Level.UNKNOWN, Reason.MOTION, acknowledged=(Reason.TUBULAR_FILLING,))
    tracker.take(make_snapshot(5, cleared), NOW_S, 1)
    said = told(tracker)
    assert (said.level, said.reasons) == (Level.WATCH, (Reason.TUBULAR_FILLING,))
    tracker.pause(1, False)
    assert told(tracker).level is Level.UNKNOWN


def test_an_ap_plane_that_lacks_only_the_wall_does_not_hide_clear():
    held = tuple(Evidence(one, True) for one in Condition if one is not Condition.SET_UP)
    seen = make_snapshot(3, make_alert(Level.UNKNOWN, Reason.VIEW))
    ap = replace(
        seen,
        observation=replace(
            seen.observation,
            unavailable=(Reason.VIEW,),
            conditions=held,
            outline_px=np.array([(5.0, 5.0), (50.0, 5.0), (50.0, 50.0)]),
        ),
    )
    tracker = tracker_of(ALERTS[Level.CLEAR], ALERTS[Level.UNKNOWN])
    tracker.take(ap, NOW_S, 1)
    assert told(tracker).level is Level.CLEAR
    tracker.take(make_snapshot(4, ALERTS[Level.UNKNOWN]), NOW_S, 0)
    assert told(tracker).level is Level.UNKNOWN


def test_numbers_count_messages_and_one_plane_has_no_name():
    tracker = tracker_of(ALERTS[Level.STOP], ALERTS[Level.STOP])
    assert [told(tracker).sequence for _ in range(3)] == [1, 2, 3]
    alone = PlanesTracker(Settings(), 1)
    alone.take(make_snapshot(3, ALERTS[Level.STOP]), NOW_S)
    assert told(alone).plane is None
    assert str(told(alone).words).startswith("STOP")

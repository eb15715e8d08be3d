"""What the strip of a live window says; without a window."""

from __future__ import annotations

from dataclasses import replace

import injection
import pytest
from live_room import SETTINGS, KeptSink, Room

from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.display.procedure_clocks import CementClock
from leakwatch.live.exposure import Exposure
from leakwatch.live.latency_ledger import Latency, Percentiles
from leakwatch.live.panel import paused_for_s, session_facts
from leakwatch.live.status import LiveStatus, Recording, displayed_status

AGES = Percentiles(8.4, 11.0, 18.6, 900)
STATUS = LiveStatus(
    decision=None,
    link=LinkStatus(Link.OPEN, "scp://127.0.0.1: CARM1 sends", True, frames_lost=2),
    frames=900,
    dropped=3,
    exposure=Exposure(905, 60.4),
    latency=Latency(AGES, AGES, AGES),
    recordings=(Recording("frames"),),
)


def facts(status=STATUS, now_s=100.0, cement=None, speaker=""):
    now = displayed_status(status, now_s, SETTINGS)
    return {
        fact.name: fact for fact in session_facts(status, now, now_s, SETTINGS, cement, speaker)
    }


def test_everything_that_the_operator_asks_for_is_there():
    said = {name: fact.value for name, fact in facts().items()}
    assert said == {
        "Sound": "on",
        "Cement": "not mixed yet (X)",
        "Fluoroscopy": "1:00, 905 pulses",
        "Dropped / lost": "3 / 2 of 905",
        "Decided": "in 8 ms (p99 19)",
        "Drawn": "in 8 ms (p99 19)",
        "Recording": "on",
        "Margin": "5 mm (L changes it)",
        "Source": "scp://127.0.0.1: CARM1 sends",
    }


@pytest.mark.parametrize("margin_mm", [3.0, 8.0])
def test_a_margin_that_is_not_that_of_the_settings_is_seen_at_once(margin_mm):
    fact = facts(replace(STATUS, margin_mm=margin_mm))["Margin"]
    assert fact.value == f"{margin_mm:g} mm, set by the operator (settings: 5 mm)"
    assert fact.warn


@pytest.mark.parametrize(("now_s", "left"), [(0.0, "2:00"), (0.5, "2:00"), (119.5, "0:01")])
def test_a_pause_counts_down(now_s, left):
    paused = replace(STATUS, audio_paused_until_s=120.0)
    fact = facts(paused, now_s)["Sound paused"]
    assert (fact.value, fact.warn, fact.large) == (left, True, True)


def test_a_pause_ends_by_itself():
    paused = replace(STATUS, audio_paused_until_s=120.0)
    assert paused_for_s(paused, 120.0) == 0.0
    assert "Sound paused" not in facts(paused, 120.0)


def test_no_sound_is_said_also_while_it_is_paused():
    said = facts(replace(STATUS, audio_paused_until_s=120.0), 60.0, speaker="AUDIO UNAVAILABLE: x")
    assert said["Sound"].value == "AUDIO UNAVAILABLE: x"
    assert said["Sound"].warn
    assert said["Sound paused"].value == "1:00"


@pytest.mark.parametrize(
    ("recordings", "said"),
    [
        ((), "not recording (R starts)"),
        ((Recording("frames"), Recording("video", 0, "disk full")), "video stopped: disk full"),
        ((Recording("frames", 7),), "frames: 7 lost"),
    ],
)
def test_what_is_not_kept_is_told(recordings, said):
    fact = facts(replace(STATUS, recordings=recordings))["Recording"]
    assert (fact.value, fact.warn) == (said, True)


def test_clocks_and_doubts():
    status = replace(STATUS, stopped_s=90.0, warnings=("the case is of 512 rows",))
    said = facts(status, 100.0, CementClock(-260.0, "14:32"))
    assert said["After STOP: wait"].value == "0:50"
    assert said["Cement, mixed 14:32"].value == "6:00"
    assert said["Warning"].warn


def test_age_and_spacing_of_a_session():
    with Room({"kept": KeptSink()}) as room:
        room.run(list(injection.frames())[:7])
        room.clock.now_s += 12.4
        said = facts(room.session.status, room.clock.now_s)
        assert (said["Image age"].value, said["Image age"].warn) == ("13 s", True)
        assert said["Spacing"].value == "0.250 ± 0.005 mm/px (case file)"

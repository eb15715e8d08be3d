"""Pulses and beam time, against counts that are known."""

from __future__ import annotations

from dataclasses import replace

import injection
import pytest
from live_room import KeptSink, Room

from leakwatch.core.results import Level
from leakwatch.live.exposure import Exposure, count_exposure

FRAME = next(injection.frames())


def counted(frames, pause_s=0.5):
    """Fold (index, time, held) over an exposure."""
    used = Exposure()
    for index, time_s, held in frames:
        used = count_exposure(used, replace(FRAME, index=index, time_s=time_s), held, pause_s)
    return used.pulses, used.beam_s


def test_a_steady_run_counts_each_frame_and_its_time():
    pulses, beam_s = counted([(i, i / 15.0, False) for i in range(151)])
    assert (pulses, beam_s) == (151, pytest.approx(10.0))


def test_a_lost_frame_was_a_pulse_too():
    assert counted([(0, 0.0, False), (1, 0.1, False), (4, 0.4, False)])[0] == 5


def test_the_pedal_up_is_no_beam():
    first = [(i, 0.1 * i, False) for i in range(11)]
    second = [(11 + i, 60.0 + 0.1 * i, False) for i in range(11)]
    pulses, beam_s = counted([*first, *second])
    # The first of the second series lasts a step as well.
    assert (pulses, beam_s) == (22, pytest.approx(2.1))


def test_a_picture_that_is_held_is_no_pulse():
    held = [(2 + i, 0.2 + 0.1 * i, True) for i in range(50)]
    frames = [(0, 0.0, False), (1, 0.1, False), *held, (52, 5.2, False)]
    assert counted(frames) == (3, pytest.approx(0.2))


def test_a_session_counts_and_another_patient_begins_at_nothing():
    with Room({"kept": KeptSink()}) as room:
        room.run(injection.frames())
        used = room.session.status.exposure
        assert used.pulses == injection.FRAMES
        assert used.beam_s == pytest.approx(injection.FRAME_S * (injection.FRAMES - 1))
        assert room.session.status.stopped_s is not None
        other = replace(injection.ACQUISITION, subject="another")
        room.feed(replace(FRAME, acquisition=other))
        assert room.shown().level in (Level.UNKNOWN, Level.STOP)
        room.session.restart_baseline()
        status = room.until(lambda status: status.exposure.pulses == 0)
        assert status.stopped_s is None

"""Where alarms sound, and that it is said when they may not."""

from __future__ import annotations

import sys
import time

import pytest
from PySide6.QtWidgets import QApplication

from leakwatch.config import SoundSettings
from leakwatch.gui.live.sound import Beeper, open_speaker
from leakwatch.live.alarm_sound import UNAVAILABLE, burst
from leakwatch.live.status import Alarm

SETTINGS = SoundSettings(
    high_pulse_s=0.075, high_gap_s=0.05, high_pause_s=0.35, pulse_s=0.125, gap_s=0.125
)


@pytest.fixture
def beeps(qapp, monkeypatch):
    heard = []
    monkeypatch.setattr(QApplication, "beep", lambda: heard.append(time.monotonic()))
    return heard


def test_bell_rings_once_a_pulse(qtbot, beeps):
    Beeper(SETTINGS).play(Alarm.LOW)
    assert len(beeps) == 1
    speaker = Beeper(SETTINGS)
    beeps.clear()
    speaker.play(Alarm.HIGH)
    qtbot.waitUntil(lambda: len(beeps) == 10, timeout=20_000)
    # A slow machine rings late, and never early.
    assert beeps[-1] - beeps[0] >= 0.95 * burst(Alarm.HIGH, SETTINGS).starts_s[-1]


def test_bell_that_is_stopped_is_silent(qtbot, beeps):
    speaker = Beeper(SETTINGS)
    speaker.play(Alarm.HIGH)
    speaker.stop()
    qtbot.wait(300)
    assert len(beeps) == 1


def test_without_a_bell_audio_is_unavailable(qapp, monkeypatch):
    assert qapp.platformName() == "offscreen"
    assert Beeper(SETTINGS).problem.startswith(UNAVAILABLE)
    monkeypatch.setattr("leakwatch.gui.live.sound._MUTE_PLATFORMS", frozenset())
    assert "test it (T)" in Beeper(SETTINGS).problem


def test_without_the_extra_the_bell_rings(qapp, monkeypatch):
    monkeypatch.setitem(sys.modules, "leakwatch.gui.live.device_speaker", None)
    assert isinstance(open_speaker(SETTINGS), Beeper)


def test_without_a_device_audio_is_unavailable_and_nothing_breaks(qapp, monkeypatch):
    multimedia = pytest.importorskip("PySide6.QtMultimedia", exc_type=ImportError)
    monkeypatch.setattr(
        "leakwatch.gui.live.device_speaker.QMediaDevices.defaultAudioOutput",
        multimedia.QAudioDevice,
    )
    speaker = open_speaker(SETTINGS)
    assert speaker.problem == f"{UNAVAILABLE}: no audio device"
    for alarm in (Alarm.HIGH, Alarm.MEDIUM, Alarm.LOW):
        speaker.play(alarm)
    speaker.stop()
    assert speaker.problem.startswith(UNAVAILABLE)

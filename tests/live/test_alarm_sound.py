"""What sounds and when, against the figures of shared/facts, in the samples themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import grey_closing

from leakwatch.config import SoundSettings
from leakwatch.live.alarm_sound import AlarmState, burst, next_burst, samples
from leakwatch.live.status import Alarm

SETTINGS = SoundSettings()
PULSES = {Alarm.HIGH: 10, Alarm.MEDIUM: 3, Alarm.LOW: 1}


def pulses_in(pcm):
    """Starts and lengths of what is louder than silence, found in the samples, s."""
    step = SETTINGS.rate_hz // 1000
    blocks = np.abs(pcm[: len(pcm) // step * step].astype(float)).reshape(-1, step).max(axis=1)
    loud = np.concatenate([[False], grey_closing(blocks, 9) > 0.1 * 32767, [False]])
    edges = np.flatnonzero(np.diff(loud.astype(int)))
    return edges[::2] / 1000.0, (edges[1::2] - edges[::2]) / 1000.0


@pytest.mark.parametrize("alarm", PULSES)
def test_bursts_have_their_pulses(alarm):
    starts, lengths = pulses_in(samples(burst(alarm, SETTINGS), SETTINGS))
    assert len(starts) == PULSES[alarm]
    least, most = (0.075, 0.2) if alarm is Alarm.HIGH else (0.125, 0.25)
    assert lengths.min() >= least
    assert lengths.max() <= most


def test_high_priority_is_three_and_two_twice():
    starts, _ = pulses_in(samples(burst(Alarm.HIGH, SETTINGS), SETTINGS))
    steps = np.diff(starts)
    short = steps[0]
    assert np.allclose(steps[[1, 3, 5, 6, 8]], short, atol=0.003)
    assert np.allclose(steps[[2, 7]], 2.0 * short, atol=0.003)
    assert steps[4] > 2.0 * short


@pytest.mark.parametrize("alarm", PULSES)
def test_spectrum_has_a_fundamental_and_four_harmonics_within_15_db(alarm):
    what = burst(alarm, SETTINGS)
    pcm = samples(what, SETTINGS)[: round(what.pulse_s * SETTINGS.rate_hz)].astype(float)
    power = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)), 1 << 17))
    hz = np.fft.rfftfreq(1 << 17, 1.0 / SETTINGS.rate_hz)
    peaks = hz[1:-1][(power[1:-1] > power[:-2]) & (power[1:-1] > power[2:])]
    strong = [one for one in peaks if power[np.searchsorted(hz, one)] > power.max() / 10**0.75]
    orders = np.array(strong) / what.fundamental_hz
    assert 150.0 <= strong[0] <= 1000.0
    assert np.allclose(orders, np.round(orders), atol=0.03)
    assert sum(300.0 <= one <= 4000.0 for one in strong[1:]) >= 4


@pytest.mark.parametrize("alarm", PULSES)
def test_pcm_is_whole_and_begins_and_ends_in_silence(alarm):
    pcm = samples(burst(alarm, SETTINGS), SETTINGS)
    assert pcm.dtype == np.int16
    assert np.abs(pcm).max() == pytest.approx(SETTINGS.volume * 32767, abs=2)
    assert abs(int(pcm[0])) < 50
    assert abs(int(pcm[-1])) < 50


def heard(story, until_s=None, step_s=0.1):
    """Bursts of a story of (time, alarm, silent), each until the next: (time, alarm)."""
    state, told = AlarmState(), []
    end_s = until_s if until_s is not None else story[-1][0] + 30.0
    for now_s in np.arange(0.0, end_s, step_s):
        held = [one for one in story if one[0] <= now_s + 1e-9][-1]
        state, begins = next_burst(state, held[1], held[2], float(now_s), SETTINGS)
        if begins is not Alarm.NONE:
            told.append((round(float(now_s), 1), begins))
    return told


def test_a_stop_sounds_at_once_and_again_until_it_is_acknowledged():
    told = heard([(0.0, Alarm.NONE, False), (3.0, Alarm.HIGH, False), (20.0, Alarm.NONE, False)])
    assert told == [(3.0, Alarm.HIGH), (11.0, Alarm.HIGH), (19.0, Alarm.HIGH)]


def test_silence_between_bursts_is_that_of_the_style():
    silence_s = SETTINGS.high_every_s - burst(Alarm.HIGH, SETTINGS).length_s
    assert 2.5 <= silence_s <= 15.0
    silence_s = SETTINGS.medium_every_s - burst(Alarm.MEDIUM, SETTINGS).length_s
    assert 2.5 <= silence_s <= 30.0


def test_low_priority_sounds_once_and_does_not_flicker():
    flicker = [(0.1 * step, (Alarm.LOW, Alarm.NONE)[step % 2], False) for step in range(150)]
    assert heard(flicker, 15.0) == [(0.0, Alarm.LOW)]
    assert heard([(0.0, Alarm.LOW, False)]) == [(0.0, Alarm.LOW)]


def test_more_urgent_interrupts_and_less_urgent_waits_for_its_turn():
    story = [(0.0, Alarm.MEDIUM, False), (1.0, Alarm.HIGH, False), (2.0, Alarm.MEDIUM, False)]
    assert heard(story, 20.0) == [(0.0, Alarm.MEDIUM), (1.0, Alarm.HIGH), (17.0, Alarm.MEDIUM)]


def test_paused_is_silent_and_what_still_holds_sounds_when_the_pause_is_over():
    story = [(0.0, Alarm.HIGH, False), (1.0, Alarm.HIGH, True), (25.0, Alarm.HIGH, False)]
    assert heard(story, 30.0) == [(0.0, Alarm.HIGH), (25.0, Alarm.HIGH)]


@given(
    st.lists(st.tuples(st.sampled_from(list(Alarm)), st.booleans()), min_size=1, max_size=200),
)
def test_a_stop_is_never_silent_for_longer_than_its_repetition(held):
    """Whatever came before: high priority, not paused, sounds now or within a repetition."""
    state, last_high_s, since_s = AlarmState(), None, None
    for step, (alarm, silent) in enumerate(held):
        now_s = 0.5 * step
        state, begins = next_burst(state, alarm, silent, now_s, SETTINGS)
        assert begins in (Alarm.NONE, alarm)
        assert not (silent and begins is not Alarm.NONE)
        if alarm is Alarm.HIGH and not silent:
            since_s = now_s if since_s is None else since_s
            last_high_s = now_s if begins is Alarm.HIGH else last_high_s
            assert last_high_s is not None
            assert last_high_s >= since_s
            assert now_s - last_high_s < SETTINGS.high_every_s
        else:
            since_s = last_high_s = None

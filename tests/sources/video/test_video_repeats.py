"""Whether a picture is new: through a digital link, and through one that adds noise."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.config import LiveVideoSettings
from leakwatch.sources.video.video_images import Repeats, combs

SETTINGS = LiveVideoSettings()
QUANTA, LINK = 5.0, 1.0  # standard deviations, of 255
RNG = np.random.default_rng(5)
ANATOMY = 120 + 30 * np.sin(np.arange(480) / 25.0)[:, None] * np.cos(np.arange(400) / 40.0)


def pulse(anatomy=ANATOMY, quanta=QUANTA):
    """What the C-arm shows, with quanta of its own."""
    return anatomy + RNG.normal(0.0, quanta, anatomy.shape)


def through_link(shown, noise=LINK):
    return np.rint(shown + RNG.normal(0.0, noise, shown.shape)).clip(0, 255).astype(np.uint8)


def which_are_repeats(pictures, analog=True):
    repeats = Repeats(SETTINGS, analog)
    return [repeats.is_repeat(one) for one in pictures]


def test_new_pulses_are_new():
    assert not any(which_are_repeats(through_link(pulse()) for _ in range(20)))


@pytest.mark.parametrize("times", [2, 4, 8])
def test_each_pulse_counts_once_through_an_analog_link(times):
    pulses = [pulse() for _ in range(12)]
    found = which_are_repeats(through_link(one) for one in pulses for _ in range(times))
    # Until the second pulse nobody knows how noisy a new one is.
    assert found[times:] == ([False] + [True] * (times - 1)) * 11


def test_a_picture_that_is_held_stays_held_for_as_long_as_it_is():
    live = [pulse() for _ in range(5)]
    found = which_are_repeats(
        [*(through_link(one) for one in live), *(through_link(live[-1]) for _ in range(300))]
    )
    assert found[:5] == [False] * 5
    assert all(found[5:])


def test_the_first_pulse_after_a_hold_is_new():
    live = [through_link(pulse()) for _ in range(5)]
    held = pulse()
    holding = [through_link(held) for _ in range(50)]
    found = which_are_repeats([*live, *holding, through_link(pulse())])
    assert found[-1] is False


def test_a_digital_link_repeats_bit_by_bit_and_nothing_else_is_a_repeat():
    first, second = through_link(pulse()), through_link(pulse())
    almost = second.copy()
    almost[7, 9] += 1
    found = which_are_repeats([first, first.copy(), second, second.copy(), almost], analog=False)
    assert found == [False, True, False, True, False]


@pytest.mark.parametrize("change", ["breath", "brightness", "cement"])
def test_with_little_noise_what_changes_is_new(change):
    """A dose that is ten times as high has a third of the noise, which alone would be a repeat."""
    live = [through_link(pulse()) for _ in range(10)]
    now = ANATOMY.copy()
    calm = []
    for step in range(1, 20):
        if change == "breath":
            now = np.roll(ANATOMY, step // 2, axis=0)
        elif change == "brightness":
            now = ANATOMY + 0.4 * step
        else:
            now[200:204, 100 : 100 + 4 * step] = ANATOMY[200:204, 100 : 100 + 4 * step] * 0.6
        calm.append(through_link(pulse(now, 0.5), 0.2))
    found = which_are_repeats([*live, *calm])[10:]
    # It is known as new after a few at the latest, and from then on at once.
    assert found.index(False) <= 5
    assert found.count(False) >= 4


def test_another_size_is_new():
    small = through_link(pulse())[::2, ::2]
    assert which_are_repeats([through_link(pulse()), small, small.copy()]) == [False, False, True]


def test_lines_of_two_moments_comb():
    here, there = ANATOMY + 40 * (np.arange(400) // 20 % 2), np.roll(ANATOMY, 3, axis=1)
    there = there + 40 * (np.roll(np.arange(400), 3) // 20 % 2)
    torn = through_link(here)
    torn[1::2] = through_link(there)[1::2]
    assert combs(torn, SETTINGS.combing)
    assert not combs(through_link(pulse(here)), SETTINGS.combing)
    assert not combs(through_link(np.full((480, 400), 100.0), 6.0), SETTINGS.combing)

"""The replay's clock, without Qt."""

from __future__ import annotations

import pytest

from leakwatch.gui.replay.playback import SPEEDS, Playback


class Frames:
    """Frames that come every 0.125 s, as many as `there`."""

    def __init__(self, there, complete=True):
        self.there, self.complete = there, complete

    def playback(self):
        return Playback(lambda: self.there, lambda index: 0.125 * index, lambda: self.complete)


def test_frames_are_shown_at_their_times():
    playback = Frames(10).playback()
    playback.toggle()
    shown = []
    for _ in range(8):
        playback.advance(0.0625)
        shown.append(playback.index)
    assert shown == [0, 1, 1, 2, 2, 3, 3, 4]


@pytest.mark.parametrize(("presses", "speed"), [(1, 2.0), (-1, 0.5), (99, 8.0), (-99, 0.125)])
def test_speed(presses, speed):
    playback = Frames(1000).playback()
    for _ in range(abs(presses)):
        (playback.faster if presses > 0 else playback.slower)()
    assert playback.speed == speed
    playback.toggle()
    playback.advance(2.01)
    assert playback.index == int(2.01 * speed / 0.125)
    assert set(SPEEDS) >= {0.125, 1.0, 8.0}


def test_it_stops_at_the_end_and_plays_again_from_the_start():
    playback = Frames(5).playback()
    playback.toggle()
    playback.advance(60.0)
    assert (playback.index, playback.playing, playback.at_end) == (4, False, True)
    playback.toggle()
    assert (playback.index, playback.playing) == (0, True)


def test_it_waits_for_a_slow_fold_and_says_for_how_long():
    frames = Frames(3, complete=False)
    playback = frames.playback()
    playback.toggle()
    playback.advance(0.25)
    assert playback.starved_s == 0.0
    playback.advance(0.3)
    playback.advance(0.4)
    assert (playback.index, playback.playing) == (2, True)
    assert playback.starved_s == pytest.approx(0.7)
    frames.there = 10
    playback.advance(0.125)
    assert (playback.index, playback.starved_s) == (3, 0.0)


def test_a_fold_that_is_slow_but_goes_on_does_not_starve_it():
    frames = Frames(3, complete=False)
    playback = frames.playback()
    for _ in range(3):
        playback.faster()
    playback.toggle()
    for _ in range(20):
        playback.advance(0.1)
        frames.there += 1
        assert playback.index == frames.there - 2
        assert playback.starved_s <= 0.1


def test_paused_is_not_starved():
    playback = Frames(3, complete=False).playback()
    playback.toggle()
    playback.advance(5.0)
    playback.toggle()
    playback.advance(5.0)
    assert playback.starved_s == 0.0


@pytest.mark.parametrize(("index", "shown"), [(3, 3), (-5, 0), (99, 9)])
def test_seek_pauses_and_stays_inside(index, shown):
    playback = Frames(10).playback()
    playback.toggle()
    playback.seek(index)
    assert (playback.index, playback.playing) == (shown, False)


def test_every_frame_can_be_stepped_to_and_back():
    playback = Frames(200).playback()
    for index in range(1, 200):
        playback.step(1)
        assert playback.index == index
    for index in reversed(range(199)):
        playback.step(-1)
        assert playback.index == index


def test_nothing_there_yet():
    playback = Frames(0, complete=False).playback()
    playback.toggle()
    playback.advance(1.0)
    playback.step(1)
    playback.seek_end()
    assert playback.index is None
    assert not playback.at_end

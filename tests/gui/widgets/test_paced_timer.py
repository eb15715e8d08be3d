"""A window leaves the processor to the analysis, and still shows an alarm soon."""

from __future__ import annotations

import pytest

from leakwatch.gui.widgets import paced_timer
from leakwatch.gui.widgets.paced_timer import (
    ASK_MS,
    LONGEST_MS,
    SHARE,
    SHORTEST_MS,
    WITHOUT_NEWS_MS,
    PacedTimer,
    pause_ms,
)


@pytest.mark.parametrize("used_ms", [0.0, 1.0, 8.0, 20.0, 30.0])
def test_an_update_takes_its_share_of_the_time_at_most(used_ms):
    assert used_ms <= SHARE * (used_ms + pause_ms(used_ms)) + 0.5


@pytest.mark.parametrize("used_ms", [0.0, 50.0, 1e4])
def test_updates_are_neither_faster_than_a_screen_nor_too_rare(used_ms):
    assert SHORTEST_MS <= pause_ms(used_ms) <= LONGEST_MS


class Clocks:
    """Processor time and time of day, set by hand."""

    def __init__(self):
        self.used_s = self.now_s = 0.0

    def thread_time(self):
        return self.used_s

    def monotonic(self):
        return self.now_s


class Viewer:
    """Window that counts its updates, and has news when it is told so."""

    def __init__(self, monkeypatch):
        self.clocks, self.news, self.updates = Clocks(), True, 0
        monkeypatch.setattr(paced_timer, "time", self.clocks)
        self.timer = PacedTimer(None, self.has_news)
        self.timer.due.connect(self.update)
        self.timer.start()

    def has_news(self):
        return self.news

    def update(self):
        self.updates += 1

    def ask_after(self, ms):
        self.clocks.now_s += 1e-3 * ms
        self.timer._ask()
        return self.updates


def test_what_is_painted_after_an_update_counts(qapp, monkeypatch):
    viewer = Viewer(monkeypatch)
    assert viewer.ask_after(SHORTEST_MS) == 1
    viewer.clocks.used_s += 0.02
    assert viewer.ask_after(SHORTEST_MS) == 1
    assert viewer.timer._timer.interval() == pause_ms(20.0) - SHORTEST_MS > SHORTEST_MS
    assert viewer.ask_after(pause_ms(20.0) - SHORTEST_MS) == 2
    viewer.timer.stop()
    assert not viewer.timer.is_active


def test_news_are_shown_soon_and_a_window_without_goes_on_more_slowly(qapp, monkeypatch):
    viewer = Viewer(monkeypatch)
    viewer.news = False
    assert viewer.ask_after(WITHOUT_NEWS_MS - ASK_MS) == 0
    viewer.news = True
    assert viewer.ask_after(ASK_MS / 2) == 1
    viewer.news = False
    assert viewer.ask_after(SHORTEST_MS) == 1
    assert viewer.timer._timer.interval() == ASK_MS
    assert viewer.ask_after(WITHOUT_NEWS_MS) == 2


def test_a_window_that_does_not_tell_is_always_updated(qapp, qtbot):
    timer = PacedTimer(None)
    with qtbot.waitSignals([timer.due, timer.due]):
        timer.start()
    timer.stop()

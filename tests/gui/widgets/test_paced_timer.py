"""A window leaves the processor to the analysis, and still shows an alarm soon."""

from __future__ import annotations

import pytest

from leakwatch.gui.widgets import paced_timer
from leakwatch.gui.widgets.paced_timer import LONGEST_MS, SHARE, SHORTEST_MS, PacedTimer, pause_ms


@pytest.mark.parametrize("used_ms", [0.0, 1.0, 8.0, 20.0, 30.0])
def test_an_update_takes_its_share_of_the_time_at_most(used_ms):
    assert used_ms <= SHARE * (used_ms + pause_ms(used_ms)) + 0.5


@pytest.mark.parametrize("used_ms", [0.0, 50.0, 1e4])
def test_updates_are_neither_faster_than_a_screen_nor_too_rare(used_ms):
    assert SHORTEST_MS <= pause_ms(used_ms) <= LONGEST_MS


def test_what_is_painted_after_an_update_counts(qtbot, monkeypatch):
    """The processor time of the thread is scripted: 20 ms between two updates."""
    used = iter(0.02 * count for count in range(1000))
    monkeypatch.setattr(paced_timer.time, "thread_time", lambda: next(used))
    parent = PacedTimer(None)
    with qtbot.waitSignals([parent.due, parent.due]):
        parent.start()
    assert parent._timer.interval() == pause_ms(20.0) > SHORTEST_MS
    parent.stop()
    assert not parent.is_active

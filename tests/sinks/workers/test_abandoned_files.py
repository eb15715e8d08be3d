"""A sink that is given up leaves no unfinished file, whatever it was doing."""

from __future__ import annotations

import threading

import pytest
from handmade import MARKS, make_snapshot
from matplotlib.figure import Figure

from leakwatch.config import Settings
from leakwatch.sinks import trend_page
from leakwatch.sinks.overlay import encoder, overlay_video
from leakwatch.sinks.overlay.overlay_video import OverlayVideo
from leakwatch.sinks.trend_page import Trend
from leakwatch.sinks.workers.sink_worker import SinkWorker


class Blocked:
    """A function that waits, before or after it does its work, until the test lets it go on."""

    def __init__(self, function, works_first):
        self.function, self.works_first = function, works_first
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self, *arguments, **named):
        if self.works_first:
            result = self.function(*arguments, **named)
        self.reached.set()
        assert self.go_on.wait(30.0)
        return result if self.works_first else self.function(*arguments, **named)


def make_trend(folder):
    return Trend(folder, Settings())


def make_video(folder):
    return OverlayVideo(folder, MARKS, Settings())


@pytest.mark.parametrize(
    ("make", "owner", "name", "works_first"),
    [
        (make_trend, Figure, "savefig", True),
        (make_trend, trend_page, "draw_trend_figure", True),
        (make_video, encoder.VideoEncoder, "append", True),
        (make_video, encoder, "VideoEncoder", True),
        (make_video, overlay_video, "draw", True),
    ],
    ids=["figure written", "before the figure", "frame written", "encoder open", "before encoder"],
)
def test_nothing_is_left(tmp_path, monkeypatch, make, owner, name, works_first):
    blocked = Blocked(getattr(owner, name), works_first)

    def method(*arguments, **named):
        return blocked(*arguments, **named)

    monkeypatch.setattr(owner, name, method)
    worker = SinkWorker(make(tmp_path))
    worker.append(make_snapshot(0))
    worker.append(make_snapshot(1))
    closing = threading.Thread(target=worker.close)
    closing.start()
    assert blocked.reached.wait(30.0)
    giving_up = threading.Thread(target=worker.close_within, args=(0.0,))
    giving_up.start()
    if name != "VideoEncoder":  # a file that is being opened is waited for
        giving_up.join(30.0)
        assert "was not finished" in str(worker.failure)
        assert list(tmp_path.iterdir()) == []
    blocked.go_on.set()
    giving_up.join(30.0)
    closing.join(30.0)
    assert list(tmp_path.iterdir()) == []

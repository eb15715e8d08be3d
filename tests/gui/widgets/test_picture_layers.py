"""What is worked with on the picture: its mouse, its keys, and that it cannot break the monitor."""

from __future__ import annotations

import pytest
from handmade import MARKS
from PySide6.QtCore import QPoint, QPointF, Qt

from leakwatch.core.results import Level
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.widgets.keys import PLAIN, key
from leakwatch.gui.widgets.pane import Phase
from leakwatch.gui.widgets.picture_layers import Tool

pytestmark = pytest.mark.usefixtures("fonts")
LEFT = Qt.MouseButton.LeftButton


class Noting:
    """A layer that keeps what it is told."""

    prompt = "Click the wall"

    def __init__(self, breaks=()):
        self.breaks, self.told, self.touches = breaks, [], []

    @property
    def keys(self):
        return (
            key(Qt.Key.Key_Right, "→", "the layer's own", lambda: self._told("key")),
            key(Qt.Key.Key_A, "A", "never reached", lambda: self._told("A")),
        )

    def opened(self, stage):
        self.stage = stage
        self._told("opened")

    def closed(self):
        self._told("closed")

    def touched(self, touch):
        self.touches.append(touch)
        self._told("touched")
        return True

    def showed(self, snapshot):
        self._told(f"frame {snapshot.frame.index}")

    def _told(self, what):
        self.told.append(what)
        if what in self.breaks:
            raise RuntimeError("oh")


@pytest.fixture
def make_window(qtbot, track, settings):
    def make(layer):
        tool = Tool(((Qt.Key.Key_M, PLAIN),), "M", "mark", lambda: layer)
        made = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand", (tool,))
        qtbot.addWidget(made)
        made.show()
        made.tick()
        return made

    return make


def test_layer_has_the_mouse_in_pixels_of_the_frame(qtbot, make_window):
    layer = Noting()
    window = make_window(layer)
    qtbot.keyClick(window, Qt.Key.Key_M)
    assert window.prompt.text() == "Click the wall"
    view, pane = window.image.view, window.image.pane
    at = pane.mapFromScene(view.mapViewToScene(QPointF(40.0, 30.0)))
    qtbot.mouseClick(pane.viewport(), LEFT, pos=QPoint(at))
    phases = [touch.phase for touch in layer.touches if touch.phase is not Phase.HOVER]
    assert phases == [Phase.PRESS, Phase.RELEASE]
    assert layer.touches[-1].at_px == pytest.approx((40.0, 30.0), abs=0.2)
    assert layer.touches[-1].button is LEFT


def test_layer_has_its_keys_and_the_window_keeps_the_alarm(qtbot, make_window, track):
    layer = Noting()
    window = make_window(layer)
    stop = track.levels().index(Level.STOP)
    window.replay.playback.seek(stop)
    qtbot.keyClick(window, Qt.Key.Key_M)
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.replay.playback.index == stop
    qtbot.keyClick(window, Qt.Key.Key_A)
    assert window.banner.banner.level is Level.WATCH
    assert "A" not in layer.told
    qtbot.keyClick(window, Qt.Key.Key_Home)
    assert "frame 0" in layer.told
    assert layer.stage.snapshot().frame.pixels.shape == layer.stage.image.image.image.shape
    assert layer.stage.marks() is MARKS


@pytest.mark.parametrize("end", [Qt.Key.Key_M, Qt.Key.Key_Escape, Qt.Key.Key_Q])
def test_layer_is_closed_once(qtbot, make_window, end):
    layer = Noting()
    window = make_window(layer)
    qtbot.keyClick(window, Qt.Key.Key_M)
    qtbot.keyClick(window, end)
    assert (window.layer, window.prompt.text()) == (None, "")
    window.close()
    assert layer.told.count("closed") == 1


@pytest.mark.parametrize("breaks", [("opened",), ("frame 1",), ("key",), ("opened", "closed")])
def test_layer_that_breaks_is_closed_and_the_window_goes_on(qtbot, make_window, caplog, breaks):
    layer = Noting(breaks)
    window = make_window(layer)
    qtbot.keyClick(window, Qt.Key.Key_M)
    window.replay.playback.seek(1)
    window.tick()
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.layer is None
    assert "RuntimeError: oh" in window.prompt.text()
    assert layer.told[-1] == "closed"
    assert window.banner.banner.level is Level.CLEAR
    assert len(caplog.records) == 1

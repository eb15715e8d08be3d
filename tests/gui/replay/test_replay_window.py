"""The real window, offscreen: what it shows, its keys and buttons, and its end."""

from __future__ import annotations

from html import escape

import numpy as np
import pytest
from handmade import (
    COLUMNS,
    MARKS,
    ROWS,
    WALL,
    make_alert,
    make_observation,
    make_snapshot,
    make_tube,
)
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QMainWindow

from leakwatch.core.errors import SourceError
from leakwatch.core.results import Level, Reason
from leakwatch.display.banner import level_banner, unknown_banner
from leakwatch.display.facts import Fact
from leakwatch.display.level_styles import ACKNOWLEDGED_STYLE, LEVEL_STYLES
from leakwatch.display.lines import LineKind
from leakwatch.display.picture import make_overlay
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.widgets import facts_view
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.gui.widgets.facts_view import FactsView

pytestmark = pytest.mark.usefixtures("fonts")


@pytest.fixture
def window(qtbot, track, settings):
    made = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand")
    qtbot.addWidget(made)
    made.grab()
    made.tick()
    return made


def press(qtbot, window, *keys):
    for key in keys:
        qtbot.keyClick(window, key)


def test_frame_and_overlay_are_shown(window):
    window.replay.playback.seek(5)
    window.tick()
    assert window.image.image.image.shape == (ROWS, COLUMNS)
    assert np.array_equal(window.image.overlay.curves[LineKind.WALL].points_px, WALL)
    assert [item.toPlainText() for item in window.image.overlay.labels] == ["8.2 ± 0.4 mm"]
    assert "8.2 ± 0.4 mm" in window.strip.facts.text()
    assert "not a medical device" in window.strip.notice.text()


def test_pixel_centres_are_at_integers(window):
    corner = window.image.image.mapToItem(window.image.picture, QPointF(0.0, 0.0))
    assert (corner.x(), corner.y()) == (-0.5, -0.5)
    assert window.image.picture.transform() == window.image.view.childTransform()
    assert window.image.view.yInverted()


def test_labels_keep_away_from_the_scale_bar_wherever_it_goes(window, monkeypatch):
    kept = []
    monkeypatch.setattr(window.image, "keep_free", kept.append)
    window.replay.playback.seek_end()
    window.tick()
    first = window.scale_bar.geometry()
    window.image.widget.resize(window.image.widget.width() - 80, window.image.widget.height() - 60)
    window.tick()
    assert window.scale_bar.geometry() != first
    assert QRectF(window.scale_bar.geometry()) in kept[-1]


def test_levels_do_not_follow_the_frame(window):
    for index in (0, 20, 39):
        window.replay.playback.seek(index)
        window.tick()
        grey, shown = window.image.image.image, window.image.image.pixmap().toImage()
        for row, column in ((0, 0), (ROWS // 2, COLUMNS // 3), (ROWS - 1, COLUMNS - 1)):
            colour = shown.pixelColor(column, row)
            assert {colour.red(), colour.green(), colour.blue()} == {int(grey[row, column])}


def test_what_is_gone_from_the_picture_is_gone_from_the_view(window, settings):
    observation = make_observation(tubes=(make_tube(),))
    full = make_overlay(make_snapshot(0, observation=observation), MARKS, settings)
    bare = make_overlay(
        make_snapshot(
            0, observation=make_observation(cement=None, wall_px=None, wall_distance=None)
        ),
        MARKS,
        settings,
    )
    overlay = window.image.overlay
    overlay.show(full)
    assert sum(item.isVisible() for item in overlay.labels) == 2
    assert len(overlay.curves[LineKind.TUBE].points_px) == 3
    overlay.show(bare)
    assert sum(item.isVisible() for item in overlay.labels) == 0
    assert all(not len(curve.points_px) for curve in overlay.curves.values())


def test_keys_play_step_seek_and_change_speed(qtbot, window):
    playback = window.replay.playback
    press(qtbot, window, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert playback.index == 2
    press(qtbot, window, Qt.Key.Key_Left)
    assert playback.index == 1
    press(qtbot, window, Qt.Key.Key_End)
    assert playback.index == 39
    press(qtbot, window, Qt.Key.Key_Home)
    assert playback.index == 0
    press(qtbot, window, Qt.Key.Key_Space)
    assert playback.playing
    press(qtbot, window, Qt.Key.Key_Space, Qt.Key.Key_Plus)
    assert (playback.playing, playback.speed) == (False, 2.0)
    press(qtbot, window, Qt.Key.Key_Minus, Qt.Key.Key_Minus)
    assert playback.speed == 0.5
    assert window.transport.speed.text() == "× 0.5"


def test_acknowledge_key_clears_the_stop(qtbot, window, track):
    window.replay.playback.seek(track.levels().index(Level.STOP))
    window.tick()
    assert (window.banner.banner.word, window.banner.flashing) == ("STOP", True)
    assert window.transport.acknowledge.isEnabled()
    press(qtbot, window, Qt.Key.Key_A)
    assert (window.banner.banner.acknowledged, window.banner.flashing) == (True, False)
    assert not window.transport.acknowledge.isEnabled()
    # The end of the timeline is hollow and as high as a STOP: a state of its own, no plain WATCH.
    window.replay.playback.seek(0)
    window.tick()
    timeline = window.transport.timeline
    picture = timeline.grab().toImage()
    x = round(timeline.x_of(track.acknowledged().index(True) + 0.5))
    assert track.acknowledged().count(True) > 1
    shown = picture.pixelColor(x, picture.height() // 2).name().upper()
    assert shown == ACKNOWLEDGED_STYLE.colours.ground


def test_buttons_and_timeline_do_what_keys_do(qtbot, window):
    transport, playback = window.transport, window.replay.playback
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(transport.forward, left)
    assert playback.index == 1
    qtbot.mouseClick(transport.back, left)
    assert playback.index == 0
    qtbot.mouseClick(transport.play, left)
    assert playback.playing
    qtbot.mouseClick(transport.faster, left)
    assert playback.speed == 2.0
    middle = QPoint(transport.timeline.width() // 2, 10)
    qtbot.mouseClick(transport.timeline, left, pos=middle)
    assert (playback.index, playback.playing) == (20, False)


def test_help_lists_every_key(qtbot, window):
    window.show()
    press(qtbot, window, Qt.Key.Key_Question)
    assert window.help.isVisible()
    lines = [one.help_line or (one.text, one.what) for one in window.key_actions()]
    assert all(escape(part) in window.help.text() for line in lines for part in line)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.help.isVisible()


def test_it_plays_by_itself_and_stops_asking_when_closed(qtbot, window):
    window.replay.playback.faster()
    window.show()
    window.start()
    qtbot.waitUntil(lambda: (window.replay.playback.index or 0) >= 3, timeout=5000)
    assert window.transport.play.text() == "❚❚"
    press(qtbot, window, Qt.Key.Key_Q)
    assert not window.isVisible()
    assert not window._timer.is_active


def test_frame_that_cannot_be_read_leaves_no_other_frame_under_the_overlay(
    window, track, monkeypatch
):
    window.replay.playback.seek(5)
    window.tick()
    assert window.image.image.image is not None

    def gone(index, look):
        raise SourceError("the disk was taken away")

    monkeypatch.setattr(track, "grey", gone)
    window.replay.playback.seek(6)
    window.tick()
    assert window.image.image.image is None
    assert window.transport.message.text() == "the disk was taken away"


@pytest.mark.parametrize(("seek", "level"), [(0, Level.UNKNOWN), (39, Level.STOP)])
def test_picture_that_cannot_be_made_is_unknown_and_leaves_a_stop(
    window, monkeypatch, caplog, seek, level
):
    window.replay.playback.seek(seek)
    window.tick()

    def broken(now_s):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(window.replay, "tick", broken)
    for _ in range(3):
        window.tick()
    banner = window.banner.banner
    assert banner.level is level
    said = [text for text in banner.reasons + banner.warnings if "ZeroDivisionError: oh" in text]
    assert len(said) == len(caplog.records) == 1


@pytest.mark.parametrize("level", list(Level))
def test_banner_is_painted_in_colour_shape_and_word(qtbot, settings, level):
    banner = BannerView()
    qtbot.addWidget(banner)
    banner.resize(1280, 120)
    alert = make_alert(level, Reason.POSTERIOR_MARGIN)
    banner.show_banner(level_banner(alert, make_observation(), settings))
    image = banner.grab().toImage()
    assert image.pixelColor(3, 3) == QColor(LEVEL_STYLES[level].colour)
    ink = QColor(LEVEL_STYLES[level].ink)
    row = [image.pixelColor(x, 60) for x in range(16, 600)]
    assert sum(colour == ink for colour in row) > 20
    assert banner.accessibleName().startswith(level.value)
    banner.stop_flashing()


def test_banner_begins_as_unknown_and_flashes_only_for_a_stop(qtbot, settings):
    banner = BannerView()
    qtbot.addWidget(banner)
    assert banner.banner.level is Level.UNKNOWN
    stop = level_banner(make_alert(Level.STOP), make_observation(), settings)
    banner.show_banner(stop)
    assert banner.flashing
    seen = set()
    qtbot.waitUntil(lambda: len(seen) == 2 or seen.add(_corner(banner)), timeout=5000)
    banner.show_banner(unknown_banner("No new frame"))
    assert not banner.flashing
    assert _corner(banner) == LEVEL_STYLES[Level.UNKNOWN].colour.lower()


def _corner(banner):
    return banner.grab().toImage().pixelColor(3, 3).name()


def test_doubtful_fact_has_a_sign_and_nothing_is_left_out_without_a_word(qtbot):
    view = FactsView()
    qtbot.addWidget(view)
    view.resize(260, 300)
    view.show_facts((Fact("Time", "0.1 s (assumed 15/s)", warn=True), Fact("Frame", "7")))
    assert view.text().splitlines() == ["⚠ Time: 0.1 s (assumed 15/s)", "Frame: 7"]
    assert view._placed()[1] == 0
    view.show_facts(tuple(Fact(f"Name {place}", "long words " * 9) for place in range(20)))
    placed, hidden = view._placed()
    assert (len(placed) + hidden, hidden > 0) == (20, True)
    assert sum(one.height for one in placed) <= view.height()


@pytest.mark.parametrize("large", ["showNormal", "showMaximized", "showFullScreen"])
def test_a_window_that_fills_the_screen_is_not_to_be_enlarged(qtbot, monkeypatch, large):
    window = QMainWindow()
    view, said = FactsView(), []
    window.setCentralWidget(view)
    qtbot.addWidget(window)
    getattr(window, large)()
    view.show_facts(tuple(Fact(f"name {place}", "long words " * 90) for place in range(20)))
    monkeypatch.setattr(
        facts_view, "translate", lambda words: said.append(str(words)) or str(words)
    )
    view.grab()
    (words,) = {one for one in said if one.startswith("⚠")}
    placed, hidden = view._placed()
    if large == "showNormal":
        assert words == f"⚠ {hidden} more: enlarge the window"
    else:
        assert words.startswith(f"⚠ no room for: Name {len(placed)}, ")
        assert words.endswith(", Name 19")


@pytest.mark.parametrize("scale", [0.45, 1.0, 2.7])
def test_the_number_of_facts_left_out_is_not_cut(qtbot, scale):
    view = FactsView()
    qtbot.addWidget(view)
    view.setStyleSheet("background: #000000")
    view.set_scale(scale)
    view.resize(round(300 * scale), round(300 * scale))
    view.show_facts(tuple(Fact(f"Name {place}", "long words " * 9) for place in range(20)))
    drawn = view.grab().toImage()
    rows = [
        any(drawn.pixelColor(column, row).red() > 60 for column in range(drawn.width()))
        for row in range(drawn.height())
    ]
    lowest = len(rows) - 1 - rows[::-1].index(True)
    top = lowest - rows[lowest::-1].index(False) + 1
    assert lowest < drawn.height() - 1
    # From the top of a capital to the foot of a comma: its letters are whole.
    assert lowest - top > 0.7 * round(15 * scale)

"""What lies over the image: a rim while a STOP stands, an overview, and keys beside the buttons."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import MARKS, make_alert, make_observation, make_snapshot
from PySide6.QtCore import QRect, QRectF
from PySide6.QtWidgets import QApplication, QWidget

from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.results import Level, Reason
from leakwatch.display import palette
from leakwatch.display.banner import level_banner, off_banner, unknown_banner
from leakwatch.display.fitted_view import FrameRect
from leakwatch.display.lines import Line, LineKind
from leakwatch.display.picture import make_overlay
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.gui.widgets.overview import Overview
from leakwatch.gui.widgets.rim import WIDTH, Rim

pytestmark = pytest.mark.usefixtures("fonts")

SETTINGS = Settings()
MARGIN = (Reason.POSTERIOR_MARGIN,)


def banner_of(level, **changes):
    return level_banner(make_alert(level, *MARGIN, **changes), make_observation(20), SETTINGS)


@pytest.fixture
def rim(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 300)
    window.banner = BannerView()
    qtbot.addWidget(window.banner)
    made = Rim(window)
    made.window_kept = window  # or Python collects it
    window.banner.flashed.connect(made.flash)
    window.banner.styled.connect(made.show_style)
    window.show()
    made.place(QRect(0, 100, 400, 150))
    return made


def test_rim_flashes_with_a_stop_and_is_steady_once_acknowledged(qtbot, rim):
    banner = rim.window_kept.banner
    assert rim.colour == ""
    banner.show_banner(banner_of(Level.STOP, latched=True))
    assert (rim.colour, rim.isVisible()) == (palette.STOP_RIM, True)
    with qtbot.waitSignal(banner.flashed):
        pass
    assert rim.colour == palette.STOP.flash_ground
    banner.show_banner(banner_of(Level.WATCH, acknowledged=MARGIN))
    assert (rim.colour, banner.flashing) == (palette.STOP_RIM, False)
    for calm in (off_banner("Fluoroscopy off"), banner_of(Level.WATCH), unknown_banner("why")):
        banner.show_banner(calm)
        assert (rim.colour, rim.isVisible()) == ("", False)


def test_acknowledged_keeps_its_rim_while_nothing_can_be_assessed():
    blind = make_alert(Level.UNKNOWN, Reason.MOTION, acknowledged=MARGIN)
    seen = make_observation(unavailable=(Reason.MOTION,), cement=None, wall_distance=None)
    banner = level_banner(blind, seen, SETTINGS)
    assert (banner.word, banner.style.rim) == ("UNKNOWN", palette.STOP_RIM)


def test_rim_covers_edges_only_and_lets_the_mouse_through(rim):
    rim.show_style(banner_of(Level.STOP).style)
    assert rim.geometry() == QRect(0, 100, 400, 150)
    assert rim.mask().contains(QRect(0, 0, WIDTH, 150))
    assert not rim.mask().contains(QRect(50, 50, 10, 10))
    assert rim.parentWidget().childAt(200, 175) is not rim


@pytest.fixture
def overview(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(900, 600)
    parent.show()
    made = Overview(parent)
    made.parent_kept = parent  # or Python collects it
    grey = np.full((400, 500), 120, np.uint8)
    wall = Line(LineKind.WALL, read_only(np.array([[250.0, 100.0], [250.0, 300.0]])))
    made.show_frame(grey, (wall,))
    return made


PART = FrameRect(100.0, 100.0, 200.0, 150.0)


def test_overview_shows_where_the_part_is(overview):
    overview.place(PART, [])
    assert overview.isVisible()
    image = overview.grab().toImage()
    wall = image.pixelColor(round(250.5 / 500 * image.width()), round(0.75 * image.height() - 2))
    assert (wall.red() > 200, wall.blue() < 150) == (True, True)
    edge = image.pixelColor(round(100.5 / 500 * image.width()), round(0.4 * image.height()))
    assert min(edge.red(), edge.green(), edge.blue()) > 180


def test_overview_goes_to_a_free_corner_stays_there_and_hides_where_none_is(overview):
    right, left = QRectF(600.0, 0.0, 300.0, 300.0), QRectF(0.0, 0.0, 300.0, 300.0)
    overview.place(PART, [])
    first = overview.geometry()
    assert first.left() > 450
    overview.place(PART, [right])
    assert overview.geometry().right() < 450
    overview.place(PART, [])
    assert overview.geometry().right() < 450
    overview.place(PART, [left])
    assert overview.geometry() == first
    overview.place(PART, [left, right])
    assert overview.isHidden()


def test_overview_is_not_there_where_all_is_visible(overview):
    overview.place(FrameRect(-30.0, -0.5, 560.0, 400.0), [])
    assert overview.isHidden()
    overview.place(None, [])
    assert overview.isHidden()


@pytest.mark.parametrize("size", [(640, 360), (1024, 640), (1366, 768), (1920, 1080)])
def test_nothing_covers_banner_or_buttons(qtbot, track, settings, size):
    window = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand")
    qtbot.addWidget(window)
    window.resize(*size)
    window.show()
    window.tick()
    window.say("A message over the image that says more than fits into one line of it. " * 3)
    window.toggle_help()
    QApplication.processEvents()
    window.tick()
    assert window.size().toTuple() == size
    for label in (window.help, window.prompt):
        place = label.geometry()
        content = window.centralWidget().geometry()
        assert place.top() >= content.top() + window.banner.geometry().bottom()
        assert place.bottom() <= content.top() + window.transport.geometry().top()
        assert place.left() >= 0
        assert place.right() <= window.width()
    window.toggle_help()


def test_all_lines_of_a_fitted_view_are_drawn_in_it(qtbot, track, settings):
    window = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand")
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    shown = make_overlay(make_snapshot(), MARKS, settings)
    for columns, rows in ((96, 128), (300, 100)):
        window.image.show_frame(np.zeros((rows, columns), np.uint8), shown)
        part = window.image.visible
        assert part.width / part.height == pytest.approx(
            window.image.pane.width() / window.image.pane.height()
        )


def test_messages_leave_the_scale_bar_free(qtbot, track, settings, monkeypatch):
    window = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand")
    qtbot.addWidget(window)
    said = (
        "NOT LIVE",
        "\nLAST IMAGE, 5 s ago\n4.7 ± 0.5 mm behind the wall; tubular filling, 9 mm",
    )
    monkeypatch.setattr(window, "image_notices", lambda: said)
    window.show()
    window.toggle_details()
    window.replay.playback.seek_end()
    for width in (1280, 1000, 820):
        window.resize(width, 800)
        window.grab()
        window.tick()
        bar, image = window.scale_bar, window.image.widget
        inked = QRect(image.mapTo(window, bar.inked.topLeft()), bar.inked.size())
        assert bar.isVisible()
        assert window.signs.isVisible()
        assert not window.signs.geometry().intersects(inked), width

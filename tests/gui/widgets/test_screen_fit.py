"""A window leaves room for its title bar: else its lowest buttons are off the screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QScreen

from leakwatch.gui.training.choice_page import choice_page
from leakwatch.gui.widgets.image_window import SIZE, ImageWindow
from leakwatch.gui.widgets.paged_window import PagedWindow
from leakwatch.gui.widgets.plane_pair import PlanePair

# A title bar of a common desktop, pixels; borders beside the window.
TITLE, BORDERS = 32, 2


@pytest.fixture(
    params=[(1280, 800), (1366, 768), (1024, 600), (640, 400), (1920, 1080), (3840, 2160)]
)
def room(request, monkeypatch):
    """A screen of some size, of which a desktop takes nothing."""
    monkeypatch.setattr(QScreen, "availableSize", lambda _: QSize(*request.param))
    return QSize(*request.param)


@pytest.fixture(params=[ImageWindow, PlanePair, PagedWindow])
def window(request, room, qtbot, fonts):
    pages = ((choice_page(),),) if request.param is PagedWindow else ()
    made = request.param("a window", *pages)
    if request.param is PlanePair:
        made.plane_windows = ()
    qtbot.addWidget(made)
    return made


def test_a_window_fits_its_screen_with_its_frame(room, window):
    for size in (window.size(), window.minimumSize()):
        assert size.height() + TITLE <= room.height()
        assert size.width() + BORDERS <= room.width()


def test_a_window_is_not_small_on_a_large_screen(room, window):
    if room.width() >= 1900:
        assert window.width() > 0.7 * room.width()
        assert window.height() > 0.7 * room.height()
    elif room.width() >= 1300:
        assert window.width() == SIZE[0]

"""The image with its overlay: to what the view is fitted, and what is drawn without an image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from handmade import COLUMNS, MARKS, ROWS, make_observation, make_snapshot

from leakwatch.config import Settings
from leakwatch.display.picture import make_overlay
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.track import Track

pytestmark = pytest.mark.usefixtures("fonts")

GREY = np.full((ROWS, COLUMNS), 128, np.uint8)
NOTHING = {"wall_px": None, "wall_distance": None, "cement": None}


def overlay_of(**changes):
    marks = replace(MARKS, posterior_wall_px=None) if "wall_px" in changes else MARKS
    return make_overlay(make_snapshot(observation=make_observation(**changes)), marks, Settings())


@pytest.fixture
def image(qtbot, settings):
    window = ReplayWindow(Replay(Track(settings), MARKS, settings), "by hand")
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    return window.image


def test_nothing_is_painted_where_there_is_no_image_yet(image):
    drawn = image.widget.grab().toImage()
    columns, rows = range(0, drawn.width(), 2), range(0, drawn.height(), 2)
    colours = {drawn.pixelColor(x, y).name() for x in columns for y in rows}
    assert len(colours) == 1


def test_what_is_found_in_the_middle_of_a_sequence_fits_the_view(image):
    image.show_frame(GREY, overlay_of(**NOTHING))
    assert image.zoom == 1.0
    image.show_frame(GREY, overlay_of())
    assert image.zoom > 1.0


def test_the_view_stays_while_what_was_found_comes_and_goes(image):
    image.show_frame(GREY, overlay_of())
    kept = image.visible
    for changes in (NOTHING, {}, NOTHING, {}):
        image.show_frame(GREY, overlay_of(**changes))
        assert image.visible == kept


def test_the_whole_frame_stays_where_a_person_asked_for_it(image):
    image.show_frame(GREY, overlay_of(**NOTHING))
    image.fit()
    image.show_frame(GREY, overlay_of())
    assert image.zoom == 1.0


def test_another_sequence_without_marks_shows_the_whole_frame_until_it_has_some(image):
    image.show_frame(GREY, overlay_of())
    other = np.full((2 * ROWS, 2 * COLUMNS), 128, np.uint8)
    image.show_frame(other, overlay_of(**NOTHING))
    assert image.zoom == 1.0
    image.show_frame(other, overlay_of())
    assert image.zoom > 1.0

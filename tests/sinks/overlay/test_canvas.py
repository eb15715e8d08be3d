"""Pictures on a canvas: everything is drawn, at its place, at a size that can be read."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from handmade import MARKS, make_alert, make_frame, make_observation, make_snapshot, make_tube

from leakwatch.config import Settings
from leakwatch.core.messages import text
from leakwatch.core.results import Level, Reason
from leakwatch.display.facts import Fact
from leakwatch.display.grey_mapping import grey_mapping
from leakwatch.display.labels import Label
from leakwatch.display.level_styles import LEVEL_STYLES
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.picture import make_overlay
from leakwatch.sinks.overlay import canvas
from leakwatch.sinks.overlay.canvas import draw, scaled
from leakwatch.sinks.overlay.layout import BANNER_HEIGHT, MARGIN, Layout
from leakwatch.sinks.overlay.lettering import draw_banner, draw_fact, draw_label


def rgb(colour):
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])


def drawn(snapshot):
    grey = grey_mapping([make_frame(0)]).apply(snapshot.frame.pixels)
    return draw(make_overlay(snapshot, MARKS, Settings()), grey)


def has_colour(image, colour, tolerance=40):
    return bool((np.abs(image.astype(int) - rgb(colour)).max(axis=-1) <= tolerance).any())


@pytest.mark.parametrize("level", list(Level))
def test_banner_has_the_level_s_colour_and_ink(level):
    style = LEVEL_STYLES[level]
    banner = drawn(make_snapshot(0, make_alert(level, Reason.MOTION)))[:BANNER_HEIGHT]
    assert (banner[3, 3] == rgb(style.colour)).all()
    ink = (np.abs(banner.astype(int) - rgb(style.ink)).max(axis=-1) < 30).mean()
    assert 0.02 < ink < 0.5


def test_levels_look_different_without_colour():
    grey = [
        drawn(make_snapshot(0, make_alert(level)))[:BANNER_HEIGHT].astype(float).mean(axis=-1)
        for level in Level
    ]
    shapes = [image > image[3, 3] + 60 if image[3, 3] < 128 else image < 60 for image in grey]
    for first in range(len(shapes)):
        for second in range(first):
            assert (shapes[first] != shapes[second]).mean() > 0.01


def test_lines_are_drawn_where_they_are():
    snapshot = make_snapshot(0)
    layout = Layout.for_frame(*snapshot.frame.pixels.shape)
    image = drawn(snapshot)[BANNER_HEIGHT:]
    column, row = layout.on_image(np.array([88.0, 48.0])).round().astype(int)
    wall = image[row - 30 : row - 20, column - 4 : column + 8]
    assert has_colour(wall, LINE_STYLES[LineKind.WALL].colour)
    cement_column, cement_row = layout.on_image(np.array([45.0, 40.0])).round().astype(int)
    edge = image[cement_row - 3 : cement_row + 4, cement_column]
    assert has_colour(edge, LINE_STYLES[LineKind.CEMENT].colour)
    inside = image[cement_row + 20 : cement_row + 30, cement_column]
    assert not has_colour(inside, LINE_STYLES[LineKind.CEMENT].colour)


def test_tube_and_its_length_are_drawn():
    tube = dataclasses.replace(make_tube(), length_mm=11.0)
    plain = drawn(make_snapshot(0))
    with_tube = drawn(make_snapshot(0, observation=make_observation(tubes=(tube,))))
    colour = LINE_STYLES[LineKind.TUBE].colour
    assert has_colour(with_tube[BANNER_HEIGHT:], colour, 10)
    assert not has_colour(plain[BANNER_HEIGHT:], colour, 10)


@pytest.mark.parametrize("shape", [(96, 128), (448, 448), (1024, 1024), (2000, 1500), (33, 512)])
def test_canvas_can_be_read_and_encoded(shape):
    layout = Layout.for_frame(*shape)
    width, height = layout.size
    assert width % 2 == height % 2 == 0
    assert 800 <= max(width, height) <= 1100


def test_texts_are_translated_where_they_are_drawn(monkeypatch):
    fact = Fact(text("Level"), text("none"))
    english = draw_fact(fact)
    monkeypatch.setenv("LEAKWATCH_LANGUAGE", "x-marked")
    draw_fact.cache_clear()
    assert draw_fact(fact).tobytes() != english.tobytes()
    draw_fact.cache_clear()


def test_long_texts_stay_inside_the_canvas():
    reasons = (Reason.TUBULAR_FILLING, Reason.NO_CALIBRATION)
    observation = make_observation(unavailable=(Reason.VIEW, Reason.MOTION, Reason.EXPOSURE))
    image = drawn(make_snapshot(0, make_alert(Level.STOP, *reasons), observation))
    right_edge = image[:BANNER_HEIGHT, -8:]
    assert (right_edge == rgb(LEVEL_STYLES[Level.STOP].colour)).all()


@pytest.mark.parametrize("shift", [0.0, -60.0, 60.0], ids=["inside", "over the left", "right"])
def test_what_is_drawn_into_a_part_is_what_is_drawn_into_the_whole(monkeypatch, shift):
    """Ends, black edges and corners reach beyond the points of a line."""
    snapshot = make_snapshot(0)
    shown = make_overlay(snapshot, MARKS, Settings())
    lines = tuple(
        dataclasses.replace(line, points_px=line.points_px + np.array([shift, 0.0]))
        for line in shown.lines
    )
    shown = dataclasses.replace(shown, lines=lines)
    grey = grey_mapping([make_frame(0)]).apply(snapshot.frame.pixels)
    in_part = draw(shown, grey)
    monkeypatch.setattr("leakwatch.sinks.overlay.strokes.LINE_ROOM", 10_000)
    np.testing.assert_array_equal(in_part, draw(shown, grey))


def test_what_is_kept_from_an_earlier_picture_shows_nothing_old():
    """Texts, banner and legend are kept; each picture is as if it were the first."""
    snapshots = [
        make_snapshot(0),
        make_snapshot(1, make_alert(Level.STOP, Reason.TUBULAR_FILLING)),
        make_snapshot(2, observation=make_observation(2, tubes=(make_tube(),))),
    ]
    after_others = [drawn(snapshot) for snapshot in (*snapshots, *snapshots)][3:]
    for snapshot, image in zip(snapshots, after_others, strict=True):
        for kept in (draw_banner, draw_fact, draw_label, canvas._foot, canvas._empty):
            kept.cache_clear()
        np.testing.assert_array_equal(drawn(snapshot), image)


def test_a_picture_may_be_changed_and_the_next_is_whole():
    snapshot = make_snapshot(0)
    first = drawn(snapshot)
    expected = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(drawn(snapshot), expected)


@pytest.mark.parametrize("text_px", [(0.0, 0.0), (127.0, 95.0), (64.0, -1.0), (64.0, 97.0)])
def test_a_label_stays_between_left_and_right_and_may_reach_over_the_top(text_px):
    snapshot = make_snapshot(0)
    shown = make_overlay(snapshot, MARKS, Settings())
    label = Label("3.0 ± 0.5 mm\n1.2 s old", (64.0, 48.0), text_px, LineKind.SHORTEST)
    shown = dataclasses.replace(shown, labels=(label,), lines=())
    grey = np.full(snapshot.frame.pixels.shape, 200, np.uint8)
    image = draw(shown, grey)[BANNER_HEIGHT:, : Layout.for_frame(*grey.shape).image_width]
    black = (image == 0).all(axis=-1).any(axis=0)
    assert black.any()
    assert not black[: MARGIN - 6].any()
    assert not black[-(MARGIN - 6) :].any()


def test_a_frame_that_is_shrunk_first_gives_the_same_picture():
    rows, columns = 1024, 900
    down, right = np.mgrid[:rows, :columns]
    grey = (120 + 60 * np.sin(down / 40.0) * np.cos(right / 55.0)).astype(np.uint8)
    shown = make_overlay(make_snapshot(0), MARKS, Settings())
    layout = Layout.for_frame(rows, columns)
    assert layout.scale < 1.0
    np.testing.assert_array_equal(draw(shown, scaled(grey, layout), layout), draw(shown, grey))

"""Lines of the canvas: as wide, as long and as interrupted as their styles say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from handmade import MARKS, make_snapshot

from leakwatch.config import Settings
from leakwatch.display.lines import LINE_STYLES, Line, LineKind
from leakwatch.display.picture import make_overlay
from leakwatch.sinks.overlay.layout import Layout
from leakwatch.sinks.overlay.strokes import draw_lines, draw_sample, rgb_of

GREY = 120
SIZE = (40, 240)


def sample(kind):
    image = np.full((*SIZE, 3), GREY, np.uint8)
    draw_sample(image, kind)
    return image.astype(float)


def share_of(image, kind):
    """How much of each pixel has the colour, by the channel that it changes most."""
    colour = np.array(rgb_of(LINE_STYLES[kind].colour), float)
    channel = int(np.abs(colour - GREY).argmax())
    share = (image[..., channel] - GREY) / (colour[channel] - GREY)
    return np.clip(share, 0.0, 1.0)


@pytest.mark.parametrize("kind", [kind for kind in LineKind if kind is not LineKind.SHORTEST])
def test_a_line_is_as_wide_as_its_style_says(kind):
    style = LINE_STYLES[kind]
    share = share_of(sample(kind), kind)
    assert share.max(axis=1).sum() == pytest.approx(style.width, abs=0.55)


@pytest.mark.parametrize("kind", [kind for kind in LineKind if LINE_STYLES[kind].dash])
def test_dashes_have_their_length_and_their_gaps(kind):
    on, off = LINE_STYLES[kind].dash
    share = share_of(sample(kind), kind).max(axis=0)
    starts = np.flatnonzero(np.diff((share > 0.5).astype(int)) == 1)
    assert len(starts) == pytest.approx(SIZE[1] / (on + off), abs=1.5)
    assert np.diff(starts).mean() == pytest.approx(on + off, rel=0.05)
    assert share.sum() / SIZE[1] == pytest.approx(on / (on + off), abs=0.2)


def test_lines_have_a_dark_edge_where_the_picture_is_bright():
    image = np.full((*SIZE, 3), 255, np.uint8)
    draw_sample(image, LineKind.SHORTEST)
    beside = image[SIZE[0] // 2 - 5 : SIZE[0] // 2 + 5, SIZE[1] // 2]
    assert beside.min() < 130
    assert (image[0] == 255).all()


@pytest.mark.parametrize("kind", list(LineKind))
def test_a_sample_stays_inside_and_has_the_colour(kind):
    image = np.zeros((20, 41, 3), np.uint8)
    draw_sample(image, kind)
    off = np.abs(image.astype(int) - rgb_of(LINE_STYLES[kind].colour)).max(axis=-1)
    assert off.min() <= 40
    assert not image[[0, -1]].any()


@pytest.mark.parametrize("kind", [LineKind.CEMENT, LineKind.OUTLINE])
@pytest.mark.parametrize("first", [0, 13, 30])
def test_a_closed_line_has_no_gap_wherever_it_begins(kind, first):
    turns = np.linspace(0.0, 2.0 * np.pi, 60, endpoint=False)
    ring = np.column_stack([64.0 + 25.0 * np.cos(turns), 48.0 + 20.0 * np.sin(turns)])
    line = Line(kind, np.roll(ring, -first, axis=0), closed=True)
    shown = dataclasses.replace(
        make_overlay(make_snapshot(0), MARKS, Settings()), lines=(line,), band_px=None
    )
    layout = Layout.for_frame(96, 128)
    image = np.full((layout.image_height, layout.image_width, 3), GREY, np.uint8)
    draw_lines(image, shown, layout)
    drawn = share_of(image.astype(float), kind)
    longest = 8  # px: a gap between dashes, or none
    for x, y in layout.on_image(ring).round().astype(int):
        assert drawn[y - longest : y + longest + 1, x - longest : x + longest + 1].max() > 0.4
        if LINE_STYLES[kind].dash is None:
            assert drawn[y - 1 : y + 2, x - 1 : x + 2].max() > 0.4


@pytest.mark.parametrize("kind", list(LineKind))
@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("closed", [False, True])
def test_a_line_without_length_breaks_nothing(kind, count, closed):
    line = Line(kind, np.full((count, 2), 40.0), closed)
    shown = dataclasses.replace(
        make_overlay(make_snapshot(0), MARKS, Settings()), lines=(line,), band_px=None
    )
    image = np.full((576, 768, 3), GREY, np.uint8)
    draw_lines(image, shown, Layout.for_frame(96, 128))
    assert (image[:100] == GREY).all()

"""The visible part of a frame: all that was found is in it, and it seldom moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.display.fitted_view import (
    FrameRect,
    box_of,
    fitted_zoom,
    is_still_fitted,
    visible_rect,
)

ROWS, COLUMNS = 400, 500
SHAPE = (ROWS, COLUMNS)
columns, rows = st.floats(0.0, COLUMNS - 1.0), st.floats(0.0, ROWS - 1.0)
sizes = st.tuples(st.floats(200.0, 4000.0), st.floats(200.0, 2200.0))


@st.composite
def boxes(draw):
    x, y = sorted((draw(columns), draw(columns))), sorted((draw(rows), draw(rows)))
    return FrameRect(x[0], y[0], x[1] - x[0], y[1] - y[0])


def fitted(box, size):
    return visible_rect(fitted_zoom(box, SHAPE, size), box.centre, SHAPE, size)


@given(boxes(), sizes)
def test_all_that_was_found_is_visible(box, size):
    view = fitted(box, size)
    assert view.left <= box.left + 1e-6
    assert box.right <= view.right + 1e-6
    assert view.top <= box.top + 1e-6
    assert box.bottom <= view.bottom + 1e-6
    assert view.width / view.height == pytest.approx(size[0] / size[1])


@given(st.floats(1.0, 8.0), columns, rows, sizes)
def test_nothing_beyond_the_frame_is_shown_that_need_not_be(zoom, column, row, size):
    view = visible_rect(zoom, (column, row), SHAPE, size)
    for start, length, whole in (
        (view.left, view.width, COLUMNS),
        (view.top, view.height, ROWS),
    ):
        if length < whole - 1e-6:
            assert -0.5 - 1e-6 <= start <= whole - 0.5 - length + 1e-6
        else:
            assert start + length / 2.0 == pytest.approx((whole - 1.0) / 2.0)


def test_the_whole_frame_is_shown_without_zoom():
    view = visible_rect(1.0, (0.0, 0.0), SHAPE, (COLUMNS, ROWS))
    assert view == FrameRect(-0.5, -0.5, COLUMNS, ROWS)


def test_a_vertebra_fills_the_view_and_leaves_room_for_a_label():
    vertebra = FrameRect(180.0, 150.0, 120.0, 100.0)
    view = fitted(vertebra, (900.0, 600.0))
    assert 0.5 < vertebra.height / view.height < 0.7
    assert (vertebra.top - view.top) / view.height > 0.12


@pytest.mark.parametrize(
    ("box", "stays"),
    [
        (FrameRect(185.0, 148.0, 120.0, 100.0), True),  # a breath
        (FrameRect(180.0, 150.0, 190.0, 100.0), False),  # a leak that runs out of the view
        (FrameRect(239.0, 199.0, 2.0, 2.0), False),  # another object
    ],
)
def test_the_view_moves_only_where_it_must(box, stays):
    view = fitted(FrameRect(180.0, 150.0, 120.0, 100.0), (600.0, 600.0))
    assert is_still_fitted(view, box, SHAPE) is stays


def test_what_reaches_the_edge_of_the_frame_moves_nothing():
    box = FrameRect(0.0, 0.0, 300.0, 200.0)
    assert is_still_fitted(fitted(box, (600.0, 600.0)), box, SHAPE)


def test_box_of_lines():
    lines = (np.array([[1.0, 2.0], [3.0, 9.0]]), np.empty((0, 2)), np.array([[5.0, 4.0]]))
    assert box_of(lines) == FrameRect(1.0, 2.0, 4.0, 7.0)
    assert box_of(()) is None

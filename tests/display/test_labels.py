"""Where texts go: inside the frame, beside what was found, apart from each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from handmade import ACQUISITION, COLUMNS, ROWS, WALL, make_observation, make_tube
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.core.arrays import read_only
from leakwatch.core.results import WallDistance
from leakwatch.display.fitted_view import FrameRect, box_of
from leakwatch.display.labels import (
    APART,
    HALF_TUBE_LABEL,
    labels_in_view,
    place_labels,
    points_along,
)
from leakwatch.display.lines import LineKind


def tube_at(tip, length_mm=8.0):
    path = read_only(np.array([[60.0, 48.0], tip]))
    return replace(make_tube(), path_px=path, length_mm=length_mm)


def test_labels_say_what_they_name():
    observation = make_observation(tubes=(make_tube(), make_tube(confirmed=False)))
    labels = place_labels(observation, ACQUISITION)
    assert [(label.text, label.kind) for label in labels] == [
        ("9.5 ± 0.4 mm", LineKind.SHORTEST),
        ("tubular 8 mm", LineKind.TUBE),
    ]
    assert labels[1].at_px == (60.0, 8.0)


def test_distance_is_above_or_below_all_that_was_found():
    outline = np.array([[30.0, 14.0], [90.0, 14.0], [90.0, 80.0]])
    label = place_labels(make_observation(outline_px=outline), ACQUISITION)[0]
    assert label.text_px[1] < 14.0 or label.text_px[1] > 80.0


def test_distance_goes_above_where_there_is_no_room_below():
    wall = WALL + np.array([0.0, 18.0])
    label = place_labels(make_observation(wall_px=wall), ACQUISITION)[0]
    assert 0.0 < label.text_px[1] < wall[:, 1].min()


def test_tube_is_named_beside_what_was_found_on_its_own_side():
    behind, in_front = tube_at((100.0, 40.0)), tube_at((36.0, 40.0))
    for tube, side in ((behind, 1.0), (in_front, -1.0)):
        label = place_labels(make_observation(tubes=(tube,)), ACQUISITION)[1]
        assert np.sign(label.text_px[0] - 64.0) == side


def test_a_recorded_tube_without_a_path_has_no_label():
    tube = replace(make_tube(), path_px=read_only(np.empty((0, 2))))
    labels = place_labels(make_observation(tubes=(tube,)), ACQUISITION)
    assert [label.kind for label in labels] == [LineKind.SHORTEST]


def test_wall_distance_without_a_wall_or_cement_contour_is_named_too():
    distance = WallDistance(10.0, 2.5, 0.4, (50.0, 48.0), (60.0, 48.0))
    observation = make_observation(wall_px=None, cement=None, wall_distance=distance)
    assert place_labels(observation, ACQUISITION)[0].text == "2.5 ± 0.4 mm"


def test_nothing_found_has_no_label():
    observation = make_observation(wall_px=None, cement=None, wall_distance=None)
    assert place_labels(observation, ACQUISITION) == ()


inside = st.tuples(st.floats(0.0, COLUMNS - 1.0), st.floats(0.0, ROWS - 1.0))


@given(st.lists(inside, max_size=3), inside, inside)
def test_labels_stay_in_the_frame_and_tubes_apart(tips, at, on_wall):
    observation = make_observation(
        tubes=tuple(tube_at(tip) for tip in tips),
        wall_distance=WallDistance(1.0, 1.0, 0.4, at, on_wall),
    )
    distance, *tubes = place_labels(observation, ACQUISITION)
    assert 0.0 < distance.text_px[1] < ROWS
    half = HALF_TUBE_LABEL * COLUMNS
    for label in tubes:
        assert half <= label.text_px[0] <= COLUMNS - half
        assert 0.0 <= label.text_px[1] <= ROWS
    rows = sorted(label.text_px[1] for label in tubes)
    assert all(np.diff(rows) >= 0.999 * APART * ROWS)


LINES = [np.array([[40.0, 30.0], [90.0, 30.0], [90.0, 70.0], [40.0, 70.0], [40.0, 30.0]])]
view_sides = st.floats(30.0, 90.0)
label_sizes = st.tuples(st.floats(2.0, 25.0), st.floats(2.0, 10.0))


@given(st.lists(inside, max_size=2), inside, inside, view_sides, view_sides, label_sizes)
def test_labels_stay_in_a_zoomed_view_and_apart(tips, at, corner, wide, high, size):
    observation = make_observation(
        tubes=tuple(tube_at(tip) for tip in tips),
        wall_distance=WallDistance(1.0, 1.0, 0.4, at, (88.0, 48.0)),
    )
    labels = place_labels(observation, ACQUISITION)
    view = FrameRect(*corner, wide, high)
    placed = labels_in_view(labels, [size for _ in labels], points_along(LINES, 2.0), view)
    for one in placed:
        assert view.left <= one.left + 1e-9
        assert one.right <= view.right + 1e-9
        assert view.top <= one.top + 1e-9
        assert one.bottom <= view.bottom + 1e-9


def test_the_distance_hides_no_line_where_the_view_has_room():
    label = place_labels(make_observation(), ACQUISITION)[:1]
    view = FrameRect(25.0, 5.0, 70.0, 80.0)
    (placed,) = labels_in_view(label, [(40.0, 10.0)], points_along(LINES, 2.0), view)
    assert not placed.overlaps(box_of(LINES))


def test_tubular_filling_is_named_beside_its_end_and_hides_nothing():
    tube = tube_at((36.0, 66.0))
    labels = place_labels(make_observation(tubes=(tube,)), ACQUISITION)
    lines = points_along([*LINES, tube.path_px], 2.0)
    view = FrameRect(0.0, 0.0, 128.0, 96.0)
    distance, named = labels_in_view(labels, [(40.0, 10.0), (20.0, 6.0)], lines, view)
    inside = (named.left <= lines[:, 0]) & (lines[:, 0] <= named.right)
    assert not (inside & (named.top <= lines[:, 1]) & (lines[:, 1] <= named.bottom)).any()
    assert np.hypot(named.centre[0] - 36.0, named.centre[1] - 66.0) < 25.0
    assert not named.overlaps(distance)


def test_points_along_a_line_leave_no_gap_for_a_label():
    points = points_along([np.array([[0.0, 0.0], [30.0, 0.0], [30.0, 1.0]])], 2.0)
    assert np.hypot(*np.diff(points, axis=0).T).max() <= 2.0
    assert tuple(points[-1]) == (30.0, 1.0)


def test_at_the_edge_of_a_full_view_the_distance_stays_near_what_it_names():
    """Its line would cross the cement otherwise: the corners are the last resort."""
    view = FrameRect(0.0, 0.0, 900.0, 440.0)
    # From top to bottom of the view on the left, and nothing at the top of the right.
    lines = points_along(
        [
            np.array([[280.0, 78.0], [310.0, 78.0], [310.0, 415.0], [280.0, 415.0]]),
            np.array([[330.0, 105.0], [650.0, 105.0], [650.0, 350.0], [330.0, 350.0]]),
        ],
        4.0,
    )
    (label, *_) = place_labels(make_observation(), ACQUISITION)
    label = replace(label, at_px=(300.0, 410.0))
    (placed,) = labels_in_view([label], [(290.0, 80.0)], lines, view)
    assert placed.left < 400.0
    assert placed.bottom <= view.bottom


def test_where_every_place_hides_something_the_label_never_hides_what_it_names():
    """As with two messages over an image, above and below what was found."""
    view = FrameRect(0.0, 0.0, 900.0, 440.0)
    lines = points_along([np.array([[240.0, 60.0], [300.0, 60.0], [300.0, 430.0]])], 4.0)
    (label, *_) = place_labels(make_observation(), ACQUISITION)
    label = replace(label, at_px=(270.0, 180.0))
    messages = [FrameRect(0.0, 0.0, 750.0, 80.0), FrameRect(0.0, 350.0, 640.0, 90.0)]
    (placed,) = labels_in_view([label], [(300.0, 130.0)], lines, view, messages)
    assert not (placed.left <= 270.0 <= placed.right and placed.top <= 180.0 <= placed.bottom)
    assert not any(placed.overlaps(one) for one in messages)

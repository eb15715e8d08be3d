"""Where texts go: inside the frame, beside what was found, apart from each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from handmade import ACQUISITION, COLUMNS, ROWS, WALL, make_observation, make_tube
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.core.arrays import read_only
from leakwatch.core.results import WallDistance
from leakwatch.display.fitted_view import FrameRect
from leakwatch.display.labels import APART, HALF_TUBE_LABEL, labels_in_view, place_labels
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
    box = FrameRect(30.0, 20.0, 60.0, 50.0)
    placed = labels_in_view(labels, [size for _ in labels], box, view)
    for one in placed:
        assert view.left <= one.left + 1e-9
        assert one.right <= view.right + 1e-9
        assert view.top <= one.top + 1e-9
        assert one.bottom <= view.bottom + 1e-9


def test_the_distance_hides_no_line_where_the_view_has_room():
    label = place_labels(make_observation(), ACQUISITION)[:1]
    box, view = FrameRect(40.0, 30.0, 50.0, 40.0), FrameRect(30.0, 15.0, 70.0, 70.0)
    (placed,) = labels_in_view(label, [(40.0, 10.0)], box, view)
    assert not placed.overlaps(box)

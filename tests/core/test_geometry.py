"""Distances, sides and grids: truth by construction."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leakwatch.core.geometry import (
    WorkingGrid,
    area_of,
    distance_sigma_mm,
    distance_to_polyline,
    enlarge,
    is_inside,
    nearest_on_polyline,
    polyline_length,
    self_overlap_share,
    side_of_polyline,
    signed_distance,
)

coordinate = st.floats(-500, 500, allow_nan=False)
point = st.tuples(coordinate, coordinate)
# A wall is drawn downwards: rows grow by at least a pixel from mark to mark.
wall_marks = st.lists(st.tuples(st.floats(-20, 20), st.floats(5, 40)), min_size=2, max_size=8)


def wall_from(marks: list[tuple[float, float]]) -> np.ndarray:
    columns, steps = np.array(marks).T
    return np.stack([columns, np.cumsum(steps)], axis=1)


def test_straight_wall_gives_the_horizontal_distance_with_sign() -> None:
    wall = np.array([[100.0, 50.0], [100.0, 150.0]])
    points = np.array([[130.0, 100.0], [90.0, 60.0], [100.0, 70.0]])
    expected = [30.0, -10.0, 0.0]
    assert signed_distance(points, wall, (200.0, 100.0)) == pytest.approx(expected)
    assert signed_distance(points, wall, (0.0, 100.0)) == pytest.approx([-v for v in expected])


def test_beyond_the_end_distance_is_to_the_end_and_the_side_goes_on() -> None:
    wall = np.array([[100.0, 50.0], [100.0, 150.0]])
    behind_above = signed_distance(np.array([[97.0, 46.0]]), wall, (200.0, 100.0))
    assert behind_above == pytest.approx([-5.0])


def test_concave_wall_takes_the_nearest_piece() -> None:
    wall = np.array([[0.0, 0.0], [10.0, 50.0], [0.0, 100.0]])
    at_apex = signed_distance(np.array([[30.0, 50.0]]), wall, (100.0, 50.0))
    assert at_apex == pytest.approx([20.0], abs=1e-9)


@given(wall_marks, point, st.floats(-np.pi, np.pi), point)
def test_distance_does_not_change_when_everything_moves_and_turns(
    marks: list[tuple[float, float]],
    probe: tuple[float, float],
    turn: float,
    moved: tuple[float, float],
) -> None:
    wall = wall_from(marks)
    chord = wall[-1] - wall[0]
    assume(np.hypot(*chord) > 1e-3)
    # Exactly on the wall's continuation neither side is right.
    beside = [
        chord[0] * (probe[1] - end[1]) - chord[1] * (probe[0] - end[0]) for end in wall[[0, -1]]
    ]
    assume(np.abs(beside).min() > 1e-3)
    inside = (600.0, float(wall[:, 1].mean()))
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])

    def move(points: np.ndarray) -> np.ndarray:
        return points @ rotation.T + np.array(moved)

    before = signed_distance(np.array([probe]), wall, inside)
    after = signed_distance(move(np.array([probe])), move(wall), tuple(move(np.array([inside]))[0]))
    assert abs(after[0]) == pytest.approx(abs(before[0]), abs=1e-6)
    if abs(before[0]) > 1e-3:
        assert np.sign(after[0]) == np.sign(before[0])


@given(wall_marks, point)
def test_distance_to_polyline_is_the_least_over_its_points(
    marks: list[tuple[float, float]], probe: tuple[float, float]
) -> None:
    wall = wall_from(marks)
    share = np.linspace(0, 1, 400)[:, None]
    dense = np.concatenate([a + share * (b - a) for a, b in itertools.pairwise(wall)])
    sampled = np.hypot(*(dense - np.array(probe)).T).min()
    exact = distance_to_polyline(np.array([probe]), wall)[0]
    assert exact <= sampled + 1e-9
    assert exact >= sampled - 0.1
    foot = nearest_on_polyline(np.array(probe), wall)
    assert np.hypot(*(foot - np.array(probe))) == pytest.approx(exact, abs=1e-6)


@given(wall_marks, st.floats(1, 300))
def test_points_left_and_right_of_a_mark_are_on_different_sides(
    marks: list[tuple[float, float]], away: float
) -> None:
    wall = wall_from(marks)
    reach = away + 100.0
    row = float(wall[:, 1].mean())
    left, right = side_of_polyline(np.array([[-reach, row], [reach, row]]), wall)
    assert left == -right


@given(st.integers(64, 2048), st.integers(64, 2048), st.lists(point, min_size=1, max_size=5))
def test_working_grid_and_back_is_the_same_point(
    rows: int, columns: int, points: list[tuple[float, float]]
) -> None:
    grid = WorkingGrid.for_frame(rows, columns, 448)
    there = grid.to_working(np.array(points))
    assert grid.to_frame(there) == pytest.approx(np.array(points), abs=1e-6)


@given(st.integers(1, 8192), st.integers(1, 8192))
def test_the_longer_side_of_a_working_grid_is_near_its_target(rows: int, columns: int) -> None:
    grid = WorkingGrid.for_frame(rows, columns, 448)
    longer = max(grid.rows, grid.columns)
    assert longer == max(rows, columns) if max(rows, columns) <= 512 else 383 <= longer <= 512
    # Its pixels lie within the frame, and the parts of a pixel that are left out are at its end.
    assert 0 <= rows - grid.rows * grid.binning < grid.binning + 1e-6 or grid.rows == 1
    assert 0 <= columns - grid.columns * grid.binning < grid.binning + 1e-6 or grid.columns == 1


def test_working_grid_keeps_small_frames_and_halves_large_ones() -> None:
    assert WorkingGrid.for_frame(512, 448, 448) == WorkingGrid(512, 448, 1)
    assert WorkingGrid.for_frame(1024, 1024, 448) == WorkingGrid(512, 512, 2)
    assert WorkingGrid.for_frame(768, 768, 448) == WorkingGrid(384, 384, 2)
    assert WorkingGrid.for_frame(672, 600, 448) == WorkingGrid(448, 400, 1.5)
    # The first working pixel covers frame pixels 0 and 1: its centre lies between them.
    assert WorkingGrid(512, 512, 2).to_frame(np.array([0.0, 0.0])) == pytest.approx([0.5, 0.5])


def test_sigma_adds_independent_parts_in_quadrature() -> None:
    sigma = distance_sigma_mm(100.0, 0.2, 0.002, (2.0,), (0.3,))
    assert sigma == pytest.approx(math.sqrt(0.2**2 + 0.4**2 + 0.3**2))


def test_length_of_a_polyline() -> None:
    assert polyline_length(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 14.0]])) == pytest.approx(15.0)
    assert polyline_length(np.array([[1.0, 1.0]])) == 0.0


def test_area_of_a_rectangle_however_it_is_turned() -> None:
    square = np.array([[0.0, 0.0], [6.0, 0.0], [6.0, 4.0], [0.0, 4.0]])
    assert area_of(square) == area_of(square[::-1]) == 24.0
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    assert area_of(square @ turn + 100.0) == pytest.approx(24.0)


def test_a_bow_has_two_loops_of_one_size_and_a_spur_a_tiny_one() -> None:
    square = np.array([[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]])
    assert self_overlap_share(square) == 0.0
    assert self_overlap_share(square[[0, 2, 1, 3]]) == pytest.approx(1.0)
    # A loop of 2 beside 60.
    corners = [[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0], [0.0, 3.0], [-2.0, 4.0], [2.0, 6.0]]
    assert 0.0 < self_overlap_share(np.array(corners)) < 0.1


def test_edges_that_only_touch_do_not_cross() -> None:
    """As at the corners of the outline of a mask."""
    spike = np.array(
        [[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [4.0, 8.0], [4.0, 0.0], [4.0, 8.0], [0.0, 8.0]]
    )
    assert self_overlap_share(spike) == 0.0


@given(st.lists(point, min_size=3, max_size=12, unique=True))
def test_convex_polygons_never_cross_themselves(points: list[tuple[float, float]]) -> None:
    around = np.array(points)
    middle = around.mean(axis=0)
    angles = np.unique(np.round(np.arctan2(*(around - middle).T), 3))
    assume(len(angles) >= 3)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert self_overlap_share(circle) == 0.0
    # The middle of a chord of a circle lies in the polygon, or on its edge.
    inner = circle.mean(axis=0)
    assert is_inside((float(inner[0]), float(inner[1])), circle)
    assert not is_inside((1.5, 0.0), circle)


@pytest.mark.parametrize("size", [512, 600, 768, 1000, 1199])
def test_an_enlarged_image_lies_where_its_pixels_were(size: int) -> None:
    grid = WorkingGrid.for_frame(size, size, 448)
    working = np.zeros((grid.rows, grid.columns), np.uint8)
    working[100, 200] = 1
    row, column = np.nonzero(enlarge(working, grid, size, size))
    centre = grid.to_frame(np.array([200.0, 100.0]))
    assert (column.mean(), row.mean()) == pytest.approx(tuple(centre), abs=0.5)

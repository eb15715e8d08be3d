"""The wall and the outline: truth is plain geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.marks import Marks, Side
from leakwatch.vision.vertebra import posterior_wall

GRID = WorkingGrid(200, 240, 1)
LINE = np.array([[120.0, 60.0], [114.0, 100.0], [120.0, 140.0]])


def square(column: int, row: int, half: int = 3) -> np.ndarray:
    mask = np.zeros((200, 240), bool)
    mask[row - half : row + half + 1, column - half : column + half + 1] = True
    return mask


@pytest.mark.parametrize(("inside", "sign"), [((30.0, 100.0), 1), ((220.0, 100.0), -1)])
def test_sign_follows_the_side_of_the_body(inside: tuple[float, float], sign: int) -> None:
    straight = np.array([[120.0, 20.0], [120.0, 180.0]])
    placed = posterior_wall.place_wall(straight, inside, 200, 240)
    left = posterior_wall.nearest_cement(placed, square(80, 100))
    right = posterior_wall.nearest_cement(placed, square(150, 100))
    assert left is not None
    assert right is not None
    # The pixel that counts is the one nearest to the body's outside.
    assert left.distance == pytest.approx(37.0 if sign > 0 else -43.0, abs=0.05)
    assert right.distance == pytest.approx(-33.0 if sign > 0 else 27.0, abs=0.05)


@settings(max_examples=200, deadline=None)
@given(st.integers(10, 220), st.integers(10, 180))
def test_distance_is_that_of_the_nearest_point_of_the_line(column: int, row: int) -> None:
    placed = posterior_wall.place_wall(LINE, (30.0, 100.0), 200, 240)
    found = posterior_wall.nearest_cement(placed, square(column, row, 0))
    assert found is not None
    share = np.linspace(0, 1, 4001)[:, None]
    dense = np.vstack(
        [LINE[0] + share * (LINE[1] - LINE[0]), LINE[1] + share * (LINE[2] - LINE[1])]
    )
    offsets = dense - np.array([column, row])
    truth = np.hypot(*offsets.T)
    # Interpolated between every 4th pixel: at a bend it costs the most.
    assert abs(found.distance) == pytest.approx(truth.min(), abs=0.4)
    assert np.hypot(*(np.array(found.on_wall) - [column, row])) == pytest.approx(
        truth.min(), abs=0.05
    )


def test_no_cement_and_no_side_have_no_distance() -> None:
    known = posterior_wall.place_wall(LINE, (30.0, 100.0), 200, 240)
    unknown = posterior_wall.place_wall(LINE, None, 200, 240)
    assert posterior_wall.nearest_cement(known, np.zeros((200, 240), bool)) is None
    assert posterior_wall.nearest_cement(unknown, square(80, 100)) is None


@pytest.mark.parametrize(
    ("marks", "orientation", "sign"),
    [
        ({"anterior": Side.LEFT}, ("A", "F"), -1),
        ({"anterior": Side.RIGHT}, None, 1),
        ({"body_outline_px": np.array([[20.0, 60.0], [100.0, 60.0], [60.0, 140.0]])}, None, -1),
        ({"needle_tip_px": (160.0, 90.0)}, None, 1),
        ({}, ("A", "F"), 1),
        ({}, ("P", "F"), -1),
        ({}, ("PH", "F"), -1),
    ],
)
def test_side_of_the_body_comes_from_marks_before_tags(
    marks: dict[str, object], orientation: tuple[str, str] | None, sign: int
) -> None:
    given_marks = Marks(posterior_wall_px=LINE, **marks)  # type: ignore[arg-type]
    inside = posterior_wall.inside_point(given_marks, orientation, GRID)
    assert inside is not None
    assert np.sign(inside[0] - 118.0) == sign


def test_side_of_the_body_may_be_unknown() -> None:
    assert posterior_wall.inside_point(Marks(posterior_wall_px=LINE), None, GRID) is None
    assert posterior_wall.inside_point(Marks(posterior_wall_px=LINE), ("H", "L"), GRID) is None


def test_cement_outside_counts_beyond_the_tolerance() -> None:
    outline = np.array([[50.0, 50.0], [100.0, 50.0], [100.0, 100.0], [50.0, 100.0]])
    far = posterior_wall.outside_distance(outline, 200, 240)
    assert posterior_wall.cement_outside(far, square(75, 75, 20), 2.0) is None
    assert posterior_wall.cement_outside(far, np.zeros((200, 240), bool), 2.0) is None
    leak = np.zeros((200, 240), bool)
    leak[70:74, 95:111] = True  # reaches column 110: ten beyond the outline
    beyond = posterior_wall.cement_outside(far, leak, 2.0)
    assert beyond is not None
    assert beyond.pixels == 4 * 8
    assert beyond.at[0] == 110


@pytest.mark.parametrize(
    ("outline", "tip", "expected"),
    [
        (None, (70.0, 90.0), (70, 90)),
        (np.array([[50.0, 50.0], [100.0, 50.0], [100.0, 100.0], [50.0, 100.0]]), None, (75, 75)),
        (None, None, (100, 100)),
    ],
)
def test_first_cement_may_appear_in_the_body(
    outline: np.ndarray | None, tip: tuple[float, float] | None, expected: tuple[int, int]
) -> None:
    placed = posterior_wall.place_wall(LINE, (30.0, 100.0), 200, 240)
    origin = posterior_wall.origin_of_cement(placed, outline, tip, 15.0, 50.0, 200, 240)
    assert origin is not None
    assert origin[expected[1], expected[0]]
    assert not origin[:, 130:].any()  # behind the wall
    assert not origin[10].any()


def test_without_marks_cement_may_appear_anywhere() -> None:
    assert posterior_wall.origin_of_cement(None, None, None, 1.0, 1.0, 200, 240) is None

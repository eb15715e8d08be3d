"""Weighing of lines, where the answer can be written down."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.config import VertebraSettings
from leakwatch.vision.vertebra.body_sides import (
    Candidates,
    Direction,
    Edge,
    Shape,
    SideSearch,
)
from leakwatch.vision.vertebra.body_size import BODY_SIZES, BodySize, expected_size, impossible_size

SETTINGS = VertebraSettings()
SEARCH = SideSearch(SETTINGS)
SHAPE = Shape(Direction.UPPER, -10.0, 10.0, 0.0, 0.0, 10.0)
T = np.linspace(-10.0, 10.0, 5)


def lines(offsets: list[float], scores: list[float]) -> Candidates:
    zero = np.zeros(len(offsets))
    return Candidates(SHAPE, np.array(offsets), zero, zero, np.array(scores), zero + 1.0, zero + 1)


def edge(sigma_mm: float = 2.0) -> Edge:
    return Edge(Direction.UPPER, T, np.full(5, 12.0), np.full(5, sigma_mm), 1.0, 1.0, None)


def test_one_clear_line_is_as_sure_as_an_edge_is_wide() -> None:
    found = SEARCH.weighed(lines([5.0, 15.0], [0.0, 40.0]), np.zeros(2), T)
    assert found.outward_mm == pytest.approx(15.0)
    assert found.sigma == pytest.approx(SETTINGS.edge_sd_mm)
    assert found.other_mm is None


def test_two_equal_edges_are_not_averaged() -> None:
    found = SEARCH.weighed(lines([5.0, 15.0], [1.0, 1.001]), np.zeros(2), T)
    assert found.outward_mm == pytest.approx(15.0)
    assert found.other_mm == pytest.approx(-10.0)
    # Half of the weight lies 10 mm away.
    assert found.sigma == pytest.approx(np.hypot(10.0 / np.sqrt(2), SETTINGS.edge_sd_mm), rel=1e-3)


def test_neighbours_are_averaged_by_their_weight() -> None:
    found = SEARCH.weighed(lines([10.0, 11.0], [0.0, np.log(3.0)]), np.zeros(2), T)
    assert found.outward_mm == pytest.approx(10.75)


def test_the_prior_decides_between_equal_scores() -> None:
    found = SEARCH.weighed(lines([5.0, 15.0], [1.0, 1.0]), np.array([0.0, -20.0]), T)
    assert found.outward_mm == pytest.approx(5.0)


def test_a_hint_prefers_the_line_through_it() -> None:
    prior = SEARCH.hint_prior(lines([5.0, 15.0], [0.0, 0.0]), np.array([[3.0, 14.6]]))
    assert prior[1] > prior[0] + 20
    # On the lower side, outwards is down.
    lower = Shape(Direction.LOWER, -10.0, 10.0, 0.0, 0.0, 10.0)
    zero = np.zeros(1)
    below = Candidates(lower, np.array([12.0]), zero, zero, zero, zero, zero)
    assert SEARCH.hint_prior(below, np.array([[0.0, -12.0]]))[0] == pytest.approx(0.0)


def test_a_hint_pulls_near_and_leaves_far_alone() -> None:
    found = SEARCH.pulled(edge(), np.array([[-10.0, 15.0]]))
    assert found.outward_mm[0] == pytest.approx(15.0, abs=0.2)
    assert found.outward_mm[-1] == pytest.approx(12.0, abs=0.2)
    assert found.sigma_mm[0] == pytest.approx(SETTINGS.hint_mm, abs=0.1)
    assert found.sigma_mm[-1] == pytest.approx(2.0, abs=0.1)


def test_what_is_common_to_a_side_moves_as_a_whole() -> None:
    found = SEARCH.pulled(edge(2.0), np.array([[-10.0, 15.0]]), common_sd_mm=2.0)
    assert found.outward_mm == pytest.approx(15.0, abs=0.2)


def test_no_hint_changes_nothing() -> None:
    before = edge()
    assert SEARCH.pulled(before, np.empty((0, 2))) is before


@pytest.mark.parametrize("direction", list(Direction))
def test_coordinates_of_a_side_go_there_and_back(direction: Direction) -> None:
    along, outward = np.array([1.0, -4.0]), np.array([12.0, 13.0])
    points = direction.placed(along, outward)
    back = direction.coordinates(points)
    assert np.array_equal(back, (along, outward))


def test_outwards_is_away_from_the_middle() -> None:
    at = {side: tuple(side.placed(np.zeros(1), np.ones(1))[0]) for side in Direction}
    assert at[Direction.UPPER] == (0, 1)
    assert at[Direction.LOWER] == (0, -1)
    assert at[Direction.FRONT] == (1, 0)
    assert at[Direction.BACK] == (-1, 0)


def test_a_level_that_nobody_knows_is_less_sure() -> None:
    known, spread = expected_size("l3 ", SETTINGS)
    guessed, wider = expected_size(None, SETTINGS)
    assert known.height_mm == pytest.approx(26.0 * SETTINGS.size_on_film)
    assert wider > spread
    assert expected_size("S1", SETTINGS) == (guessed, wider)


def test_bodies_grow_downwards() -> None:
    depths = [size.depth_mm for size in BODY_SIZES.values()]
    assert depths[:-1] == sorted(depths[:-1])


@pytest.mark.parametrize(
    ("depth_mm", "height_mm", "level", "possible"),
    [
        (44.0, 35.0, None, False),  # found where a T9 of 29 x 20 is
        (44.0, 35.0, "T9", False),
        (29.0, 20.0, "T9", True),
        (29.0, 20.0, None, True),
        (31.0, 8.0, "L1", True),  # crushed
        (34.0, 60.0, None, False),  # two bodies and their disc
        (60.0, 28.0, "L4", False),  # with the arch
        (42.0, 30.0, "L4", True),  # a tall man's
        (float("nan"), 60.0, None, False),
        (float("nan"), float("nan"), "L1", True),
    ],
)
def test_a_size_that_no_vertebra_has_is_told(depth_mm, height_mm, level, possible) -> None:
    why = impossible_size(
        BodySize(depth_mm, height_mm), level, SETTINGS.impossible_sigmas, SETTINGS
    )
    assert (why is None) is possible

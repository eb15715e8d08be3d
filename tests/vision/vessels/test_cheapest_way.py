"""Cheapest ways, against SciPy's on graphs that were drawn at random."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from leakwatch.vision.vessels.cheapest_way import (
    cheapest_costs,
    cheapest_way_to_farthest,
    steps_between,
)

PLACES, WAYS = 60, 3


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Places with a few ways each, some of which lead nowhere."""
    rng = np.random.default_rng(seed)
    neighbours = rng.integers(0, PLACES, (PLACES, WAYS))
    steps = np.where(
        rng.random((PLACES, WAYS)) < 0.3, np.inf, rng.uniform(0.5, 2.0, (PLACES, WAYS))
    )
    return neighbours, steps


@pytest.mark.parametrize("seed", range(20))
def test_costs_are_those_of_scipy(seed: int) -> None:
    neighbours, steps = drawn(seed)
    dense = np.full((PLACES, PLACES), np.inf)
    for place, (others, ways) in enumerate(zip(neighbours, steps, strict=True)):
        np.minimum.at(dense[place], others, ways)
    graph = csr_array(np.where(np.isfinite(dense), dense, 0.0))
    starts = np.array([seed, seed + 7])
    wanted = dijkstra(graph, indices=starts, min_only=True)
    assert np.array_equal(
        cheapest_costs(steps_between(neighbours, steps), starts.tolist())[0], wanted
    )


def test_the_way_leads_from_a_start_to_the_farthest_place() -> None:
    # 0 - 1 - 2 - 3, and 4 that nothing leads to.
    neighbours = np.array([[1, 0], [0, 2], [1, 3], [2, 3], [0, 0]])
    none = np.inf
    costs = np.array([[1.0, none], [1.0, 1.0], [1.0, 1.0], [1.0, none], [none, none]])
    steps = steps_between(neighbours, costs)
    assert cheapest_way_to_farthest(steps, [0]) == [0, 1, 2, 3]
    assert cheapest_way_to_farthest(steps, [0, 3]) == [0, 1]
    assert cheapest_costs(steps, [0]) == (
        [0.0, 1.0, 2.0, 3.0, np.inf],
        [-1, 0, 1, 2, -1],
    )


def test_a_place_that_is_alone_is_its_own_way() -> None:
    steps = steps_between(np.full((1, 8), -1), np.full((1, 8), np.inf))
    assert cheapest_way_to_farthest(steps, [0]) == [0]

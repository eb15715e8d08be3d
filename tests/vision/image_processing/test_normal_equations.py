"""Normal equations: truth is the solution that they were made from."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.vision.image_processing.normal_equations import solve_normal


@pytest.mark.parametrize("count", [1, 2, 6])
def test_the_solution_is_found(count: int) -> None:
    terms = np.random.default_rng(count).normal(size=(40, count)).astype(np.float32)
    wanted = np.arange(1.0, count + 1.0)
    normal = terms.T @ terms
    assert solve_normal(normal, normal @ wanted) == pytest.approx(wanted, abs=1e-4)


def test_of_many_solutions_the_shortest_is_taken() -> None:
    assert solve_normal(np.ones((2, 2)), np.array([2.0, 2.0])) == pytest.approx([1.0, 1.0])
    assert not solve_normal(np.zeros((3, 3)), np.zeros(3)).any()

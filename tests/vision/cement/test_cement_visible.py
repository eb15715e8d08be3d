"""Whether all of the cement is seen: truth is where it was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.vision.cement.cement_visible import cut_off_share

SEEN = np.ones((20, 30), bool)


@pytest.mark.parametrize(
    ("rows", "columns", "at_end", "around"),
    [
        ((5, 9), (10, 16), 0, 20),
        ((0, 4), (10, 16), 6, 20),
        ((16, 20), (24, 30), 10, 20),
    ],
)
def test_the_share_of_the_edge_at_the_end_of_the_image(
    rows: tuple[int, int], columns: tuple[int, int], at_end: int, around: int
) -> None:
    box = (slice(*rows), slice(*columns))
    mask = np.zeros_like(SEEN)
    mask[box] = True
    assert cut_off_share(mask, box, SEEN) == pytest.approx(at_end / around)


def test_what_is_not_exposed_ends_the_image() -> None:
    box = (slice(5, 9), slice(10, 16))
    mask = np.zeros_like(SEEN)
    mask[box] = True
    seen = SEEN.copy()
    seen[:, 16:] = False
    assert cut_off_share(mask, box, seen) == pytest.approx(4 / 20)

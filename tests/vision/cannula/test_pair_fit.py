"""One or two tubes fitted to profiles: truth is the length of each ray's way through steel."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.vision.cannula.pair_fit import Stations, Tube, fit_one, fit_two

HALF, STEPS = 30, 14
AT = np.linspace(0.0, 160.0, STEPS)
WIDTHS = (6.0, 16.0)


def way(offset: float, slope: float, outer: float, inner: float) -> np.ndarray:
    """Attenuation of a steel tube at each station, a fine grid averaged over each pixel."""
    fine = np.arange(-HALF - 0.45, HALF + 0.5, 0.1)
    away = fine - (offset + slope * AT)[:, None]
    steel = [
        np.sqrt(np.maximum((diameter / 2.0) ** 2 - away**2, 0.0)) for diameter in (outer, inner)
    ]
    return 0.05 * (steel[0] - steel[1]).reshape(STEPS, 2 * HALF + 1, 10).mean(axis=2)


def stations(*tubes: tuple[float, float, float, float]) -> Stations:
    """Profiles of tubes over bone that bends across the line, with noise."""
    across = np.arange(-HALF, HALF + 1)
    bone = 0.03 * np.sin(AT / 40.0)[:, None] * (1.0 - (across / HALF) ** 2)
    noise = np.random.default_rng(3).normal(0.0, 0.004, bone.shape)
    return Stations(bone + noise + sum(way(*one) for one in tubes), AT, 0.6)


def off(tube: Tube, offset: float, slope: float) -> float:
    return max(abs(tube.off(at) - offset - slope * at) for at in (AT[0], AT[-1]))


@pytest.mark.parametrize("inner", [0.0, 6.5])
def test_one_tube_is_found_with_its_width(inner: float) -> None:
    tube, left = fit_one(stations((2.0, -0.03, 9.0, inner)), WIDTHS)
    assert off(tube, 2.0, -0.03) < 0.3
    assert tube.width == pytest.approx(9.0, abs=0.6)
    assert left < 0.1


@pytest.mark.parametrize(
    ("first", "second"),
    [((-8.0, 0.1), (8.0, -0.1)), ((-7.0, 0.08), (3.0, 0.0)), ((-5.0, 0.0), (5.0, 0.005))],
)
def test_two_tubes_that_cross_or_touch_are_told_apart(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    seen = stations((*first, 9.0, 6.8), (*second, 8.0, 6.0))
    tubes, left = fit_two(seen, WIDTHS)
    ways = (tubes, tubes[::-1])
    assert min(max(off(a, *first), off(b, *second)) for a, b in ways) < 0.6
    assert left < 0.4 * fit_one(seen, WIDTHS)[1]


def test_two_tubes_explain_one_hardly_better_than_one_does() -> None:
    seen = stations((1.0, 0.02, 14.0, 11.4))
    assert fit_two(seen, WIDTHS)[1] > 0.6 * fit_one(seen, WIDTHS)[1]

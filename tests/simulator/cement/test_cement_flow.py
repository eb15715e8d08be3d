"""Cement in its ground: exact volume, the shape where nothing is random, and what leaks take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.anatomy.voxel_grid import Grid
from leakwatch.simulator.cement.cement_flow import (
    BoneResistance,
    CementFlow,
    FillOrder,
    LeakRegion,
    filled_mm3,
    flow_cement,
)

GRID = Grid((41, 41, 41), (0.5, 0.5, 0.5), (-10.0, -10.0, -10.0))
MIDDLE = (20, 20, 20)


def even_ground(pore: float = 0.8) -> BoneResistance:
    """Ground without any preference."""
    shape = GRID.shape
    return BoneResistance(GRID, np.zeros(shape), np.ones(shape), np.full(shape, pore))


def rough_ground(seed: int = 3) -> BoneResistance:
    rng = np.random.default_rng(seed)
    return replace(even_ground(), roughness=rng.standard_normal(GRID.shape))


def tube_leak(opens_ml: float = 0.2, share: float = 0.6, capacity_ml: float = 9.0) -> LeakRegion:
    """A straight way upwards from the middle, 2 x 2 voxels wide."""
    pore = np.zeros(GRID.shape)
    pore[19:21, 19:21, 24:] = 1.0
    return LeakRegion(pore, opens_ml, share, capacity_ml, 0.25)


@pytest.fixture(scope="module")
def leaking() -> CementFlow:
    return flow_cement(rough_ground(), MIDDLE, [tube_leak()], 0.6, (1.2, 0.6))


@settings(deadline=None)
@given(st.floats(0.0, 0.6))
def test_all_that_was_injected_is_somewhere(leaking: CementFlow, injected_ml: float) -> None:
    parts = [part.sum() for part in leaking.filled(injected_ml)]
    assert sum(parts) == pytest.approx(injected_ml * 1000.0, abs=1e-6)
    assert parts == pytest.approx([v * 1000.0 for v in leaking.volumes_ml(injected_ml)], abs=1e-6)


@settings(deadline=None)
@given(st.floats(0.0, 0.59), st.floats(1e-4, 0.01))
def test_cement_never_goes_away_again(leaking: CementFlow, ml: float, more_ml: float) -> None:
    for before, after in zip(leaking.filled(ml), leaking.filled(ml + more_ml), strict=True):
        assert (after >= before - 1e-9).all()


def test_no_voxel_holds_more_than_its_pore(leaking: CementFlow) -> None:
    streams = [leaking.body, *(stream for _, stream in leaking.leaks)]
    for stream, filled in zip(streams, leaking.filled(0.6), strict=True):
        assert (filled <= stream.pore_mm3 + 1e-12).all()
        assert len(np.unique(stream.voxels)) == len(stream.voxels)
    shared = np.intersect1d(leaking.body.voxels, leaking.leaks[0][1].voxels)
    assert len(shared) == 0


def test_in_even_ground_it_is_a_ball() -> None:
    flow = flow_cement(even_ground(), MIDDLE, [], 0.5, (1.0, 1.0))
    filled = flow.filled(0.5)[0] / (0.8 * GRID.voxel_mm3)
    places = GRID.to_mm(np.stack(np.unravel_index(flow.body.voxels, GRID.shape), axis=1))
    away = np.linalg.norm(places, axis=1)
    radius = (3 * 500.0 / 0.8 / (4 * np.pi)) ** (1 / 3)
    # Along 26 directions a way is up to 13 % longer than it is straight (chamfer distance).
    assert away[filled > 0.5].max() < radius * 1.08
    assert away[filled < 0.5].min() > radius * 0.93


def test_roughness_makes_fingers() -> None:
    def spread(follow: float) -> float:
        flow = flow_cement(rough_ground(), MIDDLE, [], 0.3, (follow, follow))
        places = np.stack(np.unravel_index(flow.body.voxels, GRID.shape), axis=1)
        return float(np.linalg.norm(GRID.to_mm(places), axis=1).max())

    assert spread(2.5) > 1.15 * spread(0.0)


def test_stiff_cement_follows_roughness_less() -> None:
    thin, stiff = (
        set(flow_cement(rough_ground(), MIDDLE, [], 0.2, (f, f)).body.voxels.tolist())
        for f in (2.0, 0.1)
    )
    ageing = set(flow_cement(rough_ground(), MIDDLE, [], 0.2, (2.0, 0.1)).body.voxels.tolist())
    assert len(ageing & thin) / len(ageing | thin) < 1.0
    assert len(ageing & stiff) > len(thin & stiff)


def test_cement_stiffens_by_its_age_whatever_the_volume() -> None:
    def body(age_at: Callable[[float], float] | None, fingering: tuple[float, float]) -> list[int]:
        flow = flow_cement(rough_ground(), MIDDLE, [], 0.2, fingering, age_at)
        return [int(voxel) for voxel in flow.body.voxels]

    # Stiff from the first drop, thin to the last, and the same age at the same volume as before.
    assert body(lambda _: 1.0, (2.0, 0.1)) == body(None, (0.1, 0.1))
    assert body(lambda _: 0.0, (2.0, 0.1)) == body(None, (2.0, 2.0))
    assert body(lambda ml: ml / 0.2, (2.0, 0.1)) == body(None, (2.0, 0.1))


def test_what_leaked_has_aged_the_cement_too() -> None:
    ages: list[float] = []

    def age_at(volume_ml: float) -> float:
        ages.append(volume_ml)
        return 1.0 if volume_ml > 0.3 else 0.0

    leak = tube_leak(opens_ml=0.1, share=0.5)
    late = flow_cement(rough_ground(), MIDDLE, [leak], 0.5, (2.0, 0.1), age_at).body.voxels
    thin = flow_cement(rough_ground(), MIDDLE, [leak], 0.5, (2.0, 2.0)).body.voxels
    same = int(np.argmin(late[: len(thin)] == thin[: len(late)]))
    # 0.3 mL are in when 0.2 mL are in the body; from then on it flows another way.
    held_ml = same * 0.8 * GRID.voxel_mm3 / 1000.0
    assert max(ages) == pytest.approx(0.5)
    assert held_ml == pytest.approx(0.2, abs=0.02)


def test_nothing_leaks_before_the_way_opens_and_then_its_share(leaking: CementFlow) -> None:
    assert leaking.volumes_ml(0.2) == [0.2, 0.0]
    assert leaking.volumes_ml(0.21) == pytest.approx([0.204, 0.006])
    held = leaking.leaks[0][1].capacity_ml
    assert leaking.volumes_ml(0.6)[1] == pytest.approx(min(0.24, held))


def test_a_full_leak_takes_no_more() -> None:
    flow = flow_cement(even_ground(), MIDDLE, [tube_leak(0.1, 1.0, 0.003)], 0.4, (1.0, 1.0))
    assert flow.volumes_ml(0.4) == pytest.approx([0.397, 0.003])


def test_a_tube_fills_from_the_bolus_outwards() -> None:
    flow = flow_cement(even_ground(), MIDDLE, [tube_leak(0.3, 0.5)], 0.5, (1.0, 1.0))
    stream = flow.leaks[0][1]
    heights = np.unravel_index(stream.voxels, GRID.shape)[2]
    assert (np.diff(heights) >= -1).all()
    assert heights[0] < heights[-1] == GRID.shape[2] - 1


def test_a_way_that_the_bolus_does_not_reach_stays_empty() -> None:
    far = tube_leak()
    far.pore[:, :, :38] = 0.0
    flow = flow_cement(even_ground(), MIDDLE, [far], 0.4, (1.0, 1.0))
    assert flow.volumes_ml(0.4) == [0.4, 0.0]


def test_two_leaks_open_one_after_the_other() -> None:
    down = tube_leak(0.15, 0.5, 0.002)
    second = replace(down, pore=down.pore[:, :, ::-1].copy())
    flow = flow_cement(even_ground(), MIDDLE, [tube_leak(0.25, 0.5, 0.002), second], 0.5, (1, 1))
    assert [region.opens_ml for region, _ in flow.leaks] == [0.15, 0.25]
    assert sum(flow.volumes_ml(0.4)) == pytest.approx(0.4)
    assert flow.volumes_ml(0.2)[2] == 0.0


def test_no_room_is_told() -> None:
    resistance = even_ground()
    closed = resistance.cost.copy()
    closed[:20] = np.inf
    with pytest.raises(ConfigError, match=r"capacity of .* mL .* 9 mL to be injected"):
        flow_cement(replace(resistance, cost=closed), MIDDLE, [], 9.0, (1.0, 1.0))


def test_the_front_grows_by_parts_of_voxels() -> None:
    stream = FillOrder(np.arange(4000), np.full(4000, 0.125))
    steps = [filled_mm3(stream, 100.0 + 0.01 * n) for n in range(5)]
    assert all(0.0 < (b - a).max() < 0.01 for a, b in pairwise(steps))
    partial = (steps[0] > 0) & (steps[0] < 0.125)
    assert partial.sum() > 50
    assert filled_mm3(stream, 0.0).sum() == 0.0
    assert filled_mm3(stream, 1e9).sum() == pytest.approx(500.0)

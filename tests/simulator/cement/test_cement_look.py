"""Mottled cement with a soft rim: its volume stays exact, and its truth is where it is seen."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from scipy import ndimage
from small import small_scenario

from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.voxel_grid import Grid
from leakwatch.simulator.cement.cement_flow import BoneResistance, filled_mm3, flow_cement
from leakwatch.simulator.cement.cement_images import close_up, project_cement
from leakwatch.simulator.cement.site import make_uneven
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.scene import Scene, make_carm, make_scene
from leakwatch.simulator.sequence.simulation import render_frames
from leakwatch.simulator.xray.beam import make_beam, transmission, with_cement_of

pytestmark = pytest.mark.slow
GRID = Grid((41, 41, 41), (0.5, 0.5, 0.5), (-10.0, -10.0, -10.0))


def bone() -> BoneResistance:
    shape = GRID.shape
    return BoneResistance(GRID, np.zeros(shape), np.ones(shape), np.full(shape, 0.85))


def with_look(**look: float) -> Scenario:
    return small_scenario(cement_look=look, leaks=[])


def test_pores_take_cement_unevenly() -> None:
    uneven = make_uneven(bone(), 0.7, 0.8, np.random.default_rng(2))
    # The mean of a log-normal share of 0.85, cut off where a voxel is full.
    drawn = np.random.default_rng(1).standard_normal(100_000)
    expected = np.minimum(0.85 * np.exp(0.7 * drawn - 0.7**2 / 2), 0.97).mean()
    assert uneven.pore.mean() == pytest.approx(expected, abs=0.05)
    assert 0.05 < uneven.pore.min() < 0.2
    assert uneven.pore.max() <= 0.97
    assert uneven.pore.std() > 0.2
    closed = replace(bone(), pore=np.zeros(GRID.shape))
    assert not make_uneven(closed, 0.7, 0.8, np.random.default_rng(2)).pore.any()


@pytest.mark.parametrize("front_mm", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("injected_ml", [0.02, 0.2, 0.6])
def test_a_soft_front_keeps_the_volume(front_mm: float, injected_ml: float) -> None:
    uneven = make_uneven(bone(), 0.7, 0.8, np.random.default_rng(2))
    flow = flow_cement(uneven, (20, 20, 20), [], 0.6, (1.0, 1.0), None, front_mm)
    filled = flow.filled(injected_ml)[0]
    assert filled.sum() == pytest.approx(1000.0 * injected_ml, rel=1e-9)
    assert (filled <= flow.body.pore_mm3 + 1e-12).all()


def test_the_rim_is_as_thick_as_asked_for() -> None:
    flow = flow_cement(bone(), (20, 20, 20), [], 0.6, (0.0, 0.0), None, 2.0)
    share = filled_mm3(flow.body, 600.0) / flow.body.pore_mm3
    places = GRID.to_mm(np.stack(np.unravel_index(flow.body.voxels, GRID.shape), axis=1))
    away = np.linalg.norm(places, axis=1)
    partly = away[(share > 0.05) & (share < 0.95)]
    assert np.percentile(partly, 95) - np.percentile(partly, 5) == pytest.approx(2.0, abs=0.8)


def scene_of(scenario: Scenario, anatomy: Anatomy) -> Scene:
    return make_scene(scenario, anatomy)


def test_truth_is_where_half_a_millimetre_is_seen(anatomy: Anatomy) -> None:
    scenario = with_look()
    scene, carm = scene_of(scenario, anatomy), make_carm(scenario)
    short = msgspec.structs.replace(
        scenario, sequence=msgspec.structs.replace(scenario.sequence, fps=1.0)
    )
    truth = render_frames(short, scene).truth.frames[-1]
    near = close_up(carm, scene.flow)
    thick = project_cement(scene.flow, truth.ml, near, scene.inside_body).total >= 0.5
    assert truth.area_mm2 == pytest.approx(thick.sum() * carm.mm_per_px**2, abs=0.01)
    assert truth.distance_mm is not None
    assert truth.distance_mm > scenario.injection.nearest_to_wall_mm - 1.0


def test_mottled_cement_varies_more_in_the_picture(anatomy: Anatomy) -> None:
    spread = []
    for mottling in (0.0, 1.0):
        scenario = with_look(mottling=mottling, lobes=0.0)
        scene = scene_of(scenario, anatomy)
        near = close_up(make_carm(scenario), scene.flow)
        seen = project_cement(scene.flow, 1.5, near, scene.inside_body).total
        smooth = ndimage.gaussian_filter(seen, 2.0 / near.mm_per_px)
        inner = ndimage.binary_erosion(seen >= 0.5, iterations=int(2.0 / near.mm_per_px))
        spread.append(np.std(seen[inner] / smooth[inner]))
    assert spread[1] > 1.1 * spread[0]


def test_leaks_and_cannula_do_not_depend_on_the_look(anatomy: Anatomy) -> None:
    plain, mottled = small_scenario(), small_scenario(cement_look={})
    one, other = scene_of(plain, anatomy), scene_of(mottled, anatomy)
    assert (one.paths[0].pore == other.paths[0].pore).all()
    assert (one.paths[0].exit_mm == other.paths[0].exit_mm).all()
    assert "cement_look" not in repr(plain)
    assert "cement_look" in repr(mottled)


@pytest.mark.parametrize("wanted", [0.024, 0.035, 0.3])
def test_cement_attenuates_as_told_behind_a_trunk(wanted: float) -> None:
    plain = make_beam(80.0, 0.1, 3.0, 0.10)
    beam = with_cement_of(plain, wanted, plain)
    seen = [
        transmission(beam, {"soft": np.full((1, 1), 250.0), "cement": np.full((1, 1), mm)})[0, 0]
        for mm in (0.0, 0.01)
    ]
    assert np.log(seen[0] / seen[1]) / 0.01 == pytest.approx(wanted, rel=0.01)


def test_more_voltage_shows_the_same_cement_less() -> None:
    low, high = (make_beam(kvp, 0.1, 3.0, 0.10) for kvp in (80.0, 95.0))
    shares = [with_cement_of(high, mu, low).attenuation["cement"] for mu in (0.03, 0.06)]
    assert shares[1] == pytest.approx(2.0 * shares[0])
    assert shares[0][-1] < shares[0][0]  # energy by energy, as barium has it

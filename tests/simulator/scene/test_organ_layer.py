"""Lung and bowel over the spine, and the pelvis: where they begin and how much they are."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scenario.scenario_room import (
    OrganKind,
    OrganLayerSection,
    PelvisSection,
)
from leakwatch.simulator.scene.organ_layer import organ_layer_mm
from leakwatch.simulator.scene.pelvis_layer import pelvis_layer_mm

CARM = CArm(rows=200, columns=220, pitch_mm=0.7, margin_px=30)


def above_target_mm() -> np.ndarray:
    """How far above the centre of the target each row lies."""
    target = CARM.project_points(np.zeros((1, 3)))[0, 1] + CARM.margin_px
    rows = np.arange(CARM.size_px[1])
    return np.asarray((target - rows) * CARM.mm_per_px)


@pytest.mark.parametrize("edge_mm", [-20.0, 15.0])
def test_lung_is_above_the_dome_and_none_below(edge_mm: float) -> None:
    section = OrganLayerSection(OrganKind.DIAPHRAGM, edge_mm, 40.0)
    layer = organ_layer_mm(section, CARM, np.random.default_rng(3))
    assert layer.max() <= 0.0
    above = above_target_mm()
    high = layer[above > edge_mm + 2.0]
    assert high.mean() == pytest.approx(-40.0, rel=0.1)
    # The two domes stand at most 16 mm apart, each bends down away from its top.
    over_the_spine = layer[:, 120:160]
    assert not over_the_spine[above < edge_mm - 45.0].any()
    top_edges = (layer < -20.0).any(axis=1)
    assert top_edges[above > edge_mm].all()


def test_bowel_is_gas_in_loops() -> None:
    section = OrganLayerSection(OrganKind.BOWEL, 0.0, 30.0)
    layer = organ_layer_mm(section, CARM, np.random.default_rng(3))
    assert layer.max() <= 0.0
    assert -30.0 <= layer.min() < -10.0
    assert 0.05 < (layer < -3.0).mean() < 0.6
    other = organ_layer_mm(section, CARM, np.random.default_rng(4))
    assert not np.array_equal(layer, other)


def test_the_pelvis_ends_at_its_crest() -> None:
    section = PelvisSection(crest_mm=10.0, bone_mm=8.0)
    layer = pelvis_layer_mm(section, CARM, np.random.default_rng(5))
    above = above_target_mm()
    assert not layer[above > 11.0].any()
    middle = layer[above < -25.0][:, 100:180]
    assert middle.mean() == pytest.approx(8.0, rel=0.2)
    assert layer.min() >= 0.0

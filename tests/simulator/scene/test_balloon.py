"""The cavity of a balloon: its volume, its shape, that it fills first, and that all is kept."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.anatomy.voxel_grid import Grid
from leakwatch.simulator.cement.cement_flow import BoneResistance, CementFlow, flow_cement
from leakwatch.simulator.scenario.scenario_life import BalloonSection
from leakwatch.simulator.scene.balloon import make_cavity

GRID = Grid((49, 49, 49), (0.5, 0.5, 0.5), (-12.0, -12.0, -12.0))
TIP = (24, 36, 24)  # 6 mm in front of the middle
PORE = 0.85


def spongy() -> BoneResistance:
    """Rough bone on all sides."""
    rough = np.random.default_rng(3).standard_normal(GRID.shape)
    return BoneResistance(GRID, rough, np.ones(GRID.shape), np.full(GRID.shape, PORE))


def cavity_of(resistance: BoneResistance) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where all is pore."""
    return resistance.pore == 1.0


def test_the_cavity_has_the_volume_and_the_shape_of_the_balloon() -> None:
    balloon = BalloonSection(volume_ml=0.6, length_ratio=2.0)
    cavity = cavity_of(make_cavity(spongy(), balloon, np.zeros(3)))
    assert cavity.sum() * GRID.voxel_mm3 == pytest.approx(600.0, abs=GRID.voxel_mm3)
    extents = [np.ptp(np.nonzero(cavity)[axis]) * 0.5 for axis in range(3)]
    width = 2 * np.cbrt(600.0 * 3 / (4 * np.pi * 2.0))
    assert extents == pytest.approx([width, 2 * width, width], abs=1.0)


def test_cement_fills_the_cavity_before_the_bone() -> None:
    resistance = make_cavity(spongy(), BalloonSection(volume_ml=0.4), np.zeros(3))
    cavity = cavity_of(resistance).ravel()
    flow = flow_cement(resistance, TIP, [], 0.8, (1.5, 0.7))
    order = flow.body.voxels
    inside = cavity[order]
    first = int(np.argmax(inside))
    # From the first voxel of the cavity on until it is full, next to nothing goes anywhere else.
    assert inside[first : first + int(cavity.sum())].mean() > 0.99
    assert inside.sum() == cavity.sum()


@pytest.mark.parametrize("injected_ml", [0.01, 0.2, 0.4, 0.77])
def test_all_cement_is_somewhere(injected_ml: float) -> None:
    flow: CementFlow = flow_cement(
        make_cavity(spongy(), BalloonSection(volume_ml=0.4), np.zeros(3)), TIP, [], 0.8, (1.5, 0.7)
    )
    filled = sum(float(part.sum()) for part in flow.filled(injected_ml))
    assert filled == pytest.approx(injected_ml * 1000.0, rel=1e-9)


def test_bone_beside_the_cavity_is_as_it_was() -> None:
    before, after = spongy(), make_cavity(spongy(), BalloonSection(volume_ml=0.3), np.zeros(3))
    beside = ~cavity_of(after)
    for name in ("roughness", "cost", "pore"):
        assert np.array_equal(getattr(before, name)[beside], getattr(after, name)[beside])


def test_no_room_is_told() -> None:
    with pytest.raises(ConfigError, match=r"balloon of 8 mL does not fit.*Reduce it"):
        make_cavity(spongy(), BalloonSection(volume_ml=8.0, length_ratio=1.0), np.full(3, 10.0))

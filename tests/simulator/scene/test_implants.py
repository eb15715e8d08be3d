"""Screws, rods and old cement: where the geometry of the spine says, and no part of the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import small_scenario

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.fracture import Fracture
from leakwatch.simulator.anatomy.spine import Posed, posed_spine
from leakwatch.simulator.anatomy.vertebra_shape import body_distance
from leakwatch.simulator.scenario.scenario_anatomy import OldCementSection, ScrewsSection
from leakwatch.simulator.scene.implants import old_cement, screws_and_rods
from leakwatch.simulator.scene.scene import make_scene
from leakwatch.simulator.scene.solid_cylinder import SolidCylinder, add_cylinder
from leakwatch.simulator.sequence.simulation import render_frames

pytestmark = pytest.mark.slow
SPINE = posed_spine("L2")


def in_own_axes(vertebra: Posed, points_mm: np.ndarray) -> list[np.ndarray]:
    """Coordinates of points in a vertebra's axes, shaped as its formulas want them."""
    away = np.asarray(points_mm) - np.array([0.0, *vertebra.centre_mm])
    own = away @ vertebra.turn.T
    return [own[:, axis].reshape(-1, 1, 1) for axis in range(3)]


def test_a_cylinder_is_as_thick_as_its_chords() -> None:
    carm = CArm(sid_mm=1e7, sod_mm=1e7 - 1.0, rows=200, columns=200, pitch_mm=0.2)
    image = np.zeros((200, 200))
    start, end = np.array([0.0, -10.0, 0.0]), np.array([0.0, 8.0, 0.0])
    add_cylinder(image, SolidCylinder(start, end, 3.0), carm)
    assert image.max() == pytest.approx(6.0, abs=0.05)
    # Volume, by the area of a pixel at the vertebra.
    assert image.sum() * 0.2**2 == pytest.approx(np.pi * 9.0 * 18.0, rel=0.01)
    along_beam = np.zeros((200, 200))
    beam = np.array([1.0, 0.0, 0.0])
    near = CArm(rows=200, columns=200)
    add_cylinder(along_beam, SolidCylinder(-7.0 * beam, 5.0 * beam, 3.0), near)
    assert along_beam.max() == pytest.approx(12.0, abs=0.05)


def test_a_cylinder_beside_the_picture_leaves_nothing() -> None:
    image = np.zeros((64, 64))
    far = np.array([0.0, 500.0, 500.0])
    add_cylinder(image, SolidCylinder(far, far + 9.0, 2.0), CArm(rows=64, columns=64))
    assert not image.any()


def test_screws_end_in_the_body_of_their_level() -> None:
    parts = screws_and_rods(ScrewsSection([1]), SPINE)
    vertebra = next(v for v in SPINE if v.levels_above == 1)
    tips = np.array([parts[1].start_mm, parts[len(parts) // 2 + 1].start_mm])
    assert tips[0, 0] == pytest.approx(-tips[1, 0])
    depth = -body_distance(tuple(in_own_axes(vertebra, tips)), vertebra.size)  # type: ignore[arg-type]
    assert (depth > 2.0).all()


def test_rods_run_past_the_target_behind_its_canal() -> None:
    parts = screws_and_rods(ScrewsSection([-1, 1], rod_mm=5.5), SPINE)
    rods = [part for part in parts if part.radius_mm == 2.75]
    assert len(rods) == 2
    for rod in rods:
        low, high = sorted((rod.start_mm[2], rod.end_mm[2]))
        assert low < -20.0
        assert high > 20.0
        assert max(rod.start_mm[1], rod.end_mm[1]) < -30.0


@pytest.mark.parametrize("fracture", [Fracture(), Fracture(wedge=0.3, biconcave=0.2)])
def test_old_cement_is_in_the_body_of_its_level(fracture: Fracture) -> None:
    spine = [replace(v, fracture=fracture) for v in SPINE]
    flow = old_cement(OldCementSection([-1], volume_ml=2.0), spine, np.random.default_rng(3))[0]
    filled = flow.filled(2.0)[0]
    assert filled.sum() == pytest.approx(2000.0)
    vertebra = next(v for v in spine if v.levels_above == -1)
    held = np.unravel_index(flow.body.voxels[filled > 0.0], flow.grid.shape)
    own = in_own_axes(vertebra, flow.grid.to_mm(np.stack(held, axis=1)))
    assert np.abs(own[2]).max() < vertebra.size.height_mm / 2
    assert own[1].min() > -vertebra.size.depth_mm / 2 + 3.5


def test_a_level_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="spine has none there"):
        screws_and_rods(ScrewsSection([1]), ())
    with pytest.raises(ConfigError, match=r"old_cement.levels names the vertebra -3"):
        old_cement(OldCementSection([-3]), SPINE[:2], np.random.default_rng(0))


def test_implants_are_seen_and_are_no_part_of_the_truth(anatomy: Anatomy) -> None:
    short = {"fps": 2.0, "duration_s": 3.0}
    plain = small_scenario(sequence=short)
    busy = small_scenario(sequence=short, screws={"levels": [1]}, old_cement={"levels": [-1]})
    one, other = (render_frames(s, make_scene(s, anatomy)) for s in (plain, busy))
    assert one.truth == other.truth
    assert one.case.marks.body_outline_px is not None
    ratio = other.frames[0].astype(float) / np.maximum(one.frames[0], 1)
    upper, lower = ratio[:60].min(), ratio[-60:].min()
    assert upper < 0.5 * np.median(ratio)
    assert lower < 0.7 * np.median(ratio)
    assert (anatomy.labels == Label.OTHER_VERTEBRA).any()
    assert "screws" not in repr(plain)

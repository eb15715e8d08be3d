"""Each way out of the body goes where it is said to go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.landmarks import Landmarks
from leakwatch.simulator.cement.cement_flow import LeakRegion, flow_cement
from leakwatch.simulator.cement.leak_paths import LeakKind, LeakPath, PathContext, make_leak_path
from leakwatch.simulator.cement.site import Site, make_bone_resistance, make_site


@pytest.fixture(scope="module")
def site(anatomy: Anatomy, landmarks: Landmarks) -> Site:
    return make_site(anatomy, landmarks)


@pytest.fixture(scope="module")
def resistance(site: Site, landmarks: Landmarks) -> PathContext:
    return PathContext(site, landmarks, np.array([2.0, 4.0, 0.0]), landmarks.pedicles_mm[0])


def outside_mm(path: LeakPath, site: Site) -> np.ndarray:
    """Places of the path's voxels outside the body, ``(n, 3)``."""
    return site.grid.to_mm(np.argwhere((path.pore > 0.5) & (site.depth_mm < -0.5)))


@pytest.mark.parametrize("kind", list(LeakKind))
def test_it_begins_at_the_tip_and_leaves_the_body(
    kind: LeakKind, resistance: PathContext, site: Site
) -> None:
    for seed in range(4):
        path = make_leak_path(kind, resistance, np.random.default_rng(seed))
        tip = np.rint(site.grid.to_index(resistance.tip_mm)).astype(int)
        assert path.pore[tuple(tip)] > 0.5
        assert len(outside_mm(path, site)) > 50
        assert 0.0 <= path.pore.min() <= path.pore.max() <= 1.0
        exit_index = np.rint(site.grid.to_index(path.exit_mm)).astype(int)
        assert abs(site.depth_mm[tuple(exit_index)]) < 1.5


def test_basivertebral_cement_lies_behind_the_wall(resistance: PathContext, site: Site) -> None:
    path = make_leak_path(LeakKind.BASIVERTEBRAL, resistance, np.random.default_rng(1))
    assert len(path.centrelines_mm) == 2
    places = outside_mm(path, site)
    wall = resistance.landmarks.wall_anterior_mm(places[:, 2])
    assert (places[:, 1] < wall).mean() > 0.95
    assert np.ptp(places[:, 2]) > 12.0  # up and down
    index = np.rint(site.grid.to_index(places)).astype(int)
    assert not site.bone[tuple(index.T)].any()


@pytest.mark.parametrize("kind", [LeakKind.ANTERIOR_VEIN, LeakKind.SEGMENTAL_VEIN])
def test_veins_end_in_front_of_the_body_and_are_2_mm_wide(
    kind: LeakKind, resistance: PathContext, site: Site
) -> None:
    path = make_leak_path(kind, resistance, np.random.default_rng(2))
    (line,) = path.centrelines_mm
    assert line[-1, 1] > resistance.landmarks.upper_mm[1] + 4.0
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert length > 18.0
    outside = path.pore * (site.depth_mm < 0)
    section = outside.sum() * site.grid.voxel_mm3 / length
    assert 2.0 * np.sqrt(section / np.pi) == pytest.approx(2.0, abs=0.35)


def test_disc_cement_lies_between_bodies_and_in_front_of_the_wall(
    resistance: PathContext, site: Site
) -> None:
    path = make_leak_path(LeakKind.DISC, resistance, np.random.default_rng(3))
    places = outside_mm(path, site)
    marks = resistance.landmarks
    beyond = np.maximum(places[:, 2] - marks.upper_mm[2], marks.lower_mm[2] - places[:, 2])
    assert np.median(beyond) > -1.0
    assert beyond.max() < 10.0
    assert (places[:, 1] > marks.wall_anterior_mm(places[:, 2]) + 5.0).all()
    assert path.centrelines_mm == ()


def test_cortical_cement_spreads_on_its_side(resistance: PathContext, site: Site) -> None:
    for kind, sign in ((LeakKind.CORTICAL_ANTERIOR, 1.0), (LeakKind.CORTICAL_POSTERIOR, -1.0)):
        path = make_leak_path(kind, resistance, np.random.default_rng(4))
        places = outside_mm(path, site)
        assert (sign * places[:, 1] > 0.0).mean() > 0.9
        assert path.fingering > 1.0


def test_the_track_runs_along_the_cannula(resistance: PathContext, site: Site) -> None:
    path = make_leak_path(LeakKind.CANNULA_TRACK, resistance, np.random.default_rng(5))
    along = resistance.pedicle_mm - resistance.tip_mm
    along /= np.linalg.norm(along)
    places = site.grid.to_mm(np.argwhere(path.pore > 0.5))
    away = np.linalg.norm(np.cross(places - resistance.tip_mm, along), axis=1)
    assert away.max() < 3.0
    assert path.fingering < 1.0


def test_cement_in_the_body_stays_off_wall_and_shell(site: Site) -> None:
    resistance = make_bone_resistance(site, 6.0, 0.0, np.random.default_rng(0))
    inside = np.isfinite(resistance.cost)
    assert inside.any()
    assert site.depth_mm[inside].min() > 0.9
    assert np.broadcast_to(site.before_wall_mm, site.grid.shape)[inside].min() > 5.9
    assert (resistance.pore[~inside] == 0.0).all()


@pytest.mark.parametrize("kind", list(LeakKind))
def test_every_leak_takes_cement(kind: LeakKind, resistance: PathContext, site: Site) -> None:
    path = make_leak_path(kind, resistance, np.random.default_rng(6))
    bone = make_bone_resistance(site, 7.5, 0.0, np.random.default_rng(0))
    region = LeakRegion(path.pore, 0.3, 0.6, 5.0, path.fingering)
    tip = np.rint(site.grid.to_index(resistance.tip_mm)).astype(int)
    flow = flow_cement(bone, (int(tip[0]), int(tip[1]), int(tip[2])), [region], 0.6, (1.0, 1.0))
    in_body, leaked = flow.volumes_ml(0.6)
    assert leaked > 0.1
    assert in_body + leaked == pytest.approx(0.6)
    outside = site.depth_mm.ravel()[flow.leaks[0][1].voxels] < 0.0
    assert outside.mean() > 0.3


def test_a_coarse_mask_does_not_end_the_vein_at_the_foramen(
    resistance: PathContext, site: Site, landmarks: Landmarks
) -> None:
    # The arch reaches round behind the body, 2 mm thick, as in masks of 3 mm.
    plate = (site.before_wall_mm < -0.5) & (site.before_wall_mm > -2.5)
    coarse = replace(resistance, site=replace(site, bone=site.bone | plate))
    for seed in range(4):
        path = make_leak_path(LeakKind.BASIVERTEBRAL, coarse, np.random.default_rng(seed))
        tip = np.rint(site.grid.to_index(resistance.tip_mm)).astype(int)
        parts, _ = ndimage.label(path.pore > 0.1, np.ones((3, 3, 3)))
        from_tip = site.grid.to_mm(np.argwhere(parts == parts[tuple(tip)]))
        behind = from_tip[:, 1] < landmarks.wall_anterior_mm(from_tip[:, 2]) - 2.5
        assert from_tip[behind, 2].max() > landmarks.wall_mm[:, 2].mean() + 5.0
        assert from_tip[behind, 2].min() < landmarks.wall_mm[:, 2].mean() - 5.0

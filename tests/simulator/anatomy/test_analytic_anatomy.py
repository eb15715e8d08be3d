"""Analytic anatomy and its landmarks, against the sizes that it was drawn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.anatomy.analytic_anatomy import build_analytic_anatomy
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label, moving_shares
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.fracture import Fracture
from leakwatch.simulator.anatomy.landmarks import Landmarks, body_outline_px, find_landmarks
from leakwatch.simulator.anatomy.patient import Patient
from leakwatch.simulator.anatomy.spine import posed_spine
from leakwatch.simulator.anatomy.tissue import CORTEX, MARROW
from leakwatch.simulator.anatomy.vertebra_shape import canal_centre_mm, pedicle_centre_mm
from leakwatch.simulator.anatomy.vertebra_sizes import MEAN_SIZES
from leakwatch.simulator.anatomy.volume_painting import smooth_field


def test_the_body_has_the_size_of_its_level(landmarks: Landmarks) -> None:
    size = MEAN_SIZES["L2"]
    # Bumps and the rims' rounding: a millimetre or two.
    assert landmarks.size_mm == pytest.approx(
        [size.width_mm, size.depth_mm, size.height_mm], abs=2.5
    )


def test_the_wall_is_where_it_was_drawn_and_hollow(landmarks: Landmarks) -> None:
    wall, size = landmarks.wall_mm, MEAN_SIZES["L2"]
    waist = size.depth_mm / 2 * (1.0 - 0.09)
    middle = wall[len(wall) // 2]
    assert middle[0] == 0.0
    assert middle[1] == pytest.approx(-waist + 1.4, abs=1.2)
    assert (np.diff(wall[:, 2]) > 0).all()
    assert np.ptp(wall[:, 2]) > 0.75 * size.height_mm
    assert wall[[0, -1], 1].max() < middle[1] + 0.6  # rims lie behind the middle


def test_pedicles_are_on_both_sides(landmarks: Landmarks) -> None:
    right, left = landmarks.pedicles_mm
    drawn = pedicle_centre_mm(MEAN_SIZES["L2"])
    assert right == pytest.approx(drawn, abs=3.5)
    assert left == pytest.approx([-drawn[0], drawn[1], drawn[2]], abs=3.5)


def test_labels_are_where_they_belong(anatomy: Anatomy) -> None:
    grid = anatomy.grid

    def label_at(*place_mm: float) -> int:
        index = np.rint(grid.to_index(np.array(place_mm))).astype(int)
        return int(anatomy.labels[tuple(index)])

    size = MEAN_SIZES["L2"]
    assert label_at(0.0, 0.0, 0.0) == Label.BODY
    assert label_at(0.0, canal_centre_mm(size), 0.0) == Label.CANAL
    assert label_at(*pedicle_centre_mm(size)) == Label.ARCH
    apart = size.height_mm + MEAN_SIZES["L2"].disc_mm
    assert label_at(0.0, 0.0, apart + 1.0) == Label.OTHER_VERTEBRA
    assert label_at(0.0, 0.0, size.height_mm / 2 + 4.0) == Label.REST


def test_spongy_bone_is_inside_a_shell(anatomy: Anatomy) -> None:
    body = anatomy.labels == Label.BODY
    values = anatomy.attenuation[body]
    assert np.median(values) == pytest.approx(MARROW, rel=0.03)
    assert (values > 0.6 * CORTEX).mean() > 0.01
    assert values.max() <= CORTEX * 1.001


def test_five_vertebrae_at_least_and_the_target_level() -> None:
    for level in MEAN_SIZES:
        spine = posed_spine(level)
        assert len(spine) >= 5
        target = next(v for v in spine if v.name == level)
        assert target.centre_mm == (0.0, 0.0)
        heights = [v.centre_mm[1] for v in spine]
        assert heights == sorted(heights, reverse=True)


def test_a_wedge_lowers_the_front() -> None:
    carm = CArm(rows=120, columns=120, pitch_mm=1.0)
    wedged = build_analytic_anatomy("L1", 3, Patient(fractures={0: Fracture(wedge=0.4)}), carm)
    body = wedged.labels == Label.BODY
    anterior = wedged.grid.axis_mm(1)

    def height(near_mm: float) -> float:
        column = body[:, np.argmin(np.abs(anterior - near_mm))]
        return float(column.any(axis=0).sum() * wedged.grid.spacing_mm[2])

    assert height(12.0) < 0.8 * height(-11.0)


@pytest.mark.slow
def test_another_seed_is_another_patient() -> None:
    carm = CArm(rows=64, columns=64, pitch_mm=1.0)
    one, other = (build_analytic_anatomy("T10", seed, carm=carm) for seed in (1, 2))
    assert np.abs(one.attenuation - other.attenuation).max() > 0.01
    assert one.attenuation.min() >= 0.0
    assert np.isfinite(one.attenuation).all()


def test_an_unknown_level_is_told() -> None:
    with pytest.raises(ConfigError, match="unknown level 'C2'"):
        build_analytic_anatomy("C2", 0)


def test_the_outline_is_the_silhouette(anatomy: Anatomy, landmarks: Landmarks) -> None:
    carm = CArm(rows=200, columns=224, pitch_mm=0.6)
    outline = body_outline_px(anatomy, carm)
    seen = carm.project_points(np.array([landmarks.lower_mm, landmarks.upper_mm]))
    low, high = np.sort(seen, axis=0)
    assert outline.min(axis=0) == pytest.approx(low, abs=4.0)
    assert outline.max(axis=0) == pytest.approx(high, abs=4.0)
    moved = body_outline_px(anatomy, replace(carm, margin_px=20))
    assert moved == pytest.approx(outline, abs=1e-9)


def test_bone_moves_with_the_spine_and_the_skin_does_not(anatomy: Anatomy) -> None:
    shares = moving_shares(anatomy)
    assert shares.spine.shape == shares.wall.shape == anatomy.grid.shape
    assert shares.spine[anatomy.labels == Label.BODY].min() > 0.99
    both = shares.spine + shares.wall
    assert both.min() >= 0.0
    assert both.max() <= 1.0 + 1e-6
    right = np.abs(anatomy.grid.axis_mm(0))
    middle = (slice(None), anatomy.grid.shape[1] // 2, anatomy.grid.shape[2] // 2)
    assert shares.wall[middle][(right > 135) & (right < 155)].min() > 0.99
    assert both[middle][(right > 65) & (right < 90)].max() < 0.01  # the organs


def test_landmarks_need_a_body(anatomy: Anatomy) -> None:
    bare = replace(anatomy, labels=np.zeros_like(anatomy.labels))
    with pytest.raises(ConfigError, match="the labels contain no vertebral body"):
        find_landmarks(bare)


def test_fields_are_of_unit_variance_and_smooth(anatomy: Anatomy) -> None:
    field = smooth_field(anatomy.grid, (6.0, 6.0, 6.0), np.random.default_rng(3))
    assert field.shape == anatomy.grid.shape
    assert abs(field.mean()) < 0.05
    assert field.var() == pytest.approx(1.0, abs=0.05)
    steps = np.diff(field, axis=1)
    assert steps.std() < 0.25 * field.std()

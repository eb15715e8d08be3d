"""The cannula: chords of a tube, its way through the pedicle, and how a hand moves it."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scene.steel_cannula import (
    DIAMETERS_MM,
    Cannula,
    chords_mm,
    through_pedicle,
)

CARM = CArm(rows=128, columns=160, pitch_mm=0.2)
ALONG = Cannula(np.zeros(3), np.array([0.0, -1.0, 0.0]), 3.0, 2.4)


def pixel(*place_mm: float) -> tuple[int, int]:
    column, row = np.rint(CARM.project_points(np.array([place_mm]))[0]).astype(int)
    return row, column


def test_a_ray_across_the_axis_meets_both_walls() -> None:
    steel, bore = chords_mm(ALONG, CARM)
    middle = pixel(0.0, -6.0, 0.0)
    assert steel[middle] == pytest.approx(0.6, abs=0.01)
    assert bore[middle] == pytest.approx(2.4, abs=0.01)
    beside = pixel(0.0, -6.0, 3.0)
    assert steel[beside] == bore[beside] == 0.0


def test_the_wall_is_thickest_where_the_ray_just_misses_the_bore() -> None:
    fine = CArm(rows=400, columns=8, pitch_mm=0.02, aim_mm=(0.0, -6.0, 0.0))
    steel, _ = chords_mm(ALONG, fine)
    # 2 sqrt(R^2 - r^2) of the tube's radii.
    assert steel.max() == pytest.approx(2 * np.sqrt(1.5**2 - 1.2**2), abs=0.06)
    assert abs(int(np.argmax(steel[:, 4])) - 199.5) * fine.mm_per_px == pytest.approx(1.2, abs=0.02)


def test_a_slanting_ray_runs_longer_in_steel() -> None:
    slanted = Cannula(np.zeros(3), np.array([np.sin(0.6), -np.cos(0.6), 0.0]), 3.0, 2.4)
    ratio = chords_mm(slanted, CARM)[0][pixel(0.0, -5.0, 0.0)] / 0.6
    # The ray through the aim meets the axis under 90 degrees less 0.6 rad; perspective adds 0.4 %.
    assert ratio == pytest.approx(1.0 / np.cos(0.6), rel=0.01)


def test_a_pixel_sees_the_mean_over_its_area_so_that_edges_have_no_steps() -> None:
    slanted = Cannula(np.zeros(3), np.array([0.0, -np.cos(0.06), np.sin(0.06)]), 3.0, 2.4)
    steel, bore = chords_mm(slanted, CARM)
    _, column = pixel(0.0, -8.0, 0.0)
    # Area of the cross-section: the same wherever the edges lie between pixels.
    shadows = (steel + bore)[:, column - 20 : column + 20].sum(axis=0) * CARM.mm_per_px
    exact = np.pi * 1.5**2 / np.cos(0.06)
    assert shadows == pytest.approx(exact, rel=0.006)


def test_it_ends_at_the_tip() -> None:
    steel, _ = chords_mm(ALONG, CARM)
    assert steel[pixel(0.0, 0.6, 0.0)] == 0.0
    assert steel[pixel(0.0, -0.6, 0.0)] > 0.5


def test_through_the_pedicle() -> None:
    tip, pedicle = np.array([2.0, 5.0, 0.0]), np.array([14.0, -20.0, 5.0])
    cannula = through_pedicle(tip, pedicle, 11)
    away = np.cross(pedicle - tip, cannula.outward)
    assert np.linalg.norm(away) < 1e-9
    assert np.linalg.norm(cannula.outward) == pytest.approx(1.0)
    assert (cannula.outer_mm, cannula.inner_mm) == DIAMETERS_MM[11]


def test_a_hand_turns_it_about_the_pedicle_and_draws_it_back() -> None:
    tip, pedicle = np.array([2.0, 5.0, 0.0]), np.array([14.0, -20.0, 5.0])
    cannula = through_pedicle(tip, pedicle, 11)
    turned = cannula.moved(pedicle, 4.0, 0.0)
    length = np.linalg.norm(tip - pedicle)
    assert np.linalg.norm(turned.tip_mm - pedicle) == pytest.approx(length)
    assert np.linalg.norm(np.cross(turned.tip_mm - pedicle, turned.outward)) < 1e-9
    drawn = cannula.moved(pedicle, 4.0, 6.0)
    assert drawn.tip_mm == pytest.approx(turned.tip_mm + 6.0 * turned.outward)
    assert np.linalg.norm(drawn.tip_mm - pedicle) == pytest.approx(length - 6.0)
    assert cannula.moved(pedicle, 0.0, 0.0).tip_mm == pytest.approx(tip)

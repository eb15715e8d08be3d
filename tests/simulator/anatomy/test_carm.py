"""Projection against what geometry says of balls, boxes and single rays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.core.frame import View
from leakwatch.core.marks import Side
from leakwatch.simulator.anatomy.carm import CArm, project, seen_box
from leakwatch.simulator.anatomy.voxel_grid import Grid

VIEWS = [
    CArm(rows=160, columns=192, pitch_mm=0.7),
    CArm(rows=160, columns=192, pitch_mm=0.7, anterior=Side.LEFT, angle_deg=14.0, tilt_deg=-6.0),
    CArm(rows=160, columns=192, pitch_mm=0.7, view=View.AP, margin_px=9),
    CArm(rows=160, columns=192, pitch_mm=0.7, aim_mm=(4.0, -6.0, 3.0), angle_deg=-25.0),
]


def ball(grid: Grid, centre: tuple[float, float, float], radius: float) -> np.ndarray:
    """1 inside a ball, with a smooth edge one voxel wide."""
    axes = grid.open_axes_mm()
    away = np.sqrt(sum((x - c) ** 2 for x, c in zip(axes, centre, strict=True)))
    edge = grid.spacing_mm[0]
    return np.clip(0.5 + (radius - away) / edge, 0.0, 1.0).astype(np.float32)


@pytest.mark.parametrize("carm", VIEWS)
def test_chord_through_a_ball(carm: CArm) -> None:
    grid = Grid.covering(np.full(3, -30.0), np.full(3, 30.0), (0.5, 0.5, 0.5))
    centre, radius = (5.0, -7.0, 6.0), 14.0
    seen = project(ball(grid, centre, radius), grid, carm)

    start, step_column, step_row = carm.rays()
    column, row = np.meshgrid(*(np.arange(size) for size in carm.size_px))
    ray = start + column[..., None] * step_column + row[..., None] * step_row
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    to_centre = np.array(centre) - carm.source_mm
    passing2 = (to_centre**2).sum() - (ray @ to_centre) ** 2
    chord = 2.0 * np.sqrt(np.clip(radius**2 - passing2, 0.0, None))

    inside = passing2 < (radius - 2.0) ** 2
    assert np.abs(seen - chord)[inside].max() < 0.2  # 0.7 % of the longest chord
    assert abs(seen.sum() / chord.sum() - 1.0) < 2e-3


def test_rays_through_a_turned_box_against_sums_of_samples() -> None:
    rng = np.random.default_rng(4)
    grid = Grid((24, 20, 22), (1.5, 1.2, 1.3), (-18.0, -11.0, -14.0))
    volume = rng.random(grid.shape).astype(np.float32)
    volume[[0, -1]] = volume[:, [0, -1]] = volume[:, :, [0, -1]] = 0.0
    carm = CArm(rows=64, columns=64, pitch_mm=1.2, angle_deg=11.0, tilt_deg=5.0)
    seen = project(volume, grid, carm)

    start, step_column, step_row = carm.rays()
    planes = grid.axis_mm(0)
    for column, row in ((32, 30), (21, 37), (40, 22)):
        ray = start + column * step_column + row * step_row
        expected = 0.0
        for index, coordinate in enumerate(planes):
            along = (coordinate - carm.source_mm[0]) / ray[0]
            _, a, s = grid.to_index(carm.source_mm + along * ray)
            i, j = int(np.floor(a)), int(np.floor(s))
            if 0 <= i < grid.shape[1] - 1 and 0 <= j < grid.shape[2] - 1:
                f, g = a - i, s - j
                corners = volume[index, i : i + 2, j : j + 2]
                expected += float(np.array([1 - f, f]) @ corners @ np.array([1 - g, g]))
        expected *= 1.5 * np.linalg.norm(ray) / abs(ray[0])
        assert seen[row, column] == pytest.approx(expected, rel=2e-4)


@given(
    st.tuples(*[st.floats(-60, 60)] * 3),
    st.floats(-30, 30),
    st.floats(-20, 20),
    st.sampled_from([Side.LEFT, Side.RIGHT]),
)
def test_a_point_lies_on_the_ray_of_its_pixel(
    point: tuple[float, float, float], angle: float, tilt: float, side: Side
) -> None:
    carm = CArm(angle_deg=angle, tilt_deg=tilt, anterior=side, margin_px=12)
    column, row = carm.project_points(np.array([point]))[0] + carm.margin_px
    start, step_column, step_row = carm.rays()
    ray = start + column * step_column + row * step_row
    away = np.cross(np.array(point) - carm.source_mm, ray / np.linalg.norm(ray))
    assert np.linalg.norm(away) < 1e-6


def test_magnification_is_sid_over_distance() -> None:
    carm = CArm(sid_mm=1000.0, sod_mm=700.0, pitch_mm=0.5)
    for right in (-100.0, 0.0, 100.0):
        pair = carm.project_points(np.array([[right, 0.0, 0.0], [right, 10.0, 0.0]]))
        assert np.hypot(*(pair[1] - pair[0])) == pytest.approx(
            10.0 * 1000.0 / (700.0 + right) / 0.5
        )
    assert carm.mm_per_px == pytest.approx(0.35)


def test_head_up_and_anterior_on_the_side_asked_for() -> None:
    for side, sign in ((Side.RIGHT, 1.0), (Side.LEFT, -1.0)):
        carm = CArm(anterior=side)
        middle, front, above = carm.project_points(np.array([[0, 0, 0], [0, 10, 0], [0, 0, 10.0]]))
        assert np.sign(front[0] - middle[0]) == sign
        assert above[1] < middle[1]
        # The picture is not a mirror image: columns, rows and the way into it are right-handed.
        columns, rows, beam = carm.axes()
        assert np.cross(columns, rows) @ beam == pytest.approx(-1.0)


def test_what_the_box_of_a_view_leaves_out_is_not_seen() -> None:
    carm = CArm(rows=120, columns=120, pitch_mm=0.8, angle_deg=6.0)
    lower, upper = np.array([-90.0, -120.0, -120.0]), np.array([90.0, 120.0, 120.0])
    voxel_mm = 3.0
    low, high = seen_box(carm, lower, upper, 20.0, voxel_mm)
    grid = Grid.covering(lower, upper, (voxel_mm,) * 3)
    volume = np.ones(grid.shape, np.float32)
    volume[grid.box(low, high)] = 0.0
    assert project(volume, grid, carm)[2:-2, 2:-2].max() == 0.0
    assert (high - low)[1:].max() < 180.0
    assert (low[0], high[0]) == (-90.0, 90.0)


def test_beyond_the_border_is_nothing_or_more_of_the_same() -> None:
    grid = Grid((10, 9, 9), (1.0, 1.0, 1.0), (-4.5, -4.0, -4.0))
    volume = np.ones(grid.shape, np.float32)
    carm = CArm(rows=64, columns=64, pitch_mm=0.8)
    assert project(volume, grid, carm)[0, 0] == 0.0
    assert project(volume, grid, carm, extend=True)[0, 0] == pytest.approx(10.0, rel=2e-3)

"""Truth against brute force: every projected voxel against every point of the wall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import small_scenario

from leakwatch.core.frame import View
from leakwatch.core.truth import TruthFrame
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.cement.cement_images import (
    CementImages,
    close_up,
    paste_close_up,
    project_cement,
)
from leakwatch.simulator.cement.leak_paths import TRUTH_NAME, LeakKind, LeakPath
from leakwatch.simulator.scene.scene import Scene, make_carm, make_scene
from leakwatch.simulator.xray.projected_truth import (
    MIN_THICKNESS_MM,
    distance_and_area,
    leak_length_mm,
    leak_name,
    make_truth_measurer,
    summary,
)

WALL = np.array([[0.0, -10.0, -12.0], [0.0, -11.0, 0.0], [0.0, -10.0, 12.0]])
FRONT = np.zeros(3)
CARM = CArm(rows=120, columns=160, pitch_mm=0.8)


def blank() -> np.ndarray:
    return np.zeros(CARM.size_px[::-1])


def images(body: np.ndarray, *leaks: np.ndarray) -> CementImages:
    return CementImages(body, list(leaks), list(leaks), CARM.margin_px)


@pytest.fixture(scope="module")
def scene(anatomy: Anatomy) -> Scene:
    return make_scene(small_scenario(), anatomy)


@pytest.mark.parametrize("injected_ml", [0.3, 0.75, 1.5])
def test_distance_is_that_of_the_nearest_projected_voxel(scene: Scene, injected_ml: float) -> None:
    carm = make_carm(small_scenario())
    wall = scene.landmarks.wall_mm
    near = close_up(carm, scene.flow)
    measurer = make_truth_measurer(near, wall, FRONT, scene.paths)
    cement = project_cement(scene.flow, injected_ml, near, scene.inside_body)
    distance, area = distance_and_area(measurer, cement.total)

    # Brute force: voxels as points, the wall as a thousand points; sides by the anterior column.
    points, least = [], 0.15 * scene.flow.grid.voxel_mm3
    streams = [scene.flow.body, *(stream for _, stream in scene.flow.leaks)]
    for stream, filled in zip(streams, scene.flow.filled(injected_ml), strict=True):
        index = np.unravel_index(stream.voxels[filled > least], scene.flow.grid.shape)
        points.append(scene.flow.grid.to_mm(np.stack(index, axis=1)))
    seen = carm.project_points(np.concatenate(points))
    share = np.linspace(0.0, len(wall) - 1.0, 1001)
    fine = np.stack([np.interp(share, range(len(wall)), wall[:, k]) for k in range(3)], axis=1)
    line = carm.project_points(fine)
    away = np.hypot(*(seen[:, None] - line[None]).transpose(2, 0, 1))
    nearest = away.argmin(axis=1)
    sign = np.where(seen[:, 0] > line[nearest, 0], 1.0, -1.0)
    brute = float((sign * away.min(axis=1)).min()) * carm.mm_per_px

    # A voxel's half diagonal, magnified, and a pixel: what points leave out of a picture.
    assert distance == pytest.approx(brute, abs=0.45 + 1.5 * carm.mm_per_px)
    pixels = np.unique(np.rint(seen).astype(int), axis=0)
    assert area == pytest.approx(len(pixels) * carm.mm_per_px**2, rel=0.2)


def test_a_square_of_cement_has_its_area_and_distance() -> None:
    measurer = make_truth_measurer(CARM, np.array([[0, -10.0, -20.0], [0, -10.0, 20.0]]), FRONT, ())
    wall_column = CARM.project_points(np.array([[0.0, -10.0, 0.0]]))[0, 0]
    cement = blank()
    cement[50:60, 90:102] = MIN_THICKNESS_MM
    distance, area = distance_and_area(measurer, cement)
    assert area == pytest.approx(120 * CARM.mm_per_px**2)
    assert distance == pytest.approx((90 - wall_column) * CARM.mm_per_px)


def test_behind_the_wall_is_negative_and_thin_cement_does_not_count() -> None:
    measurer = make_truth_measurer(CARM, WALL, FRONT, ())
    cement = blank()
    cement[55, 50] = 1.0
    distance, _ = distance_and_area(measurer, cement)
    assert distance is not None
    assert distance < 0.0
    assert distance_and_area(measurer, 0.99 * MIN_THICKNESS_MM * (cement > 0)) == (None, 0.0)


def test_in_an_ap_view_there_is_no_distance() -> None:
    cement = blank() + 1.0
    measurer = make_truth_measurer(replace(CARM, view=View.AP), WALL, FRONT, ())
    distance, area = distance_and_area(measurer, cement)
    assert distance is None
    assert area > 0.0


def straight_path() -> LeakPath:
    """20 mm anterior from the middle, in the plane of the aim."""
    line = np.stack([np.zeros(81), np.arange(81) * 0.25, np.zeros(81)], axis=1)
    return LeakPath(LeakKind.ANTERIOR_VEIN, np.zeros((2, 2, 2)), (line,), np.zeros(3))


def test_a_vein_counts_as_far_as_it_is_seen() -> None:
    measurer = make_truth_measurer(CARM, WALL, FRONT, (straight_path(),))
    start = CARM.project_points(np.zeros((1, 3)))[0]
    leak, body = blank(), blank()
    leak[58:62, int(start[0]) : int(start[0]) + 1 + round(12.0 / CARM.mm_per_px)] = 1.0
    seen = leak_length_mm(measurer, images(body, leak))
    assert seen == pytest.approx(12.0, abs=CARM.mm_per_px)
    body[:, : int(start[0] + 5.0 / CARM.mm_per_px)] = 3.0  # over its first 5 mm lies the bolus
    assert leak_length_mm(measurer, images(body, leak)) == pytest.approx(
        7.0, abs=2 * CARM.mm_per_px
    )


def test_where_cement_spreads_its_reach_counts() -> None:
    path = replace(straight_path(), kind=LeakKind.DISC, centrelines_mm=())
    measurer = make_truth_measurer(CARM, WALL, FRONT, (path,))
    leak = blank()
    leak[60, 80:110] = 1.0
    start = CARM.project_points(np.zeros((1, 3)))[0]
    expected = float(np.hypot(109 - start[0], 60 - start[1])) * CARM.mm_per_px
    assert leak_length_mm(measurer, images(blank(), leak)) == pytest.approx(expected)
    assert leak_length_mm(measurer, images(blank(), blank())) == 0.0


def frame(distance: float | None, leaked: float) -> TruthFrame:
    return TruthFrame(1.0, 0.0, 0.0, distance, leaked, 10.0)


def test_first_frames_and_the_name_of_the_leak() -> None:
    frames = (frame(None, 0.0), frame(5.1, 3.9), frame(5.0, 4.0), frame(7.0, 0.0))
    truth = summary(7.5, 0.23, "none", frames)
    assert (truth.breach_5mm_frame, truth.leak_visible_frame, truth.leak) == (2, 2, "near")
    quiet = summary(7.5, 0.23, "none", frames[:2])
    assert (quiet.breach_5mm_frame, quiet.leak_visible_frame, quiet.leak) == (None, None, "none")
    assert summary(7.5, 0.23, "disc", frames).leak == "disc"


def test_every_kind_of_leak_has_a_name_of_the_contract() -> None:
    assert set(TRUTH_NAME) == set(LeakKind)
    assert set(TRUTH_NAME.values()) == {"epidural", "vein_ant", "disc"}
    assert leak_name(()) == "none"
    assert leak_name((straight_path(),)) == "vein_ant"


def test_the_close_up_shows_all_cement(scene: Scene) -> None:
    wide = replace(make_carm(small_scenario()), margin_px=15)
    near = close_up(wide, scene.flow)
    assert near.margin_px < 0
    full = project_cement(scene.flow, 1.5, wide, scene.inside_body)
    cut = project_cement(scene.flow, 1.5, near, scene.inside_body)
    whole = paste_close_up(cut.total, near.margin_px, wide.margin_px, wide.size_px[::-1])
    assert np.abs(whole - full.total).max() < 1e-4
    assert full.total.max() > 2.0
    outside = sum(full.outside)
    assert 0.0 < outside.sum() < sum(full.leaks).sum()

"""Masks of simulated cement: they agree with the truth, and lie where the pixels are darker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from small import SMALL, small_scenario
from typer.testing import CliRunner

from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.cli import app
from leakwatch.core.errors import SinkError
from leakwatch.core.geometry import signed_distance
from leakwatch.core.truth import Picture
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.scene import Scene, make_carm, make_scene
from leakwatch.simulator.sequence.drawn_masks import Mask, cement_masks
from leakwatch.simulator.sequence.sequence_files import write_masks
from leakwatch.simulator.sequence.simulation import Simulation, render_frames

STILL = {"spine_mm": [0, 0, 0], "tremble_mm": 0.0}


@pytest.fixture(scope="module")
def scene(anatomy: Anatomy) -> Scene:
    return make_scene(small_scenario(), anatomy)


@pytest.fixture(scope="module")
def masks(scene: Scene) -> dict[int, Mask]:
    return dict(cement_masks(small_scenario(), scene))


def test_every_frame_with_cement_has_one_of_its_area(
    masks: dict[int, Mask], simulation: Simulation
) -> None:
    truth = simulation.truth
    assert list(masks) == [k for k, frame in enumerate(truth.frames) if frame.area_mm2 > 0.0]
    for index, mask in masks.items():
        # A shift by parts of a pixel moves the edge in and out by less than half of one.
        edge_px = np.count_nonzero(mask & ~ndimage.binary_erosion(mask))
        area_px = truth.frames[index].area_mm2 / truth.mm_per_px**2
        assert abs(np.count_nonzero(mask) - area_px) < 0.5 * edge_px


def test_its_nearest_point_is_as_far_from_the_wall_as_truth_says(
    masks: dict[int, Mask], simulation: Simulation, scene: Scene
) -> None:
    truth, carm = simulation.truth, make_carm(simulation.scenario)
    wall_px = carm.project_points(scene.landmarks.wall_mm)
    middle = (scene.landmarks.lower_mm + scene.landmarks.upper_mm) / 2
    front = carm.project_points(middle[None])[0]
    for index, mask in masks.items():
        frame = truth.frames[index]
        rows, columns = np.nonzero(mask)
        points = np.stack([columns, rows], axis=1) - np.array([frame.dx, frame.dy])
        distance = signed_distance(points, wall_px, (float(front[0]), float(front[1])))
        found_mm = float(distance.min()) * truth.mm_per_px
        assert found_mm == pytest.approx(frame.distance_mm, abs=1.5 * truth.mm_per_px)


def test_the_picture_is_darker_there_and_nowhere_else(scene: Scene) -> None:
    """Against the same film without cement, noise and all."""
    physics = {
        "detector": {"scatter_share": 0.0, "blur_mm": 0.0, "lag": 0.0},
        "brightness": {"enabled": False},
        "carm": SMALL["carm"] | {"pincushion": 0.06, "s_distortion_deg": 3.0},
        "sequence": {"fps": 1.0, "duration_s": 4.0},
    }
    early, never = {"start_s": 0.0, "rate_ml_s": 0.5}, {"start_s": 90.0}
    scenario = small_scenario(injection=early, **physics)
    with_it, without = (
        render_frames(small_scenario(injection=one, **physics), scene).frames[3].astype(float)
        for one in (early, never)
    )
    mask = dict(cement_masks(scenario, scene))[3]
    darker = 1.0 - with_it / np.maximum(without, 1.0)
    seen = without > 0.0
    assert darker[mask & seen].min() > 0.002
    assert darker[mask & seen].mean() > 0.08
    beside = seen & ~ndimage.binary_dilation(mask, iterations=3)
    assert np.abs(darker[beside]).max() < 0.002


def test_blades_cut_it_off(scene: Scene) -> None:
    blades = [{"at_s": 0.0, "over_s": 0.1, "columns_share": 0.3, "rows_share": 0.3}]
    whole = dict(cement_masks(small_scenario(motion=STILL), scene))
    cut = dict(cement_masks(small_scenario(motion=STILL, collimation=blades), scene))
    last = max(whole)
    assert 0 < np.count_nonzero(cut[last]) < np.count_nonzero(whole[last])
    assert not (cut[last] & ~whole[last]).any()
    assert not cut[last][:60].any()


def room_scenario(**changes: object) -> Scenario:
    short = {"fps": 2.0, "duration_s": 4.0}
    return small_scenario(**({"sequence": short} | changes))


def test_a_held_and_a_turned_picture_have_none(scene: Scene) -> None:
    held = room_scenario(pedal=[{"off_s": 2.4, "on_s": 3.1}], hold_last_image=True)
    turned = room_scenario(view_turns=[{"at_s": 2.6, "over_s": 0.1, "hold_s": 0.4}])
    frames = render_frames(held, scene).truth.frames
    assert [k for k, frame in enumerate(frames) if frame.picture is Picture.HELD] == [5, 6]
    assert list(dict(cement_masks(held, scene))) == [4, 7]
    assert list(dict(cement_masks(turned, scene))) == [4, 5, 7]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SinkError, match=r"cannot be written: .*Choose another --out"):
        write_masks([(0, np.ones((2, 2), bool))], tmp_path / "file")


@pytest.mark.slow
def test_on_the_command_line_they_never_outlive_their_sequence(tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    path.write_text(
        'name = "brief"\nanatomy.level = "T12"\n'
        "carm = { rows = 64, columns = 64, pitch_mm = 0.9 }\n"
        "sequence = { fps = 2.0, duration_s = 3.0 }\n"
        "injection = { start_s = 0.4, volume_ml = 0.6, rate_ml_s = 0.4 }\n"
    )
    out, run = tmp_path / "out", CliRunner().invoke
    command = ["simulate", str(path), "--out", str(out)]
    assert "brief.masks/ (5 PNG files)" in run(app, [*command, "--masks"]).stdout
    (case,) = find_cases(out).cases
    assert [frame for frame, _ in case.truth.masks] == [1, 2, 3, 4, 5]
    before = [file.read_bytes() for _, file in case.truth.masks]
    (out / "brief.masks" / "000099.png").write_bytes(b"of another sequence")
    # The same name, and no --masks: what lies there must not be of the old one.
    assert run(app, [*command, "--seed", "3"]).exit_code == 0
    (case,) = find_cases(out).cases
    assert [frame for frame, _ in case.truth.masks] == [1, 2, 3, 4, 5]
    assert [file.read_bytes() for _, file in case.truth.masks] != before

"""What rooms add, in whole frames: pixels and truth say the same of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from small import COARSE, STILL, small_scenario, still_scenario

from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.scenario_sections import plain
from leakwatch.simulator.scene.patient_turn import turned_points
from leakwatch.simulator.scene.scene import Scene, make_carm, make_scene
from leakwatch.simulator.sequence.drawn_masks import cement_masks
from leakwatch.simulator.sequence.simulation import Simulation, render_frames
from leakwatch.simulator.xray.beam import transmission
from leakwatch.simulator.xray.renderer import beam_for

FPS = 5.0
STEP_MM = 1.2 * 720.0 / 1050.0
CLEAR = {"quanta_per_mm2": 1e7, "lag": 0.0, "shutter": "none", "scatter_share": 0.0}
DEEP = {"bits": 16, "set_value": 0.01, "compression": "none"}
HIDDEN = {"present": False}
NO_CEMENT = {"injection": {"start_s": 90.0}}
TURN = {"at_s": 0.01, "over_s": 0.1, "by_deg": 8.0}


def scenario_of(frames: int, **changes: object) -> Scenario:
    """A still and nearly noiseless film; cement from the second frame on."""
    return still_scenario(frames, FPS, **({"detector": CLEAR, "pixels": DEEP} | changes))


@pytest.fixture(scope="module")
def scene(anatomy: Anatomy) -> Scene:
    """With a second cannula, which only scenarios that ask for it show."""
    return make_scene(scenario_of(1, second_cannula={"side": "left"}), anatomy)


def film(scene: Scene, frames: int, **changes: object) -> Simulation:
    return render_frames(scenario_of(frames, second_cannula=HIDDEN, **changes), scene)


def logs(made: Simulation) -> np.ndarray:
    return -np.log(np.maximum(made.frames.astype(float), 1.0))


def test_truth_follows_the_turn(scene: Scene) -> None:
    made = film(scene, 2, patient_turns=[TURN], carm=COARSE | {"off_centre_mm": [0.0, 20.0, 12.0]})
    first, turned = made.truth.frames
    centre = make_carm(made.scenario).project_points(np.zeros((1, 3)))
    moved = turned_points(centre, 8.0, 100, 112) - centre
    assert np.hypot(*moved[0]) > 2.0
    assert (turned.dx, turned.dy) == pytest.approx(moved[0], abs=1e-3)
    assert (first.dx, first.dy) == (0.0, 0.0)


def test_the_target_is_found_where_the_turn_took_it(scene: Scene) -> None:
    view = COARSE | {"off_centre_mm": [0.0, 20.0, 12.0]}
    plan = {"carm": view, "cannula": HIDDEN} | NO_CEMENT
    before, after = logs(film(scene, 2, patient_turns=[TURN], **plan))
    centre = make_carm(scenario_of(1, carm=view)).project_points(np.zeros((1, 3)))
    upright = cv2.getRotationMatrix2D((55.5, 49.5), 8.0, 1.0)
    straight = cv2.warpAffine(after.astype(np.float32), upright, (112, 100), flags=cv2.INTER_CUBIC)
    column, row = np.rint(centre[0]).astype(int)
    box = slice(row - 14, row + 15), slice(column - 16, column + 17)
    # Turned back it is the picture before; left as it is, it is another one.
    assert np.abs(straight[box] - before[box]).std() < 0.02
    assert np.abs(after[box] - before[box]).std() > 0.04


def test_distance_and_area_do_not_change_by_a_turn(scene: Scene) -> None:
    plain_film, turned = film(scene, 4), film(scene, 4, patient_turns=[TURN])
    for one, other in zip(plain_film.truth.frames, turned.truth.frames, strict=True):
        assert one.distance_mm == other.distance_mm
        assert one.area_mm2 == other.area_mm2


def test_masks_turn_with_the_cement(scene: Scene) -> None:
    plan = {"patient_turns": [TURN], "second_cannula": HIDDEN, "cannula": HIDDEN}
    with_cement = scenario_of(4, **plan)
    masks = dict(cement_masks(with_cement, scene))
    clean = render_frames(scenario_of(4, **plan | NO_CEMENT), scene)
    added = logs(render_frames(with_cement, scene))[3] - logs(clean)[3]
    seen = added > 0.08 * added.max()
    shared = (seen & masks[3]).sum() / (seen | masks[3]).sum()
    assert shared > 0.6
    straight = dict(cement_masks(scenario_of(4, second_cannula=HIDDEN), scene))
    assert (masks[3] ^ straight[3]).any()


def test_lung_moves_and_the_spine_does_not(scene: Scene) -> None:
    plan = {
        "motion": STILL | {"organs_mm": [0.0, 0.0, -10.0]},
        "organ_breath": {"period_s": 1.6, "rest": 2, "inhale_share": 0.5, "irregular": 0.0},
        "organ_layer": {"kind": "diaphragm", "edge_mm": -26.0, "depth_mm": 40.0},
        "cannula": HIDDEN,
    }
    made = film(scene, 8, **plan | NO_CEMENT)
    assert {(frame.dx, frame.dy) for frame in made.truth.frames} == {(0.0, 0.0)}
    log = logs(made)
    # The upper endplate of the target stays, and the edge of the lung below goes up and down.
    endplate = log[:, 26:40, 44:62].mean(axis=2).argmax(axis=1)
    edge = np.diff(log[:, 66:, 76:81].mean(axis=2), axis=1).argmax(axis=1)
    assert np.ptp(endplate) == 0
    assert np.ptp(edge) * STEP_MM == pytest.approx(10.0, abs=2.0)


def test_a_step_of_the_voltage_changes_the_contrast_of_bone_and_cement(scene: Scene) -> None:
    step = {"at_s": 0.3, "kvp": 95.0, "brightness": 1.2}
    beam = {"kvp": 80.0}
    injected = {"injection": {"start_s": 0.0, "volume_ml": 0.2, "rate_ml_s": 10.0}}
    plan = {"cannula": HIDDEN, "beam": beam, "kv_steps": [step]}
    filled, empty = (
        logs(film(scene, 3, **plan | injected)),
        logs(film(scene, 3, **plan | NO_CEMENT)),
    )
    cement = filled - empty
    at = np.unravel_index(cement[1].argmax(), cement[1].shape)
    seen = cement[2][at] / cement[1][at]
    before, after = (cement_contrast(scenario_of(1), kvp) for kvp in (80.0, 95.0))
    assert seen == pytest.approx(after / before, abs=0.03)
    assert seen < 0.92
    mean = np.exp(-empty[:, 28:72, 31:81]).mean(axis=(1, 2))
    assert mean[2] / mean[1] == pytest.approx(1.2, rel=0.02)


def cement_contrast(scenario: Scenario, kvp: float) -> float:
    """Of 4 mm of cement in a trunk, in log attenuation."""
    beam, pixel = beam_for(scenario, kvp), np.ones((1, 1))
    trunk = {"soft": 250.0 * pixel, "bone": 4.0 * pixel}
    without, filled = (transmission(beam, trunk | {"cement": mm * pixel}) for mm in (0.0, 4.0))
    return float(np.log(without / filled)[0, 0])


def test_a_second_cannula_and_a_drawn_stylet_are_seen(scene: Scene) -> None:
    one = logs(film(scene, 2, **NO_CEMENT))
    plan = {"second_cannula": {"side": "left"}} | NO_CEMENT
    two = logs(render_frames(scenario_of(2, **plan), scene))
    assert (two[0] - one[0] > 0.2).sum() > 30
    stylet = {"cannula": {"stylet_until_s": 0.01, "stylet_over_s": 0.1}} | NO_CEMENT
    inside, drawn = logs(film(scene, 2, **stylet))
    assert (inside - drawn > 0.2).sum() > 30
    assert drawn == pytest.approx(one[1], abs=0.02)


def test_a_hand_changes_the_picture_and_not_the_truth(scene: Scene) -> None:
    hand = {"kind": "hand", "edge": "bottom", "along": 0.3, "reach_mm": 25.0}
    with_hand, alone = film(scene, 3, foreign_objects=[hand]), film(scene, 3)
    assert with_hand.truth == alone.truth
    added = logs(with_hand)[0] - logs(alone)[0]
    assert added[90:, 20:50].mean() > 0.1
    assert np.abs(added[:60]).max() < 0.05


def test_pixels_for_display_are_eight_bits_with_a_steep_middle(scene: Scene) -> None:
    display = {"bits": 8, "relationship": "DISP", "set_value": 0.4}
    shown = film(scene, 2, pixels=display, processing={"edge_gain": 0.5, "display_slope": 1.2})
    assert shown.frames.max() <= 255
    middle = shown.frames[0][28:72, 31:81].astype(float)
    assert middle.mean() / 255 == pytest.approx(0.4, abs=0.12)


def test_what_is_not_used_is_not_told() -> None:
    told = plain(small_scenario())
    later = {"patient_turns", "organ_breath", "organ_layer", "pelvis", "kv_steps"}
    later |= {"second_cannula", "foreign_objects", "processing"}
    assert not later & set(told)
    assert "stylet_until_s" not in told["cannula"]
    assert "wall_points" not in told["marks"]

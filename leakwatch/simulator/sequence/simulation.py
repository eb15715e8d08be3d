"""Simulation of a scenario: frames with their truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.marks import CaseFile
from leakwatch.core.truth import Picture, Truth, TruthFrame
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.cement.cement_images import CementImages
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.patient_turn import turned_points
from leakwatch.simulator.scene.poses import REFERENCE, Pose, is_exposed
from leakwatch.simulator.scene.scene import (
    Movement,
    Scene,
    frame_times_s,
    injected_ml,
    make_carm,
    make_distortion,
    make_movement,
    make_scene,
    with_margin,
)
from leakwatch.simulator.scene.scene_motion import Track
from leakwatch.simulator.sequence.user_marks import marked_case
from leakwatch.simulator.xray.projected_truth import (
    VISIBLE_LEAK_MM,
    distance_and_area,
    leak_length_mm,
    leak_name,
    summary,
)
from leakwatch.simulator.xray.renderer import Renderer
from leakwatch.simulator.xray.views import SceneView

_MM_DIGITS, _ML_DIGITS, _PX_DIGITS, _MM2_DIGITS = 3, 4, 3, 2


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulated sequence.

    Parameters
    ----------
    scenario : Scenario
    carm : CArm
    frames : ndarray
        ``(n, rows, columns)``, uint16, stored values; read-only.
    times_s : ndarray
        ``(n,)``, read-only.
    poses : list of Pose
        Of the C-arm in each frame.
    case : CaseFile
    truth : Truth
    made_from : str
        The anatomy.
    """

    scenario: Scenario
    carm: CArm
    frames: npt.NDArray[np.uint16]
    times_s: Track
    poses: list[Pose]
    case: CaseFile
    truth: Truth
    made_from: str


def simulate(
    scenario: Scenario,
    anatomy: Anatomy,
    on_frame: Callable[[], None] = lambda: None,
) -> Simulation:
    """Make a sequence.

    Parameters
    ----------
    scenario : Scenario
    anatomy : Anatomy
        See `request.anatomy_of`.
    on_frame : callable
        Called after each frame.

    Returns
    -------
    Simulation

    Raises
    ------
    ConfigError
        The scenario asks for what cannot be: no such level, no room for the cement.
    """
    return render_frames(scenario, make_scene(scenario, anatomy), on_frame)


def render_frames(
    scenario: Scenario, scene: Scene, on_frame: Callable[[], None] = lambda: None
) -> Simulation:
    """Make a sequence of a scene that is already there, as `simulate` does.

    Parameters
    ----------
    scenario : Scenario
        What it says of anatomy, cement and leaks is in the scene already.
    scene : Scene
    on_frame : callable
        Called after each frame.
    """
    times_s, carm = frame_times_s(scenario), make_carm(scenario)
    movement = make_movement(scenario, carm, times_s)
    renderer = Renderer(scenario, scene, with_margin(carm, movement), movement, times_s)
    moved_px = _moved_px(scenario, carm, movement)
    exposed = is_exposed(times_s, scenario.pedal)
    frames = np.empty((len(times_s), carm.rows, carm.columns), np.uint16)
    truths: list[TruthFrame] = []
    for index, time_s in enumerate(times_s):
        injected = injected_ml(scenario.injection, float(time_s))
        if exposed[index]:
            cement = renderer.cement(index, injected)
            frames[index] = renderer.frame(index, cement, flowing=injected > 0.0)
            view = renderer.view(index)
            truths.append(_truth_frame(view, moved_px[index], injected, cement))
        else:
            frames[index] = frames[index - 1]
            truths.append(_last_image_hold(truths[-1], injected))
        on_frame()
    leak = leak_name(scene.paths, scene.thread is not None and any(_is_leak(t) for t in truths))
    truth = summary(scenario.sequence.fps, carm.mm_per_px, leak, tuple(truths))
    case = marked_case(scenario, scene, carm, movement)
    return Simulation(
        scenario,
        carm,
        read_only(frames),
        read_only(times_s),
        movement.poses,
        case,
        truth,
        scene.anatomy.made_from,
    )


def _last_image_hold(shown: TruthFrame, injected: float) -> TruthFrame:
    """Return the truth of a frame in last image hold, without a distance."""
    held_ml = max(round(injected, _ML_DIGITS), shown.ml)
    return replace(shown, ml=held_ml, distance_mm=None, picture=Picture.HELD)


def _is_leak(frame: TruthFrame) -> bool:
    return frame.leak_length_mm >= VISIBLE_LEAK_MM


def _truth_frame(
    view: SceneView, shift_px: PointArray, injected: float, cement: CementImages
) -> TruthFrame:
    measurer = view.measurer
    distance, area = distance_and_area(measurer, cement.total)
    leaked = leak_length_mm(measurer, cement)
    return TruthFrame(
        ml=round(injected + cement.thread_ml, _ML_DIGITS),
        dx=round(float(shift_px[0]), _PX_DIGITS),
        dy=round(float(shift_px[1]), _PX_DIGITS),
        distance_mm=None if distance is None else round(distance, _MM_DIGITS),
        leak_length_mm=round(leaked, _MM_DIGITS),
        area_mm2=round(area, _MM2_DIGITS),
        picture=Picture.TURNED if view.pose.is_turned else Picture.REFERENCE,
    )


def _moved_px(scenario: Scenario, carm: CArm, movement: Movement) -> PointArray:
    """Return the displacement of the target's centre in the image by motion, ``(n, 2)``."""
    distortion = make_distortion(scenario)
    middle = carm.project_points(np.zeros((1, 3)))
    places = middle + movement.spine_px
    rows, columns = carm.rows, carm.columns
    for index, pose in enumerate(movement.poses):
        if pose != REFERENCE:
            centre = pose.of(carm).project_points(np.zeros((1, 3)))[0]
            places[index] = centre + movement.spine_px[index]
        turn_deg = float(movement.turn_deg[index])
        if turn_deg:
            places[index] = turned_points(places[index], turn_deg, rows, columns)
    moved: PointArray = distortion.distort(places) - distortion.distort(middle)
    return moved

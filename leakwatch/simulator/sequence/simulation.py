"""Simulation of a scenario: frames with their truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import Point, PointArray, read_only
from leakwatch.core.frame import View
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.truth import Picture, Truth, TruthFrame
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.landmarks import body_outline_px
from leakwatch.simulator.cement.cement_images import CementImages
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.poses import REFERENCE, Pose, is_exposed
from leakwatch.simulator.scene.scene import (
    MARKS_STREAM,
    Movement,
    Scene,
    frame_times_s,
    injected_ml,
    make_carm,
    make_distortion,
    make_movement,
    make_scene,
    stream,
    with_margin,
)
from leakwatch.simulator.scene.scene_motion import Track
from leakwatch.simulator.xray.projected_truth import (
    distance_and_area,
    leak_length_mm,
    leak_name,
    summary,
)
from leakwatch.simulator.xray.renderer import Renderer
from leakwatch.simulator.xray.views import SceneView

_BASELINE_MARGIN_S = 0.5  # a person who says that no cement is there leaves some time
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
    truth = summary(scenario.sequence.fps, carm.mm_per_px, leak_name(scene.paths), tuple(truths))
    case = _case(scenario, scene, carm, movement)
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
    return replace(shown, ml=round(injected, _ML_DIGITS), distance_mm=None, picture=Picture.HELD)


def _truth_frame(
    view: SceneView, shift_px: PointArray, injected: float, cement: CementImages
) -> TruthFrame:
    measurer = view.measurer
    distance, area = distance_and_area(measurer, cement.total)
    leaked = leak_length_mm(measurer, cement)
    return TruthFrame(
        ml=round(injected, _ML_DIGITS),
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
    for index, pose in enumerate(movement.poses):
        if pose != REFERENCE:
            centre = pose.of(carm).project_points(np.zeros((1, 3)))[0]
            places[index] = centre + movement.spine_px[index]
    moved: PointArray = distortion.distort(places) - distortion.distort(middle)
    return moved


def _case(scenario: Scenario, scene: Scene, carm: CArm, movement: Movement) -> CaseFile:
    """Return the marks that a user would set on the first frame."""
    shift = movement.spine_px[0]
    shown = make_distortion(scenario).distort
    wall = shown(_marked_wall(scenario, carm.project_points(scene.landmarks.wall_mm)) + shift)
    outline = shown(body_outline_px(scene.anatomy, carm) + shift)
    tip = shown(carm.project_points(scene.cannula.tip_mm[None]) + shift)[0]
    lateral = scenario.carm.view is View.LATERAL
    marks = Marks(
        view=scenario.carm.view,
        reference_frame=0,
        baseline_frames=_baseline(scenario) if scenario.marks.baseline else None,
        posterior_wall_px=read_only(wall) if lateral else None,
        body_outline_px=read_only(outline) if scenario.marks.outline else None,
        needle_tip_px=_point(tip) if scenario.cannula.present else None,
        anterior=scenario.carm.anterior if lateral else None,
        vertebra=scenario.anatomy.level,
    )
    return CaseFile(f"{scenario.name}.dcm", marks)


def _marked_wall(scenario: Scenario, wall_px: PointArray) -> PointArray:
    """Return the wall as marked by a user, with a small error of each point across the wall."""
    along = np.gradient(wall_px, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    mm_per_px = scenario.carm.pitch_mm * scenario.carm.sod_mm / scenario.carm.sid_mm
    sigma_px = scenario.marks.wall_error_mm / mm_per_px
    error = sigma_px * stream(scenario, MARKS_STREAM).standard_normal(len(wall_px))
    marked: PointArray = wall_px + error[:, None] * across
    return marked


def _baseline(scenario: Scenario) -> tuple[int, int] | None:
    """Return cement-free frames in the reference view, with a margin; None if there are none."""
    fps = scenario.sequence.fps
    last = int((scenario.injection.start_s - _BASELINE_MARGIN_S) * fps)
    pulses = np.rint(frame_times_s(scenario) * fps)
    begins = [turn.at_s for turn in scenario.view_turns]
    begins += [move.at_s for move in scenario.table_moves]
    begins += [section.off_s for section in scenario.pedal]
    last = int((pulses < min([last, *(int(at_s * fps) for at_s in begins)])).sum())
    return (0, last) if last > 0 else None


def _point(point: PointArray) -> Point:
    return float(point[0]), float(point[1])

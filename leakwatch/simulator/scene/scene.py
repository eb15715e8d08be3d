"""The patient, the cement's way and the cannula, put together from a scenario."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from leakwatch.core.marks import Side
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.landmarks import Landmarks, find_landmarks
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.cement.cement_flow import CementFlow, LeakRegion, flow_cement
from leakwatch.simulator.cement.leak_paths import LeakPath, PathGround, lay_path
from leakwatch.simulator.cement.site import Mask, make_ground, make_site
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.scenario_sections import InjectionSection
from leakwatch.simulator.scene.balloon import hollowed
from leakwatch.simulator.scene.intensifier import Distortion
from leakwatch.simulator.scene.poses import REFERENCE, Pose, is_exposed, pose_track
from leakwatch.simulator.scene.scene_motion import (
    Breath,
    CannulaMove,
    Push,
    Track,
    breathing_tracks,
    cannula_track,
)
from leakwatch.simulator.scene.steel_cannula import Cannula, through_pedicle

# Independent streams of random numbers, so that a change in one part leaves the others as they are.
CEMENT_STREAM, MOTION_STREAM, EXPOSURE_STREAM, QUANTA_STREAM, MARKS_STREAM = range(10, 15)

_ALMOST = 1e-9  # a bolus that is whole but for rounding is whole
_SHIFT_MARGIN_PX = 4  # what `patient_layers.shifted` needs around the farthest shift


def stream(scenario: Scenario, number: int) -> np.random.Generator:
    """One of the scenario's streams of random numbers."""
    return np.random.default_rng([scenario.seed, number])


@dataclass(frozen=True, slots=True)
class Scene:
    """The patient with the cement's way and the cannula, before anything moves.

    Parameters
    ----------
    anatomy : Anatomy
    landmarks : Landmarks
    flow : CementFlow
    paths : tuple of LeakPath
        In the order of the flow's leaks.
    cannula : Cannula
    inside_body : ndarray of bool
        On the flow's grid.
    pivot_mm : ndarray
        ``(3,)``, in the pedicle, about which a hand can turn the cannula.
    """

    anatomy: Anatomy
    landmarks: Landmarks
    flow: CementFlow
    paths: tuple[LeakPath, ...]
    cannula: Cannula
    inside_body: Mask
    pivot_mm: Points3


@dataclass(frozen=True, slots=True)
class Movement:
    """What moved, by frame.

    Parameters
    ----------
    spine_px, wall_px, organs_px : ndarray
        ``(n, 2)``, shifts of the picture of the spine, of the trunk's wall, and of the organs.
    turn_deg, withdraw_mm : ndarray
        ``(n,)``, pose of the cannula.
    poses : list of Pose
        Of the C-arm against the patient.
    """

    spine_px: Track
    wall_px: Track
    organs_px: Track
    turn_deg: Track
    withdraw_mm: Track
    poses: list[Pose]


def pulse_times_s(scenario: Scenario) -> Track:
    """Times at which a frame can be; the last one begins before the end."""
    sequence = scenario.sequence
    count = max(1, round(sequence.duration_s * sequence.fps))
    times: Track = np.arange(count) / sequence.fps
    return times


def frame_times_s(scenario: Scenario) -> Track:
    """Times of the frames that are recorded: while the pedal is up, only where a held one is."""
    times = pulse_times_s(scenario)
    if scenario.hold_last_image:
        return times
    recorded: Track = times[is_exposed(times, scenario.pedal)]
    return recorded


def injected_ml(injection: InjectionSection, time_s: float) -> float:
    """Cement that has left the cannula until `time_s`; boluses with pauses where there are any."""
    since = max(time_s - injection.start_s, 0.0)
    if injection.bolus_ml > 0.0 and injection.pause_s > 0.0:
        flowing = injection.bolus_ml / injection.rate_ml_s
        whole, rest = divmod(since, flowing + injection.pause_s)
        since = whole * flowing + min(rest, flowing)
    return min(since * injection.rate_ml_s, injection.volume_ml)


def time_of_ml(injection: InjectionSection, volume_ml: float) -> float:
    """Seconds from the start of the injection until so much has left the cannula, with pauses."""
    flowing = volume_ml / injection.rate_ml_s
    if injection.bolus_ml <= 0.0:
        return flowing
    pauses = max(math.ceil(volume_ml / injection.bolus_ml - _ALMOST) - 1, 0)
    return flowing + pauses * injection.pause_s


def _ageing(injection: InjectionSection) -> Callable[[float], float] | None:
    """How far the cement has stiffened at an injected volume; None: as far as its share."""
    stiff_after_s = injection.stiff_after_s
    if stiff_after_s is None:
        return None
    return lambda volume_ml: min(time_of_ml(injection, volume_ml) / stiff_after_s, 1.0)


def make_carm(scenario: Scenario) -> CArm:
    """The view of a scenario, without a margin."""
    section = scenario.carm
    return CArm(
        sid_mm=section.sid_mm,
        sod_mm=section.sod_mm,
        pitch_mm=section.pitch_mm,
        rows=section.rows,
        columns=section.columns,
        view=section.view,
        anterior=section.anterior,
        angle_deg=section.angle_deg,
        tilt_deg=section.tilt_deg,
        aim_mm=section.off_centre_mm,
    )


def make_distortion(scenario: Scenario) -> Distortion:
    """What an image intensifier makes of the picture."""
    carm = scenario.carm
    return Distortion(carm.pincushion, carm.s_distortion_deg, carm.rows, carm.columns)


def make_movement(scenario: Scenario, carm: CArm, times_s: Track) -> Movement:
    """Everything that moves, as shifts of the picture."""
    motion = scenario.motion
    breath = Breath(
        motion.breath_period_s,
        motion.spine_mm,
        motion.wall_mm,
        motion.organs_mm,
        motion.organs_lag_s,
        motion.irregular,
        motion.tremble_mm,
    )
    pushes = [Push(p.at_s, p.by_mm, p.over_s, p.swing_mm) for p in motion.pushes]
    tracks = breathing_tracks(times_s, breath, pushes, stream(scenario, MOTION_STREAM))
    moves = [
        CannulaMove(m.at_s, m.over_s, m.turn_deg, m.withdraw_mm) for m in scenario.cannula.moves
    ]
    turn, withdraw = cannula_track(times_s, moves)
    poses = pose_track(scenario, times_s)
    spine, wall, organs = (
        _shown_shift_px(carm, moved, poses) for moved in (tracks.spine, tracks.wall, tracks.organs)
    )
    return Movement(spine, wall, organs, turn, withdraw, poses)


def _shown_shift_px(carm: CArm, moved_mm: Track, poses: list[Pose]) -> Track:
    """Shift in each frame's picture from where it would be without breathing and pushes."""
    shift = shift_px(carm, moved_mm)
    for pose in set(poses) - {REFERENCE}:
        here = np.array([other == pose for other in poses])
        shift[here] = shift_px(pose.of(carm), moved_mm[here])
    return shift


def shift_px(carm: CArm, moved_mm: Track) -> Track:
    """Shift in the picture of what moves by `moved_mm` at the aim, ``(n, 2)``."""
    aim = np.array(carm.aim_mm)
    shift: Track = carm.project_points(aim + moved_mm) - carm.project_points(aim[None])
    return shift


def with_margin(carm: CArm, movement: Movement) -> CArm:
    """The view with as much around it as movement can bring into it."""
    shifts = (movement.spine_px, movement.wall_px, movement.organs_px)
    reach = max(float(np.abs(shift).max()) for shift in shifts)
    return replace(carm, margin_px=int(np.ceil(reach)) + _SHIFT_MARGIN_PX)


def make_scene(scenario: Scenario, anatomy: Anatomy) -> Scene:
    """Find the landmarks, put the cannula in, lay the leaks and let the cement flow."""
    injection, rng = scenario.injection, stream(scenario, CEMENT_STREAM)
    landmarks = find_landmarks(anatomy)
    site = make_site(anatomy, landmarks)
    pedicle = landmarks.pedicles_mm[0 if scenario.cannula.side is Side.RIGHT else 1]
    tip = _in_body_mm(scenario.cannula.tip, landmarks, pedicle)
    ground = make_ground(site, injection.nearest_to_wall_mm, injection.backward_bias, rng)
    if scenario.balloon is not None:
        at = scenario.cannula.tip if scenario.balloon.at is None else scenario.balloon.at
        ground = hollowed(ground, scenario.balloon, _in_body_mm(at, landmarks, pedicle))
    leaks = sorted(scenario.leaks, key=lambda leak: leak.opens_ml)
    where = PathGround(site, landmarks, tip, pedicle)
    paths = tuple(lay_path(leak.path, where, rng) for leak in leaks)
    regions = [
        LeakRegion(path.pore, leak.opens_ml, leak.share, leak.capacity_ml, path.fingering)
        for path, leak in zip(paths, leaks, strict=True)
    ]
    voxel = np.rint(site.grid.to_index(tip)).astype(int)
    flow = flow_cement(
        ground,
        (int(voxel[0]), int(voxel[1]), int(voxel[2])),
        regions,
        injection.volume_ml,
        (injection.fingering_first, injection.fingering_last),
        _ageing(injection),
    )
    cannula = through_pedicle(tip, pedicle, scenario.cannula.gauge)
    return Scene(anatomy, landmarks, flow, paths, cannula, site.depth_mm > 0.0, pedicle)


def _in_body_mm(
    shares: tuple[float, float, float], landmarks: Landmarks, pedicle: Points3
) -> Points3:
    """A place given as shares of the body: across to the pedicle, forward, upward."""
    across, forward, upward = shares
    superior = landmarks.lower_mm[2] + upward * landmarks.size_mm[2]
    wall = float(landmarks.wall_anterior_mm(np.array([superior]))[0])
    anterior = wall + forward * (landmarks.upper_mm[1] - wall)
    return np.array([across * pedicle[0], anterior, superior])

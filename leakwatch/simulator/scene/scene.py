"""Scene of a scenario: patient, cement flow, cannula, and their motion."""

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
from leakwatch.simulator.cement.leak_paths import LeakPath, PathContext, make_leak_path
from leakwatch.simulator.cement.site import Mask, make_bone_resistance, make_site, make_uneven
from leakwatch.simulator.cement.thread import Thread, make_thread, thread_lengths_mm
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.scenario_sections import CannulaSection, InjectionSection
from leakwatch.simulator.scene.balloon import make_cavity
from leakwatch.simulator.scene.intensifier import Distortion
from leakwatch.simulator.scene.patient_turn import border_px, turn_track
from leakwatch.simulator.scene.poses import REFERENCE, Pose, is_exposed, pose_track
from leakwatch.simulator.scene.rods import Rod, RodTrack, rod_track
from leakwatch.simulator.scene.scene_motion import (
    Breath,
    Jolt,
    OrganRhythm,
    Track,
    breathing_tracks,
)
from leakwatch.simulator.scene.steel_cannula import Cannula, through_pedicle

# Independent streams of random numbers, so that a change in one part leaves the others as they are.
CEMENT_STREAM, MOTION_STREAM, EXPOSURE_STREAM, QUANTA_STREAM, MARKS_STREAM = range(10, 15)
LOOK_STREAM, IMPLANT_STREAM = range(20, 22)
RHYTHM_STREAM, HAND_STREAM, SECOND_HAND_STREAM, LAYER_STREAM, OBJECT_STREAM = range(15, 20)

_THREAD_STEP_MM = 0.25
_ALMOST = 1e-9  # a bolus that is whole but for rounding is whole
_SHIFT_MARGIN_PX = 4  # what `patient_layers.shift_layer` needs around the farthest shift


def stream(scenario: Scenario, number: int) -> np.random.Generator:
    """Return one of the scenario's random number generators."""
    return np.random.default_rng([scenario.seed, number])


@dataclass(frozen=True, slots=True)
class Scene:
    """Patient with cement flow and cannula, before any motion.

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
    second : Rod or None
        Another cannula, which injects nothing.
    thread : Thread or None
        What the cannula leaves in its track.
    """

    anatomy: Anatomy
    landmarks: Landmarks
    flow: CementFlow
    paths: tuple[LeakPath, ...]
    cannula: Cannula
    inside_body: Mask
    pivot_mm: Points3
    second: Rod | None = None
    thread: Thread | None = None

    @property
    def all_paths(self) -> tuple[LeakPath, ...]:
        """Paths of the leaks and of the thread."""
        return self.paths if self.thread is None else (*self.paths, self.thread.path)

    @property
    def rods(self) -> tuple[Rod, ...]:
        """All cannulas, the injecting one first."""
        first = Rod(self.cannula, self.pivot_mm)
        return (first,) if self.second is None else (first, self.second)


@dataclass(frozen=True, slots=True)
class Movement:
    """Motion by frame.

    Parameters
    ----------
    spine_px, wall_px, organs_px : ndarray
        ``(n, 2)``, shifts of the picture of the spine, of the trunk's wall, and of the organs.
    rods : tuple of RodTrack
        Of the cannulas, as in `Scene.rods`.
    poses : list of Pose
        Of the C-arm against the patient.
    turn_deg : ndarray
        ``(n,)``, of the patient in the plane of the picture, clockwise.
    border_px : int
        How much around the picture comes into it by such turns.
    """

    spine_px: Track
    wall_px: Track
    organs_px: Track
    rods: tuple[RodTrack, ...]
    poses: list[Pose]
    turn_deg: Track
    border_px: int


def pulse_times_s(scenario: Scenario) -> Track:
    """Return the times of pulses; the last one starts before the end."""
    sequence = scenario.sequence
    count = max(1, round(sequence.duration_s * sequence.fps))
    times: Track = np.arange(count) / sequence.fps
    return times


def frame_times_s(scenario: Scenario) -> Track:
    """Return the times of recorded frames; while the pedal is up, only with last image hold."""
    times = pulse_times_s(scenario)
    if scenario.hold_last_image:
        return times
    recorded: Track = times[is_exposed(times, scenario.pedal)]
    return recorded


def injected_ml(injection: InjectionSection, time_s: float) -> float:
    """Return the volume injected until `time_s`, with pauses between boluses."""
    since = max(time_s - injection.start_s, 0.0)
    if injection.bolus_ml > 0.0 and injection.pause_s > 0.0:
        flowing = injection.bolus_ml / injection.rate_ml_s
        whole, rest = divmod(since, flowing + injection.pause_s)
        since = whole * flowing + min(rest, flowing)
    return min(since * injection.rate_ml_s, injection.volume_ml)


def time_of_ml(injection: InjectionSection, volume_ml: float) -> float:
    """Return the time from the start of the injection to an injected volume, with pauses."""
    flowing = volume_ml / injection.rate_ml_s
    if injection.bolus_ml <= 0.0:
        return flowing
    pauses = max(math.ceil(volume_ml / injection.bolus_ml - _ALMOST) - 1, 0)
    return flowing + pauses * injection.pause_s


def _ageing(injection: InjectionSection) -> Callable[[float], float] | None:
    """Return a function of the stiffening at an injected volume; None: by its share."""
    stiff_after_s = injection.stiff_after_s
    if stiff_after_s is None:
        return None
    return lambda volume_ml: min(time_of_ml(injection, volume_ml) / stiff_after_s, 1.0)


def make_carm(scenario: Scenario) -> CArm:
    """Return the view of a scenario, without a margin."""
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
    """Return the distortion of a scenario."""
    carm = scenario.carm
    return Distortion(carm.pincushion, carm.s_distortion_deg, carm.rows, carm.columns)


def make_movement(scenario: Scenario, carm: CArm, times_s: Track) -> Movement:
    """Return all motion, as shifts of the image."""
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
    pushes = [Jolt(p.at_s, p.by_mm, p.over_s, p.swing_mm) for p in motion.pushes]
    tracks = breathing_tracks(
        times_s, breath, pushes, stream(scenario, MOTION_STREAM), _organ_rhythm(scenario)
    )
    poses = pose_track(scenario, times_s)
    spine, wall, organs = (
        _shown_shift_px(carm, moved, poses) for moved in (tracks.spine, tracks.wall, tracks.organs)
    )
    turn = turn_track(times_s, scenario.patient_turns)
    border = border_px(turn, carm.rows, carm.columns)
    return Movement(spine, wall, organs, _rod_tracks(scenario, times_s), poses, turn, border)


def _organ_rhythm(scenario: Scenario) -> tuple[OrganRhythm, np.random.Generator] | None:
    own = scenario.organ_breath
    if own is None:
        return None
    rhythm = OrganRhythm(own.period_s, own.rest, own.inhale_share, own.irregular)
    return rhythm, stream(scenario, RHYTHM_STREAM)


def _rod_tracks(scenario: Scenario, times_s: Track) -> tuple[RodTrack, ...]:
    """Return the motion of the cannulas, as in `Scene.rods`."""
    first = rod_track(scenario.cannula, times_s, stream(scenario, HAND_STREAM))
    if scenario.second_cannula is None:
        return (first,)
    other = rod_track(scenario.second_cannula, times_s, stream(scenario, SECOND_HAND_STREAM))
    return first, other


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
    """Return the view with a margin for motion."""
    shifts = (movement.spine_px, movement.wall_px, movement.organs_px)
    reach = max(float(np.abs(shift).max()) for shift in shifts)
    margin = int(np.ceil(reach)) + _SHIFT_MARGIN_PX + movement.border_px
    return replace(carm, margin_px=margin)


def make_scene(scenario: Scenario, anatomy: Anatomy) -> Scene:
    """Find the landmarks, put the cannula in, lay the leaks and let the cement flow."""
    injection, rng = scenario.injection, stream(scenario, CEMENT_STREAM)
    landmarks = find_landmarks(anatomy)
    site = make_site(anatomy, landmarks)
    pedicle = _pedicle_mm(scenario.cannula, landmarks)
    tip = _in_body_mm(scenario.cannula.tip, landmarks, pedicle)
    resistance = make_bone_resistance(
        site, injection.nearest_to_wall_mm, injection.backward_bias, rng
    )
    look = scenario.cement_look
    if look is not None:
        resistance = make_uneven(
            resistance, look.mottling, look.lobes, stream(scenario, LOOK_STREAM)
        )
    if scenario.balloon is not None:
        at = scenario.cannula.tip if scenario.balloon.at is None else scenario.balloon.at
        resistance = make_cavity(resistance, scenario.balloon, _in_body_mm(at, landmarks, pedicle))
    leaks = sorted(scenario.leaks, key=lambda leak: leak.opens_ml)
    where = PathContext(site, landmarks, tip, pedicle)
    paths = tuple(make_leak_path(leak.path, where, rng) for leak in leaks)
    regions = [
        LeakRegion(path.pore, leak.opens_ml, leak.share, leak.capacity_ml, path.fingering)
        for path, leak in zip(paths, leaks, strict=True)
    ]
    voxel = np.rint(site.grid.to_index(tip)).astype(int)
    flow = flow_cement(
        resistance,
        (int(voxel[0]), int(voxel[1]), int(voxel[2])),
        regions,
        injection.volume_ml,
        (injection.fingering_first, injection.fingering_last),
        _ageing(injection),
        None if look is None else look.rim_mm,
    )
    cannula = through_pedicle(tip, pedicle, scenario.cannula.gauge)
    second = _second_rod(scenario, landmarks)
    inside, thread = site.depth_mm > 0.0, _thread(scenario, Rod(cannula, pedicle), where)
    return Scene(anatomy, landmarks, flow, paths, cannula, inside, pedicle, second, thread)


def thread_track(scenario: Scenario, times_s: Track) -> Track:
    """Return the length of the thread in each frame, mm."""
    bore = scenario.bore
    if bore is None or not scenario.cannula.present:
        return np.zeros(len(times_s))
    drawn = _rod_tracks(scenario, times_s)[0].withdraw_mm
    return thread_lengths_mm(drawn, times_s, scenario.injection.start_s, bore.thread_mm)


def _thread(scenario: Scenario, rod: Rod, where: PathContext) -> Thread | None:
    """Return the thread along the way that the tip is drawn back; None: there is none."""
    times_s = frame_times_s(scenario)
    lengths = thread_track(scenario, times_s)
    if scenario.bore is None or not lengths.any():
        return None
    track = _rod_tracks(scenario, times_s)[0]
    begun = np.flatnonzero(times_s >= scenario.injection.start_s)
    # Where it lengthens the tip leaves it: there, and nowhere that an unsteady hand went besides.
    longer = [begun[0], *begun[1:][np.diff(lengths[begun]) > 0.0]]
    poses = [track.at(int(index)) for index in longer]
    tips = [rod.cannula.moved(rod.pivot_mm, at.turn_deg, at.withdraw_mm).tip_mm for at in poses]
    at_mm = np.arange(0.0, lengths.max() + _THREAD_STEP_MM, _THREAD_STEP_MM)
    line = np.stack(
        [np.interp(at_mm, lengths[longer], np.array(tips)[:, axis]) for axis in range(3)], axis=1
    )
    radius_mm = scenario.bore.thread_diameter * rod.cannula.inner_mm / 2
    return make_thread(line, radius_mm, where)


def _pedicle_mm(section: CannulaSection, landmarks: Landmarks) -> Points3:
    return landmarks.pedicles_mm[0 if section.side is Side.RIGHT else 1]


def _second_rod(scenario: Scenario, landmarks: Landmarks) -> Rod | None:
    section = scenario.second_cannula
    if section is None:
        return None
    pedicle = _pedicle_mm(section, landmarks)
    tip = _in_body_mm(section.tip, landmarks, pedicle)
    return Rod(through_pedicle(tip, pedicle, section.gauge), pedicle)


def _in_body_mm(
    shares: tuple[float, float, float], landmarks: Landmarks, pedicle: Points3
) -> Points3:
    """Convert a position in shares of the body: lateral, anterior, superior."""
    across, forward, upward = shares
    superior = landmarks.lower_mm[2] + upward * landmarks.size_mm[2]
    wall = float(landmarks.wall_anterior_mm(np.array([superior]))[0])
    anterior = wall + forward * (landmarks.upper_mm[1] - wall)
    return np.array([across * pedicle[0], anterior, superior])

"""The fold's vision half, whole: injections drawn with exact truth, and what goes wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scene import (
    COLUMNS,
    FORMAT,
    FPS,
    MM_PER_PX,
    ROWS,
    Scene,
    anatomy,
    breath,
    disc,
    rod,
    tube,
)

from leakwatch.alerting import rules
from leakwatch.benchmark.cases.case_truth import case_truth
from leakwatch.benchmark.metrics.metrics import records, score
from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.case_files.run_records import frame_line
from leakwatch.case_files.truth_file import load_truth, truth_path
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import Frame, IntensityRelationship, PixelFormat, Shutter, View
from leakwatch.core.marks import Marks, Side
from leakwatch.core.results import Level, Observation, Reason, Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.core.volume import CementInputs, FactorSource, SyringeReading
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.runner.stored_run import open_run

SETTINGS = Settings()
KNOWN = Calibration(MM_PER_PX, 0.005, SpacingRung.CASE, "case")
UNKNOWN = Calibration(None, None, SpacingRung.NONE, "no spacing in the tags")
WALL_COLUMN = 110.0
MARKS = Marks(
    view=View.LATERAL,
    baseline_frames=(0, 8),
    posterior_wall_px=read_only(np.array([[WALL_COLUMN, 70.0], [WALL_COLUMN, 170.0]])),
    needle_tip_px=(160.0, 120.0),
    anterior=Side.RIGHT,
)
PER_MM = SETTINGS.cement.attenuation_per_mm


def bolus(radius_mm: float) -> np.ndarray:
    """A ball of cement around the needle's tip."""
    if radius_mm <= 0:
        return np.zeros((ROWS, COLUMNS), np.float32)
    return disc(160, 120, radius_mm / MM_PER_PX, 2 * radius_mm * PER_MM)


def injection(scene: Scene, frames: int = 60, **changes: object) -> list[Frame]:
    """A ball that grows from the tenth frame on to 9 mm, under breathing and drifting gain."""
    told = []
    for index in range(frames):
        drawn = {
            "shift": breath(index),
            "gain": 0.9 + 0.06 * np.sin(index / 9),
            "added": bolus(min(0.25 * (index - 10), 9.0)) + rod((160, 120), 5, 5.5, 0.35),
        }
        for name, change in changes.items():
            drawn[name] = change(index, drawn[name])  # type: ignore[operator]
        told.append(scene.frame(index, **drawn))
    return told


def make_observation(
    frames: list[Frame], marks: Marks = MARKS, calibration: Calibration = KNOWN
) -> list[Observation]:
    return [one.observation for one in snapshots(frames, marks, calibration)]


def snapshots(
    frames: list[Frame],
    marks: Marks = MARKS,
    calibration: Calibration = KNOWN,
    settings: Settings = SETTINGS,
) -> list[Snapshot]:
    vision = stages.initial_state(settings, marks, calibration)
    return list(fold(frames, vision, rules.initial_state(settings)))


@pytest.mark.parametrize(
    "pixel_format",
    [
        FORMAT,
        PixelFormat("MONOCHROME1", 12, IntensityRelationship.LIN),
        PixelFormat("MONOCHROME2", 12),
    ],
    ids=["MONOCHROME2", "MONOCHROME1", "nothing said"],
)
def test_a_growing_bolus_is_measured(pixel_format: PixelFormat) -> None:
    scene = Scene(pixel_format=pixel_format)
    last = make_observation(injection(scene))[-1]
    assert last.cement is not None
    assert last.wall_distance is not None
    assert last.cement.area_mm2 == pytest.approx(np.pi * 9.0**2, rel=0.1)
    gap_mm = (160 - WALL_COLUMN) * MM_PER_PX - 9.0
    assert last.wall_distance.distance_mm == pytest.approx(gap_mm, abs=0.8)
    assert last.unavailable == ()
    assert last.shift_px == pytest.approx(np.subtract(breath(59), breath(0)), abs=0.3)


def test_volume_is_that_of_a_ball_from_a_reading_of_the_syringe_on() -> None:
    read_ml = round(4 / 3 * np.pi * 0.75**3, 1)  # when frame 40 comes, the ball has 7.5 mm
    cement = CementInputs(syringe=(SyringeReading(40, read_ml),))
    seen = make_observation(injection(Scene()), replace(MARKS, cement=cement))
    volumes = [None if one.cement is None else one.cement.volume_ml for one in seen]
    assert volumes[:40] == [None] * 40
    assert volumes[40] == pytest.approx(read_ml)
    assert volumes[-1] == pytest.approx(4 / 3 * np.pi * 0.9**3, rel=0.08)
    last = seen[-1].cement
    assert last is not None
    assert last.volume.source is FactorSource.SYRINGE
    assert last.volume.amount_mm2 == pytest.approx(4000 / 3 * np.pi * 0.9**3 * PER_MM, rel=0.15)


def test_without_any_source_of_a_volume_there_is_growth() -> None:
    seen = make_observation(injection(Scene(), 110))
    last = seen[-1].cement
    assert last is not None
    assert (last.volume_ml, last.volume.source) == (None, None)
    assert last.volume.why
    # The ball has 9 mm from frame 46 on; 10 s are 75 frames.
    before = min(0.25 * (109 - 75 - 10), 9.0)
    assert last.volume.growth == pytest.approx((9.0 / before) ** 3 - 1.0, rel=0.2)


def test_a_bolus_that_nears_the_wall_stops_in_time_and_not_before() -> None:
    def towards(index: int, added: np.ndarray) -> np.ndarray:
        far_mm = min(max(0.3 * (index - 20), 0.0), 10.0)
        return added + disc(160 - far_mm / MM_PER_PX, 120, 8.0 / MM_PER_PX, 0.5) * (index > 20)

    told = snapshots(injection(Scene(), added=towards))
    stop = next(one.frame.index for one in told if one.alert.level is Level.STOP)
    distance_mm = (160 - WALL_COLUMN) * MM_PER_PX - 8.0 - 0.3 * (stop - 20)
    assert 4.0 < distance_mm < 6.5
    assert told[-1].alert.reasons[0] is Reason.POSTERIOR_MARGIN


def test_a_vein_stops() -> None:
    vein = tube([(160, 120), (175, 118), (205, 100), (225, 98)], 2.2 / MM_PER_PX, 0.12)

    def leak(index: int, added: np.ndarray) -> np.ndarray:
        reach = 160 + max(index - 40, 0) * 16.0 / FPS / MM_PER_PX
        shown = vein * (np.arange(COLUMNS)[None] < reach)
        return np.maximum(added, shown) if index > 40 else added

    told = snapshots(injection(Scene(), added=leak), replace(MARKS, posterior_wall_px=None))
    stops = [one.frame.index for one in told if one.alert.level is Level.STOP]
    assert stops
    # The bolus hides the first 20 columns (9 mm) of it: 4 mm show after 13 mm, 0.8 s.
    assert 41 < stops[0] <= 40 + 0.8 * FPS + 1.0 * FPS
    assert Reason.TUBULAR_FILLING in told[stops[0]].alert.reasons


def test_a_turning_cannula_and_a_bump_raise_nothing() -> None:
    def turn(index: int, added: np.ndarray) -> np.ndarray:
        degrees = 5.0 + (4.0 * np.sin(index / 5) if index > 20 else 0.0)
        return rod((160, 120), degrees, 5.5, 0.35) + bolus(min(0.2 * (index - 10), 4.0))

    def bump(index: int, shift: tuple[float, float]) -> tuple[float, float]:
        return (shift[0] + 12.0, shift[1] - 7.0) if index > 30 else shift

    told = snapshots(injection(Scene(), added=turn, shift=bump))
    assert {one.alert.level for one in told[4:]} <= {Level.CLEAR, Level.WATCH, Level.UNKNOWN}
    assert told[-1].alert.level is not Level.UNKNOWN
    assert told[-1].observation.shift_px == pytest.approx(
        np.add(np.subtract(breath(59), breath(0)), (12, -7)), abs=0.4
    )


@pytest.mark.parametrize("dose", [1.0, 0.25])
def test_a_file_without_change_has_no_alert_and_no_cement(dose: float) -> None:
    def none(index: int, added: np.ndarray) -> np.ndarray:
        return rod((160, 120), 5, 5.5, 0.35)

    told = snapshots(injection(Scene(dose=dose), added=none))
    assert {one.alert.level for one in told[3:]} == {Level.CLEAR}
    assert not any(one.observation.cement.area_px for one in told[3:] if one.observation.cement)


def test_a_held_picture_is_stale_until_a_live_one_comes() -> None:
    scene = Scene(seed=3)
    live = [scene.frame(i, added=rod((160, 120), 5, 5.5, 0.35)) for i in range(30)]
    held = [replace(live[19], index=i, time_s=i / FPS) for i in range(20, 30)]
    back = [replace(live[20 + k], index=30 + k, time_s=(30 + k) / FPS) for k in range(6)]
    told = snapshots([*live[:20], *held, *back])
    levels = [one.alert.level for one in told]
    assert set(levels[3:23]) == {Level.CLEAR}
    # 0.5 s after frame 19, whose picture is held.
    assert set(levels[24:30]) == {Level.UNKNOWN}
    assert told[29].observation.unavailable == (Reason.STALE,)
    assert set(levels[30:]) == {Level.CLEAR}


def test_twice_the_same_pulse_is_no_held_picture() -> None:
    scene = Scene(seed=3)
    pulses = [scene.frame(i, added=rod((160, 120), 5, 5.5, 0.35)) for i in range(20)]
    shown = [replace(pulses[i // 4], index=i, time_s=i / (4 * FPS)) for i in range(80)]
    assert {one.alert.level for one in snapshots(shown)[12:]} == {Level.CLEAR}


def test_same_frames_give_the_same_bytes() -> None:
    frames = injection(Scene(), 40)
    first, second = (
        [frame_line(replace(one, latency_ms=0.0)) for one in snapshots(frames)] for _ in range(2)
    )
    assert first == second


def test_a_line_depends_on_no_later_frame() -> None:
    frames = injection(Scene(), 40)
    short, long = snapshots(frames[:25]), snapshots(frames)
    assert [frame_line(replace(one, latency_ms=0.0)) for one in short] == [
        frame_line(replace(one, latency_ms=0.0)) for one in long[:25]
    ]


def test_without_a_scale_there_are_no_millimetres_and_the_tubular_rule_is_on() -> None:
    vein = tube([(160, 120), (175, 118), (205, 100), (250, 98)], 5.0, 0.15)

    def leak(index: int, added: np.ndarray) -> np.ndarray:
        return np.maximum(added, vein) if index > 40 else added

    told = snapshots(injection(Scene(), added=leak), calibration=UNKNOWN)
    for one in told:
        assert Reason.NO_CALIBRATION in one.observation.unavailable or one.frame.index < 3
        wall, cement = one.observation.wall_distance, one.observation.cement
        assert wall is None or (wall.distance_mm is None and wall.sigma_mm is None)
        assert cement is None or (cement.area_mm2 is None and cement.volume_ml is None)
        assert all(tube.length_mm is None for tube in one.observation.tubes)
    assert told[-1].alert.reasons[0] is Reason.TUBULAR_FILLING


def test_a_vein_within_the_outline_has_a_length_and_raises_nothing() -> None:
    vein = tube([(160, 120), (175, 118), (205, 100), (250, 98)], 5.0, 0.15)

    def leak(index: int, added: np.ndarray) -> np.ndarray:
        return np.maximum(added, vein) if index > 40 else added

    body = np.array([[110.0, 50.0], [262.0, 50.0], [262.0, 190.0], [110.0, 190.0]])
    marks = replace(MARKS, body_outline_px=read_only(body))
    told = snapshots(injection(Scene(), added=leak), marks)
    assert not any(one.alert.level is Level.STOP for one in told)
    line = json.loads(frame_line(told[-1]))
    assert line["tubular_length_mm"] > 12.0
    assert line["quality"]["tubular_length_px"] > 0.0


@pytest.mark.parametrize("view", [View.AP, View.OBLIQUE, None])
def test_the_wall_is_judged_in_a_lateral_view_only(view: View | None) -> None:
    def close(index: int, added: np.ndarray) -> np.ndarray:
        return bolus(9.0) + disc(125, 120, 20, 0.5) if index > 12 else 0 * added

    told = snapshots(injection(Scene(), 30, added=close), replace(MARKS, view=view))
    assert told[-1].alert.level is Level.UNKNOWN
    assert Reason.VIEW in told[-1].alert.reasons
    assert not any(Reason.POSTERIOR_MARGIN in one.alert.reasons for one in told)


def test_without_a_wall_it_says_so() -> None:
    told = snapshots(injection(Scene(), 30), replace(MARKS, posterior_wall_px=None))
    assert Reason.NO_WALL in told[-1].alert.reasons
    assert told[-1].observation.wall_distance is None


def test_marks_of_a_later_frame_hold_from_there_on() -> None:
    later = replace(
        MARKS,
        reference_frame=6,
        posterior_wall_px=read_only(
            MARKS.posterior_wall_px + np.subtract(breath(6), (0.0, 0.0))  # type: ignore[operator]
        ),
        needle_tip_px=(160.0 + breath(6)[0], 120.0 + breath(6)[1]),
    )
    told = make_observation(injection(Scene()), later)
    assert all(Reason.NO_WALL in one.unavailable for one in told[:6])
    assert Reason.NO_WALL not in told[6].unavailable
    assert told[6].shift_px == pytest.approx((0.0, 0.0), abs=0.05)
    assert told[40].shift_px == pytest.approx(np.subtract(breath(40), breath(6)), abs=0.3)
    last = told[-1].wall_distance
    assert last is not None
    # Breathing carries marks and cement alike: marks follow from where they were made.
    assert last.distance_mm == pytest.approx((160 - WALL_COLUMN) * MM_PER_PX - 9.0, abs=0.8)


@pytest.mark.parametrize("value", [0, 4095])
def test_a_blank_frame_is_unknown_and_the_next_is_not(value: int) -> None:
    frames = injection(Scene(), 30)
    frames[20] = replace(frames[20], pixels=read_only(np.full((ROWS, COLUMNS), value, np.uint16)))
    told = snapshots(frames)
    assert told[20].alert.level is Level.UNKNOWN
    assert told[20].alert.reasons == (Reason.EXPOSURE,)
    assert told[22].alert.level is not Level.UNKNOWN


def test_another_view_is_unknown_until_the_reference_view_returns() -> None:
    frames = injection(Scene(), 40)
    other = Scene(seed=9)
    other.base = other.base[::-1, ::-1].copy()
    for index in range(15, 25):
        frames[index] = other.frame(index)
    told = snapshots(frames)
    assert {one.alert.level for one in told[15:25]} == {Level.UNKNOWN}
    assert all(one.observation.shift_px is None for one in told[15:25])
    assert told[30].alert.level is not Level.UNKNOWN


def test_a_slightly_other_view_is_unknown_and_leaves_no_cement_behind() -> None:
    scene = Scene(seed=7)
    turned = 0.12 * (anatomy(9) - anatomy(9).mean()) / anatomy(9).std()
    frames = []
    for index in range(34):
        scene.base = anatomy() + (turned if 18 <= index < 24 else 0.0)
        frames.append(scene.frame(index, added=rod((160, 120), 5, 5.5, 0.35)))
    told = snapshots(frames)
    assert {one.alert.level for one in told[3:18]} == {Level.CLEAR}
    assert {one.alert.level for one in told[18:24]} == {Level.UNKNOWN}
    assert all(Reason.MOTION in one.observation.unavailable for one in told[18:24])
    assert {one.alert.level for one in told[25:]} == {Level.CLEAR}


def test_a_frame_of_another_size_is_another_view() -> None:
    frames = injection(Scene(), 30)
    frames[20] = replace(frames[20], pixels=read_only(frames[20].pixels[:-10, :-10].copy()))
    told = snapshots(frames)
    assert told[20].alert.reasons == (Reason.VIEW,)
    assert told[21].alert.level is not Level.UNKNOWN


def test_a_shutter_over_the_wall_is_unknown() -> None:
    frames = injection(Scene(), 40)
    for index in range(20, 40):
        closed = frames[index].pixels.copy()
        closed[:, :125] = 0
        frames[index] = replace(frames[index], pixels=read_only(closed))
    told = snapshots(frames)
    assert {one.alert.level for one in told[20:]} == {Level.UNKNOWN}
    assert Reason.EXPOSURE in told[30].alert.reasons


@pytest.mark.parametrize("by", ["shutter", "blades"])
def test_what_was_hidden_before_the_injection_cannot_be_judged_once_it_is_open(by: str) -> None:
    """No picture without cement is known of it, so that cement there would not be seen."""
    frames = injection(Scene(), 30)
    hidden = Shutter(left=WALL_COLUMN + 10.0)
    for index, frame in enumerate(frames[:12]):
        if by == "shutter":
            acquisition = replace(frame.acquisition, shutter=hidden)
            frames[index] = replace(frame, acquisition=acquisition)
        else:
            pixels = frame.pixels.copy()
            pixels[:, : int(WALL_COLUMN) + 10] = 5
            frames[index] = replace(frame, pixels=read_only(pixels))

    told = snapshots(frames)

    assert {one.alert.level for one in told} == {Level.UNKNOWN}
    assert all(Reason.EXPOSURE in one.alert.reasons for one in told[14:])


@pytest.mark.parametrize("at", [5, 30], ids=["before cement", "over cement"])
def test_what_lies_over_the_anatomy_for_a_frame_is_unknown_and_leaves_nothing_behind(
    at: int,
) -> None:
    shadow = np.zeros((ROWS, COLUMNS), np.float32)
    shadow[130:] = 0.25  # as of a picture that was decoded too dark from some line on

    def covered(index: int, added: np.ndarray) -> np.ndarray:
        return added + shadow * (index == at)

    whole, told = snapshots(injection(Scene())), snapshots(injection(Scene(), added=covered))
    assert told[at].alert.level is Level.UNKNOWN
    assert told[at].alert.reasons == (Reason.EXPOSURE,)
    # It took no part in the baseline, and fades from the average of the last moments.
    for one, other in zip(whole, told, strict=True):
        if other.frame.index < at or other.frame.index > at + 8:
            assert one.alert.level is other.alert.level
    assert told[-1].observation.cement is not None
    assert whole[-1].observation.cement is not None
    area = whole[-1].observation.cement.area_mm2
    assert told[-1].observation.cement.area_mm2 == pytest.approx(area, rel=0.05)


@pytest.mark.parametrize("pause_s", [0.0, 3.0])
def test_cement_that_comes_at_once_is_no_breathing(pause_s: float) -> None:
    # A wide part, 4 mm thick, comes towards the wall from one frame to the next.
    at, left_px = 20, 118.0

    def more(index: int, added: np.ndarray) -> np.ndarray:
        wide = disc(left_px + 26, 120, 26, 4.0 * PER_MM) if index >= at else 0.0
        return np.maximum(bolus(5.0) if index > 12 else 0 * added, wide)

    frames = [
        one if one.index < at else replace(one, time_s=one.time_s + pause_s)
        for one in injection(Scene(), 60, added=more)
    ]
    told = snapshots(frames)
    assert told[at - 1].alert.level is not Level.STOP
    assert told[at + 3].alert.level is Level.STOP
    for one in told[at + 4 :]:
        wall = one.observation.wall_distance
        assert wall is not None
        assert wall.distance_px == pytest.approx(left_px - WALL_COLUMN, abs=2.0)


def test_a_latched_stop_outlives_blindness() -> None:
    def close(index: int, added: np.ndarray) -> np.ndarray:
        return bolus(9.0) + disc(125, 120, 20, 0.5) if index > 12 else 0 * added

    frames = injection(Scene(), 40, added=close)
    for index in range(25, 40):
        frames[index] = replace(
            frames[index], pixels=read_only(np.zeros((ROWS, COLUMNS), np.uint16))
        )
    told = snapshots(frames)
    assert told[24].alert.level is Level.STOP
    assert {one.alert.level for one in told[24:]} == {Level.STOP}
    assert Reason.EXPOSURE in told[-1].alert.reasons


def cases(shared: Path) -> list[Path]:
    found = sorted((shared / "cases").glob(f"*{CASE_SUFFIX}"))
    assert len(found) == 4
    return found


@pytest.mark.parametrize("wall_only", [False, True])
@pytest.mark.parametrize("number", range(4))
def test_injections_over_real_anatomy(shared: Path, number: int, wall_only: bool) -> None:
    path = cases(shared)[number]
    truth = case_truth(load_truth(truth_path(path)))
    run = open_run(path, SETTINGS)
    try:
        marks = run.marks
        if wall_only:
            marks = Marks(marks.view, marks.reference_frame, None, marks.posterior_wall_px)
        lines = records(replace(run, marks=marks).iter_snapshots())
    finally:
        run.source.close()
    one = score(truth, lines, marks.reference_frame)
    assert not one.stop.false
    assert one.stop.given_in_time or one.stop.due_frame is None
    assert one.stop.stop_frame is None or one.stop.due_frame is not None
    assert one.distance_mae_mm is not None
    assert one.area_ratio is not None
    assert one.shift_p95_mm is not None
    assert one.distance_mae_mm < 1.0
    assert 0.9 < one.area_ratio < 1.1
    assert one.shift_p95_mm < 0.2


def test_contrast_in_a_beating_heart_is_a_tube_and_has_no_millimetres(shared: Path) -> None:
    run = open_run(shared / "real" / "xa_coronary_cine_96f.dcm", SETTINGS)
    try:
        told = list(run.iter_snapshots())
    finally:
        run.source.close()
    assert len(told) == 96
    first = next(one for one in told if Reason.TUBULAR_FILLING in one.alert.reasons)
    assert first.frame.index < 48
    lines = b"".join(frame_line(one) for one in told).decode()
    for key in ("distance_mm", "distance_sigma_mm", "area_mm2", "volume_ml", "tubular_length_mm"):
        assert lines.count(f'"{key}":null') + lines.count(f'"{key}": null') == 96


def test_a_wire_in_a_single_picture_is_nothing(shared: Path) -> None:
    run = open_run(shared / "real" / "rf_shoulder_kwire.dcm", SETTINGS)
    try:
        (only,) = list(run.iter_snapshots())
        frames = [replace(only.frame, index=i, time_s=i / 7.5) for i in range(20)]
    finally:
        run.source.close()
    told = snapshots(frames, Marks(), UNKNOWN)
    assert {one.alert.level for one in told} == {Level.UNKNOWN}
    assert not any(one.observation.tubes for one in told)

"""The unhappy machine: sources that die or dawdle, stages that break, a full disk.

Whatever happens, the last thing that is shown is true: a latched STOP stays, and nothing that
nobody watches any more is called CLEAR.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice

import injection
import numpy as np
import pytest
from injection import FRAMES, STOPPED

from leakwatch.alerting import rules
from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.config import Settings
from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.results import EventKind, Level, Reason
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold, fold_frame
from leakwatch.runner.stored_run import open_run

SETTINGS = Settings()
BEFORE_CEMENT = 5


def folded(frames, where=""):
    vision = stages.initial_state(SETTINGS, injection.MARKS, injection.CALIBRATION)
    return list(fold(frames, vision, rules.initial_state(SETTINGS), where))


def dying(count, error):
    """The first `count` frames, and then `error`."""
    yield from islice(injection.frames(), count)
    raise error


def record_of(snapshot):
    return snapshot.alert, snapshot.observation.wall_distance


@pytest.fixture(scope="module")
def undisturbed():
    return folded(injection.frames())


def test_one_snapshot_a_frame_and_the_stop_stays(undisturbed):
    levels = [snapshot.alert.level for snapshot in undisturbed]
    assert len(levels) == FRAMES
    assert [snapshot.frame.index for snapshot in undisturbed] == list(range(FRAMES))
    assert levels[BEFORE_CEMENT - 1] is Level.CLEAR
    first = levels.index(Level.STOP)
    assert first <= STOPPED
    assert set(levels[first:]) == {Level.STOP}
    assert all(snapshot.fault is None for snapshot in undisturbed)


ENDS = [
    (SourceEndedEarly("/home/x/a.dcm: ended early: 5 of 16"), "ended early: 5 of 16"),
    (OSError("Input/output error"), "the source failed: OSError: Input/output error"),
    (IndexError("oh"), "the source failed: IndexError: oh"),
]


@pytest.mark.parametrize(("error", "fault"), ENDS, ids=["promised", "disk", "bug"])
def test_source_that_dies_while_all_is_clear_ends_in_unknown(undisturbed, error, fault):
    *whole, last = folded(dying(BEFORE_CEMENT, error), "/home/x/a.dcm")
    assert [record_of(snap) for snap in whole] == [
        record_of(snap) for snap in undisturbed[:BEFORE_CEMENT]
    ]
    assert whole[-1].alert.level is Level.CLEAR
    assert (last.alert.level, last.alert.reasons) == (Level.UNKNOWN, (Reason.DECODE,))
    assert (last.fault, last.frame) == (fault, whole[-1].frame)
    assert last.observation.cement is None
    assert last.alert.time_to_margin_s is None
    (event,) = last.alert.events
    assert (event.kind, event.level, event.text) == (EventKind.TECHNICAL, Level.UNKNOWN, fault)


@pytest.mark.parametrize(("error", "fault"), ENDS, ids=["promised", "disk", "bug"])
def test_source_that_dies_after_a_stop_ends_in_stop(error, fault):
    last = folded(dying(STOPPED + 1, error), "/home/x/a.dcm")[-1]
    assert (last.alert.level, last.alert.latched) == (Level.STOP, True)
    assert last.alert.reasons == (Reason.POSTERIOR_MARGIN, Reason.DECODE)
    assert last.alert.current_level is Level.UNKNOWN
    (event,) = last.alert.events
    assert (event.kind, event.level, event.text) == (EventKind.TECHNICAL, Level.STOP, fault)


@pytest.mark.parametrize(("error", "fault"), ENDS, ids=["promised", "disk", "bug"])
def test_source_without_any_frame_is_an_error(error, fault):
    with pytest.raises(SourceError, match=fault.split(":")[0]):
        folded(dying(0, error))


def test_slow_source_loses_nothing_and_its_slowness_is_not_our_latency(undisturbed):
    def dawdling():
        for frame in injection.frames():
            time.sleep(0.4 if frame.index in (STOPPED - 1, STOPPED + 1) else 0.0)
            yield frame

    snapshots = folded(dawdling())
    assert [record_of(snap) for snap in snapshots] == [record_of(snap) for snap in undisturbed]
    assert (snapshots[-1].alert.level, snapshots[-1].alert.latched) == (Level.STOP, True)
    assert max(snapshots[at].latency_ms for at in (STOPPED - 1, STOPPED + 1)) < 350.0


def breaks(monkeypatch, module, name, fails_at):
    """Let `module.name` raise whenever the frame's index is in `fails_at`."""
    whole = getattr(module, name)

    def broken(state, seen):
        index = seen.index if name == "step" else seen.frame
        # The decision on a frame that is already known as broken must be possible.
        if index in fails_at and Reason.STAGE_ERROR not in getattr(seen, "unavailable", ()):
            raise ZeroDivisionError("oh")
        return whole(state, seen)

    monkeypatch.setattr(module, name, broken)


@pytest.mark.parametrize(("module", "name"), [(stages, "step"), (rules, "decide")])
def test_stage_that_breaks_while_all_is_clear(monkeypatch, undisturbed, module, name):
    breaks(monkeypatch, module, name, {4})
    snapshots = folded(injection.frames())
    broken, alert = snapshots[4], snapshots[4].alert
    assert (alert.level, alert.reasons) == (Level.UNKNOWN, (Reason.STAGE_ERROR,))
    assert broken.fault is None
    (event,) = alert.events
    assert (event.kind, event.text) == (EventKind.TECHNICAL, "ZeroDivisionError: oh")
    assert snapshots[5].alert.level is Level.CLEAR
    assert len(snapshots) == FRAMES
    last, sound = snapshots[-1], undisturbed[-1]
    assert (last.alert.level, last.alert.latched) == (Level.STOP, True)
    expected_mm = sound.observation.wall_distance.distance_mm
    assert last.observation.wall_distance.distance_mm == pytest.approx(expected_mm, abs=0.3)


@pytest.mark.parametrize(("module", "name"), [(stages, "step"), (rules, "decide")])
def test_stage_that_breaks_after_a_stop_leaves_the_stop(monkeypatch, module, name):
    breaks(monkeypatch, module, name, {STOPPED})
    snapshots = folded(injection.frames())
    broken, after = snapshots[STOPPED].alert, snapshots[STOPPED + 1].alert
    assert (broken.level, broken.latched) == (Level.STOP, True)
    assert broken.reasons == (Reason.POSTERIOR_MARGIN, Reason.STAGE_ERROR)
    assert broken.current_level is Level.UNKNOWN
    assert (after.level, after.reasons) == (Level.STOP, (Reason.POSTERIOR_MARGIN,))


def test_stage_that_breaks_for_good_is_never_clear_again(monkeypatch):
    breaks(monkeypatch, stages, "step", set(range(4, FRAMES)))
    snapshots = folded(injection.frames())
    assert {snapshot.alert.level for snapshot in snapshots[4:]} == {Level.UNKNOWN}
    assert [len(snapshot.alert.events) for snapshot in snapshots[4:7]] == [1, 0, 0]


def poisoned(vision, part):
    """A state of the last moments that breaks whatever is folded into it."""
    wrong = np.zeros((3, 5), np.float32)
    if part == "mean":
        mean = replace(vision.cement.mean, image=wrong)
        return replace(vision, cement=replace(vision.cement, mean=mean))
    if part == "breathing":
        return replace(vision, breathing=replace(vision.breathing, patterns=wrong))
    if part == "lag":
        lag = replace(vision.lag, previous=wrong, fraction=0.2)
        return replace(vision, lag=replace(lag, noise=(wrong,) * 3))
    field = replace(vision.matched_field, open=wrong.astype(np.uint8), weight=wrong)
    return replace(vision, matched_field=field)


@pytest.mark.parametrize("part", ["mean", "breathing", "lag", "field"])
def test_what_the_last_moments_left_breaks_one_frame_and_not_all(undisturbed, part):
    vision = stages.initial_state(SETTINGS, injection.MARKS, injection.CALIBRATION)
    alerts = rules.initial_state(SETTINGS)
    told = []
    for frame in injection.frames():
        if frame.index == BEFORE_CEMENT:
            vision = poisoned(vision, part)
        vision, alerts, snapshot = fold_frame(vision, alerts, frame)
        told.append(snapshot)
    broken = [s for s in told if Reason.STAGE_ERROR in s.observation.unavailable]
    assert [s.frame.index for s in broken] == [BEFORE_CEMENT]
    (event,) = broken[0].alert.events
    assert (event.kind, event.level) == (EventKind.TECHNICAL, Level.UNKNOWN)
    assert "Error" in event.text or "error" in event.text
    last, sound = told[-1], undisturbed[-1]
    assert (last.alert.level, last.alert.latched) == (Level.STOP, True)
    expected_mm = sound.observation.wall_distance.distance_mm
    assert last.observation.wall_distance.distance_mm == pytest.approx(expected_mm, abs=0.3)


def test_frame_that_breaks_every_state_leaves_what_was_known(monkeypatch):
    vision = stages.initial_state(SETTINGS, injection.MARKS, injection.CALIBRATION)
    alerts = rules.initial_state(SETTINGS)
    breaks(monkeypatch, stages, "step", {8, 9})
    for frame in injection.frames():
        before = vision
        vision, alerts, snapshot = fold_frame(vision, alerts, frame)
        assert (vision is before) == (frame.index in {8, 9})
    assert snapshot.alert.level is Level.STOP


@pytest.mark.parametrize("stopped", [False, True])
def test_decisions_that_the_last_moments_break_go_on(stopped):
    vision = stages.initial_state(SETTINGS, injection.MARKS, injection.CALIBRATION)
    alerts = rules.initial_state(SETTINGS)
    at = STOPPED if stopped else BEFORE_CEMENT
    told = []
    for frame in injection.frames():
        if frame.index == at:
            alerts = replace(alerts, distances=((None, None),))
        vision, alerts, snapshot = fold_frame(vision, alerts, frame)
        told.append(snapshot.alert)
    assert told[at].current_level is Level.UNKNOWN
    assert told[at].level is (Level.STOP if stopped else Level.UNKNOWN)
    assert told[at + 1].current_level is not Level.UNKNOWN
    assert (told[-1].level, told[-1].latched) == (Level.STOP, True)


def test_marks_whose_frame_was_not_seen_are_never_guessed(monkeypatch):
    breaks(monkeypatch, stages, "step", {injection.MARKS.reference_frame})
    snapshots = folded(injection.frames())
    assert {snapshot.alert.level for snapshot in snapshots} == {Level.UNKNOWN}
    assert Reason.NO_WALL in snapshots[-1].alert.reasons
    assert snapshots[-1].observation.cement.area_px > 0.0


@pytest.fixture
def damaged(tmp_path):
    """A compressed file in which a frame after the STOP is damaged, with its case."""
    path, case = tmp_path / "damaged.dcm", tmp_path / "damaged.case.json"
    injection.write_dicom(path, compressed=True)
    injection.write_case(case, path)
    data = bytearray(path.read_bytes())
    at = -1
    for _ in range(STOPPED + 2):  # the Basic Offset Table is an item too
        at = data.index(b"\xfe\xff\x00\xe0", at + 1)
    segments = at + 8
    # RLE Lossless (PS3.5 G.5): the head counts the segments and says where they are.
    data[segments : segments + 64] = b"\xff" * 64
    path.write_bytes(data)
    return case


def test_decoder_that_fails_mid_stream(damaged, undisturbed):
    run = open_run(damaged, SETTINGS)
    try:
        *whole, last = run.iter_snapshots()
    finally:
        run.source.close()
    assert [snap.frame.index for snap in whole] == list(range(STOPPED))
    assert [snap.alert for snap in whole] == [snap.alert for snap in undisturbed[:STOPPED]]
    assert (last.alert.level, last.alert.latched) == (Level.STOP, True)
    assert Reason.DECODE in last.alert.reasons
    assert str(damaged.parent) not in last.fault


def analyze(case, out, *options, before=""):
    """`leakwatch analyze` in a process of its own; `before` runs first in it."""
    dicom = case.with_name(case.name.replace(".case.json", ".dcm"))
    program = f"{before}\nfrom leakwatch.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "analyze", dicom, "--case", case, "--out", out, *options],
        capture_output=True,
        text=True,
        check=False,
    )


def test_analyze_of_a_damaged_file_exits_3_with_everything_written(damaged, tmp_path):
    out = tmp_path / "out"
    result = analyze(damaged, out)
    assert result.returncode == 3, result.stderr
    assert "ended early" in result.stderr
    names = {"frames.jsonl", "events.jsonl", "trend.png", "overlay.mp4"}
    assert {path.name for path in out.iterdir()} == names
    frames, events = read_frames(out / "frames.jsonl"), read_events(out / "events.jsonl")
    assert [frame.frame for frame in frames] == list(range(STOPPED))
    assert frames[-1].level is Level.STOP
    assert (events[-1].kind, events[-1].level) == (EventKind.TECHNICAL, Level.STOP)
    assert events[-1].reason is Reason.DECODE
    assert "16 frames" in events[-1].text
    assert str(tmp_path) not in events[-1].text


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_full_disk_keeps_the_stop_and_says_so(tmp_path):
    path, case = tmp_path / "a.dcm", tmp_path / "a.case.json"
    injection.write_dicom(path)
    injection.write_case(case, path)
    out = tmp_path / "out"
    assert analyze(case, out, "--no-video").returncode == 0
    *lines, last = (out / "frames.jsonl").read_bytes().splitlines(keepends=True)
    # A latency of more digits makes a line longer: half a line of room is far from both ends.
    room = sum(len(line) for line in lines) + len(last) // 2
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))"
    result = analyze(case, out, before=limit)
    assert result.returncode == 2
    assert "frames.jsonl cannot be written" in result.stderr
    assert "degraded" in result.stderr
    assert result.stdout.startswith(f"{FRAMES - 1} frames")
    assert "first STOP at" in result.stdout
    frames = read_frames(out / "frames.jsonl")
    assert (len(frames), frames[-1].level) == (FRAMES - 1, Level.STOP)
    stops = [event for event in read_events(out / "events.jsonl") if event.level is Level.STOP]
    assert stops[0].frame <= STOPPED
    assert not (out / "overlay.mp4").exists()

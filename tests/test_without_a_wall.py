"""Injections whose posterior wall is not marked: veins and the outline are watched all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from due_stop import LATE_S, until_late

from leakwatch.config import Settings
from leakwatch.core.active_rules import Coverage, coverage_of
from leakwatch.core.results import Level, Reason, Snapshot
from leakwatch.runner.stored_run import open_run

SETTINGS = Settings()


def watched(case: Path, due: int | None) -> list[Snapshot]:
    """What is said of a case without its wall."""
    run = open_run(case, SETTINGS)
    try:
        bare = replace(run, marks=replace(run.marks, posterior_wall_px=None))
        return until_late(bare.iter_snapshots(), due)
    finally:
        run.source.close()


def check(told: list[Snapshot], due: int | None) -> None:
    """STOP within a second of the frame in which the leak can be seen, or never."""
    stop = next((one for one in told if one.alert.level is Level.STOP), None)
    if due is None:
        assert stop is None
        assert {coverage_of(one.observation) for one in told[2:]} == {Coverage.PARTLY}
        assert all(one.alert.reasons == (Reason.NO_WALL,) for one in told[2:])
        return
    assert stop is not None
    assert due <= stop.frame.index
    assert stop.frame.time_s <= told[due].frame.time_s + LATE_S


@pytest.mark.parametrize(("name", "due"), [("contained", None), ("epidural", 38)])
def test_samples(repository: Path, name: str, due: int | None) -> None:
    check(watched(repository / "sample_dicom" / f"{name}.case.json", due), due)


@pytest.mark.parametrize(
    ("name", "due"),
    [("contained-moving-cannula", None), ("anterior-vein", 51), ("epidural-basivertebral", 55)],
)
def test_over_real_anatomy(shared: Path, name: str, due: int | None) -> None:
    check(watched(shared / "cases" / f"{name}.case.json", due), due)

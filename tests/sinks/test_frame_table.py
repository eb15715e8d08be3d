"""frames.csv says what frames.jsonl says."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import injection
import pytest

from leakwatch.alerting import rules
from leakwatch.case_files.run_records import frame_record
from leakwatch.config import Settings
from leakwatch.core.errors import SinkError
from leakwatch.core.results import Snapshot
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.sinks.frame_table import TABLE_NAME, FrameTable


@pytest.fixture(scope="module")
def snapshots() -> list[Snapshot]:
    used = Settings()
    vision = stages.initial_state(used, injection.MARKS, injection.CALIBRATION)
    return list(fold(injection.frames(), vision, rules.initial_state(used)))


def written(folder: Path, snapshots: list[Snapshot]) -> bytes:
    table = FrameTable(folder)
    for snapshot in snapshots:
        table.append(snapshot)
    table.close()
    return (folder / TABLE_NAME).read_bytes()


def test_rows_are_the_lines(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    rows = list(csv.DictReader(written(tmp_path, snapshots).decode().splitlines()))
    records = [frame_record(snapshot) for snapshot in snapshots]
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert int(row["frame"]) == record.frame
        assert float(row["time_s"]) == record.time_s
        assert row["level"] == record.level.value
        assert row["reasons"].split() == [reason.value for reason in record.reasons]
        for key in ("distance_mm", "distance_sigma_mm", "area_mm2", "volume_ml"):
            known = getattr(record, key)
            assert (float(row[key]) if row[key] else None) == known
        shift = None if record.shift_px is None else [f"{v}" for v in record.shift_px]
        found = [row["shift_column_px"], row["shift_row_px"]]
        assert found == (["", ""] if shift is None else shift)
    assert any(row["distance_mm"] for row in rows)


def test_two_runs_give_the_same_bytes(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    slower = [replace(snapshot, latency_ms=99.0) for snapshot in snapshots]
    assert written(tmp_path, snapshots) == written(tmp_path, slower)


def test_fault_of_the_source_is_no_row(tmp_path: Path, snapshots: list[Snapshot]) -> None:
    broken = [*snapshots, replace(snapshots[-1], fault="broke off")]
    assert written(tmp_path, broken) == written(tmp_path, snapshots)


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"frames\.csv cannot be written"):
        FrameTable(tmp_path / "absent")

"""Simulated cases from Python, and detectors evaluated on cases with known truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from arrays import SAMPLES

import leakwatch
from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.run_records import read_frames
from leakwatch.core.errors import InputError
from leakwatch.sources.dicom.dicom_file import DicomFile

SMALL = """
name = "small"
title = "a second of anatomy, as small as can be seen"
seed = 5

[carm]
rows = 96
columns = 96
pitch_mm = 1.2

[sequence]
duration_s = 1.0

[injection]
start_s = 0.5
volume_ml = 0.1
rate_ml_s = 0.5
"""
STOP_FROM = 20


@dataclass
class ByNumber:
    """Says STOP from a frame on, and remembers what it was made with."""

    marks: leakwatch.Marks
    calibration: leakwatch.Calibration

    def step(self, frame: leakwatch.Frame) -> leakwatch.Detection:
        assert not frame.pixels.flags.writeable
        assert self.calibration.mm_per_px is not None
        stop = frame.index >= STOP_FROM
        return leakwatch.Detection("STOP" if stop else "CLEAR", distance_mm=30.0 - frame.index)


class Silent(ByNumber):
    """Never says STOP."""

    def step(self, frame: leakwatch.Frame) -> leakwatch.Detection:
        return leakwatch.Detection("CLEAR")


def test_a_detector_that_is_handed_over_is_evaluated(tmp_path: Path) -> None:
    report = leakwatch.evaluate(SAMPLES, ByNumber, out=tmp_path)
    assert report.detector == "ByNumber"
    rows = {row.name: row for row in report.cases}
    assert {name: row.stop_frame for name, row in rows.items()} == {
        "contained": STOP_FROM,
        "epidural": STOP_FROM,
    }
    assert rows["contained"].false
    records = read_frames(tmp_path / "cases" / "epidural" / "frames.jsonl")
    assert [record.distance_mm for record in records[:3]] == [30.0, 29.0, 28.0]
    assert (tmp_path / "report.html").is_file()
    # Of the same name: what is kept is of another one's code.
    again = leakwatch.evaluate(SAMPLES, type("ByNumber", (Silent,), {}), out=tmp_path)
    assert [row.stop_frame for row in again.cases] == [None, None]


def test_the_monitor_itself_serves_as_a_detector() -> None:
    report = leakwatch.evaluate(SAMPLES, leakwatch.Monitor)
    rows = {row.name: row for row in report.cases}
    assert rows["contained"].stop_frame is None
    assert rows["epidural"].in_time
    assert not rows["epidural"].false


def test_a_detector_that_is_handed_over_goes_to_no_other_process() -> None:
    with pytest.raises(InputError, match="jobs: is 2"):
        leakwatch.evaluate(SAMPLES, ByNumber, jobs=2)
    with pytest.raises(InputError, match="found int"):
        leakwatch.evaluate(SAMPLES, 3)  # type: ignore[arg-type]


def test_a_simulated_case_is_the_same_as_arrays_and_as_files(tmp_path: Path) -> None:
    scenario = tmp_path / "small.toml"
    scenario.write_text(SMALL)
    made = leakwatch.simulate(scenario, out=tmp_path / "out")
    source = DicomFile(tmp_path / "out" / "small.dcm")
    written = np.stack([frame.pixels for frame in source.frames()])
    pixel_format = source.acquisition.pixel_format
    source.close()
    np.testing.assert_array_equal(made.images, written)
    assert (made.bits_stored, made.photometric, made.relationship) == (
        pixel_format.bits_stored,
        pixel_format.photometric,
        pixel_format.relationship,
    )
    case = load_case(tmp_path / "out" / "small.case.json")
    assert made.marks.anterior == case.marks.anterior
    assert len(made.truth.frames) == len(made.images) == len(made.times_s)
    table = leakwatch.analyze(
        made.images,
        times_s=made.times_s,
        mm_per_px=made.mm_per_px,
        marks=made.marks,
        bits_stored=made.bits_stored,
        photometric=made.photometric,
        relationship=made.relationship,
    )
    assert len(table) == len(made.images)

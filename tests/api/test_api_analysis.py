"""From an array to levels and distances: the same as the command finds in the file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arrays import HALF_MM_PER_PX, MM_PER_PX, SAMPLES, epidural, half_size

import leakwatch

ARGUMENTS: dict[str, Any] = {"bits_stored": 12, "relationship": "LIN"}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What `leakwatch analyze` writes of the case, its millimetres said by a person."""
    folder = tmp_path_factory.mktemp("analyze")
    shutil.copy(SAMPLES / "epidural.dcm", folder)
    case = json.loads((SAMPLES / "epidural.case.json").read_text("utf-8"))
    (folder / "epidural.case.json").write_text(json.dumps(case | {"mm_per_px": MM_PER_PX}))
    program = [sys.executable, "-c", "from leakwatch.cli import main; main()", "analyze"]
    command = [*program, str(folder / "epidural.dcm"), "--no-video", "-o", str(folder / "out")]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    text = (folder / "out" / "frames.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def table() -> leakwatch.ResultTable:
    sample = epidural()
    return leakwatch.analyze(
        sample.images,
        times_s=sample.times_s,
        mm_per_px=MM_PER_PX,
        marks=sample.marks,
        **ARGUMENTS,
    )


@pytest.fixture(scope="module")
def half() -> leakwatch.ResultTable:
    sample = half_size()
    return leakwatch.analyze(
        sample.images,
        times_s=sample.times_s,
        mm_per_px=HALF_MM_PER_PX,
        marks=sample.marks,
        **ARGUMENTS,
    )


def numbers(lines: list[dict[str, Any]], key: str) -> Any:
    return np.array([line[key] for line in lines], np.float64)


def test_an_array_gives_what_the_command_writes(
    table: leakwatch.ResultTable, lines: list[dict[str, Any]]
) -> None:
    assert [line["level"] for line in lines] == list(table.level)
    assert [" ".join(line["reasons"]) for line in lines] == list(table.reason)
    assert "STOP" in table.level
    for key in ("distance_mm", "distance_sigma_mm", "area_mm2", "volume_ml", "tubular_length_mm"):
        np.testing.assert_array_equal(table[key], numbers(lines, key), err_msg=key)
    shifts = np.array([line["shift_px"] or (np.nan, np.nan) for line in lines], np.float64)
    np.testing.assert_array_equal(table.shift_column_px, shifts[:, 0])
    assert table.notes == ()


def test_images_one_by_one_give_the_same_whatever_becomes_of_their_buffer(
    half: leakwatch.ResultTable,
) -> None:
    sample = half_size()
    buffer = np.empty_like(sample.images[0])

    def grabbed() -> Iterator[Any]:
        for image in sample.images:
            buffer[:] = image
            yield buffer

    again = leakwatch.analyze(
        grabbed(), times_s=sample.times_s, mm_per_px=HALF_MM_PER_PX, marks=sample.marks, **ARGUMENTS
    )
    np.testing.assert_array_equal(again.level, half.level)
    np.testing.assert_array_equal(again.distance_mm, half.distance_mm)


def test_images_that_were_inverted_say_the_same(half: leakwatch.ResultTable) -> None:
    sample = half_size()
    again = leakwatch.analyze(
        4095 - sample.images.astype(np.int64),
        times_s=sample.times_s,
        mm_per_px=HALF_MM_PER_PX,
        marks=sample.marks,
        photometric="MONOCHROME1",
        **ARGUMENTS,
    )
    np.testing.assert_array_equal(again.level, half.level)
    np.testing.assert_array_equal(again.distance_mm, half.distance_mm)


def test_floats_say_the_same_within_their_rounding(half: leakwatch.ResultTable) -> None:
    sample = half_size()
    again = leakwatch.analyze(
        (sample.images / 4095.0).astype(np.float32),
        times_s=sample.times_s,
        mm_per_px=HALF_MM_PER_PX,
        marks=sample.marks,
        relationship="LIN",
    )
    np.testing.assert_array_equal(again.level, half.level)
    np.testing.assert_allclose(again.distance_mm, half.distance_mm, atol=0.05)


def test_an_opened_sequence_gives_the_same_whole_or_frame_by_frame() -> None:
    with leakwatch.open_sequence(SAMPLES / "epidural.dcm") as sequence:
        whole = sequence.analyze()
        monitor = sequence.monitor()
        steps = [monitor.step(frame) for frame in sequence]
        assert sequence.images().shape == (54, 352, 352)
        np.testing.assert_array_equal(sequence.times_s(), whole.time_s)
        assert sequence.calibration.source == "ImagerPixelSpacing*SOD/SID"
    assert [one.level for one in steps] == list(whole.level)
    found = np.array([one.distance_mm for one in steps], np.float64)
    np.testing.assert_array_equal(found, whole.distance_mm)
    assert monitor.notes == whole.notes == ()


def test_without_a_wall_and_millimetres_nothing_is_clear_and_it_is_said_why() -> None:
    sample = half_size()
    found = leakwatch.analyze(sample.images[:20], fps=7.5, **ARGUMENTS)
    assert set(found.level) == {"UNKNOWN"}
    assert np.isnan(found.distance_mm).all()
    assert any(note.startswith("posterior wall rule inactive") for note in found.notes)


def test_pixels_are_measured_without_millimetres() -> None:
    sample = epidural()
    wall = sample.marks.posterior_wall_px
    assert wall is not None
    found = leakwatch.analyze(
        sample.images, fps=7.5, wall=wall.tolist(), anterior="right", **ARGUMENTS
    )
    assert np.isnan(found.distance_mm).all()
    assert np.nanmin(found.distance_px) < 0.0


def test_a_stop_stays_until_a_person_acknowledges_it() -> None:
    sample = epidural()
    monitor = leakwatch.Monitor(sample.marks, MM_PER_PX, **ARGUMENTS)
    results = [monitor.step(*one) for one in zip(sample.images, sample.times_s, strict=True)]
    first = next(one for one in results if one.level == "STOP")
    assert first.reason == "posterior_margin"
    assert first.distance_mm is not None
    assert first.at_px is not None
    assert all(one.level == "STOP" for one in results[first.frame :])
    monitor.acknowledge()
    after = monitor.step(sample.images[-1], sample.times_s[-1] + 0.1)
    assert not after.latched
    assert after.level == "WATCH"


def test_a_monitor_is_as_it_was_after_an_image_that_it_refused() -> None:
    sample = half_size()
    plain, refusing = (
        leakwatch.Monitor(sample.marks, HALF_MM_PER_PX, **ARGUMENTS) for _ in range(2)
    )
    for image, time_s in zip(sample.images[:20], sample.times_s[:20], strict=True):
        with pytest.raises(leakwatch.LeakWatchError):
            refusing.step(image[..., None], time_s)
        expected, found = plain.step(image, time_s), refusing.step(image, time_s)
        assert (found.frame, found.level, found.area_px) == (
            expected.frame,
            expected.level,
            expected.area_px,
        )


def test_nothing_is_kept_of_a_first_image_that_the_marks_do_not_fit() -> None:
    sample = half_size()
    monitor = leakwatch.Monitor(sample.marks, HALF_MM_PER_PX, **ARGUMENTS)
    with pytest.raises(leakwatch.LeakWatchError, match="outside of the picture"):
        monitor.step(sample.images[0][:40, :40], 0.0)
    assert monitor.step(sample.images[0], 0.0).frame == 0


def test_a_file_that_breaks_off_keeps_its_rows_and_warns(tmp_path: Path) -> None:
    data = (SAMPLES / "epidural.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    path.write_bytes(data[: len(data) * 2 // 3])
    with leakwatch.open_sequence(path) as sequence, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = sequence.analyze()
    assert 20 < len(found) < 54
    assert [str(one.message).startswith("the input ended early") for one in said] == [True]
    assert any(note.startswith("the input ended early") for note in found.notes)

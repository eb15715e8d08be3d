"""Small parts of a report: bins of errors, Dice, numbers as text, curves, worst frames."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from pathlib import Path

import injection
import numpy as np
import pytest
from PIL import Image

from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.metrics.mask_overlap import (
    MaskScorer,
    compute_dice,
    read_mask,
    render_cement_mask,
)
from leakwatch.benchmark.pictures.worst_frames import WorstFrames
from leakwatch.benchmark.report.benchmark_scoring import distance_bins
from leakwatch.benchmark.report.numbers import interval_text, number_text, value_text
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.errors import CaseError
from leakwatch.core.results import Cement, Level

ACQUISITION = injection.ACQUISITION


def test_errors_are_binned_by_the_true_distance() -> None:
    first = (np.array([0.2, 0.7, 3.5, np.nan, 40.0]), np.array([0.1, 0.3, -1.0, np.nan, 5.0]))
    second = (np.array([0.9, -0.5]), np.array([0.5, np.nan]))
    near, far = distance_bins([first, second])
    assert (near.from_mm, near.frames, near.cases, near.median_mm) == (0.0, 3, 2, 0.3)
    assert near.p95_mm == pytest.approx(0.3 + 0.9 * 0.2)
    assert (far.from_mm, far.frames, far.median_mm) == (3.0, 1, -1.0)
    assert distance_bins([]) == ()


def test_dice_of_squares() -> None:
    true, found = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    true[:10, :10], found[5:15, :10] = True, True
    assert compute_dice(true, found) == 0.5
    assert compute_dice(true, true) == 1.0
    assert compute_dice(true, ~true) == 0.0
    assert compute_dice(np.zeros_like(true), found) is None


def mask_file(path: Path, values: np.ndarray) -> Path:
    Image.fromarray(values).save(path)
    return path


def test_a_mask_of_another_size_or_with_colours_is_refused(tmp_path: Path) -> None:
    small = mask_file(tmp_path / "small.png", np.zeros((10, 12), np.uint8))
    with pytest.raises(CaseError, match=r"240 rows and 240 columns.*\(10, 12\)"):
        read_mask(small, ACQUISITION)
    coloured = mask_file(tmp_path / "colour.png", np.zeros((240, 240, 3), np.uint8))
    with pytest.raises(CaseError, match="one channel"):
        read_mask(coloured, ACQUISITION)
    (tmp_path / "torn.png").write_bytes(small.read_bytes()[:40])
    with pytest.raises(CaseError, match="cannot be read as a mask"):
        read_mask(tmp_path / "torn.png", ACQUISITION)


def test_a_mask_that_announces_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    """Its pixels are not there at all: whoever looked for them would say so."""
    small = mask_file(tmp_path / "small.png", np.zeros((240, 240), np.uint8))
    content = bytearray(small.read_bytes())
    content[16:24] = struct.pack(">2L", 9000, 9000)
    content[29:33] = struct.pack(">L", zlib.crc32(content[12:29]))
    (tmp_path / "vast.png").write_bytes(content)
    with pytest.raises(CaseError, match=r"found shape \(9000, 9000\)"):
        read_mask(tmp_path / "vast.png", ACQUISITION)


def test_a_frame_for_which_a_detector_wrote_no_mask_has_no_cement(tmp_path: Path) -> None:
    true = np.zeros((240, 240), np.uint8)
    true[50:60, 50:60] = 1
    masks = {3: mask_file(tmp_path / "3.png", true), 4: mask_file(tmp_path / "4.png", true)}
    (tmp_path / "found").mkdir()
    mask_file(tmp_path / "found" / "000003.png", true * 255)
    judge = MaskScorer(masks)
    judge.add_folder(tmp_path / "found", ACQUISITION)
    assert judge.dice == ((3, 1.0), (4, 0.0))
    none = MaskScorer(masks)
    none.add_folder(tmp_path / "absent", ACQUISITION)
    assert none.dice == ()


@pytest.mark.parametrize("side_px", [240, 1000])
def test_an_outline_becomes_the_mask_that_it_surrounds(side_px: int) -> None:
    acquisition = dataclasses.replace(ACQUISITION, rows=side_px, columns=side_px)
    middle, radius = side_px / 2, side_px / 8
    angles = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False)
    circle = middle + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    values = dict.fromkeys((field.name for field in dataclasses.fields(Cement)), None)
    cement = Cement(**(values | {"contours_px": (read_only(circle),)}))  # type: ignore[arg-type]
    found = render_cement_mask(cement, acquisition, Settings())
    rows, columns = np.ogrid[:side_px, :side_px]
    true = np.hypot(rows - middle, columns - middle) <= radius
    assert found.shape == true.shape
    assert (compute_dice(true, found) or 0.0) > 0.96
    assert not render_cement_mask(None, acquisition, Settings()).any()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.0123, "0.012"),
        (0.123, "0.12"),
        (12.34, "12.3"),
        (-250.4, "-250"),
    ],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number_text(value) == text


def test_what_cannot_be_had_is_said_in_words() -> None:
    assert value_text(None, "s", 4) == "not given in half"
    assert value_text(None, "s", 0) == "not available"
    assert value_text(0.25, "mm", 4) == "0.25 mm"
    assert interval_text(None, None) == ""
    assert interval_text(0.1, None) == "0.10 to beyond"


def seen(frame: int) -> FrameRecord:
    return FrameRecord(
        frame=frame,
        time_s=0.1 * frame,
        level=Level.CLEAR,
        reasons=(),
        distance_mm=None,
        distance_sigma_mm=None,
        area_mm2=None,
        volume_ml=None,
        tubular_length_mm=None,
        shift_px=None,
        quality={},
        latency_ms=0.0,
    )


def worst(errors_mm: dict[int, float], stop: int | None, due: int | None) -> list[tuple[int, str]]:
    """Frames and reasons at 10 frames/s over 60 frames, 10 mm from the wall."""
    right = None if due is None else due - 5
    distances = read_only(np.full(60, 10.0))
    kept = WorstFrames(CaseTruth("near", 10.0, 60, due, right, distance_mm=distances))
    for frame in range(60):
        level = Level.STOP if stop is not None and frame >= stop else Level.CLEAR
        kept.add(frame, 10.0 + errors_mm.get(frame, 0.01), level, seen(frame))
    return [(one.frame, one.why) for one in kept.found()]


def test_the_worst_frames_lie_apart_and_a_wrong_stop_comes_first() -> None:
    errors = {20: 3.0, 21: 3.5, 22: 3.2, 45: -2.0, 50: 1.0}
    assert worst(errors, 30, 30) == [(21, "distance error +3.5 mm"), (45, "distance error -2.0 mm")]
    assert worst(errors, 5, 30)[0] == (5, "false STOP")
    assert worst(errors, 5, None)[0] == (5, "false STOP")
    assert worst(errors, None, 30)[0] == (40, "a STOP was due and did not come in time")
    assert worst(errors, None, 58)[0] == (59, "a STOP was due and did not come in time")
    assert len(worst(errors, 26, 30)) == 2
